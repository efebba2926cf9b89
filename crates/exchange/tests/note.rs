//! What was said elsewhere, and conversations that must be nobody's yet.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use bytes::Bytes;
use support::{World, any, event, existing, texts};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    After, Collect, Find, Item, Noted, Operation, Target, UnknownChoice, Wait,
};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::{
    Content, EndReason, Message, MessageId, RichText, UploadedFile, UserInput,
};
use uuid::Uuid;

const KEY: &str = "alice";

fn by_user(id: u128, text: &str) -> Operation {
    Operation::Note(Noted::User(event(id, UserInput::text(text))))
}

fn to_user(id: u128, text: &str) -> Operation {
    let content = Content::text(RichText::plain(text));
    let id = MessageId(Uuid::from_u128(id));
    let message = Message::bot(id, None, Default::default(), content);
    Operation::Note(Noted::Message(Box::new(message)))
}

fn say(id: u128) -> Operation {
    Operation::Input {
        event: event(id, UserInput::text("ask")),
        wait: Wait::Turn(Collect::Undelivered),
        unknown_choice: UnknownChoice::Ignore,
    }
}

fn unclaimed(key: &str) -> Target {
    Target::new(Find::Unclaimed(key.to_owned()), "app")
}

#[tokio::test]
async fn what_was_said_elsewhere_is_recorded_and_reaches_nobody() {
    let world = World::new(Duration::ZERO);
    let noted = world.call(any(KEY), by_user(1, "there")).await.unwrap();
    assert!(noted.view.created && noted.answer.entries.is_empty());
    assert_eq!(noted.answer.turn, None);
    let noted = world.call(any(KEY), to_user(2, "welcome")).await.unwrap();
    assert!(!noted.view.created && !noted.view.used);
    // The same line again is the same line.
    world.call(any(KEY), to_user(2, "welcome")).await.unwrap();
    assert_eq!(world.history(KEY).await, ["> there", "welcome"]);
    assert_eq!(world.seen.lock().len(), 0, "no engine gets it");
    let poll = Operation::Poll {
        after: After::Delivered,
        limit: 9,
    };
    let polled = world.call(existing(KEY), poll).await.unwrap();
    assert_eq!(texts(&polled.answer.entries), Vec::<String>::new());
    // Nor does it come with the next answer.
    let answered = world.call(any(KEY), say(3)).await.unwrap();
    assert!(!texts(&answered.answer.entries).contains(&"welcome".to_owned()));
    let restore = Operation::Restore { limit: 9 };
    let restored = world.call(existing(KEY), restore).await.unwrap();
    assert_eq!(texts(&restored.answer.entries)[..2], ["> there", "welcome"]);
}

#[tokio::test]
async fn a_file_that_was_sent_elsewhere_is_noted_without_what_is_in_it() {
    let world = World::new(Duration::ZERO);
    let file = UploadedFile {
        name: "cv.pdf".to_owned(),
        content: Bytes::from_static(b"a secret"),
        ..UploadedFile::default()
    };
    let note = Operation::Note(Noted::User(event(1, UserInput::File(file))));
    world.call(any(KEY), note).await.unwrap();
    let history = Operation::History { limit: 9 };
    let history = world.call(existing(KEY), history).await.unwrap();
    let Item::User(event) = &history.answer.entries[0].item else {
        panic!("{history:?}");
    };
    let UserInput::File(file) = &event.input else {
        panic!("{event:?}");
    };
    assert_eq!((file.name.as_str(), file.content.len()), ("cv.pdf", 0));
}

#[tokio::test]
async fn a_conversation_that_must_be_nobodys_is_not_taken_from_anybody() {
    let world = World::new(Duration::ZERO);
    let first = world.call(unclaimed(KEY), Operation::Touch).await.unwrap();
    assert!(first.view.created);
    let refused = Err(Fault::Unauthorised(AuthProblem::Missing));
    let again = || async { world.call(unclaimed(KEY), Operation::Touch).await };
    assert_eq!(again().await.map(|outcome| outcome.view), refused);
    // It is theirs after its end too.
    let end = Operation::End {
        reason: EndReason::Ended,
    };
    world.call(existing(KEY), end).await.unwrap();
    assert_eq!(again().await.map(|outcome| outcome.view), refused);
    let other = Target::new(Find::Unclaimed(KEY.to_owned()), "another app");
    let other = world.call(other, Operation::Touch).await;
    assert_eq!(other.map(|outcome| outcome.view), refused);
}
