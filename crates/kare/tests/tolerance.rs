//! Tolerant parsing, rule by rule:
//! `docs/protocols/kare.md#35-tolerant-parsing-both-directions-assumed`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::{Value, json};
use support::{envelope, id, now};
use switchboard_core::model::{Content, Message, MessageId};
use switchboard_kare::convert::{Setting, Style, message};
use switchboard_kare::wire::{Envelope, decode_frame, encode};

const ID: &str = "0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10";
const PARENT: &str = "b8ca91f6-10f5-4c77-8432-643233c93ad2";
const PAGE: &str = "https://shop.example/a";

/// What an object is read as, in the canonical form.
fn read(value: Value) -> Value {
    serde_json::to_value(envelope(&value)).unwrap()
}

/// Each of these objects is read as the same as this one.
#[track_caller]
fn all_the_same(expected: Value, spellings: impl IntoIterator<Item = Value>) {
    let expected = read(expected);
    for spelling in spellings {
        assert_eq!(read(spelling.clone()), expected, "{spelling}");
    }
}

fn model(value: Value) -> Message {
    message::to_model(envelope(&value), fresh(), now())
}

fn fresh() -> MessageId {
    id("c2a4df41-8c46-4c30-bac3-08a6beada372")
}

fn uris(frame: &Value) -> Vec<String> {
    decode_frame(&encode(frame))
        .unwrap()
        .into_iter()
        .map(|it| it.map_or_else(|error| error.to_string(), |it| it.uri.as_str().to_owned()))
        .collect()
}

#[test]
fn frames_are_unwrapped() {
    let query = json!({"uri": "in/query", "body": {"text": "?"}});
    let click = json!({"uri": "in/click", "body": {"target": {"aspect": "titlebar"}}});
    assert_eq!(uris(&json!([query, click])), ["in/query", "in/click"]);
    for name in ["messages", "message", "event"] {
        assert_eq!(uris(&json!({ name: query })), ["in/query"], "{name}");
        assert_eq!(
            uris(&json!({ name: [query, click] })),
            ["in/query", "in/click"]
        );
    }
    let named = json!({"uri": "in/query", "message": {"uri": "in/click"}, "body": {"text": "?"}});
    assert_eq!(
        uris(&named),
        ["in/query"],
        "only an object without a uri is a wrapper"
    );
    assert_eq!(
        uris(&json!([1, query])),
        ["a message must be a JSON object", "in/query"],
        "an unreadable one hides no readable one"
    );
}

#[test]
fn uris_have_two_names_and_any_case() {
    let body = json!({"text": "?"});
    all_the_same(
        json!({"uri": "in/query", "body": body}),
        [
            json!({"type": "in/query", "body": body}),
            json!({"uri": "/in/query", "body": body}),
            json!({"uri": " //IN/Query ", "body": body}),
            json!({"uri": null, "type": "in/query", "body": body}),
        ],
    );
    let odd = read(json!({"uri": "/Out/New"}));
    assert_eq!(odd["uri"], "out/new");
    for nothing in [json!({}), json!({"uri": " "}), json!({"uri": {}})] {
        assert!(Envelope::from_map(nothing.as_object().unwrap().clone()).is_err());
    }
}

#[test]
fn ids_have_four_names_and_foreign_ones_stay() {
    let with = |name: &str, id: &str| json!({"uri": "out/text", name: id});
    let bare = ID.replace('-', "").to_uppercase();
    all_the_same(
        with("id", ID),
        [
            with("message_id", ID),
            with("messageId", ID),
            with("uuid", ID),
            with("id", &bare),
            with("id", &ID.to_uppercase()),
        ],
    );
    assert_eq!(read(with("id", "m-17"))["id"], "m-17", "opaque");
    assert_eq!(read(json!({"uri": "out/text", "id": 17}))["id"], "17");
    let nil = "00000000-0000-0000-0000-000000000000";
    assert_eq!(model(with("id", nil)).id, MessageId::from_foreign(nil));
    assert_eq!(
        model(json!({"uri": "out/text"})).id,
        fresh(),
        "assigned here"
    );
}

