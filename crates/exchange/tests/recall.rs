//! What a socket is told of the log besides what is for its client.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use futures::now_or_never;
use support::{World, any, event, existing, texts};
use switchboard_core::dialect::{Collect, Operation, UnknownChoice, Wait};
use switchboard_core::model::{EndReason, MessageId, UserInput};
use switchboard_exchange::{Attachment, Delivery, Limits};
use uuid::Uuid;

const KEY: &str = "alice";

/// Polls a future once.
mod futures {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    pub fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }
}

fn input(id: u128, text: &str, wait: Wait) -> Operation {
    Operation::Input {
        event: event(id, UserInput::text(format!("ask {text}"))),
        wait,
        unknown_choice: UnknownChoice::Ignore,
    }
}

async fn say(world: &World, id: u128, text: &str) {
    let operation = input(id, text, Wait::Turn(Collect::Turn));
    world.call(any(KEY), operation).await.unwrap();
}

/// All that is ready: what is recalled in brackets.
fn ready(attachment: &mut Attachment) -> Vec<String> {
    let mut got = Vec::new();
    while let Some(delivery) = now_or_never(attachment.next()) {
        got.push(match delivery {
            Delivery::Entry(entry, _) => {
                attachment.delivered(entry.seq);
                texts([&entry]).concat()
            }
            Delivery::Recalled(entry, _) => format!("({})", texts([&entry]).concat()),
            other => panic!("{other:?}"),
        });
    }
    got
}

#[tokio::test(start_paused = true)]
async fn what_users_do_is_recalled_on_every_socket_before_what_it_brings() {
    let world = World::new(Duration::ZERO);
    say(&world, 1, "zero").await;
    let mut first = world.attach(KEY, None).await;
    let mut second = world.attach(KEY, None).await;
    for socket in [&mut first, &mut second] {
        assert_eq!(ready(socket), ["(> ask zero)", "(zero)"]);
    }
    say(&world, 2, "one").await;
    let operation = input(3, "two", Wait::Accepted);
    world.call(existing(KEY), operation).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let expected = ["(> ask one)", "one", "(> ask two)", "two"];
    assert_eq!(ready(&mut first), expected);
    assert_eq!(ready(&mut second), expected);
}

#[tokio::test(start_paused = true)]
async fn a_turn_under_way_is_recalled_from_its_beginning() {
    let world = World::new(Duration::from_secs(1));
    say(&world, 1, "old").await;
    for (id, text) in [(2, "first"), (3, "second")] {
        let operation = input(id, text, Wait::Accepted);
        world.call(existing(KEY), operation).await.unwrap();
    }
    let mut socket = world.attach(KEY, None).await;
    assert_eq!(ready(&mut socket), ["(> ask first)", "(> ask second)"]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(ready(&mut socket), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_recalled_from_where_it_belongs() {
    let world = World::new(Duration::ZERO);
    let operation = input(1, "missed", Wait::Accepted);
    world.call(any(KEY), operation).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Takes its own answer only.
    say(&world, 2, "asked").await;
    let mut socket = world.attach(KEY, None).await;
    let expected = ["(> ask missed)", "missed", "(> ask asked)", "(asked)"];
    assert_eq!(ready(&mut socket), expected);
    drop(socket);
    let mut socket = world.attach(KEY, None).await;
    assert_eq!(ready(&mut socket), ["(> ask asked)", "(asked)"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_no_longer_reaches_back_is_told_from_where_it_begins() {
    let limits = Limits {
        log_entries: 3,
        ..Limits::default()
    };
    let world = World::with(Duration::ZERO, limits);
    for (id, text) in [(1, "a"), (2, "b")] {
        let operation = input(id, text, Wait::Accepted);
        world.call(any(KEY), operation).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut socket = world.attach(KEY, None).await;
    assert_eq!(ready(&mut socket), ["a", "(> ask b)", "b"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_recalled_to_whoever_comes_after_it() {
    let world = World::new(Duration::ZERO);
    say(&world, 1, "hello").await;
    let mut first = world.attach(KEY, None).await;
    let end = Operation::End {
        reason: EndReason::Ended,
    };
    world.call(existing(KEY), end).await.unwrap();
    assert_eq!(ready(&mut first).last().unwrap(), "ended: ended");
    let mut late = world.attach(KEY, None).await;
    assert_eq!(ready(&mut late).last().unwrap(), "(ended: ended)");
}

#[tokio::test(start_paused = true)]
async fn an_id_is_known_as_long_as_the_log_holds_it() {
    let world = World::new(Duration::ZERO);
    for id in 1..40 {
        say(&world, id, &format!("number {id}")).await;
    }
    let operation = input(1, "something else", Wait::Turn(Collect::Turn));
    let outcome = world.call(existing(KEY), operation).await.unwrap();
    assert_eq!(texts(&outcome.answer.entries), ["number 1"]);
    let asked = outcome.answer.input.unwrap();
    assert_eq!(asked.input, UserInput::text("ask number 1"));
    assert_eq!(world.heard().len(), 39);
    // Not even after it was put away.
    tokio::time::sleep(Duration::from_secs(120)).await;
    let operation = input(2, "something else", Wait::Turn(Collect::Turn));
    let outcome = world.call(existing(KEY), operation).await.unwrap();
    assert_eq!(texts(&outcome.answer.entries), ["number 2"]);
    assert_eq!(world.heard().len(), 39);
}

#[tokio::test(start_paused = true)]
async fn an_id_of_one_of_the_engines_messages_is_replaced() {
    let world = World::new(Duration::ZERO);
    let operation = input(1, "hello", Wait::Turn(Collect::Turn));
    let outcome = world.call(any(KEY), operation).await.unwrap();
    let taken = outcome.answer.entries[0].message().unwrap().message.id;
    let operation = input(taken.0.as_u128(), "again", Wait::Turn(Collect::Turn));
    let outcome = world.call(existing(KEY), operation).await.unwrap();
    assert_eq!(texts(&outcome.answer.entries), ["again"]);
    let turn = outcome.answer.turn.unwrap();
    assert_ne!(turn, taken);
    assert_ne!(turn, MessageId(Uuid::nil()));
    assert_eq!(outcome.answer.input.unwrap().id, turn);
}
