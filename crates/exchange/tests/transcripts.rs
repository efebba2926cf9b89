//! What is recorded of conversations and what is not, under a paused clock.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use support::{World, any, detached, event, existing, texts};
use switchboard_core::dialect::{
    Call, Collect, Item, Operation, Target, TranscriptPage, TranscriptQuery, UnknownChoice, Wait,
};
use switchboard_core::model::{EndReason, Profile, Timestamp, UploadedFile, UserEvent, UserInput};
use switchboard_exchange::Limits;
use switchboard_store::{
    ConversationStore, MemoryStore, MemoryTranscripts, StoreError, StoredConversation, Transcripts,
};

const JANE: &str = "jane";

fn world() -> (World, Transcripts) {
    let transcripts = Transcripts::recorded(Arc::new(MemoryTranscripts::new(1_000)));
    let world = World::recorded(
        Duration::from_secs(1),
        Limits::default(),
        transcripts.clone(),
    );
    (world, transcripts)
}

async fn all(transcripts: &Transcripts) -> TranscriptPage {
    transcripts
        .query(&TranscriptQuery::default())
        .await
        .unwrap()
}

/// Each user with what was said.
async fn said(transcripts: &Transcripts) -> Vec<(String, Vec<String>)> {
    let users = all(transcripts).await.users.into_iter();
    users
        .map(|user| {
            let lines: Vec<_> = user.lines.into_iter().map(|line| line.entry).collect();
            (user.user_id, texts(&lines))
        })
        .collect()
}

async fn tell(world: &World, target: Target, profile: Profile, event: Box<UserEvent>) {
    let call = Call {
        target,
        profile,
        operation: Operation::Input {
            event,
            wait: Wait::Turn(Collect::Turn),
            unknown_choice: UnknownChoice::Pass,
        },
        finish: Box::new(|result, _| result),
    };
    world.handle.call(call).await.unwrap();
}

async fn say(world: &World, target: Target, id: u128, text: &str, user: Option<&str>) {
    let profile = Profile {
        user_id: user.map(str::to_owned),
        ..Profile::default()
    };
    tell(world, target, profile, event(id, UserInput::text(text))).await;
}

fn expected(user: &str, lines: &[&str]) -> (String, Vec<String>) {
    let lines = lines.iter().map(|line| (*line).to_owned());
    (user.to_owned(), lines.collect())
}

#[tokio::test(start_paused = true)]
async fn both_sides_and_the_end_are_recorded() {
    let (world, transcripts) = world();
    say(&world, any("k"), 1, "echo hello", None).await;
    say(&world, any("k"), 2, "echo again", Some(JANE)).await;
    let end = Operation::End {
        reason: EndReason::Idle,
    };
    world.call(existing("k"), end).await.unwrap();
    let lines = [
        "> echo hello",
        "hello",
        "> echo again",
        "again",
        "ended: idle",
    ];
    assert_eq!(said(&transcripts).await, [expected(JANE, &lines)]);
    let page = all(&transcripts).await;
    let user = &page.users[0];
    assert_eq!(user.profile.user_id.as_deref(), Some(JANE));
    let places: Vec<_> = user.lines.iter().map(|line| line.entry.seq).collect();
    assert_eq!(places, [1, 2, 3, 4, 5]);
    let first = &user.lines[0];
    assert_eq!((&*first.frontend, &*first.backend), ("web", "fake"));
}

#[tokio::test(start_paused = true)]
async fn tests_secrets_and_questions_without_a_conversation_are_not_recorded() {
    let (world, transcripts) = world();
    let test = Profile {
        qualification: Some(true),
        ..Profile::default()
    };
    tell(
        &world,
        any("test"),
        test,
        event(1, UserInput::text("echo test")),
    )
    .await;
    let mut secret = event(2, UserInput::text("echo secret"));
    secret.unrecorded = true;
    tell(&world, any("k"), Profile::default(), secret).await;
    say(&world, detached(), 3, "echo detached", None).await;
    say(&world, any("k"), 4, "echo said", None).await;
    assert_eq!(
        said(&transcripts).await,
        [expected("k", &["> echo said", "said"])]
    );
}

