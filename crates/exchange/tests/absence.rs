//! Clients whose socket is lost while a human is involved, under a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::{World, any, detached, event, existing};
use switchboard_core::dialect::{
    After, ClientMark, Collect, Operation, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{Query, Suggestions, UserInput};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const BROWSER: ClientMark = ClientMark(7);

async fn say(world: &World, key: &str, id: u128, text: &str) {
    let operation = Operation::Input {
        event: event(id, UserInput::text(text)),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    world.call(any(key), operation).await.unwrap();
}

/// The user types, and the page asks for suggestions.
async fn types(world: &World, client: ClientMark, id: u128, text: &str) {
    let query = Query::Suggestions(Suggestions {
        text: text.to_owned(),
        ..Suggestions::default()
    });
    let operation = Operation::Input {
        event: event(id, UserInput::Query(query)),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    let target = Target {
        client: Some(client),
        ..detached()
    };
    world.call(target, operation).await.unwrap();
}

/// What the human was told about the client's connection.
fn told(world: &World) -> Vec<bool> {
    let seen = world.seen.lock();
    seen.iter()
        .filter_map(|input| match input {
            UserInput::Connection { lost } => Some(*lost),
            _ => None,
        })
        .collect()
}

/// A livechat whose client has just lost its socket.
async fn lost(key: &str) -> World {
    let world = World::new(SECOND);
    say(&world, key, 1, "human").await;
    drop(world.attach(key, Some(BROWSER)).await);
    world
}

#[tokio::test(start_paused = true)]
async fn the_human_is_told_once_and_told_when_the_client_is_back() {
    let world = lost("a").await;
    sleep(9 * SECOND).await;
    assert!(told(&world).is_empty());
    sleep(2 * SECOND).await;
    assert_eq!(told(&world), [true]);
    sleep(60 * SECOND).await;
    let socket = world.attach("a", Some(BROWSER)).await;
    assert_eq!(told(&world), [true, false]);
    drop(socket);
    sleep(11 * SECOND).await;
    assert_eq!(told(&world), [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_again_is_not_missed() {
    let world = lost("a").await;
    sleep(2 * SECOND).await;
    let _socket = world.attach("a", Some(BROWSER)).await;
    sleep(60 * SECOND).await;
    assert!(told(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_instead_is_not_missed() {
    let world = lost("a").await;
    let poll = Operation::Poll {
        after: After::Delivered,
        limit: 1,
    };
    world.call(existing("a"), poll).await.unwrap();
    sleep(60 * SECOND).await;
    assert!(told(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_human_nobody_is_told() {
    let world = World::new(SECOND);
    say(&world, "a", 1, "echo hi").await;
    drop(world.attach("a", Some(BROWSER)).await);
    sleep(60 * SECOND).await;
    let world = lost("a").await;
    say(&world, "a", 2, "bot").await;
    sleep(60 * SECOND).await;
    assert!(told(&world).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_user_is_seen_typing_reaches_the_human_and_the_history() {
    let world = lost("a").await;
    types(&world, BROWSER, 10, "still").await;
    types(&world, BROWSER, 11, "still there?").await;
    let typing = UserInput::Typing {
        active: true,
        text: Some("still there?".to_owned()),
    };
    assert!(world.seen.lock().contains(&typing));
    assert_eq!(world.heard(), ["human"]);
    sleep(5 * SECOND).await;
    assert_eq!(world.heard(), ["human", "still there?"]);
    // The next sentence does not wait for the one before.
    types(&world, BROWSER, 12, "hello").await;
    types(&world, BROWSER, 13, "anybody?").await;
    assert_eq!(world.heard(), ["human", "still there?", "hello"]);
    sleep(5 * SECOND).await;
    let history = world.history("a").await;
    assert_eq!(history.last().map(String::as_str), Some("anybody? #8"));
    assert!(history.contains(&"> anybody?".to_owned()), "{history:?}");
}

#[tokio::test(start_paused = true)]
async fn words_of_a_client_that_is_not_missed_stay_where_they_are() {
    let world = lost("a").await;
    types(&world, ClientMark(8), 10, "somebody else").await;
    let _socket = world.attach("a", Some(BROWSER)).await;
    types(&world, BROWSER, 11, "on the socket").await;
    sleep(10 * SECOND).await;
    assert_eq!(world.heard(), ["human"]);
}

#[tokio::test(start_paused = true)]
async fn of_two_clients_that_look_the_same_neither_is_taken_for_the_other() {
    let world = lost("a").await;
    say(&world, "b", 2, "human").await;
    drop(world.attach("b", Some(BROWSER)).await);
    types(&world, BROWSER, 10, "whose words?").await;
    sleep(10 * SECOND).await;
    assert_eq!(world.heard(), ["human", "human"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_something_elsewhere_is_another() {
    let world = lost("a").await;
    // Somebody with the same browser at the same address opens a dialog of their own.
    let operation = Operation::Input {
        event: event(5, UserInput::text("echo hello")),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    let target = Target {
        client: Some(BROWSER),
        ..any("b")
    };
    world.call(target, operation).await.unwrap();
    types(&world, BROWSER, 10, "my own words").await;
    sleep(10 * SECOND).await;
    assert_eq!(world.heard(), ["human", "echo hello"]);
}

#[tokio::test(start_paused = true)]
async fn after_the_human_has_left_nothing_is_found() {
    let world = lost("a").await;
    say(&world, "a", 2, "bot").await;
    types(&world, BROWSER, 10, "hello").await;
    types(&world, BROWSER, 11, "anybody").await;
    sleep(10 * SECOND).await;
    assert_eq!(world.heard(), ["human", "bot"]);
}

#[tokio::test(start_paused = true)]
async fn who_listens_to_a_human_may_be_silent_for_long() {
    let world = World::new(SECOND);
    say(&world, "a", 1, "human").await;
    let _socket = world.attach("a", Some(BROWSER)).await;
    sleep(1_000 * SECOND).await;
    assert!(world.history("a").await.len() > 1);
}
