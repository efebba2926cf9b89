//! What must hold for any envelope and any frame.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use proptest::prelude::*;
use serde_json::{Map, Value};
use support::now;
use switchboard_core::model::{Action, Content, Message, MessageId, RichText};
use switchboard_kare::convert::{Setting, Style, event, message};
use switchboard_kare::wire::{Envelope, decode_frame, encode};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z0-9/ _-]{0,12}".prop_map(Value::from),
        Just(Value::from("0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10")),
        prop::sample::select(vec![
            "out/text",
            "in/query",
            "in/click",
            "in/hi",
            "out/hi",
            "out/bye",
            "out/error",
            "resolution/answer",
            "text/plain",
            "resolution/answer/image",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "id",
        "parent_id",
        "parent",
        "uri",
        "type",
        "header",
        "headers",
        "body",
        "payload",
        "data",
        "text",
        "message",
        "messages",
        "event",
        "aspect",
        "actions",
        "target",
        "choice_id",
        "url",
        "image",
        "source",
        "icon",
        "enabled",
        "disabled",
        "on_click",
        "triggers",
        "command",
        "in_reply_to",
        "seq",
        "final",
        "reason",
        "error",
        "conversation_id",
        "created_at",
        "tone",
    ])
    .prop_map(str::to_owned)
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((key(), json()), 0..10).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    /// Reading what was written brings the same envelope, whatever was read at first.
    #[test]
    fn envelopes_settle(mut map in object(), uri in prop::sample::select(vec![
        "in/hi", "in/query", "in/click", "out/hi", "out/text", "out/bye", "out/error", "out/new",
    ])) {
        map.insert("uri".to_owned(), uri.into());
        let first = Envelope::from_map(map).unwrap();
        let written = serde_json::to_value(&first).unwrap();
        let second = Envelope::from_map(written.as_object().unwrap().clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&second).unwrap(), written);
    }

    #[test]
    fn frames_never_panic(value in json(), noise in any::<Vec<u8>>()) {
        let _ = decode_frame(&noise);
        for envelope in decode_frame(&encode(&value)).unwrap().into_iter().flatten() {
            let fresh = MessageId(uuid::Uuid::from_u128(1));
            let _ = event::to_model(envelope.clone(), fresh, now());
            let model = message::to_model(envelope, fresh, now());
            let _ = message::from_model(&model, Setting::Free, &Style::default());
        }
    }

    /// A Kare engine's visible message, once in canonical form, passes the model unchanged.
    #[test]
    fn native_messages_pass_unchanged(mut map in object()) {
        map.insert("uri".to_owned(), "out/text".into());
        map.insert("id".to_owned(), "0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10".into());
        let fresh = MessageId(uuid::Uuid::from_u128(1));
        let pass = |envelope: Envelope| {
            let model = message::to_model(envelope, fresh, now());
            message::from_model(&model, Setting::Free, &Style::default()).unwrap()
        };
        let once = pass(Envelope::from_map(map).unwrap());
        let written = serde_json::to_value(&once).unwrap();
        let read = Envelope::from_map(written.as_object().unwrap().clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(pass(read)).unwrap(), written);
    }

    /// Choices of any other dialect come back as the same choices.
    #[test]
    fn choices_come_back(options in prop::collection::vec(("[a-z0-9_]{1,8}", "\\PC{1,16}"), 1..5)) {
        let actions: Vec<Action> = options
            .iter()
            .map(|(id, label)| Action::choice(id.clone(), label.clone()))
            .collect();
        let sent = Message::bot(
            MessageId(uuid::Uuid::from_u128(7)),
            None,
            now(),
            Content::Choices(switchboard_core::model::Choices {
                text: RichText::markdown("?"),
                ..Default::default()
            }),
        )
        .with_actions(actions);
        let wire = message::from_model(&sent, Setting::Answer, &Style::default()).unwrap();
        let wire = Envelope::from_map(
            serde_json::to_value(wire).unwrap().as_object().unwrap().clone(),
        )
        .unwrap();
        let got = message::to_model(wire, sent.id, now());
        let plain = |message: &Message| -> Vec<_> {
            message
                .actions
                .iter()
                .map(|it| (it.id.clone(), it.label.clone(), it.on_click.clone()))
                .collect()
        };
        prop_assert_eq!(plain(&got), plain(&sent));
        prop_assert_eq!(got.content, sent.content);
    }
}