#[test]
fn parents_have_three_names_and_may_be_objects() {
    let with = |name: &str, parent: Value| json!({"uri": "out/text", name: parent});
    all_the_same(
        with("parent_id", json!(PARENT)),
        [
            with("parentId", json!(PARENT)),
            with("parent", json!(PARENT)),
            with("parent", json!({"id": PARENT, "uri": "in/query"})),
            json!({"uri": "out/text", "parent_id": "", "parent": PARENT}),
        ],
    );
    for root in [json!(""), json!(null), json!(" ")] {
        assert_eq!(model(with("parent_id", root)).parent, None);
    }
}

#[test]
fn headers_have_two_names_and_may_be_missing() {
    let header = json!({"seq": 1, "final": true, "trace": "x"});
    all_the_same(
        json!({"uri": "out/text", "header": header}),
        [json!({"uri": "out/text", "headers": header})],
    );
    for nothing in [
        json!({"uri": "out/text"}),
        json!({"uri": "out/text", "header": null}),
    ] {
        assert_eq!(read(nothing)["header"], json!({}));
    }
}

#[test]
fn bodies_have_three_names_and_may_be_texts() {
    let body = json!({"text": "Hello", "tone": 1});
    all_the_same(
        json!({"uri": "out/text", "body": body}),
        [
            json!({"uri": "out/text", "payload": body}),
            json!({"uri": "out/text", "data": body}),
        ],
    );
    all_the_same(
        json!({"uri": "out/text", "body": {"text": "Hello"}}),
        [
            json!({"uri": "out/text", "body": "Hello"}),
            json!({"uri": "out/text", "payload": "Hello"}),
        ],
    );
    all_the_same(
        json!({"uri": "in/hi", "body": {}}),
        [
            json!({"uri": "in/hi"}),
            json!({"uri": "in/hi", "body": null}),
        ],
    );
}

#[test]
fn aspects_are_found_in_four_places() {
    let image = "resolution/answer/image";
    all_the_same(
        json!({"uri": "out/text", "body": {"aspect": image, "text": PAGE}}),
        [
            json!({"uri": "out/text", "aspect": image, "body": {"text": PAGE}}),
            json!({"uri": "out/text", "header": {"aspect": image}, "body": {"text": PAGE}}),
            json!({"uri": "out/text", "body": {"aspect": " /Resolution/Answer/IMAGE ", "text": PAGE}}),
        ],
    );
    let of_target = read(json!({"uri": "out/text", "body": {"target": {"aspect": image}}}));
    assert_eq!(of_target["body"]["aspect"], image);
    let first = json!({"uri": "out/text", "aspect": "text/plain",
        "body": {"aspect": image, "target": {"aspect": "open/link"}}});
    assert_eq!(
        read(first)["body"]["aspect"],
        image,
        "the body's comes first"
    );
    let none = read(json!({"uri": "out/text", "body": {"text": "Hello"}}));
    assert_eq!(none["body"]["aspect"], "text/plain");
}

#[test]
fn texts_are_found_in_four_places() {
    all_the_same(
        json!({"uri": "out/text", "body": {"text": "Hello"}}),
        [
            json!({"uri": "out/text", "body": {"message": "Hello"}}),
            json!({"uri": "out/text", "body": {"content": "Hello"}}),
            json!({"uri": "out/text", "text": "Hello"}),
            json!({"uri": "out/text", "body": {"text": null, "message": "Hello"}}),
        ],
    );
    for (value, text) in [(json!(4.5), "4.5"), (json!(true), "true")] {
        assert_eq!(
            read(json!({"uri": "out/text", "body": {"text": value}}))["body"]["text"],
            text
        );
    }
}

#[test]
fn actions_have_three_names_and_three_forms() {
    let action = json!({"text": "Ok"});
    all_the_same(
        json!({"uri": "out/text", "body": {"actions": [action]}}),
        [
            json!({"uri": "out/text", "body": {"choices": [action]}}),
            json!({"uri": "out/text", "body": {"buttons": [action]}}),
            json!({"uri": "out/text", "actions": [action]}),
            json!({"uri": "out/text", "body": {"actions": action}}),
            json!({"uri": "out/text", "body": {"actions": "Ok"}}),
            json!({"uri": "out/text", "body": {"actions": ["Ok"]}}),
            json!({"uri": "out/text", "body": {"actions": null, "choices": ["Ok"]}}),
        ],
    );
    let none = read(json!({"uri": "out/text", "body": {"actions": null}}));
    assert_eq!(none["body"]["actions"], json!([]));
}

