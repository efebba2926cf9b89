//! What every keeper of transcripts must do, for each of them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]
#![allow(clippy::disallowed_methods, reason = "a test needs names of its own")]

mod support;

use std::sync::Arc;

use sqlx::{AnyConnection, Connection};
use support::{File, postgres};
use switchboard_core::dialect::{
    Entry, Item, Published, TranscriptLine, TranscriptPage, TranscriptQuery, UserTranscript,
};
use switchboard_core::model::{
    Content, ConversationId, EndReason, Message, MessageId, Profile, RichText, Timestamp,
    UserEvent, UserInput,
};
use switchboard_store::{
    ConversationFacts, Erasure, MemoryTranscripts, NewLine, SqlStore, TranscriptStore,
};
use uuid::Uuid;

/// A keeper of transcripts, and names that nobody else uses in it.
struct Suite {
    store: Arc<dyn TranscriptStore>,
    web: Arc<str>,
    app: Arc<str>,
}

/// A conversation of the suite.
#[derive(Clone)]
struct Talk(Arc<ConversationFacts>);

impl Suite {
    fn new(store: &Arc<dyn TranscriptStore>, run: &str) -> Self {
        let own = Uuid::new_v4().simple();
        Self {
            store: Arc::clone(store),
            web: format!("{run}-web-{own}").into(),
            app: format!("{run}-app-{own}").into(),
        }
    }

    fn talk(&self, frontend: &Arc<str>, key: &str) -> Talk {
        Talk(Arc::new(ConversationFacts {
            id: ConversationId(Uuid::new_v4()),
            frontend: Arc::clone(frontend),
            backend: "engine".into(),
            key: key.into(),
            scope: "bot".into(),
            begun: Timestamp(0),
        }))
    }

    async fn append(&self, lines: &[NewLine]) {
        self.store.append(lines).await.unwrap();
    }

    /// All of the suite's own.
    fn all(&self) -> TranscriptQuery {
        TranscriptQuery {
            frontends: Some([self.web.to_string(), self.app.to_string()].into()),
            ..TranscriptQuery::default()
        }
    }

    async fn find(&self, query: &TranscriptQuery) -> TranscriptPage {
        self.store.query(query).await.unwrap()
    }

    async fn erase(&self, frontend: &Arc<str>, scope: &str, user: &str, keys: &[&str]) -> u64 {
        let erasure = Erasure {
            frontend: Arc::clone(frontend),
            scope: scope.to_owned(),
            user_id: user.to_owned(),
            keys: keys.iter().map(|key| Arc::from(*key)).collect(),
        };
        self.store.erase(&erasure).await.unwrap()
    }
}

impl Talk {
    fn line(&self, seq: u64, at: i64, user: Option<&str>, item: Item) -> NewLine {
        NewLine {
            conversation: Arc::clone(&self.0),
            profile: Arc::new(Profile {
                user_id: user.map(str::to_owned),
                page_url: Some(format!("{}/{seq}", self.0.key)),
                ..Profile::default()
            }),
            entry: Arc::new(Entry {
                seq,
                at: Timestamp(at),
                turn: None,
                index: 0,
                last: false,
                unrecorded: false,
                item,
            }),
        }
    }

    /// The user says something.
    fn asks(&self, seq: u64, at: i64, user: Option<&str>) -> NewLine {
        let id = MessageId(Uuid::from_u128(u128::from(seq)));
        let text = format!("é\u{1F600}\0 '; DROP {seq}");
        let event = UserEvent::new(id, Timestamp(at), UserInput::text(text));
        self.line(seq, at, user, Item::User(event.into()))
    }

    /// The engine says something.
    fn answers(&self, seq: u64, at: i64, user: Option<&str>) -> NewLine {
        let id = MessageId(Uuid::from_u128(u128::from(seq)));
        let message = Message::bot(
            id,
            None,
            Timestamp(at),
            Content::text(RichText::plain("hello")),
        );
        let item = Item::Message(Box::new(Published::as_is(message)));
        self.line(seq, at, user, item)
    }
}

