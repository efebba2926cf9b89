//! What the tests share: fixtures, ids and conversations made by hand.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod drive;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::dialect::{
    Answer, Build, Call, Cx, Dialect, Entry, Frontend, Handled, HandoverState, IdSource, Item,
    Outcome, Published, View,
};
use switchboard_core::model::{ConversationId, Message, MessageId, Profile, Timestamp, UserEvent};
use switchboard_dydu::Dydu;
use switchboard_dydu::convert::answer::{Heard, to_model};
use switchboard_dydu::wire::envelope::Received;
use uuid::Uuid;

pub const BOT: &str = "3f2b8c1e-5a4d-4f7e-9c61-0d7a2e9b4c55";
pub const CONTEXT: &str = "0b6f2f7e-3c55-4a0b-8f8e-9d1c6a2e7b10";
/// The time of the fixtures.
pub const NOW: i64 = 1_760_000_000_000;

#[derive(Default)]
pub struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

pub fn cx(ids: &Ids) -> Cx<'_> {
    at(ids, NOW)
}

pub fn at(ids: &Ids, now: i64) -> Cx<'_> {
    Cx {
        now: Timestamp(now),
        ids,
    }
}

pub fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// All fixtures by name.
pub fn fixtures() -> BTreeMap<String, Value> {
    let folder = root().join("fixtures/dydu");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

pub fn fixture(name: &str) -> Value {
    fixtures()
        .remove(name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
}

pub fn build() -> Build<'static> {
    Build {
        signing_key: [0; 32],
        read_file: &|_| Err("no files here".to_owned()),
        read_folder: &|_| Err("no folders here".to_owned()),
    }
}

pub fn frontend_with(options: Value) -> Arc<dyn Frontend> {
    Dydu.frontend(options, &build()).unwrap()
}

pub fn frontend() -> Arc<dyn Frontend> {
    frontend_with(json!({"bots": [{"bot_id": BOT, "languages": ["en", "fr"]}]}))
}

/// The request of a fixture, and its path as the host normalises it.
pub fn request(fixture: &Value) -> (Request<Bytes>, String) {
    let request = &fixture["request"];
    let url = request["url"].as_str().unwrap();
    let mut builder = Request::builder()
        .method(request["method"].as_str().unwrap())
        .uri(url.replace("https://chat.example.org", ""));
    for (name, value) in request["headers"].as_object().unwrap() {
        builder = builder.header(name, value.as_str().unwrap());
    }
    let body = request["body"].as_str().unwrap_or_default().to_owned();
    let request = builder.body(Bytes::from(body)).unwrap();
    let path = request.uri().path().to_owned();
    (request, path)
}

pub fn post(path: &str, body: &str) -> (Request<Bytes>, String) {
    let request = Request::post(path)
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=UTF-8",
        )
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let path = request.uri().path().to_owned();
    (request, path)
}

/// The call that a request becomes.
pub fn call(handled: Handled) -> Call<Response<Bytes>> {
    match handled {
        Handled::Call(call) => *call,
        other => panic!("no call: {other:?}"),
    }
}

pub fn reply(handled: Handled) -> Response<Bytes> {
    match handled {
        Handled::Reply(response) | Handled::Refuse(_, response) => response,
        other => panic!("no reply: {other:?}"),
    }
}

pub fn json_of(response: &Response<Bytes>) -> Value {
    assert_eq!(
        response.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    serde_json::from_slice(response.body()).unwrap()
}

/// An envelope with every string of its values decoded.
pub fn decoded(mut envelope: Value) -> Value {
    if let Some(values) = envelope.get_mut("values") {
        switchboard_dydu::wire::b64::decode_deep(values);
    }
    envelope
}

/// What an engine's answer or frame says.
pub fn hear(
    envelope: &Value,
    parent: Option<MessageId>,
    state: HandoverState,
    cx: &Cx<'_>,
) -> Heard {
    let text = envelope.to_string();
    let received = Received::of(&text).unwrap();
    to_model(received, parent, state, cx).unwrap()
}

pub fn view() -> View {
    let mut profile = Profile::default();
    profile.locales.selected = Some("en".into());
    View {
        id: ConversationId(Uuid::parse_str(CONTEXT).unwrap()),
        key: CONTEXT.into(),
        scope: BOT.into(),
        created: false,
        used: true,
        ended: false,
        handover: HandoverState::None,
        profile: Arc::new(profile),
        last_seq: 0,
    }
}

pub fn outcome(entries: Vec<Entry>) -> Outcome {
    Outcome {
        view: view(),
        answer: Answer {
            turn: entries.iter().find_map(|entry| entry.turn),
            entries: entries.into_iter().map(Arc::new).collect(),
            ..Answer::default()
        },
    }
}

pub fn entry(seq: u64, turn: Option<MessageId>, item: Item) -> Entry {
    Entry {
        seq,
        at: Timestamp(NOW - 1_000 + i64::try_from(seq).unwrap()),
        turn,
        index: 0,
        last: false,
        unrecorded: false,
        item,
    }
}

pub fn said(seq: u64, event: UserEvent) -> Entry {
    entry(seq, Some(event.id), Item::User(event.into()))
}

pub fn published(seq: u64, turn: Option<MessageId>, message: Message) -> Entry {
    entry(
        seq,
        turn,
        Item::Message(Box::new(Published::as_is(message))),
    )
}