#[test]
fn locations_have_six_names() {
    for (aspect, name) in [("image", "image"), ("video", "video"), ("quote", "src")] {
        let aspect = format!("resolution/answer/{aspect}");
        let with = |name: &str| json!({"uri": "out/text", "body": {"aspect": aspect, name: PAGE}});
        all_the_same(with("url"), [with("href"), with("src"), with(name)]);
        let nested =
            json!({"uri": "out/text", "body": {"aspect": aspect, "source": {"url": PAGE}}});
        assert_eq!(read(nested)["body"]["url"], PAGE);
    }
    let shown = |text: &str| {
        let body = json!({"aspect": "resolution/answer/video", "text": text});
        match model(json!({"uri": "out/text", "body": body})).content {
            Content::Video(video) => video.url,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        shown(&format!(" {PAGE} ")),
        PAGE,
        "a text that is an address"
    );
}

#[test]
fn click_targets_lie_in_two_places_and_flat() {
    let target = json!({"aspect": "resolution/answer/choice", "choice_id": "7", "text": "Seven"});
    let click = |body: Value| json!({"uri": "in/click", "body": body});
    let with = |name: &str, value: Value| {
        click(
            json!({"target": {"aspect": "resolution/answer/choice", name: value, "text": "Seven"}}),
        )
    };
    all_the_same(
        click(json!({ "target": target })),
        [
            json!({"uri": "in/click", "target": target}),
            click(target.clone()),
            json!({"uri": "in/click", "aspect": "resolution/answer/choice", "choice_id": "7", "text": "Seven"}),
            json!({"uri": "in/click", "aspect": "resolution/answer/choice", "body": {"choiceId": 7, "text": "Seven"}}),
            json!({"uri": "in/click", "header": {"aspect": "resolution/answer/choice"},
                "body": {"target": {"choice_id": "7", "text": "Seven"}}}),
            click(
                json!({"aspect": "resolution/answer/choice", "target": {"id": 7, "text": "Seven"}}),
            ),
            with("choiceId", json!("7")),
            with("choice", json!("7")),
            with("id", json!(7)),
            with("value", json!("7")),
        ],
    );
}

#[test]
fn unknown_fields_stay_and_missing_ones_get_their_defaults() {
    let value = json!({
        "id": ID, "parent_id": null, "uri": "out/text", "header": {"h": {"a": 1}},
        "body": {"aspect": "text/plain", "text": "Hello", "actions": [
            {"text": "Ok", "icon": "empty", "context": "default", "enabled": true, "z": [1]}
        ], "response_id": "node_1", "b": null},
        "t": 1.5
    });
    assert_eq!(read(value.clone()), value);
    let least = read(json!({"uri": "out/text"}));
    assert_eq!(
        least,
        json!({"parent_id": null, "uri": "out/text", "header": {},
            "body": {"aspect": "text/plain", "text": "", "actions": []}})
    );
}

#[test]
fn unknown_outbound_uris_are_kept_and_shown_only_if_they_have_text() {
    for (body, shown) in [
        (json!({"text": "Sale"}), Some("Sale")),
        (json!({"message": "Sale"}), Some("Sale")),
        (json!({"level": 2}), None),
    ] {
        let model = model(json!({"id": ID, "uri": "out/banner", "body": body}));
        let Content::Other { text, .. } = &model.content else {
            panic!("{model:?}");
        };
        assert_eq!(text.as_ref().map(|it| it.body.as_str()), shown);
        let written = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
        let written = serde_json::to_value(written).unwrap();
        assert_eq!(
            (&written["uri"], &written["body"]),
            (&json!("out/banner"), &body)
        );
    }
}

#[test]
fn unknown_aspects_are_shown_as_the_longest_that_they_extend() {
    let shown = |aspect: &str| {
        let model = model(json!({"uri": "out/text", "body": {"aspect": aspect, "text": "T"}}));
        let written = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
        let written = serde_json::to_value(written).unwrap();
        assert_eq!(written["body"]["aspect"], aspect.to_lowercase(), "kept");
        format!("{:?}", model.content.kind())
    };
    assert_eq!(shown("resolution/answer/table"), "Text");
    assert_eq!(shown("resolution/answer/choice/wide"), "Choices");
    assert_eq!(shown("resolution/missing/why/so"), "NoAnswer");
    assert_eq!(shown("Acme/Banner"), "Text");
    assert_eq!(shown("resolution"), "Text");
}