/// Each user with the places of the lines.
fn places(page: &TranscriptPage) -> Vec<(&str, Vec<u64>)> {
    let users = page.users.iter();
    users
        .map(|user| {
            let places = user.lines.iter().map(|line| line.entry.seq);
            (user.user_id.as_str(), places.collect())
        })
        .collect()
}

fn ids(page: &TranscriptPage) -> Vec<&str> {
    let users = page.users.iter();
    users.map(|user| user.user_id.as_str()).collect()
}

/// What is kept comes back as it was.
async fn comes_back(suite: &Suite) {
    assert_eq!(suite.find(&suite.all()).await, TranscriptPage::default());
    suite.append(&[]).await;
    let talk = suite.talk(&suite.web, "k");
    let lines = [
        talk.asks(1, 10, Some("jane")),
        talk.answers(2, 11, Some("jane")),
        talk.line(
            3,
            12,
            Some("jane"),
            Item::Ended {
                reason: EndReason::Idle,
            },
        ),
    ];
    suite.append(&lines).await;
    // The same again, and a new one.
    let more = talk.answers(4, 13, Some("jane"));
    suite.append(&[lines[1].clone(), more.clone()]).await;
    suite.append(&lines).await;
    let expected = UserTranscript {
        user_id: "jane".to_owned(),
        profile: Arc::clone(&more.profile),
        first_seen: Timestamp(10),
        last_seen: Timestamp(13),
        lines: lines
            .iter()
            .chain([&more])
            .map(|line| TranscriptLine {
                frontend: Arc::clone(&suite.web),
                backend: "engine".into(),
                conversation: talk.0.id,
                entry: Arc::clone(&line.entry),
            })
            .collect(),
    };
    let page = suite.find(&suite.all()).await;
    assert_eq!(page.users, [expected]);
    assert_eq!((page.total, page.cut), (1, false));
}

/// Both ends of a period belong to it, and first and last are seen beyond it.
async fn periods_include_both_ends(suite: &Suite) {
    let talk = suite.talk(&suite.web, "k");
    let lines: Vec<_> = (1..=4)
        .map(|seq| talk.asks(seq, seq as i64 * 10, None))
        .collect();
    suite.append(&lines).await;
    let check = async |from: Option<i64>, to: Option<i64>, expected: &[u64]| {
        let query = TranscriptQuery {
            from: from.map(Timestamp),
            to: to.map(Timestamp),
            ..suite.all()
        };
        let page = suite.find(&query).await;
        let found: Vec<_> = places(&page).into_iter().flat_map(|(_, it)| it).collect();
        assert_eq!(found, expected, "{from:?} {to:?}");
        assert_eq!(page.total, u64::from(!expected.is_empty()));
        for user in &page.users {
            let seen = (user.first_seen, user.last_seen);
            assert_eq!(seen, (Timestamp(10), Timestamp(40)));
        }
    };
    check(Some(20), Some(30), &[2, 3]).await;
    check(Some(21), Some(29), &[]).await;
    check(Some(20), Some(20), &[2]).await;
    check(Some(31), None, &[4]).await;
    check(Some(41), None, &[]).await;
    check(None, Some(10), &[1]).await;
    check(None, Some(9), &[]).await;
    check(Some(30), Some(20), &[]).await;
    check(None, None, &[1, 2, 3, 4]).await;
}

