//! What the exchange promises to clients and engines, under a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use support::texts;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    After, Attach, Call, Collect, Find, Operation, Outcome, Retry, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{
    ChoiceMade, EndReason, MessageId, Profile, Timestamp, UserEvent, UserInput,
};
use switchboard_exchange::{Attachment, Delivery, Exchange, FrontendHandle, Limits};
use switchboard_testkit::{FakeBackend, FakeEngine, PlainFrontend, parts, say};
use uuid::Uuid;

const KEY: &str = "alice";

fn exchange() -> (Exchange, FrontendHandle) {
    exchange_with(
        PlainFrontend::default(),
        Limits::default(),
        Duration::from_secs(1),
    )
}

fn exchange_with(
    frontend: PlainFrontend,
    limits: Limits,
    takes: Duration,
) -> (Exchange, FrontendHandle) {
    let mut parts = parts(frontend, FakeBackend::default(), FakeEngine { takes });
    parts.limits = limits;
    let exchange = Exchange::new(parts).unwrap();
    let handle = exchange.frontend("web").unwrap();
    (exchange, handle)
}

fn alice() -> Find {
    Find::Continue(KEY.to_owned())
}

async fn ask(handle: &FrontendHandle, id: u128, text: &str) -> Result<Vec<String>, Fault> {
    let outcome = handle
        .call(say(alice(), id, text, Collect::Undelivered))
        .await?;
    Ok(texts(&outcome.answer.entries))
}

fn call(operation: Operation) -> Call<Result<Outcome, Fault>> {
    Call {
        target: Target {
            find: alice(),
            scope: "app".to_owned(),
            retry: None,
            client: None,
        },
        profile: Profile::default(),
        operation,
        finish: Box::new(|result, _| result),
    }
}

async fn next(attachment: &mut Attachment) -> String {
    match tokio::time::timeout(Duration::from_secs(60), told(attachment)).await {
        Ok(Delivery::Entry(entry, _)) => {
            attachment.delivered(entry.seq);
            texts([&entry]).concat()
        }
        Ok(Delivery::TurnFailed { fault, .. }) => format!("failed: {}", fault.reason()),
        Ok(Delivery::Recalled(..)) => unreachable!(),
        Ok(Delivery::Gone) => "gone".to_owned(),
        Err(_) => "nothing".to_owned(),
    }
}

/// The next that is for the client.
async fn told(attachment: &mut Attachment) -> Delivery {
    loop {
        match attachment.next().await {
            Delivery::Recalled(..) => {}
            told => return told,
        }
    }
}

async fn attach(handle: &FrontendHandle) -> Attachment {
    let target = Target {
        find: alice(),
        scope: "app".to_owned(),
        retry: None,
        client: None,
    };
    handle
        .attach(Attach {
            target,
            profile: Profile::default(),
        })
        .await
        .unwrap()
        .1
}

#[tokio::test(start_paused = true)]
async fn a_caller_gets_the_whole_turn() {
    let (_exchange, handle) = exchange();
    let outcome = handle
        .call(say(alice(), 1, "twice hi", Collect::Turn))
        .await
        .unwrap();
    assert_eq!(texts(&outcome.answer.entries), ["hi", "hi"]);
    assert!(outcome.view.created);
    let marks: Vec<_> = outcome
        .answer
        .entries
        .iter()
        .map(|entry| (entry.index, entry.last))
        .collect();
    assert_eq!(marks, [(0, false), (1, true)]);
}

