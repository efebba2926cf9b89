//! The client side: what becomes of the socket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::client::{Client, closed, hi, json_of, open};
use support::{APP, CONVERSATION, fixture};
use switchboard_core::dialect::{LegInput, TransportFault};
use switchboard_core::model::{MessageId, TurnOutcome};
use uuid::Uuid;

fn part(n: u128, parent: MessageId) -> Value {
    json!({"id": Uuid::from_u128(n), "parent_id": parent.to_string(), "uri": "out/text",
           "body": {"text": format!("part {n}")}})
}

#[test]
fn a_lost_socket_is_opened_again() {
    let mut client = Client::connected(json!({}));
    let first = client.input(2, open());
    client.receive_all("25-ws-open-hi", first);
    let turn = client.input(3, hi());
    let posted = client.frames.last().unwrap().clone();
    client.events.clear();
    client.frames.clear();
    client.sockets.clear();
    let mut waits = Vec::new();
    client.feed(closed(1006));
    for _ in 0..2 {
        let before = client.now;
        client.wake();
        waits.push(client.now.since(before).as_millis());
        assert_eq!(client.sockets.len(), 1);
        let query = client.sockets.remove(0).uri().query().unwrap().to_owned();
        assert!(query.contains(CONVERSATION), "the same conversation");
        if waits.len() < 2 {
            client.feed(closed(1006));
        }
    }
    assert!(
        (1000..=1250).contains(&waits[0]) && (2000..=2500).contains(&waits[1]),
        "{waits:?}"
    );
    client.feed(LegInput::SocketOpened);
    assert_eq!(
        client.frames[0]["uri"], "in/hi",
        "the engine is hailed again"
    );
    assert_eq!(client.frames[1], posted, "the same id: it is not run twice");
    // The repeated hello's greeting is no news.
    let hello = client.frames[0]["id"].clone();
    client.receive(&json!({"id": APP, "parent_id": hello, "uri": "out/hi", "body": {}}));
    let greeting = fixture("25-ws-open-hi")["response"]["frames"].clone();
    for (n, frame) in greeting.as_array().unwrap().iter().enumerate().skip(1) {
        let mut frame = frame.clone();
        frame["id"] = Uuid::from_u128(5 + n as u128).to_string().into();
        frame["parent_id"] = APP.into();
        frame["header"] = json!({});
        client.receive(&frame);
    }
    assert!(client.events.is_empty(), "{:#?}", client.events);
    client.receive_all("27-ws-query-choice", turn);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn input_does_not_wait_for_a_pause() {
    let lost = || closed(1006);
    let mut client = Client::connected(json!({}));
    client.feed(lost());
    // The pause would last a second at least.
    client.sockets.clear();
    client.input(2, hi());
    assert_eq!(client.sockets.len(), 1);
    client.feed(LegInput::SocketOpened);
    assert_eq!(client.frames.last().unwrap()["uri"], "in/query");

    // The engine stays away while nobody waits: one more attempt, and the question goes over REST.
    let mut client = Client::connected(json!({}));
    client.feed(lost());
    for _ in 0..6 {
        client.wake();
        client.feed(lost());
    }
    client.sockets.clear();
    client.input(2, hi());
    assert_eq!(client.sockets.len(), 1);
    client.feed(lost());
    client.asked("/v2.1/dialog/query");
}

#[test]
fn a_socket_out_of_reach() {
    let mut client = Client::new(json!({}));
    let turn = client.input(1, hi());
    client.set_up();
    client.feed(closed(1006));
    client.wake();
    assert_eq!(client.sockets.len(), 2);
    client.feed(closed(502));
    let query = client.asked("/v2.1/dialog/query");
    assert_eq!(json_of(&query)["id"], turn.to_string());
    client.respond(200, &json!([]));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // Input does not wait for the socket, which is tried again and again.
    assert!(!client.leg.is_quiet());
    client.input(2, hi());
    client.asked("/v2.1/dialog/query");
    client.respond(200, &json!([]));
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let before = client.now;
        client.wake();
        pauses.push(client.now.since(before).as_secs());
        client.feed(closed(1006));
    }
    assert!(
        matches!(pauses.as_slice(), [2, 4, 8..=9, 16..=19, 30..=37]),
        "{pauses:?}"
    );
    assert!(client.http.is_empty(), "nothing is posted again");
    // An operator's late answer.
    client.wake();
    client.feed(LegInput::SocketOpened);
    client.events.clear();
    client.receive(&json!({"id": APP, "uri": "out/text", "body": {"text": "Ann here"}}));
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.events[0].turn, None);
    client.frames.clear();
    client.input(3, hi());
    assert_eq!(client.frames.len(), 1, "the socket is used again");
}

#[test]
fn an_attempt_that_never_ends() {
    let mut client = Client::new(json!({}));
    client.input(1, hi());
    client.set_up();
    client.wake();
    client.wake();
    assert_eq!(client.sockets.len(), 2);
    client.wake();
    client.asked("/v2.1/dialog/query");
}