/// One user through two frontends, known late in one of them.
async fn users_are_one_wherever_they_are(suite: &Suite) {
    let web = suite.talk(&suite.web, "anonymous");
    let app = suite.talk(&suite.app, "anonymous");
    suite.append(&[web.asks(1, 10, None)]).await;
    assert_eq!(
        places(&suite.find(&suite.all()).await),
        [("anonymous", vec![1])]
    );
    let known = [
        web.asks(2, 30, Some("")),
        web.asks(3, 40, Some("jane")),
        app.asks(1, 20, Some("jane")),
        app.asks(2, 40, Some("jane")),
    ];
    suite.append(&known).await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("jane", vec![1, 1, 2, 2, 3])]);
    let through: Vec<_> = page.users[0]
        .lines
        .iter()
        .map(|line| line.frontend == suite.web)
        .collect();
    assert_eq!(through, [true, false, true, false, true]);
    let of_web = TranscriptQuery {
        frontends: Some([suite.web.to_string()].into()),
        ..suite.all()
    };
    let page = suite.find(&of_web).await;
    assert_eq!(places(&page), [("jane", vec![1, 2, 3])]);
    assert_eq!(page.users[0].first_seen, Timestamp(10));
    assert_eq!(
        page.users[0].profile.page_url.as_deref(),
        Some("anonymous/3")
    );
    let of_none = TranscriptQuery {
        frontends: Some([].into()),
        ..suite.all()
    };
    assert_eq!(suite.find(&of_none).await, TranscriptPage::default());
}

/// Whose, what, and of whom something holds.
async fn filters_hold_together(suite: &Suite) {
    let silent = suite.talk(&suite.web, "silent");
    let jane = suite.talk(&suite.web, "j");
    let john = suite.talk(&suite.web, "o'hara\"é\u{1F600}");
    suite
        .append(&[
            silent.answers(1, 10, None),
            jane.answers(1, 10, Some("jane")),
            jane.asks(2, 20, Some("jane")),
            john.asks(1, 30, None),
        ])
        .await;
    let users_only = TranscriptQuery {
        users_only: true,
        ..suite.all()
    };
    let page = suite.find(&users_only).await;
    assert_eq!(
        places(&page),
        [("jane", vec![2]), ("o'hara\"é\u{1F600}", vec![1])]
    );
    assert_eq!(page.total, 2);
    let of_user = |user: &str| TranscriptQuery {
        user_id: Some(user.to_owned()),
        ..suite.all()
    };
    let page = suite.find(&of_user("o'hara\"é\u{1F600}")).await;
    assert_eq!((ids(&page), page.total), (vec!["o'hara\"é\u{1F600}"], 1));
    for nobody in ["JANE", "jan", "jane' OR '1'='1", "%", ""] {
        let page = suite.find(&of_user(nobody)).await;
        assert_eq!(page, TranscriptPage::default(), "{nobody}");
    }
    let named = TranscriptQuery {
        matches: Some(Arc::new(|profile| profile.user_id.is_some())),
        ..suite.all()
    };
    let page = suite.find(&named).await;
    assert_eq!((ids(&page), page.total), (vec!["jane"], 1));
    let none = TranscriptQuery {
        user_id: Some("silent".to_owned()),
        ..named
    };
    assert_eq!(suite.find(&none).await, TranscriptPage::default());
}

/// Ids are in the order of their bytes, whatever the database thinks of letters.
async fn ids_are_in_one_order_everywhere(suite: &Suite) {
    let long = "x".repeat(5_000);
    let mut expected = vec![
        "",
        "A",
        "B",
        "_",
        "a",
        "b",
        "~",
        "é",
        "\u{1F600}",
        "a\u{FFFD}",
    ];
    for id in [
        "",
        "A",
        "B",
        "_",
        "a",
        "b",
        "~",
        "é",
        "\u{1F600}",
        "a\0",
        &long,
    ] {
        let talk = suite.talk(&suite.web, id);
        suite.append(&[talk.asks(1, 10, None)]).await;
    }
    let matching = TranscriptQuery {
        matches: Some(Arc::new(|_| true)),
        ..suite.all()
    };
    let page = suite.find(&suite.all()).await;
    assert_eq!(page, suite.find(&matching).await);
    let found: Vec<_> = ids(&page);
    let shortened = found.iter().find(|id| id.starts_with("xxx")).unwrap();
    assert!(shortened.len() < 256);
    expected.push(shortened);
    expected.sort_unstable();
    assert_eq!(found, expected);
    let query = TranscriptQuery {
        user_id: Some(long),
        ..suite.all()
    };
    assert_eq!(suite.find(&query).await.total, 1);
}

