//! The client side: input over REST, tokens, refusals.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::client::{Client, hi, json_of, open, rest};
use support::{CONVERSATION, assert_same, fixture, id};
use switchboard_core::dialect::{LegInput, TransportFault};
use switchboard_core::model::{ChoiceMade, MessageId, TurnOutcome, UserEvent, UserInput};
use uuid::Uuid;

#[test]
fn rest_only() {
    let mut client = rest();
    for name in ["10-query-answer-tree", "12-query-wrapped-list-response"] {
        client.events.clear();
        let fixture = fixture(name);
        let asked = &fixture["request"]["body"];
        let event = UserEvent::new(
            id(asked["id"].as_str().unwrap()),
            client.now,
            UserInput::text(asked["body"]["text"].as_str().unwrap()),
        );
        client.event(&event);
        let request = client.asked("/dialog/query");
        assert_same(&json_of(&request), asked);
        assert_eq!(
            request.uri().query(),
            Some(format!("conversation_id={CONVERSATION}").as_str())
        );
        client.respond(200, &fixture["response"]["body"]);
        let body = &fixture["response"]["body"];
        let list = body.as_array().or(body["entries"].as_array()).unwrap();
        assert_eq!(client.messages().len(), list.len());
        assert_eq!(client.ended(), [(event.id, TurnOutcome::Done)]);
    }
    // One input at a time; a click continues the tree.
    let first = client.input(5, hi());
    client.input(6, hi());
    assert_eq!(client.http.len(), 1);
    client.respond(200, &json!([]));
    assert_eq!(client.http.len(), 1);
    assert_eq!(client.ended().last(), Some(&(first, TurnOutcome::Done)));
    client.respond(204, &Value::Null);
    let click = fixture("17-click-choice");
    let target = &click["request"]["body"]["body"]["target"];
    let event = UserEvent {
        parent: Some(id(click["request"]["body"]["parent_id"].as_str().unwrap())),
        ..UserEvent::new(
            id(click["request"]["body"]["id"].as_str().unwrap()),
            client.now,
            UserInput::Choice(ChoiceMade {
                id: Some(target["choice_id"].as_str().unwrap().to_owned()),
                label: Some(target["text"].as_str().unwrap().to_owned()),
                ..ChoiceMade::default()
            }),
        )
    };
    client.event(&event);
    let request = client.asked("/dialog/click");
    let mut expected = click["request"]["body"].clone();
    expected["body"]["target"]["aspect"] = "resolution/answer/choice".into();
    assert_eq!(json_of(&request), expected);
    assert!(client.sockets.is_empty());
}

#[test]
fn refusals_over_rest() {
    for (name, outcome) in [
        ("13-query-bad-request", TurnOutcome::Refused),
        ("16-query-engine-timeout", TurnOutcome::TimedOut),
    ] {
        let mut client = rest();
        client.input(2, hi());
        client.respond(200, &json!([]));
        let turn = client.input(3, hi());
        let response = &fixture(name)["response"];
        client.respond(
            response["status"].as_u64().unwrap() as u16,
            &response["body"],
        );
        assert_eq!(client.ended().last(), Some(&(turn, outcome)), "{name}");
    }
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(503, &Value::Null);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Unavailable)]);
    // Patience.
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(429, &fixture("15-query-rate-limited")["response"]["body"]);
    assert!(client.http.is_empty());
    let before = client.now;
    client.wake();
    assert_eq!(client.now.since(before), Duration::from_secs(2));
    client.asked("/dialog/query");
    // Unknown conversation: a new one, once.
    client.respond(
        404,
        &fixture("14-query-unknown-conversation")["response"]["body"],
    );
    client.asked("/dialog/conversation");
    client.respond(200, &json!("another"));
    assert_eq!(
        json_of(&client.asked("/dialog/query"))["conversation_id"],
        "another"
    );
    client.respond(404, &json!({}));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Unavailable)]);
}

#[test]
fn tokens_are_renewed() {
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(
        401,
        &fixture("09-conversation-start-expired-token")["response"]["body"],
    );
    client.asked("/apps/token");
    client.respond(200, &json!({"data": {"jwt": "second", "expires_in": 100}}));
    assert_eq!(
        client.asked("/dialog/query").headers()["authorization"],
        "Bearer second"
    );
    client.respond(401, &json!({}));
    assert_eq!(
        client.ended(),
        [(turn, TurnOutcome::Unavailable)],
        "one retry"
    );
    // Before it expires.
    client.wait(Duration::from_secs(79));
    client.input(3, hi());
    client.asked("/dialog/query");
    client.respond(200, &json!([]));
    client.wait(Duration::from_secs(1));
    client.input(4, hi());
    client.asked("/apps/token");
    // Legs share it.
    client.respond(200, &json!({"token": "third"}));
    let mut other = Client::with(Arc::clone(&client.backend));
    other.now = client.now;
    other.input(1, hi());
    assert_eq!(
        other.asked("/dialog/conversation").headers()["authorization"],
        "Bearer third"
    );
    // A conversation refused for the token: one retry too.
    other.respond(401, &json!({}));
    other.respond(200, &json!("fourth"));
    assert_eq!(
        other.asked("/dialog/conversation").headers()["authorization"],
        "Bearer fourth"
    );
    other.respond(401, &json!({}));
    assert_eq!(other.ended()[0].1, TurnOutcome::Unreachable);
    assert!(other.leg.is_quiet());
}

