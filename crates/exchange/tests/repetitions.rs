//! Requests that a client repeats without saying so, under a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::{World, any, event, texts};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Collect, Find, Operation, Outcome, Retry, Target, UnknownChoice, Wait,
};
use switchboard_core::model::UserInput;
use tokio::time::{sleep, timeout};

const KEY: &str = "alice";

const SECOND: Duration = Duration::from_secs(1);

/// A client that gives up after 3 s, and repeats its request 3 s later.
const WIDGET: Retry = Retry {
    digest: 42,
    patience: Duration::from_secs(3),
    pause: Duration::from_secs(3),
};

async fn ask_at(world: &World, target: Target, id: u128, text: &str) -> Result<Outcome, Fault> {
    let target = Target {
        retry: Some(WIDGET),
        ..target
    };
    let operation = Operation::Input {
        event: event(id, UserInput::text(text)),
        wait: Wait::Turn(Collect::Undelivered),
        unknown_choice: UnknownChoice::Pass,
    };
    world.call(target, operation).await
}

async fn ask(world: &World, id: u128, text: &str) -> Result<Vec<String>, Fault> {
    let outcome = ask_at(world, any(KEY), id, text).await?;
    Ok(texts(&outcome.answer.entries))
}

#[tokio::test(start_paused = true)]
async fn four_copies_of_a_slow_question_are_one_question() {
    let world = World::new(20 * SECOND);
    // Each copy is given up after 3 s and followed by the next after 3 s more.
    for copy in 1..=3 {
        let copy = ask(&world, copy, "ask how");
        assert!(timeout(3 * SECOND, copy).await.is_err());
        sleep(3 * SECOND).await;
    }
    assert_eq!(ask(&world, 4, "ask how").await.unwrap(), ["how"]);
    assert_eq!(world.heard(), ["ask how"]);
    assert_eq!(world.history(KEY).await, ["> ask how", "how"]);
}

#[tokio::test(start_paused = true)]
async fn every_copy_that_waits_gets_the_answer() {
    let world = World::new(10 * SECOND);
    let copy = async |after: u32, id| {
        sleep(3 * SECOND * after).await;
        ask(&world, id, "ask how").await.unwrap()
    };
    let copies = tokio::join!(copy(0, 1), copy(1, 2), copy(2, 3), copy(3, 4));
    let answer = vec!["how".to_owned()];
    assert_eq!(
        copies,
        (answer.clone(), answer.clone(), answer.clone(), answer)
    );
    assert_eq!(world.heard(), ["ask how"]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_crosses_the_answer_gets_it_too() {
    let world = World::new(4 * SECOND);
    // Something on the way keeps the connection of the copy that was given up.
    assert_eq!(ask(&world, 1, "ask how").await.unwrap(), ["how"]);
    sleep(2 * SECOND).await;
    assert_eq!(ask(&world, 2, "ask how").await.unwrap(), ["how"]);
    assert_eq!(world.heard(), ["ask how"]);
    // Later than any copy: asked again.
    sleep(5 * SECOND).await;
    assert_eq!(ask(&world, 3, "ask how").await.unwrap(), ["how"]);
    assert_eq!(world.heard(), ["ask how", "ask how"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_twice_is_meant_twice() {
    let world = World::new(Duration::from_millis(200));
    for id in 1..=3 {
        assert_eq!(ask(&world, id, "ask next").await.unwrap(), ["next"]);
        sleep(SECOND).await;
    }
    assert_eq!(world.heard().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_question_that_failed_is_another_try_of_it() {
    let world = World::new(SECOND);
    assert_eq!(
        ask(&world, 1, "flaky yes").await,
        Err(Fault::BackendUnavailable)
    );
    sleep(3 * SECOND).await;
    assert_eq!(ask(&world, 2, "flaky yes").await.unwrap(), ["yes"]);
    assert_eq!(world.history(KEY).await, ["> flaky yes", "yes"]);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_failed_is_new_after_another_one() {
    let world = World::new(SECOND);
    assert!(ask(&world, 1, "flaky yes").await.is_err());
    let operation = Operation::Input {
        event: event(2, UserInput::text("echo hi")),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    world.call(any(KEY), operation).await.unwrap();
    assert_eq!(ask(&world, 3, "flaky yes").await.unwrap(), ["yes"]);
    let history = ["> flaky yes", "> echo hi", "hi", "> flaky yes", "yes"];
    assert_eq!(world.history(KEY).await, history);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_timed_out_was_heard_and_is_not_asked_again() {
    let world = World::new(SECOND);
    assert_eq!(ask(&world, 1, "hang").await, Err(Fault::TimedOut));
    let copy = ask(&world, 2, "hang");
    assert_eq!(copy.await, Err(Fault::TimedOut));
    assert_eq!(world.heard(), ["hang"]);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_has_a_conversation_to_come_to() {
    let world = World::new(SECOND);
    let operation = Operation::Input {
        event: event(1, UserInput::text("hang")),
        wait: Wait::TurnOrLate(Collect::Undelivered),
        unknown_choice: UnknownChoice::Pass,
    };
    let new = Target::new(Find::Renew(None), "app");
    let outcome = world.call(new, operation).await.unwrap();
    assert!(outcome.answer.late && outcome.answer.entries.is_empty());
    assert_eq!(world.history(&outcome.view.key).await, ["> hang"]);
}

#[tokio::test(start_paused = true)]
async fn copies_of_a_first_question_begin_one_conversation() {
    let world = World::new(10 * SECOND);
    let new = || Target::new(Find::Renew(None), "app");
    let first = ask_at(&world, new(), 1, "ask how");
    assert!(timeout(3 * SECOND, first).await.is_err());
    sleep(3 * SECOND).await;
    let (second, third) = tokio::join!(ask_at(&world, new(), 2, "ask how"), async {
        sleep(3 * SECOND).await;
        ask_at(&world, new(), 3, "ask how").await
    });
    let (second, third) = (second.unwrap(), third.unwrap());
    assert_eq!(second.view.key, third.view.key);
    assert_eq!(texts(&third.answer.entries), ["how"]);
    // The answer to the copy before crossed this one.
    let fourth = ask_at(&world, new(), 4, "ask how").await.unwrap();
    assert_eq!(fourth.view.key, third.view.key);
    assert_eq!(world.heard(), ["ask how"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_engine_may_have_heard_is_not_said_again_to_it() {
    let world = World::new(SECOND);
    for copy in 1..=4 {
        let failed = ask(&world, copy, "fail").await;
        assert_eq!(failed, Err(Fault::BackendUnavailable));
        sleep(3 * SECOND).await;
    }
    assert_eq!(world.heard(), ["fail"]);
    // More than a client's copies: meant anew.
    assert!(ask(&world, 5, "fail").await.is_err());
    assert_eq!(world.heard(), ["fail", "fail"]);
}