/// A page knows how many users there are, and is cut where there are too many lines.
async fn pages_are_counted_and_cut(suite: &Suite) {
    for user in ["a", "b", "c", "d"] {
        let talk = suite.talk(&suite.web, user);
        let lines = [1, 2, 3].map(|seq| talk.asks(seq, seq as i64, None));
        suite.append(&lines).await;
    }
    let ask = async |skip: u64, users: u64, lines: usize, with_matches: bool| {
        let query = TranscriptQuery {
            skip,
            users,
            lines,
            matches: with_matches.then(|| Arc::new(|_: &Profile| true) as _),
            ..suite.all()
        };
        suite.find(&query).await
    };
    for matches in [false, true] {
        let page = ask(1, 2, 100, matches).await;
        assert_eq!(
            (ids(&page), page.total, page.cut),
            (vec!["b", "c"], 4, false)
        );
        let page = ask(3, 2, 3, matches).await;
        assert_eq!((ids(&page), page.total, page.cut), (vec!["d"], 4, false));
        let page = ask(4, 2, 3, matches).await;
        assert_eq!((ids(&page), page.total, page.cut), (vec![], 4, false));
        let page = ask(0, 0, 3, matches).await;
        assert_eq!((ids(&page), page.total, page.cut), (vec![], 4, false));
        let page = ask(u64::MAX, u64::MAX, usize::MAX, matches).await;
        assert_eq!((ids(&page), page.total), (vec![], 4));
        let page = ask(0, u64::MAX, 5, matches).await;
        let cut = [("a", vec![1, 2, 3]), ("b", vec![1, 2])];
        assert_eq!((places(&page), page.total, page.cut), (cut.into(), 4, true));
        let page = ask(0, u64::MAX, 6, matches).await;
        assert_eq!(
            (ids(&page), page.total, page.cut),
            (vec!["a", "b"], 4, true)
        );
        let page = ask(2, u64::MAX, 6, matches).await;
        assert_eq!(
            (ids(&page), page.total, page.cut),
            (vec!["c", "d"], 4, false)
        );
    }
}

/// What is erased is gone, of one frontend and one scope, and nothing else.
async fn erased_is_gone(suite: &Suite) {
    let user = "o'hara\u{1F600}";
    let web = suite.talk(&suite.web, "1");
    let app = suite.talk(&suite.app, "2");
    let other = suite.talk(&suite.web, "3");
    let named = suite.talk(&suite.web, "4");
    suite
        .append(&[
            web.asks(1, 10, Some(user)),
            app.asks(1, 10, Some(user)),
            other.asks(1, 10, Some("other")),
            named.asks(1, 10, None),
        ])
        .await;
    assert_eq!(suite.erase(&suite.web, "another", user, &["4"]).await, 0);
    assert_eq!(suite.erase(&suite.web, "bot", "nobody", &[]).await, 0);
    assert_eq!(suite.erase(&suite.web, "", user, &["1", "4"]).await, 2);
    let page = suite.find(&suite.all()).await;
    assert_eq!(ids(&page), [user, "other"]);
    assert_eq!(suite.erase(&suite.app, "bot", user, &[]).await, 1);
    assert_eq!(ids(&suite.find(&suite.all()).await), ["other"]);
    // Who comes back begins anew.
    suite.append(&[web.asks(2, 20, Some(user))]).await;
    let page = suite.find(&suite.all()).await;
    assert!(places(&page).contains(&(user, vec![2])));
}

/// Old lines go, and conversations of which no line is left. In a shared database others have
/// lines too, so these are older than anybody's.
async fn forgotten_is_gone(suite: &Suite) {
    let gone = suite.talk(&suite.web, "gone");
    let kept = suite.talk(&suite.web, "kept");
    suite
        .append(&[
            gone.asks(1, -5_000, None),
            kept.asks(1, -4_001, Some("jane")),
            kept.asks(2, -4_000, Some("jane")),
            kept.asks(3, 5, Some("jane")),
        ])
        .await;
    assert_eq!(suite.store.forget(Timestamp(-6_000)).await.unwrap(), 0);
    assert_eq!(suite.store.forget(Timestamp(-4_000)).await.unwrap(), 2);
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("jane", vec![2, 3])]);
    assert_eq!(page.users[0].first_seen, Timestamp(-4_000));
    assert_eq!(page.total, 1);
    assert_eq!(suite.erase(&suite.web, "", "gone", &[]).await, 0);
}

