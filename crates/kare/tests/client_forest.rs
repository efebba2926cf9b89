//! The client side: parents and children, ids and their repetition.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::client::{Client, hi, rest};
use support::id;
use switchboard_core::model::{ChoiceMade, Content, Message, MessageId, TurnOutcome, UserInput};
use uuid::Uuid;

#[test]
fn a_server_with_ids_of_its_own() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.receive(&json!({"id": "m-1", "parent": "q-1", "uri": "out/text", "body": {
        "aspect": "resolution/answer/choice", "text": "?", "actions": ["Yes", {"text": "No", "choice_id": "no"}]}}));
    assert!(client.messages().is_empty(), "q-1 may be a message");
    client.wait(Duration::from_secs(2));
    assert_eq!(client.messages().len(), 1);
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    let message = client.messages()[0].clone();
    assert_eq!(message.parent, Some(turn));
    // The click names the message as the engine did.
    client.input(
        3,
        UserInput::Choice(ChoiceMade {
            message: Some(message.id),
            action: Some(Box::new(message.actions[0].clone())),
            ..ChoiceMade::default()
        }),
    );
    let click = client.frames.pop().unwrap();
    assert_eq!(click["parent_id"], "m-1");
    assert_eq!(
        click["body"]["target"],
        json!({"aspect": "resolution/answer/choice", "text": "Yes"})
    );
}

/// A client at an engine that is known to keep our ids.
fn told() -> (Client, MessageId) {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.receive(&text(0, &turn.to_string()));
    client.events.clear();
    (client, turn)
}

fn uuid(n: u128) -> String {
    Uuid::from_u128(0xA000 + n).to_string()
}

fn text(n: u128, parent: &str) -> Value {
    json!({"id": uuid(n), "parent_id": parent, "uri": "out/text",
           "body": {"aspect": "resolution/answer/text", "text": format!("text {n}")}})
}

fn texts(client: &Client) -> Vec<String> {
    let text = |message: &&Message| match &message.content {
        Content::Text { text } => Some(text.body.clone()),
        _ => None,
    };
    client.messages().iter().filter_map(text).collect()
}

