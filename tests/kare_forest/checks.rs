//! The checker finds what it is for.

use serde_json::{Value, json};

use crate::clients::forest::Forest;

const QUERY: &str = "00000000-0000-4000-8000-000000000001";

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn query() -> Value {
    json!({ "id": QUERY, "parent_id": null, "uri": "in/query", "header": {}, "body": { "text": "?" } })
}

/// The `seq`th message of the reply, the last one of two.
fn reply(n: u32, parent: u32, aspect: &str, seq: u32) -> Value {
    json!({ "id": id(n), "parent_id": id(parent), "uri": "out/text",
        "header": { "in_reply_to": QUERY, "seq": seq, "final": seq == 1 },
        "body": { "aspect": aspect, "text": "", "actions": [] },
        "conversation_id": "c", "created_at": "2021-07-02T10:15:20.000Z" })
}

fn forest(received: &[Value]) -> Forest {
    let mut forest = Forest::default();
    forest.sent(&query());
    for envelope in received {
        forest.received(envelope);
    }
    forest
}

/// An answer whose node and part were changed is found out by this word.
#[track_caller]
fn finds(change: impl FnOnce(&mut Value, &mut Value), word: &str) {
    let mut node = reply(2, 1, "resolution/answer", 0);
    let mut part = reply(3, 2, "resolution/answer/text", 1);
    change(&mut node, &mut part);
    let forest = forest(&[node, part]);
    let problems = forest.problems();
    assert!(
        problems.iter().any(|it| it.starts_with(word)),
        "{problems:#?}"
    );
}

#[test]
fn a_right_forest_has_no_problems() {
    let forest = forest(&[
        reply(2, 1, "resolution/answer", 0),
        reply(3, 2, "resolution/answer/text", 1),
    ]);
    forest.assert_well_formed("a right one");
    assert_eq!(forest.count("resolution/answer/text"), 1);
    assert!(forest.unended().is_empty());
}

#[test]
fn each_fault_of_a_forest_is_found() {
    finds(|node, _| node["id"] = json!("m-1"), "no canonical UUID");
    finds(|node, _| node["id"] = json!(QUERY), "an id comes twice");
    finds(
        |_, part| part["parent_id"] = json!(id(9)),
        "a parent that nobody",
    );
    finds(
        |node, _| node["parent_id"] = Value::Null,
        "a root that is no input",
    );
    finds(
        |_, part| part["parent_id"] = json!(id(1)),
        "a message in the wrong place",
    );
    finds(
        |_, part| part["header"]["seq"] = json!(2),
        "not the next number",
    );
    finds(
        |node, _| node["header"]["final"] = json!(true),
        "something follows the end",
    );
    finds(
        |node, _| node["uri"] = json!("out/bye"),
        "something follows the goodbye",
    );
    finds(
        |node, _| node["header"]["in_reply_to"] = json!(id(9)),
        "a reply to nothing",
    );
    finds(
        |_, part| {
            part["header"]
                .as_object_mut()
                .unwrap()
                .remove("in_reply_to");
        },
        "a number without an input",
    );
}

#[test]
fn parts_of_an_answer_that_was_left_are_found() {
    let mut missing = reply(3, 1, "resolution/missing", 1);
    missing["header"]["final"] = json!(false);
    let forest = forest(&[
        reply(2, 1, "resolution/answer", 0),
        missing,
        reply(4, 2, "resolution/answer/text", 2),
    ]);
    assert!(forest.problems()[0].starts_with("a part of what was left"));
}

#[test]
fn clicks_must_hang_below_what_was_received() {
    let mut forest = forest(&[]);
    let mut click = query();
    click["uri"] = json!("in/click");
    click["id"] = json!(id(5));
    click["parent_id"] = json!(QUERY);
    forest.sent(&click);
    assert!(forest.problems()[0].starts_with("a click on nothing"));
}

#[test]
fn a_reply_without_an_end_is_found() {
    let forest = forest(&[reply(2, 1, "resolution/answer", 0)]);
    forest.assert_well_formed("so far");
    assert_eq!(forest.unended(), [QUERY]);
}