/// A page in the middle of very many users, and a batch that is too large for one statement.
async fn very_many_users_are_counted(suite: &Suite) {
    let mut lines = Vec::new();
    for number in 0..10_000 {
        let talk = suite.talk(&suite.web, &format!("user-{number:05}"));
        lines.push(talk.asks(1, number, None));
    }
    for batch in lines.chunks(1_000) {
        suite.append(batch).await;
    }
    for matches in [false, true] {
        let query = TranscriptQuery {
            from: Some(Timestamp(1)),
            to: Some(Timestamp(9_998)),
            skip: 4_999,
            users: 2,
            matches: matches.then(|| Arc::new(|_: &Profile| true) as _),
            ..suite.all()
        };
        let page = suite.find(&query).await;
        assert_eq!(ids(&page), ["user-05000", "user-05001"]);
        assert_eq!((page.total, page.cut), (9_998, false));
    }
    let page = suite.find(&suite.all()).await;
    assert_eq!((page.users.len(), page.total), (10_000, 10_000));
}

/// Runs everything, and says how the frontends are called that it has left lines of.
async fn conforms(store: impl TranscriptStore) -> String {
    let store: Arc<dyn TranscriptStore> = Arc::new(store);
    let run = Uuid::new_v4().simple().to_string();
    let suite = || Suite::new(&store, &run);
    comes_back(&suite()).await;
    periods_include_both_ends(&suite()).await;
    users_are_one_wherever_they_are(&suite()).await;
    filters_hold_together(&suite()).await;
    ids_are_in_one_order_everywhere(&suite()).await;
    pages_are_counted_and_cut(&suite()).await;
    erased_is_gone(&suite()).await;
    forgotten_is_gone(&suite()).await;
    very_many_users_are_counted(&suite()).await;
    format!("{run}-%")
}

#[tokio::test]
async fn transcripts_in_memory() {
    conforms(MemoryTranscripts::new(1_000_000)).await;
}

#[tokio::test]
async fn transcripts_in_sqlite() {
    let file = File::new();
    conforms(SqlStore::connect(&file.url()).await.unwrap()).await;
}

#[tokio::test]
async fn transcripts_in_postgres() {
    let Some((store, url)) = postgres().await else {
        return;
    };
    let frontends = conforms(store).await;
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    for statement in [
        "DELETE FROM transcript_lines WHERE conversation IN \
         (SELECT id FROM transcript_conversations WHERE frontend LIKE $1)",
        "DELETE FROM transcript_conversations WHERE frontend LIKE $1",
    ] {
        let forget = sqlx::query(statement).bind(&frontends);
        forget.execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn memory_makes_room_for_what_is_said_now() {
    let store: Arc<dyn TranscriptStore> = Arc::new(MemoryTranscripts::new(4));
    let suite = Suite::new(&store, "run");
    let old = suite.talk(&suite.web, "old");
    let long = suite.talk(&suite.web, "long");
    suite
        .append(&[old.asks(1, 1, None), old.asks(2, 2, None)])
        .await;
    suite
        .append(&[long.asks(1, 3, None), long.asks(2, 4, None)])
        .await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("long", vec![1, 2]), ("old", vec![1, 2])]);
    suite.append(&[old.asks(3, 5, None)]).await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("old", vec![1, 2, 3])]);
    suite
        .append(&[old.asks(4, 6, None), old.asks(5, 7, None)])
        .await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("old", vec![2, 3, 4, 5])]);
}