#[test]
fn a_child_waits_for_its_parent() {
    let (mut client, turn) = told();
    client.receive(&text(3, &uuid(1)));
    client.receive(&text(4, &uuid(3)));
    client.receive(&text(2, &uuid(1)));
    assert!(client.events.is_empty());
    client.wait(Duration::from_millis(1900));
    assert!(client.events.is_empty(), "the turn waits too");
    client.receive(&text(1, &turn.to_string()));
    assert_eq!(texts(&client), ["text 1", "text 3", "text 4", "text 2"]);
    assert!(client.events.iter().all(|it| it.turn == Some(turn)));
    assert_eq!(client.messages()[1].parent, Some(client.messages()[0].id));
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn a_child_without_its_parent_is_passed_on_as_a_root() {
    let (mut client, turn) = told();
    client.receive(&text(3, &uuid(9)));
    client.wait(Duration::from_millis(1999));
    assert!(client.events.is_empty());
    client.wait(Duration::from_millis(1));
    assert_eq!(texts(&client), ["text 3"]);
    assert_eq!(
        client.messages()[0].parent,
        Some(id(&uuid(9))),
        "as it said"
    );
    // Its brothers need not wait for what does not come.
    client.receive(&text(4, &uuid(9)));
    assert_eq!(texts(&client), ["text 3", "text 4"]);
    assert!(client.events.iter().all(|it| it.turn == Some(turn)));
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // The parent may be late, and is no repetition.
    client.receive(&text(9, &turn.to_string()));
    assert_eq!(texts(&client).len(), 3);
    // Nobody asked.
    client.receive(&text(7, &uuid(8)));
    client.wait(Duration::from_secs(2));
    assert_eq!(client.events.last().unwrap().turn, None);
    assert_eq!(texts(&client).len(), 4);
}

#[test]
fn the_last_message_of_a_turn_may_wait_for_its_parent() {
    let (mut client, turn) = told();
    let mut last = text(2, &uuid(1));
    last["header"] = json!({"in_reply_to": turn.to_string(), "final": true});
    client.receive(&text(3, &uuid(1)));
    client.receive(&last);
    assert!(client.events.is_empty());
    client.receive(&text(1, &turn.to_string()));
    assert_eq!(texts(&client), ["text 1", "text 3", "text 2"]);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn how_long_a_child_waits_is_configured_and_how_many_is_bounded() {
    let mut client = Client::connected(json!({"hold": "5s"}));
    let turn = client.input(2, hi());
    client.receive(&text(0, &turn.to_string()));
    for n in 1..=65 {
        client.receive(&text(n, &uuid(100 + n)));
    }
    assert_eq!(texts(&client), ["text 0", "text 1"], "the oldest gives way");
    client.wait(Duration::from_secs(4));
    assert_eq!(texts(&client).len(), 2);
    client.wait(Duration::from_secs(1));
    assert_eq!(texts(&client).len(), 66, "none is lost");
}

#[test]
fn held_messages_are_part_of_the_state() {
    let (mut client, turn) = told();
    client.receive(&text(2, &uuid(1)));
    assert!(!client.leg.is_quiet());
    let cx = switchboard_core::dialect::Cx {
        now: client.now,
        ids: &client.ids,
    };
    client.leg = client.backend.resume(client.leg.state(), &cx).unwrap();
    client.receive(&text(1, &turn.to_string()));
    assert_eq!(texts(&client), ["text 1", "text 2"]);
}

#[test]
fn a_list_is_put_in_order() {
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(
        200,
        &json!([
            text(3, &uuid(1)),
            text(2, "nowhere"),
            text(1, &turn.to_string())
        ]),
    );
    assert_eq!(texts(&client), ["text 1", "text 3", "text 2"]);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    assert!(client.events.iter().all(|it| it.turn == Some(turn)));
    assert_eq!(client.leg.wake_at(), None, "nothing waits");
}

#[test]
fn the_engines_name_of_an_input_is_learned_from_a_list() {
    let mut client = rest();
    let turn = client.input(2, hi());
    client.respond(200, &json!([text(1, "q-7"), text(2, "q-7")]));
    let messages = client.messages();
    assert!(messages.iter().all(|it| it.parent == Some(turn)));
}

#[test]
fn an_id_seen_twice_is_one_message() {
    let (mut client, turn) = told();
    client.receive(&text(1, &turn.to_string()));
    client.receive(&text(1, &turn.to_string()));
    let mut other = text(1, &turn.to_string());
    other["body"]["text"] = "another".into();
    client.receive(&other);
    assert_eq!(texts(&client), ["text 1"], "the first is kept");
}

#[test]
fn a_message_that_is_its_own_ancestor_is_a_root() {
    let (mut client, _) = told();
    client.receive(&text(1, &uuid(1)));
    assert_eq!(texts(&client), ["text 1"]);
    assert_eq!(client.messages()[0].parent, None);
    client.events.clear();
    client.receive(&text(2, &uuid(4)));
    client.receive(&text(3, &uuid(2)));
    assert!(client.events.is_empty());
    client.receive(&text(4, &uuid(3)));
    assert_eq!(texts(&client), ["text 4", "text 2", "text 3"]);
    assert_eq!(client.messages()[0].parent, None);
}

#[test]
fn an_engine_that_names_our_inputs_is_known_by_its_answer_nodes() {
    let mut client = Client::connected(json!({}));
    let ask = |client: &mut Client, n: u128| {
        let turn = client.input(n, hi());
        client.events.clear();
        // Children first, and everything below an id that nobody has told.
        client.receive(&text(10 * n + 1, &uuid(10 * n)));
        assert!(client.events.is_empty());
        client.receive(
            &json!({"id": uuid(10 * n), "parent_id": format!("input {n}"), "uri": "out/text",
            "body": {"aspect": "resolution/answer", "text": ""}}),
        );
        let messages = client.messages();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].parent, Some(turn));
        assert_eq!(messages[1].parent, Some(messages[0].id));
        client.wait(Duration::from_millis(1500));
        assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
        turn
    };
    let first = ask(&mut client, 2);
    ask(&mut client, 3);
    // Plain text is no answer's part.
    let turn = client.input(4, hi());
    client.events.clear();
    client.receive(&json!({"id": uuid(99), "parent_id": "input 4", "uri": "out/text", "body": {"text": "Hello"}}));
    assert_eq!(client.messages()[0].parent, Some(turn));
    // What comes below an input of long ago.
    client.events.clear();
    client.receive(&json!({"id": uuid(98), "parent_id": "input 2", "uri": "out/text", "body": {"text": "Ann here"}}));
    assert_eq!(client.messages()[0].parent, Some(first));
    assert_eq!(client.events[0].turn, None);
}

