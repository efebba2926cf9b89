//! What is kept of a user, and its end, under a paused clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use support::{World, any, detached, event, existing, texts};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Collect, Operation, Outcome, Target, UnknownChoice, Wait};
use switchboard_core::model::{DataRequest, PersonalData, Profile, Query, UserInput};
use switchboard_exchange::Delivery;
use tokio::time::sleep;

const JANE: &str = "4be0c1d2a97f336";

async fn say(world: &World, target: Target, id: u128, text: &str, user: &str) {
    let operation = Operation::Input {
        event: event(id, UserInput::text(text)),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    world.call_as(target, operation, Some(user)).await.unwrap();
}

async fn records(world: &World, target: Target, user: &str) -> Outcome {
    let operation = Operation::Records {
        user_id: user.to_owned(),
        limit: 100,
        event: None,
    };
    world.call(target, operation).await.unwrap()
}

async fn erase(world: &World, user: &str) -> Outcome {
    let wish = Query::PersonalData(PersonalData {
        request: DataRequest::Delete,
        user_id: Some(user.to_owned()),
        mail: None,
    });
    let operation = Operation::Erase {
        user_id: user.to_owned(),
        event: Some(event(999, UserInput::Query(wish))),
    };
    world.call(detached(), operation).await.unwrap()
}

fn keys(outcome: &Outcome) -> Vec<&str> {
    let records = outcome.answer.records.iter();
    records.map(|record| &*record.key).collect()
}

/// Two conversations of Jane, one of them put away, and one of somebody else.
async fn world() -> World {
    let world = World::new(Duration::from_secs(1));
    say(&world, any("old"), 1, "echo first", JANE).await;
    sleep(Duration::from_secs(120)).await;
    say(&world, any("new"), 2, "echo second", JANE).await;
    say(&world, any("other"), 3, "echo mine", "somebody").await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_users_conversations_are_found_wherever_they_are() {
    let world = world().await;
    let found = records(&world, detached(), JANE).await;
    assert_eq!(keys(&found), ["new", "old"]);
    let said: Vec<_> = found
        .answer
        .records
        .iter()
        .map(|record| texts(&record.entries))
        .collect();
    assert_eq!(
        said,
        [["> echo second", "second"], ["> echo first", "first"]]
    );
    let elsewhere = Target {
        scope: "another app".to_owned(),
        ..detached()
    };
    assert!(keys(&records(&world, elsewhere, JANE).await).is_empty());
    assert!(keys(&records(&world, detached(), "nobody").await).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_erased_is_gone_and_the_engine_is_told() {
    let world = world().await;
    let mut socket = world.attach("new", None).await;
    let mut erased = keys(&erase(&world, JANE).await)
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    erased.sort_unstable();
    assert_eq!(erased, ["new", "old"]);
    for key in ["new", "old"] {
        let history = Operation::History { limit: 10 };
        let outcome = world.call(existing(key), history).await;
        assert_eq!(outcome.err(), Some(Fault::UnknownConversation), "{key}");
    }
    while !matches!(socket.next().await, Delivery::Gone) {}
    assert!(keys(&records(&world, detached(), JANE).await).is_empty());
    let other = world.history("other").await;
    assert_eq!(other, ["> echo mine", "mine"]);
    let wishes = world.seen.lock();
    let told = |input: &&UserInput| matches!(input, UserInput::Query(Query::PersonalData(_)));
    assert_eq!(wishes.iter().filter(told).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_erased_user_may_come_back() {
    let world = world().await;
    erase(&world, JANE).await;
    say(&world, any("new"), 7, "echo again", JANE).await;
    assert_eq!(world.history("new").await, ["> echo again", "again"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_under_way_ends_when_its_conversation_is_erased() {
    let world = world().await;
    let operation = Operation::Input {
        event: event(8, UserInput::text("hang")),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    let asked = world.call_as(any("new"), operation, Some(JANE));
    let erased = async {
        sleep(Duration::from_secs(1)).await;
        erase(&world, JANE).await
    };
    let (asked, _) = tokio::join!(asked, erased);
    assert_eq!(asked.err(), Some(Fault::ConversationEnded));
}

#[tokio::test(start_paused = true)]
async fn questions_are_counted_by_their_origin_but_not_those_of_tests() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new(Duration::from_secs(1));
    let ask = async |id: u128, origin: Option<&str>, test: bool, unrecorded: bool| {
        let mut event = event(id, UserInput::text("echo hi"));
        event.origin = origin.map(str::to_owned);
        event.unrecorded = unrecorded;
        let call = Call {
            target: any(if test { "test" } else { "real" }),
            profile: Profile {
                qualification: Some(test),
                ..Profile::default()
            },
            operation: Operation::Input {
                event,
                wait: Wait::Turn(Collect::Turn),
                unknown_choice: UnknownChoice::Pass,
            },
            finish: Box::new(|result, _| result),
        };
        world.handle.call(call).await.unwrap();
    };
    ask(1, None, false, false).await;
    ask(2, Some("reword_auto"), false, false).await;
    ask(3, Some("reword_auto"), false, false).await;
    ask(4, Some("reword_auto"), true, false).await;
    ask(5, None, false, true).await;
    let lines = recorder.handle().render();
    let mut counted: Vec<_> = lines
        .lines()
        .filter(|line| line.starts_with("switchboard_questions_total"))
        .collect();
    counted.sort_unstable();
    let of = |origin: &str, count: u32| {
        format!(
            "switchboard_questions_total{{frontend=\"web\",backend=\"fake\",origin=\"{origin}\"}} {count}"
        )
    };
    assert_eq!(counted, [of("reword_auto", 2), of("typed", 1)]);
}