#[tokio::test]
async fn memory_makes_room_when_lines_are_long() {
    let store: Arc<dyn TranscriptStore> = Arc::new(MemoryTranscripts::new(10));
    let suite = Suite::new(&store, "run");
    let long = |talk: &Talk, seq: u64, at| {
        let event = UserEvent::new(
            MessageId(Uuid::from_u128(u128::from(seq))),
            Timestamp(at),
            UserInput::text("x".repeat(15_000)),
        );
        talk.line(seq, at, None, Item::User(event.into()))
    };
    let old = suite.talk(&suite.web, "old");
    let new = suite.talk(&suite.web, "new");
    suite.append(&[long(&old, 1, 1), long(&new, 1, 2)]).await;
    assert_eq!(suite.find(&suite.all()).await.total, 2);
    suite.append(&[long(&new, 2, 3), long(&new, 3, 4)]).await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("new", vec![2, 3])]);
    // Room that was made is room again.
    assert_eq!(store.forget(Timestamp(4)).await.unwrap(), 1);
    suite.append(&[old.asks(1, 5, None)]).await;
    assert_eq!(suite.find(&suite.all()).await.total, 2);
    assert_eq!(suite.erase(&suite.web, "", "new", &[]).await, 1);
    suite.append(&[long(&old, 2, 6), long(&old, 3, 7)]).await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("old", vec![1, 2, 3])]);
}

#[tokio::test]
async fn transcripts_outlast_a_process() {
    let file = File::new();
    let first: Arc<dyn TranscriptStore> = Arc::new(SqlStore::connect(&file.url()).await.unwrap());
    let suite = Suite::new(&first, "run");
    let talk = suite.talk(&suite.web, "k");
    suite.append(&[talk.asks(1, 10, None)]).await;
    let second = SqlStore::connect(&file.url()).await.unwrap();
    let page = second.query(&suite.all()).await.unwrap();
    assert_eq!(page, suite.find(&suite.all()).await);
    assert_eq!(page.total, 1);
}

/// Waits until a connection to this database waits for another's lock.
async fn somebody_waits(connection: &mut AnyConnection) {
    loop {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                       WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM transcript_%'";
        let (waiting,): (i64,) = sqlx::query_as(waiting)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_another_process_writes_meanwhile_is_erased_too() {
    let Some((store, url)) = postgres().await else {
        return;
    };
    let store: Arc<dyn TranscriptStore> = Arc::new(store);
    let suite = Suite::new(&store, &Uuid::new_v4().simple().to_string());
    let talk = suite.talk(&suite.web, "k");
    suite.append(&[talk.asks(1, 10, None)]).await;
    // The other process is in the middle of its transaction.
    let mut other = AnyConnection::connect(&url).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    let id = talk.0.id.to_string();
    for statement in [
        "UPDATE transcript_conversations SET last_at = 20 WHERE id = $1",
        "INSERT INTO transcript_lines (conversation, seq, at, is_user, entry) \
         SELECT conversation, 2, 20, is_user, entry FROM transcript_lines WHERE conversation = $1",
    ] {
        let query = sqlx::query(statement).bind(&id);
        query.execute(&mut *transaction).await.unwrap();
    }
    let erase = suite.erase(&suite.web, "", "k", &[]);
    let commit = async {
        let mut watch = AnyConnection::connect(&url).await.unwrap();
        somebody_waits(&mut watch).await;
        transaction.commit().await.unwrap();
    };
    let (erased, ()) = tokio::join!(erase, commit);
    assert_eq!(erased, 1);
    // The user goes on, and finds nothing of what was said before.
    suite.append(&[talk.asks(3, 30, None)]).await;
    let page = suite.find(&suite.all()).await;
    assert_eq!(places(&page), [("k", vec![3])]);
    assert_eq!(suite.erase(&suite.web, "", "k", &[]).await, 1);
}

#[tokio::test]
async fn several_processes_may_make_the_tables_at_once() {
    for _ in 0..10 {
        let file = File::new();
        let connect = || async { SqlStore::connect(&file.url()).await.map(|_| ()) };
        let made = tokio::join!(connect(), connect(), connect(), connect());
        for made in [made.0, made.1, made.2, made.3] {
            assert!(made.is_ok(), "{made:?}");
        }
    }
}