#[tokio::test(start_paused = true)]
async fn turns_of_one_conversation_go_one_after_the_other() {
    let (_exchange, handle) = exchange();
    let (first, second) = tokio::join!(ask(&handle, 1, "ask slow"), ask(&handle, 2, "echo quick"));
    assert_eq!(first.unwrap(), ["slow"]);
    assert_eq!(second.unwrap(), ["quick"]);
    let history = handle
        .call(call(Operation::History { limit: 10 }))
        .await
        .unwrap();
    assert_eq!(
        texts(&history.answer.entries),
        ["> ask slow", "> echo quick", "slow", "quick"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_id_is_the_same_turn() {
    let (_exchange, handle) = exchange();
    let (first, second) = tokio::join!(ask(&handle, 7, "ask once"), ask(&handle, 7, "ask once"));
    assert_eq!(first.unwrap(), ["once"]);
    assert_eq!(second.unwrap(), ["once"]);
    assert_eq!(ask(&handle, 7, "ask once").await.unwrap(), ["once"]);
    let history = handle
        .call(call(Operation::History { limit: 10 }))
        .await
        .unwrap();
    assert_eq!(texts(&history.answer.entries), ["> ask once", "once"]);
}

fn retried(find: Find, id: u128, text: &str) -> Call<Result<Outcome, Fault>> {
    let mut call = say(find, id, text, Collect::Undelivered);
    call.target.retry = Some(Retry::new(42));
    call
}

#[tokio::test(start_paused = true)]
async fn an_identical_request_joins_the_one_under_way_and_makes_no_second_conversation() {
    let (_exchange, handle) = exchange();
    let new = || Find::Renew(None);
    let (first, second) = tokio::join!(
        handle.call(retried(new(), 1, "ask once")),
        handle.call(retried(new(), 2, "ask once"))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.view.id, second.view.id);
    assert_eq!(texts(&first.answer.entries), ["once"]);
    assert_eq!(texts(&second.answer.entries), ["once"]);
    // Answered: the same words again are a new question.
    let third = handle.call(retried(alice(), 3, "ask once")).await.unwrap();
    let fourth = handle.call(retried(alice(), 4, "ask once")).await.unwrap();
    assert_ne!(third.answer.turn, fourth.answer.turn);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_after_the_caller_went_away_gets_the_lost_answer() {
    let (_exchange, handle) = exchange();
    let gone = handle.call(retried(alice(), 1, "ask lost"));
    assert!(
        tokio::time::timeout(Duration::from_millis(100), gone)
            .await
            .is_err()
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    let again = handle.call(retried(alice(), 2, "ask lost")).await.unwrap();
    assert_eq!(texts(&again.answer.entries), ["lost"]);
    let history = handle
        .call(call(Operation::History { limit: 10 }))
        .await
        .unwrap();
    assert_eq!(texts(&history.answer.entries), ["> ask lost", "lost"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asked_for_waits_for_the_next_answer_or_is_pushed() {
    let (_exchange, handle) = exchange();
    assert!(ask(&handle, 1, "later 2000 ping").await.unwrap().is_empty());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        ask(&handle, 2, "echo pong").await.unwrap(),
        ["ping", "pong"]
    );

    ask(&handle, 3, "later 2000 again").await.unwrap();
    let mut socket = attach(&handle).await;
    assert_eq!(next(&mut socket).await, "again");
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_neither_loses_nor_repeats() {
    let (_exchange, handle) = exchange();
    let mut socket = attach(&handle).await;
    ask(&handle, 1, "later 1000 first").await.unwrap();
    ask(&handle, 2, "later 5000 second").await.unwrap();
    assert_eq!(next(&mut socket).await, "first");
    drop(socket);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut socket = attach(&handle).await;
    assert_eq!(next(&mut socket).await, "second");
    assert_eq!(next(&mut socket).await, "nothing");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_was_not_flushed_is_delivered_again() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "later 10 fragile").await.unwrap();
    let mut socket = attach(&handle).await;
    assert!(matches!(told(&mut socket).await, Delivery::Entry(..)));
    drop(socket);
    assert_eq!(next(&mut attach(&handle).await).await, "fragile");
}

#[tokio::test(start_paused = true)]
async fn entries_that_were_flushed_together_are_delivered_together() {
    let (_exchange, handle) = exchange();
    let mut socket = attach(&handle).await;
    ask(&handle, 1, "later 10 one").await.unwrap();
    ask(&handle, 2, "later 10 two").await.unwrap();
    let Delivery::Entry(..) = told(&mut socket).await else {
        panic!("an entry")
    };
    let Delivery::Entry(second, _) = told(&mut socket).await else {
        panic!("an entry")
    };
    socket.delivered(second.seq);
    drop(socket);
    assert_eq!(next(&mut attach(&handle).await).await, "nothing");
}

#[tokio::test(start_paused = true)]
async fn a_poll_reads_by_time() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "twice x").await.unwrap();
    let poll = |at| Operation::Poll {
        after: After::Time(at),
        limit: 1,
    };
    let first = handle
        .call(call(poll(Timestamp(0))))
        .await
        .unwrap()
        .answer
        .entries;
    assert_eq!(texts(&first), ["x"]);
    let second = handle
        .call(call(poll(first[0].at)))
        .await
        .unwrap()
        .answer
        .entries;
    assert_eq!(texts(&second), ["x"]);
    assert!(second[0].at > first[0].at);
    let third = handle
        .call(call(poll(second[0].at)))
        .await
        .unwrap()
        .answer
        .entries;
    assert!(third.is_empty());
}

/// The client takes its moment from an answer, which was written after it had been collected.
#[tokio::test(start_paused = true)]
async fn a_poll_brings_what_came_while_an_answer_was_written() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "later 10 meanwhile").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let poll = || {
        call(Operation::Poll {
            after: After::Time(Timestamp(i64::MAX)),
            limit: 1,
        })
    };
    let first = handle.call(poll()).await.unwrap().answer.entries;
    assert_eq!(texts(&first), ["meanwhile"]);
    assert!(handle.call(poll()).await.unwrap().answer.entries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_costs_one_turn_not_the_conversation() {
    let (_exchange, handle) = exchange();
    let (first, second) = tokio::join!(ask(&handle, 1, "hang"), ask(&handle, 2, "echo still here"));
    assert_eq!(first, Err(Fault::TimedOut));
    assert_eq!(second.unwrap(), ["still here"]);
    assert_eq!(
        ask(&handle, 3, "fail").await,
        Err(Fault::BackendUnavailable)
    );
    assert_eq!(
        ask(&handle, 4, "echo and here").await.unwrap(),
        ["and here"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_socket_hears_of_a_failed_turn() {
    let (_exchange, handle) = exchange();
    let mut socket = attach(&handle).await;
    let mut failing = call(Operation::Touch);
    failing.operation = Operation::Input {
        event: Box::new(UserEvent::new(
            MessageId(Uuid::from_u128(5)),
            Timestamp::default(),
            UserInput::text("fail"),
        )),
        wait: Wait::Accepted,
        unknown_choice: UnknownChoice::Ignore,
    };
    handle.call(failing).await.unwrap();
    assert_eq!(next(&mut socket).await, "failed: backend_unavailable");
}

fn click(id: u128, choice: ChoiceMade, unknown_choice: UnknownChoice) -> Operation {
    Operation::Input {
        event: Box::new(UserEvent::new(
            MessageId(Uuid::from_u128(id)),
            Timestamp::default(),
            UserInput::Choice(choice),
        )),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice,
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_finds_the_action_that_was_shown() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "offer tea milk").await.unwrap();
    let tea = ChoiceMade {
        id: Some("tea".to_owned()),
        ..ChoiceMade::default()
    };
    let answer = handle
        .call(call(click(2, tea, UnknownChoice::Ignore)))
        .await
        .unwrap();
    assert!(
        texts(&answer.answer.entries)
            .concat()
            .contains("label: \"TEA\"")
    );

    let unknown = || ChoiceMade {
        id: Some("beer".to_owned()),
        ..ChoiceMade::default()
    };
    let ignored = handle
        .call(call(click(3, unknown(), UnknownChoice::Ignore)))
        .await
        .unwrap();
    assert!(ignored.answer.entries.is_empty());
    let as_text = handle
        .call(call(click(4, unknown(), UnknownChoice::AsText)))
        .await
        .unwrap();
    assert!(
        texts(&as_text.answer.entries)
            .concat()
            .starts_with("beer #")
    );
}

#[tokio::test(start_paused = true)]
async fn an_ended_conversation_refuses_input_or_is_replaced() {
    let (_exchange, handle) = exchange();
    assert_eq!(ask(&handle, 1, "bye").await.unwrap(), ["ended: ended"]);
    let existing = say(Find::Existing(KEY.to_owned()), 2, "echo x", Collect::Turn);
    assert_eq!(
        handle.call(existing).await.unwrap_err(),
        Fault::ConversationEnded
    );
    let outcome = handle
        .call(say(alice(), 3, "echo new", Collect::Turn))
        .await
        .unwrap();
    assert!(outcome.view.created);
    assert_eq!(texts(&outcome.answer.entries), ["new"]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_when_the_conversation_ended_is_refused() {
    let (_exchange, handle) = exchange();
    let (_, bye, late) = tokio::join!(
        ask(&handle, 1, "ask x"),
        ask(&handle, 2, "bye"),
        ask(&handle, 3, "echo x")
    );
    assert_eq!(bye.unwrap(), ["ended: ended"]);
    assert_eq!(late, Err(Fault::ConversationEnded));
}

#[tokio::test(start_paused = true)]
async fn another_app_does_not_see_the_conversation() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "echo mine").await.unwrap();
    let mut foreign = say(
        Find::Existing(KEY.to_owned()),
        2,
        "echo yours",
        Collect::Turn,
    );
    foreign.target.scope = "other".to_owned();
    assert_eq!(
        handle.call(foreign).await.unwrap_err(),
        Fault::UnknownConversation
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_conversation_is_put_away_and_goes_on() {
    let (_exchange, handle) = exchange();
    assert_eq!(ask(&handle, 1, "count").await.unwrap(), ["count #1"]);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let outcome = handle
        .call(say(alice(), 2, "count", Collect::Undelivered))
        .await
        .unwrap();
    assert!(!outcome.view.created);
    assert_eq!(texts(&outcome.answer.entries), ["count #2"]);
    let history = handle
        .call(call(Operation::History { limit: 3 }))
        .await
        .unwrap();
    assert_eq!(
        texts(&history.answer.entries),
        ["count #1", "> count", "count #2"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_conversation_expires_and_says_so() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "echo x").await.unwrap();
    let mut socket = attach(&handle).await;
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert_eq!(next(&mut socket).await, "ended: idle");
    assert_eq!(next(&mut socket).await, "gone");
    let existing = say(Find::Existing(KEY.to_owned()), 2, "echo x", Collect::Turn);
    assert_eq!(
        handle.call(existing).await.unwrap_err(),
        Fault::UnknownConversation
    );
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_was_put_away_expires_too() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "echo x").await.unwrap();
    tokio::time::sleep(Duration::from_secs(700)).await;
    let existing = say(Find::Existing(KEY.to_owned()), 2, "echo x", Collect::Turn);
    assert_eq!(
        handle.call(existing).await.unwrap_err(),
        Fault::UnknownConversation
    );
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_conversation_is_bounded() {
    let limits = Limits {
        queued_events: 2,
        ..Limits::default()
    };
    let (_exchange, handle) =
        exchange_with(PlainFrontend::default(), limits, Duration::from_secs(9));
    let results = tokio::join!(
        ask(&handle, 1, "ask a"),
        ask(&handle, 2, "echo b"),
        ask(&handle, 3, "echo c"),
        ask(&handle, 4, "echo d"),
    );
    assert!(results.0.is_ok() && results.1.is_ok() && results.2.is_ok());
    assert_eq!(results.3, Err(Fault::RateLimited { retry_after: None }));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_came_for_in_time_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let limits = Limits {
        log_entries: 3,
        ..Limits::default()
    };
    let (_exchange, handle) =
        exchange_with(PlainFrontend::default(), limits, Duration::from_secs(1));
    for (id, text) in [
        (1, "later 3000 a"),
        (2, "later 3000 b"),
        (3, "later 3000 c"),
    ] {
        ask(&handle, id, text).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let lost = || {
        let lines = recorder.handle().render();
        let line = lines
            .lines()
            .find(|line| line.starts_with("switchboard_undelivered_total"));
        line.map(str::to_owned)
    };
    assert_eq!(lost(), None);
    ask(&handle, 4, "later 3000 d").await.unwrap();
    let expected = "switchboard_undelivered_total{frontend=\"web\"} 1";
    assert_eq!(lost().as_deref(), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_hello_is_not_greeted_twice() {
    let (_exchange, handle) = exchange();
    let greet = |id| {
        let input = UserInput::Open {
            welcome: None,
            query: None,
        };
        let event = UserEvent::new(MessageId(Uuid::from_u128(id)), Timestamp::default(), input);
        call(Operation::Greet {
            event: Box::new(event),
            wait: Wait::Turn(Collect::Turn),
        })
    };
    assert_eq!(handle.call(greet(1)).await.unwrap().answer.entries.len(), 1);
    assert!(
        handle
            .call(greet(2))
            .await
            .unwrap()
            .answer
            .entries
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_may_end_the_conversation() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "echo x").await.unwrap();
    let ended = handle
        .call(call(Operation::End {
            reason: EndReason::Ended,
        }))
        .await
        .unwrap();
    assert!(ended.view.ended);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_finishes_turns_and_refuses_new_ones() {
    let (exchange, handle) = exchange();
    let mut socket = attach(&handle).await;
    let under_way = tokio::spawn({
        let handle = handle.clone();
        async move { ask(&handle, 1, "ask last words").await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let closing = tokio::spawn(async move { exchange.shut_down(Duration::from_secs(10)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        ask(&handle, 2, "echo too late").await,
        Err(Fault::BackendUnavailable)
    );
    assert_eq!(under_way.await.unwrap().unwrap(), ["last words"]);
    closing.await.unwrap();
    assert_eq!(next(&mut socket).await, "last words");
    assert_eq!(next(&mut socket).await, "gone");
}

#[tokio::test(start_paused = true)]
async fn only_the_client_itself_takes_delivery_by_reading_history() {
    let (_exchange, handle) = exchange();
    ask(&handle, 1, "later 1000 ping").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    handle
        .call(call(Operation::History { limit: 10 }))
        .await
        .unwrap();
    assert_eq!(ask(&handle, 2, "later 1000 pong").await.unwrap(), ["ping"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let restored = handle
        .call(call(Operation::Restore { limit: 1 }))
        .await
        .unwrap();
    assert_eq!(texts(&restored.answer.entries), ["pong"]);
    assert_eq!(ask(&handle, 3, "echo done").await.unwrap(), ["done"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_words_to_an_operator_are_said_again() {
    let (_exchange, handle) = exchange();
    for id in [1, 2] {
        let mut words = retried(alice(), id, "echo ok");
        if let Operation::Input { wait, .. } = &mut words.operation {
            *wait = Wait::Accepted;
        }
        handle.call(words).await.unwrap();
    }
    let history = handle
        .call(call(Operation::History { limit: 10 }))
        .await
        .unwrap();
    assert_eq!(
        texts(&history.answer.entries),
        ["> echo ok", "ok", "> echo ok", "ok"]
    );
}