#[test]
fn a_repetition_of_an_earlier_answer_does_not_answer_a_question() {
    let mut client = Client::connected(json!({}));
    let first = client.input(2, hi());
    let answer = json!({"id": "m-1", "uri": "out/text", "body": {"text": "first"}});
    client.receive(&answer);
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(first, TurnOutcome::Done)]);
    let second = client.input(3, hi());
    client.receive(&answer);
    client.wait(Duration::from_secs(20));
    assert_eq!(client.ended().len(), 1);
    client.receive(&json!({"id": "m-2", "uri": "out/text", "body": {"text": "second"}}));
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended().last(), Some(&(second, TurnOutcome::Done)));
    assert_eq!(texts(&client), ["first", "second"]);
}

/// Messages by their places: each hangs below the input, another message, or nothing that exists.
fn forest() -> impl Strategy<Value = (Vec<u128>, Vec<u128>)> {
    (1..20_u128).prop_flat_map(|count| {
        let parents = proptest::collection::vec(0..count + 3, count as usize);
        let arrivals = proptest::collection::vec(0..count, 0..10);
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (parents, order, arrivals).prop_map(|(parents, mut order, again)| {
            order.extend(again);
            (parents, order)
        })
    })
}

proptest! {
    #[test]
    fn whatever_the_order_every_message_comes_once_and_after_its_parent(
        (parents, order) in forest(), in_list in any::<bool>()
    ) {
        let count = parents.len() as u128;
        let (mut client, turn) = if in_list {
            let mut client = rest();
            let turn = client.input(2, hi());
            (client, turn)
        } else {
            told()
        };
        client.events.clear();
        let message = |n: u128| {
            // Numbers from the count on: the input, and two that never come.
            let parent = parents[n as usize];
            let parent = if parent == count { turn.to_string() } else { uuid(1000 + parent) };
            let mut message = text(n, &parent);
            message["id"] = uuid(1000 + n).into();
            message
        };
        if in_list {
            let list: Vec<Value> = order.iter().map(|n| message(*n)).collect();
            client.respond(200, &list.into());
        } else {
            for n in &order {
                client.receive(&message(*n));
                client.wait(Duration::from_millis(7));
            }
            client.wait(Duration::from_secs(2));
        }
        client.wait(Duration::from_millis(1500));
        prop_assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
        let ids: Vec<MessageId> = client.messages().iter().map(|it| it.id).collect();
        prop_assert_eq!(ids.len() as u128, count, "{:?}", texts(&client));
        for n in 0..count {
            prop_assert!(ids.contains(&id(&uuid(1000 + n))));
        }
        // A parent that comes at all and is no child of its own child comes first.
        for n in 0..count {
            let (mut at, mut steps) = (parents[n as usize], 0);
            while at < count && steps <= count {
                at = parents[at as usize];
                steps += 1;
            }
            let parent = parents[n as usize];
            if parent < count && steps <= count {
                let place = |n| ids.iter().position(|it| *it == id(&uuid(1000 + n))).unwrap();
                prop_assert!(place(parent) < place(n));
            }
        }
        prop_assert_eq!(client.leg.is_quiet(), in_list, "an open socket at most");
    }
}