#[tokio::test(start_paused = true)]
async fn files_are_recorded_without_what_is_in_them() {
    let (world, transcripts) = world();
    let file = UploadedFile {
        name: "cv.pdf".to_owned(),
        content: Bytes::from_static(b"a secret"),
        ..UploadedFile::default()
    };
    let file = event(1, UserInput::File(file));
    tell(&world, any("k"), Profile::default(), file).await;
    let page = all(&transcripts).await;
    let Item::User(event) = &page.users[0].lines[0].entry.item else {
        panic!("{page:?}");
    };
    let UserInput::File(file) = &event.input else {
        panic!("{event:?}");
    };
    assert_eq!((file.name.as_str(), file.content.len()), ("cv.pdf", 0));
}

#[tokio::test(start_paused = true)]
async fn an_erased_users_transcripts_are_gone_and_stay_gone() {
    let (world, transcripts) = world();
    say(&world, any("old"), 1, "echo first", Some(JANE)).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    say(&world, any("new"), 2, "echo second", Some(JANE)).await;
    say(&world, any("other"), 3, "echo mine", Some("somebody")).await;
    // Jane's name is known, but nothing was said since.
    say(&world, any("late"), 4, "echo third", None).await;
    world
        .call_as(existing("late"), Operation::Touch, Some(JANE))
        .await
        .unwrap();
    let erase = Operation::Erase {
        user_id: JANE.to_owned(),
        event: None,
    };
    let outcome = world.call(detached(), erase).await.unwrap();
    assert_eq!(outcome.answer.records.len(), 3);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let somebody = expected("somebody", &["> echo mine", "mine"]);
    assert_eq!(said(&transcripts).await, std::slice::from_ref(&somebody));
    say(&world, any("new"), 5, "echo again", Some(JANE)).await;
    let again = expected(JANE, &["> echo again", "again"]);
    assert_eq!(said(&transcripts).await, [again, somebody]);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_was_put_away_goes_on_in_the_same_transcript() {
    let (world, transcripts) = world();
    say(&world, any("k"), 1, "echo one", None).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    say(&world, any("k"), 2, "echo two", None).await;
    let lines = ["> echo one", "one", "> echo two", "two"];
    assert_eq!(said(&transcripts).await, [expected("k", &lines)]);
    let page = all(&transcripts).await;
    let ids = page.users[0].lines.iter().map(|line| line.conversation);
    let ids: std::collections::BTreeSet<_> = ids.collect();
    assert_eq!(ids.len(), 1);
}

/// A store in which whoever takes a conversation up is just too late: it is erased meanwhile.
#[derive(Default)]
struct Eraser(MemoryStore);

#[async_trait]
impl ConversationStore for Eraser {
    async fn load(
        &self,
        frontend: &str,
        key: &str,
    ) -> Result<Option<StoredConversation>, StoreError> {
        let stored = self.0.load(frontend, key).await?;
        self.0.remove(frontend, key).await?;
        Ok(stored)
    }

    async fn save(&self, conversation: StoredConversation) -> Result<(), StoreError> {
        self.0.save(conversation).await
    }

    async fn remove(&self, frontend: &str, key: &str) -> Result<bool, StoreError> {
        self.0.remove(frontend, key).await
    }

    async fn of_user(
        &self,
        frontend: &str,
        user_id: &str,
    ) -> Result<Vec<StoredConversation>, StoreError> {
        self.0.of_user(frontend, user_id).await
    }

    async fn expire(&self, now: Timestamp) -> Result<Vec<(String, String)>, StoreError> {
        self.0.expire(now).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_erased_while_it_is_taken_up_does_not_come_back() {
    let transcripts = Transcripts::recorded(Arc::new(MemoryTranscripts::new(1_000)));
    let world = World::changed(Duration::from_secs(1), |parts| {
        parts.transcripts = transcripts.clone();
        parts.store = Arc::new(Eraser::default());
    });
    say(&world, any("k"), 1, "echo one", Some(JANE)).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let erasure = switchboard_store::Erasure {
        frontend: "web".into(),
        scope: String::new(),
        user_id: JANE.to_owned(),
        keys: Vec::new(),
    };
    transcripts.erase(&erasure).await.unwrap();
    let found = world.call(existing("k"), Operation::Touch).await;
    assert!(found.is_err(), "{found:?}");
    assert_eq!(said(&transcripts).await, []);
}