#[test]
fn a_socket_that_wants_a_token() {
    let mut client = Client::new(json!({}));
    client.input(1, hi());
    client.set_up();
    client.feed(closed(401));
    assert_eq!(
        client.sockets[1].headers()["authorization"],
        "Bearer app.tok.7f3c9a51"
    );
    client.feed(closed(403));
    client.asked("/v2.1/dialog/query");
}

#[test]
fn a_conversation_that_is_gone() {
    // Refused at the handshake.
    let mut client = Client::new(json!({}));
    client.input(1, hi());
    client.set_up();
    client.feed(closed(404));
    client.asked("/v2.1/dialog/conversation");
    client.respond(201, &json!({"conversationId": "another"}));
    assert!(
        client.sockets[1]
            .uri()
            .query()
            .unwrap()
            .contains("conversation_id=another")
    );
    // Told by a frame.
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.frames.clear();
    let error = json!({"uri": "out/error", "parent_id": turn.to_string(), "body": {"error": "unknown_conversation"}});
    client.receive(&error);
    assert_eq!(client.closed, Some(1000));
    client.asked("/v2.1/dialog/conversation");
    client.respond(201, &json!({"id": "another"}));
    client.feed(LegInput::SocketOpened);
    assert_eq!(client.frames[0]["id"], turn.to_string());
    client.receive(&error);
    assert_eq!(
        client.ended(),
        [(turn, TurnOutcome::Unavailable)],
        "once is enough"
    );
}

#[test]
fn a_missing_socket_does_not_cost_the_conversation() {
    // A server without a socket has nothing at its path.
    let mut client = Client::new(json!({}));
    let turn = client.input(1, hi());
    client.set_up();
    client.feed(closed(404));
    client.respond(201, &json!("another"));
    client.feed(closed(404));
    let query = client.asked("/v2.1/dialog/query");
    assert_eq!(json_of(&query)["conversation_id"], "another");
    client.respond(200, &json!([part(1, turn)]));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    for _ in 0..3 {
        client.wake();
        client.feed(closed(404));
    }
    client.input(2, hi());
    let query = client.asked("/v2.1/dialog/query");
    assert_eq!(json_of(&query)["conversation_id"], "another");
}

#[test]
fn an_input_under_way_over_rest_is_not_posted_again_by_a_new_socket() {
    let mut client = Client::new(json!({}));
    let turn = client.input(1, hi());
    client.set_up();
    client.feed(closed(1006));
    client.wake();
    client.feed(closed(1006));
    client.asked("/v2.1/dialog/query");
    client.wake();
    client.feed(LegInput::SocketOpened);
    assert!(client.frames.is_empty(), "{:?}", client.frames);
    // The engine shows it over the socket too, before its list.
    client.receive(&part(1, turn));
    client.feed(closed(1006));
    client.wake();
    client.feed(LegInput::SocketOpened);
    client.wait(Duration::from_secs(5));
    assert!(client.ended().is_empty(), "the list ends it");
    client.respond(200, &json!([part(1, turn), part(2, turn)]));
    assert_eq!(client.messages().len(), 2);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn an_answer_that_breaks_off_is_whole_in_the_end() {
    let broken_off = || {
        let mut client = Client::connected(json!({}));
        let turn = client.input(2, hi());
        let posted = client.frames.pop().unwrap();
        client.receive(&part(1, turn));
        client.feed(closed(1011));
        client.wake();
        client.feed(LegInput::SocketOpened);
        assert_eq!(client.frames.pop().unwrap(), posted, "the same id");
        (client, turn)
    };
    // The engine says it all again.
    let (mut client, turn) = broken_off();
    for n in 1..=2 {
        client.receive(&part(n, turn));
    }
    assert_eq!(client.messages().len(), 2);
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // It ignores what it knows.
    let (mut client, turn) = broken_off();
    client.wait(Duration::from_millis(4900));
    assert!(client.ended().is_empty());
    client.wait(Duration::from_millis(100));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // It refuses what it knows.
    let (mut client, turn) = broken_off();
    client.receive(&json!({"uri": "out/error", "parent_id": turn.to_string(), "body": {"error": "invalid_message"}}));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // An answer that pauses is not given up while there is no socket.
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.receive(&part(1, turn));
    client.feed(closed(1001));
    client.wake();
    client.wait(Duration::from_secs(3));
    assert!(client.ended().is_empty());
}

#[test]
fn a_message_that_is_too_large_for_the_engine() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.feed(closed(1009));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Refused)]);
    client.wake();
    client.feed(LegInput::SocketOpened);
    client.frames.clear();
    let next = client.input(3, hi());
    assert_eq!(client.frames[0]["id"], next.to_string());
}

