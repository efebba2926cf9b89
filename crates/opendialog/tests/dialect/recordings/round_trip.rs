//! What Switchboard's own APIs give is taken over by an import.

use std::sync::Arc;

use switchboard_core::dialect::{
    Consult, Frontend, Handled, Published, TranscriptLine, TranscriptPage, UserTranscript,
};
use switchboard_core::model::{Action, Choices, ConversationId, Profile, RichText};
use uuid::Uuid;

use super::*;
use crate::support::{call, entry, event as event_of, frontend, post};

fn server() -> Arc<dyn Frontend> {
    frontend(json!({"api": {"tokens": ["API_TOKEN"]}}))
}

/// What a client sent, with what it told of its user.
fn sent(content: Value) -> (UserEvent, Profile) {
    let body = json!({"notification": "message", "user_id": "u-1", "author": "u-1",
        "content": content});
    let call = call(&*server(), post("/incoming/webchat", &body));
    (event_of(&call).clone(), call.profile)
}

fn ada() -> Value {
    json!({
        "first_name": "Ada", "email": "ada@example.com", "ipAddress": "192.0.2.10",
        "country": "United Kingdom", "browserLanguage": "en-GB", "os": "Linux",
        "browser": "chrome 112.0.0", "timezone": "Europe/London",
        "custom": {"selected_scenario": "0x420", "language": "en", "plan": "gold",
            "policies": ["a", "b"]},
    })
}

fn bot(content: Content, actions: Vec<Action>) -> Item {
    let message = Message::bot(cx().message_id(), None, cx().now, content);
    Item::Message(Box::new(Published::as_is(message.with_actions(actions))))
}

/// A conversation of a client of this dialect: what both sides said, and what is known of the user.
fn conversation() -> (Vec<Item>, Profile) {
    let user = |content| Item::User(sent(content).0.into());
    let (opened, profile) = sent(
        json!({"type": "chat_open", "callback_id": "intent.app.Start",
        "data": {"value": "/pricing"}, "user": ada()}),
    );
    let text = |words: &str| Content::text(RichText::plain(words));
    let choices = Content::Choices(Choices {
        text: RichText::plain("Which plan?"),
        ..Choices::default()
    });
    let items = vec![
        Item::User(opened.into()),
        bot(text("Hello"), Vec::new()),
        bot(
            choices,
            vec![Action::choice("intent.app.ChoosePlan", "Gold")],
        ),
        user(
            json!({"type": "button_response", "callback_id": "intent.app.ChoosePlan",
            "data": {"text": "Gold", "value": "plan.gold"}, "user": {}}),
        ),
        bot(text("Your details?"), Vec::new()),
        user(
            json!({"type": "form_response", "callback_id": "intent.app.Details", "user": {},
            "data": {"first_name": "Ada", "age": "36", "text": "First name: Ada"}}),
        ),
        bot(text("Thank you"), Vec::new()),
    ];
    (items, profile)
}

fn transcript(user_id: &str, items: &[Item], profile: &Profile) -> UserTranscript {
    let start = moment("2023-03-01T10:00:00.123Z");
    let mut turn = None;
    let lines = items.iter().zip(1..).map(|(item, seq)| {
        if let Item::User(event) = item {
            turn = Some(event.id);
        }
        let entry = Entry {
            at: Timestamp(start.0 + i64::try_from(seq).unwrap() * 1_000),
            turn,
            ..entry(seq, item.clone())
        };
        TranscriptLine {
            frontend: "webchat".into(),
            backend: "bot".into(),
            conversation: ConversationId(Uuid::from_u128(7)),
            entry: Arc::new(entry),
        }
    });
    UserTranscript {
        user_id: user_id.to_owned(),
        profile: Arc::new(profile.clone()),
        first_seen: start,
        last_seen: start,
        lines: lines.collect(),
    }
}

/// The answer of a frontend that knows these users.
fn answer(
    frontend: &dyn Frontend,
    users: &[UserTranscript],
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let path = request.uri().path().to_owned();
    let Consult { query, finish } = match frontend.handle(request.clone(), &path, &cx()) {
        Handled::Consult(consult) => *consult,
        other => panic!("not a question to the transcripts: {other:?}"),
    };
    let skip = usize::try_from(query.skip).unwrap();
    let most = usize::try_from(query.users).unwrap_or(usize::MAX);
    let found = TranscriptPage {
        users: users.iter().skip(skip).take(most).cloned().collect(),
        total: users.len() as u64,
        cut: false,
    };
    finish(Ok(found), &cx())
}

#[test]
fn what_our_own_export_gives_is_imported() {
    let (items, profile) = conversation();
    let users = ["u-1", "u-2", "u-3"].map(|id| transcript(id, &items, &profile));
    let frontend = server();
    let mut source = source_of(
        json!({"url": URL, "token": "API_TOKEN", "per_page": 2}),
        RecordedPeriod::default(),
    );
    let (steps, asked) = served(&mut *source, |request, _| {
        Ok(answer(&*frontend, &users, request))
    });
    assert_eq!((asked, &steps.failed), (2, &None));
    assert_eq!(self::users(&steps), ["u-1", "u-2", "u-3"]);
    let recorded = &steps.recorded[0];
    assert_eq!(recorded.notes, [""; 0]);
    for (got, line) in recorded.entries.iter().zip(&users[0].lines) {
        let expected = &line.entry;
        assert_eq!((got.seq, got.at), (expected.seq, expected.at));
        match (&got.item, &expected.item) {
            (Item::User(got), Item::User(expected)) => {
                assert_eq!(got.input, expected.input);
                assert_eq!(got.hidden, expected.hidden);
            }
            (Item::Message(got), Item::Message(expected)) => {
                assert_eq!(got.message.content, expected.message.content);
                let labels = |message: &Message| -> Vec<String> {
                    message.actions.iter().map(|it| it.label.clone()).collect()
                };
                assert_eq!(labels(&got.message), labels(&expected.message));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(recorded.entries.len(), items.len());
    let got = &recorded.profile;
    assert_eq!(got.attributes, profile.attributes);
    assert_eq!(got.variables, profile.variables);
    assert_eq!(got.scenario, profile.scenario);
    assert_eq!(got.locales, profile.locales);
    let known = |profile: &Profile| {
        let Profile {
            country,
            os,
            browser,
            timezone,
            ..
        } = profile.clone();
        [country, os, browser, timezone]
    };
    assert_eq!(known(got), known(&profile));
    assert_eq!(got.metadata["first_seen"], "1677664800");
}

#[test]
fn what_our_own_interactions_give_is_imported() {
    let (items, profile) = conversation();
    let users = [transcript("u-1", &items, &profile)];
    let did: Vec<&UserEvent> = items
        .iter()
        .filter_map(|item| match item {
            Item::User(event) => Some(&**event),
            _ => None,
        })
        .collect();
    for api in ["interactions", "legacy"] {
        let frontend = server();
        let mut source = source_of(
            options(api),
            RecordedPeriod {
                from: Some(moment("2023-03-01T00:00:00Z")),
                to: Some(moment("2023-03-02T00:00:00Z")),
                user_id: None,
            },
        );
        let (steps, asked) = served(&mut *source, |request, _| {
            Ok(answer(&*frontend, &users, request))
        });
        assert_eq!((asked, &steps.failed), (1, &None), "{api}");
        let entries = &steps.recorded[0].entries;
        assert_eq!(entries.len(), did.len());
        for (got, expected) in entries.iter().zip(&did) {
            assert_eq!(event(got).input, expected.input, "{api}");
        }
    }
}