#[test]
fn every_new_token_is_tried_for_twice() {
    let mut client = rest();
    for n in 2..6 {
        client.now = client.now.after(Duration::from_secs(3600));
        let turn = client.input(n, hi());
        client.asked("/apps/token");
        client.break_off(TransportFault::Connect);
        assert!(client.ended().is_empty(), "{n}");
        client.wake();
        client.respond(200, &json!("another"));
        client.asked("/dialog/query");
        client.respond(200, &json!([]));
        assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
        client.events.clear();
    }
}

#[test]
fn no_engine() {
    let mut client = Client::new(json!({}));
    let turn = client.input(1, hi());
    client.break_off(TransportFault::Connect);
    assert!(client.ended().is_empty());
    client.wake();
    client.break_off(TransportFault::Connect);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Unreachable)]);
    assert!(client.leg.is_quiet());
    let turn = client.input(2, hi());
    client.break_off(TransportFault::Timeout);
    assert_eq!(client.ended().last(), Some(&(turn, TurnOutcome::TimedOut)));
    let turn = client.input(3, hi());
    client.respond(
        401,
        &fixture("05-apps-token-unknown-app")["response"]["body"],
    );
    assert_eq!(
        client.ended().last(),
        Some(&(turn, TurnOutcome::Unreachable))
    );
    let turn = client.input(4, hi());
    client.respond(200, &json!({"nothing": 1}));
    assert_eq!(
        client.ended().last(),
        Some(&(turn, TurnOutcome::Unreachable))
    );
    // A broken REST call is repeated with the same id.
    let mut client = rest();
    client.input(5, hi());
    let first = json_of(&client.asked("/dialog/query"));
    client.break_off(TransportFault::Broken);
    assert_eq!(json_of(&client.asked("/dialog/query")), first);
}

#[test]
fn a_server_that_wants_flat_bodies() {
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(422, &json!({}));
    assert_eq!(
        json_of(&client.asked("/dialog/query")),
        json!({"conversation_id": CONVERSATION, "id": turn.to_string(), "text": "orders"})
    );
    client.respond(200, &json!([]));
    client.input(3, hi());
    assert!(
        json_of(&client.asked("/dialog/query")).get("uri").is_none(),
        "remembered"
    );
    // Neither form is taken: the input is to blame.
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(400, &json!({}));
    client.respond(400, &json!({}));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Refused)]);
    client.input(3, hi());
    assert!(json_of(&client.asked("/dialog/query")).get("uri").is_some());
}

#[test]
fn the_form_of_bodies_is_learned_by_several_conversations_at_once() {
    let mut client = rest();
    let mut other = Client::with(Arc::clone(&client.backend));
    other.input(1, open());
    other.respond(201, &fixture("08-conversation-start")["response"]["body"]);
    client.input(2, hi());
    other.input(3, hi());
    // Both envelopes are under way when the first one is refused.
    client.respond(400, &json!({}));
    other.respond(400, &json!({}));
    for client in [&mut client, &mut other] {
        assert!(json_of(&client.asked("/dialog/query")).get("uri").is_none());
        client.respond(200, &json!([]));
        assert!(matches!(
            client.ended().last(),
            Some((_, TurnOutcome::Done))
        ));
    }
    client.input(4, hi());
    assert!(
        json_of(&client.asked("/dialog/query")).get("uri").is_none(),
        "remembered"
    );
}

#[test]
fn an_answer_over_rest_that_comes_after_the_deadline_is_not_lost() {
    let mut client = rest();
    let turn = client.input(1, hi());
    client.asked("/dialog/query");
    client.feed(LegInput::Abandon { turn });
    // Nobody waits for it: the next input goes its way.
    let next = client.input(2, hi());
    assert_eq!(client.http.len(), 2);
    let (late, current) = (client.http.remove(0), client.http.remove(0));
    let reply = |input: MessageId, n: u128| {
        json!([{"id": Uuid::from_u128(n), "parent_id": input.to_string(), "uri": "out/text",
                "body": {"text": "reply"}}])
    };
    for (call, input, n) in [(late, turn, 50), (current, next, 51)] {
        client.http.push(call);
        client.respond(200, &reply(input, n));
    }
    let turns: Vec<_> = client.events.iter().map(|event| event.turn).collect();
    assert_eq!(turns, [None, Some(next), Some(next)]);
    assert_eq!(client.messages()[0].parent, Some(turn));
}