#[test]
fn an_engine_that_asks_for_patience_at_its_socket() {
    let mut client = Client::new(json!({}));
    client.input(1, hi());
    client.set_up();
    client.sockets.clear();
    client.feed(LegInput::SocketClosed {
        code: 429,
        reason: "",
        retry_after: Some(Duration::from_secs(20)),
    });
    client.asked("/v2.1/dialog/query");
    client.respond(200, &json!([]));
    client.wait(Duration::from_millis(19_999));
    assert!(client.sockets.is_empty());
    client.wait(Duration::from_millis(1));
    assert_eq!(client.sockets.len(), 1);
    // The same by a close code: the back-off goes on, and input does not wait for it.
    client.feed(LegInput::SocketOpened);
    client.sockets.clear();
    client.feed(closed(1013));
    client.input(2, hi());
    assert!(client.sockets.is_empty());
    client.asked("/v2.1/dialog/query");
    client.wake();
    assert_eq!(client.sockets.len(), 1);
}

#[test]
fn a_policy_violation_needs_another_credential() {
    let mut client = Client::connected(json!({}));
    client.sockets.clear();
    client.feed(closed(1008));
    let first = client.sockets.pop().unwrap();
    assert_eq!(first.headers()["authorization"], "Bearer app.tok.7f3c9a51");
    client.feed(closed(1008));
    client.asked("/v2.1/apps/token");
    client.respond(200, &json!("second"));
    let second = client.sockets.pop().unwrap();
    assert_eq!(second.headers()["authorization"], "Bearer second");
    client.feed(closed(1008));
    assert!(client.sockets.is_empty() && client.http.is_empty());
    assert_eq!(client.leg.wake_at(), None, "REST only");
    client.input(2, hi());
    client.asked("/v2.1/dialog/query");
    assert!(client.sockets.is_empty());
}

#[test]
fn an_engine_that_closes_sockets_with_their_tokens_gets_a_new_one_each_time() {
    let mut client = Client::new(json!({"socket_auth": "header"}));
    client.input(1, open());
    client.set_up();
    for n in 0..5 {
        assert_eq!(client.sockets.len(), 1, "{n}");
        client.sockets.clear();
        client.feed(LegInput::SocketOpened);
        client.now = client.now.after(Duration::from_secs(900));
        client.feed(closed(1008));
        client.asked("/v2.1/apps/token");
        client.respond(200, &json!(format!("token-{n}")));
    }
}

/// A client whose socket the engine has refused for good, and whose token has expired since.
fn refused() -> Client {
    let mut client = Client::connected(json!({}));
    client.feed(closed(1008));
    client.feed(closed(403));
    client.now = client.now.after(Duration::from_secs(3600));
    client.sockets.clear();
    client
}

#[test]
fn a_socket_that_is_refused_for_good_leaves_rest_even_after_a_failure() {
    let mut client = refused();
    let failed = client.input(2, hi());
    client.asked("/v2.1/apps/token");
    client.break_off(TransportFault::Timeout);
    assert_eq!(client.ended(), [(failed, TurnOutcome::TimedOut)]);
    client.input(3, hi());
    client.asked("/v2.1/apps/token");
    client.respond(200, &json!("second"));
    client.asked("/v2.1/dialog/query");
    assert!(client.sockets.is_empty());
}

#[test]
fn a_socket_that_is_refused_for_good_is_not_waited_for() {
    let mut client = refused();
    let turn = client.input(2, hi());
    client.asked("/v2.1/apps/token");
    client.feed(LegInput::Abandon { turn });
    client.break_off(TransportFault::Timeout);
    assert_eq!(client.leg.wake_at(), None);
    assert!(client.leg.is_quiet());
}

#[test]
fn a_token_that_only_the_socket_wants_may_fail() {
    let mut client = Client::connected(json!({}));
    client.feed(closed(1008));
    client.feed(closed(1008));
    client.asked("/v2.1/apps/token");
    client.respond(500, &json!({}));
    client.sockets.clear();
    client.wake();
    client.asked("/v2.1/apps/token");
    client.respond(200, &json!("second"));
    assert_eq!(client.sockets.len(), 1);
}

#[test]
fn what_hangs_below_a_repeated_hello_may_be_news() {
    let mut client = Client::connected(json!({}));
    let first = client.input(2, open());
    client.receive_all("25-ws-open-hi", first);
    client.feed(closed(1001));
    client.wake();
    client.frames.clear();
    client.feed(LegInput::SocketOpened);
    let hello = client.frames[0]["id"].clone();
    client.receive(&json!({"id": "hi-2", "parent_id": hello, "uri": "out/hi", "body": {}}));
    client.events.clear();
    client.receive(
        &json!({"id": APP, "parent_id": hello, "uri": "out/text", "body": {"text": "Ann here"}}),
    );
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.messages()[0].parent, None);
    // An engine that calls hellos by ids of its own.
    let turn = client.input(3, hi());
    client.receive(&json!({"id": "hi-3", "parent_id": "in-3", "uri": "out/hi", "body": {}}));
    client.wait(Duration::from_secs(2));
    assert!(client.ended().is_empty(), "no answer to {turn}");
}
