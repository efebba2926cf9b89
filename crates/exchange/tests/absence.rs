//! A client whose socket is lost while a human is there, under a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::dialect::{
    Attach, Call, ClientMark, Collect, Find, Operation, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{
    MessageId, Profile, Query, Suggestions, Timestamp, UserEvent, UserInput,
};
use switchboard_exchange::{Attachment, Exchange, FrontendHandle, Limits};
use switchboard_testkit::{FakeBackend, FakeEngine, PlainFrontend, parts, say};
use uuid::Uuid;

const BROWSER: ClientMark = ClientMark(7);

type Seen = Arc<dyn Fn() -> Vec<UserInput>>;

fn exchange() -> (Exchange, FrontendHandle, Seen) {
    let backend = FakeBackend::default();
    let seen = backend.seen();
    let engine = FakeEngine {
        takes: Duration::from_secs(1),
    };
    let mut parts = parts(PlainFrontend::default(), backend, engine);
    parts.limits = Limits {
        absence: Duration::from_secs(10),
        overheard: Duration::from_secs(4),
        ..Limits::default()
    };
    let exchange = Exchange::new(parts).unwrap();
    let handle = exchange.frontend("web").unwrap();
    let seen = move || {
        let all = seen.lock();
        let is_told = |input: &&UserInput| !matches!(input, UserInput::Query(_));
        all.iter().filter(is_told).cloned().collect()
    };
    (exchange, handle, Arc::new(seen))
}

async fn attach(handle: &FrontendHandle, key: &str) -> Attachment {
    let mut target = Target::new(Find::Continue(key.to_owned()), "app");
    target.client = Some(BROWSER);
    let attach = Attach {
        target,
        profile: Profile::default(),
    };
    handle.attach(attach).await.unwrap().1
}

async fn says(handle: &FrontendHandle, key: &str, id: u128, text: &str) {
    let find = Find::Continue(key.to_owned());
    handle
        .call(say(find, id, text, Collect::Turn))
        .await
        .unwrap();
}

/// The browser asks for suggestions, and does not say in which conversation.
async fn types(handle: &FrontendHandle, client: ClientMark, text: &str) {
    let query = Query::Suggestions(Suggestions {
        text: text.to_owned(),
        ..Suggestions::default()
    });
    // Each is a conversation of its own.
    let id = MessageId(Uuid::from_u128(1_000));
    let event = UserEvent::new(id, Timestamp(0), UserInput::Query(query));
    let mut target = Target::new(Find::Detached, "app");
    target.client = Some(client);
    let call = Call {
        target,
        profile: Profile::default(),
        operation: Operation::Input {
            event: Box::new(event),
            wait: Wait::Turn(Collect::Turn),
            unknown_choice: UnknownChoice::Pass,
        },
        finish: Box::new(|result, _| result),
    };
    handle.call(call).await.unwrap();
}

fn lost(lost: bool) -> UserInput {
    UserInput::Connection { lost }
}

fn typing(text: &str) -> UserInput {
    UserInput::Typing {
        active: true,
        text: Some(text.to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn the_human_is_told_and_hears_what_is_typed() {
    let (_exchange, handle, seen) = exchange();
    let socket = attach(&handle, "a").await;
    says(&handle, "a", 1, "human").await;
    drop(socket);
    // A socket may be away for a moment.
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(seen(), [UserInput::text("human")]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(seen()[1..], [lost(true)]);

    // What its browser types is seen, and said once it rests.
    types(&handle, ClientMark(8), "somebody else").await;
    types(&handle, BROWSER, "is any").await;
    types(&handle, BROWSER, "is anybody there").await;
    assert_eq!(seen()[2..], [typing("is any"), typing("is anybody there")]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(seen()[4..], [UserInput::text("is anybody there")]);

    // What was typed last is said when the client is back.
    types(&handle, BROWSER, "hello").await;
    let _socket = attach(&handle, "a").await;
    let expected = [typing("hello"), UserInput::text("hello"), lost(false)];
    assert_eq!(seen()[5..], expected);
    types(&handle, BROWSER, "more").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(seen().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_who_is_not_missed() {
    let (_exchange, handle, seen) = exchange();
    // No human is there.
    drop(attach(&handle, "a").await);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(seen().is_empty());
    // It is back in time, or polls.
    let socket = attach(&handle, "b").await;
    says(&handle, "b", 1, "human").await;
    drop(socket);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(attach(&handle, "b").await);
    tokio::time::sleep(Duration::from_secs(5)).await;
    says(&handle, "b", 2, "echo still here").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let told = seen();
    assert!(!told.contains(&lost(true)), "{told:?}");
}

/// One browser may have several conversations, and then its words could be meant for any.
#[tokio::test(start_paused = true)]
async fn words_that_could_be_anybodys_are_nobodys() {
    let (_exchange, handle, seen) = exchange();
    for (id, key) in [(1, "a"), (2, "b")] {
        let socket = attach(&handle, key).await;
        says(&handle, key, id, "human").await;
        drop(socket);
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    let before = seen().len();
    types(&handle, BROWSER, "is anybody there").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(seen().len(), before);
}
