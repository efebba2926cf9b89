//! What the tests of this crate share: fixtures, ids in order, and comparison by structure.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod client;
pub mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use switchboard_core::dialect::{
    Answer, Build, Cx, Dialect, Entry, Frontend, HandoverState, IdSource, Item, OptionsError,
    Outcome, Published, View,
};
use switchboard_core::model::{ConversationId, Message, MessageId, Profile, Timestamp, UserEvent};
use switchboard_kare::wire::Envelope;
use uuid::Uuid;

pub const APP: &str = "a6a98e38-1cef-4ffc-a223-7490064a4b63";
pub const CONVERSATION: &str = "c8c118fc-8504-4cc4-beb6-5e2d35a6fa9a";
pub const ADMIN_KEY: &str = "adm.tok.19c0de42";

/// One file of `tests/fixtures/kare`.
pub fn fixture(name: &str) -> Value {
    let path = fixtures().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub fn all_fixtures() -> Vec<(String, Value)> {
    let mut names: Vec<String> = fs::read_dir(fixtures())
        .unwrap()
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| (name.clone(), fixture(&name)))
        .collect()
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/kare")
}

/// Ids in order.
#[derive(Default)]
pub struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(0xF00D_0000_0000_4000_8000_0000_0000_0000 + u128::from(n))
    }
}

pub fn now() -> Timestamp {
    Timestamp::from_rfc3339("2021-07-02T10:15:00.000Z").unwrap()
}

pub fn id(text: &str) -> MessageId {
    text.parse().unwrap()
}

pub fn envelope(value: &Value) -> Envelope {
    Envelope::from_map(value.as_object().unwrap().clone()).unwrap()
}

/// What is wrong with the options of a frontend.
pub fn refused_options(options: &Value) -> OptionsError {
    build(|build| {
        let frontend = switchboard_kare::dialect().frontend(options.clone(), build);
        frontend.err().unwrap()
    })
}

pub fn build<R>(run: impl FnOnce(&Build<'_>) -> R) -> R {
    build_with([7; 32], run)
}

pub fn build_with<R>(signing_key: [u8; 32], run: impl FnOnce(&Build<'_>) -> R) -> R {
    run(&Build {
        signing_key,
        read_file: &|_| Err("no files here".to_owned()),
        read_folder: &|_| Err("no folders here".to_owned()),
    })
}

pub fn frontend(options: Value) -> Arc<dyn Frontend> {
    build(|build| {
        switchboard_kare::dialect()
            .frontend(options, build)
            .unwrap()
    })
}

pub fn view() -> View {
    View {
        id: ConversationId(Uuid::parse_str(CONVERSATION).unwrap()),
        key: CONVERSATION.into(),
        scope: APP.into(),
        created: false,
        used: false,
        ended: false,
        handover: HandoverState::None,
        profile: Arc::new(Profile::default()),
        last_seq: 0,
    }
}

pub fn outcome(entries: Vec<Entry>, turn: Option<MessageId>) -> Outcome {
    Outcome {
        view: view(),
        answer: Answer {
            entries: entries.into_iter().map(Arc::new).collect(),
            turn,
            ..Answer::default()
        },
    }
}

/// The answer of a turn to whoever waited for it.
pub fn answered(event: &UserEvent, items: Vec<Item>) -> Outcome {
    let mut outcome = outcome(entries(Some(event.id), items), Some(event.id));
    outcome.answer.input = Some(Arc::new(event.clone()));
    outcome
}

/// The log entries of one turn, in order; the last message is known to be the last.
pub fn entries(turn: Option<MessageId>, items: Vec<Item>) -> Vec<Entry> {
    let last = items
        .iter()
        .rposition(|item| matches!(item, Item::Message(_)));
    items
        .into_iter()
        .enumerate()
        .map(|(at, item)| Entry {
            seq: at as u64 + 1,
            at: Timestamp(now().0 + 1000 + at as i64),
            turn,
            index: at as u32,
            last: Some(at) == last,
            unrecorded: false,
            item,
        })
        .collect()
}

pub fn published(message: Message) -> Item {
    Item::Message(Box::new(Published::as_is(message)))
}

pub fn cx(ids: &Ids) -> Cx<'_> {
    Cx { now: now(), ids }
}

/// Compares structure, parents and order, not the values of ids, times, tokens and error texts.
#[track_caller]
pub fn assert_same(actual: &Value, expected: &Value) {
    let mut bound = BTreeMap::new();
    if let Err(path) = same(actual, expected, "$", &mut bound) {
        panic!(
            "differs at {path}\n--- actual\n{}\n--- expected\n{}",
            serde_json::to_string_pretty(actual).unwrap(),
            serde_json::to_string_pretty(expected).unwrap()
        );
    }
}

fn same(
    actual: &Value,
    expected: &Value,
    path: &str,
    bound: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    const VARIES: [&str; 4] = ["created_at", "message", "access_token", "token"];
    match (actual, expected) {
        (Value::Object(a), Value::Object(b)) => {
            if let Some(key) = a
                .keys()
                .find(|key| !b.contains_key(*key))
                .or_else(|| b.keys().find(|key| !a.contains_key(*key)))
            {
                return Err(format!("{path}.{key} (on one side only)"));
            }
            for (key, value) in a {
                let path = format!("{path}.{key}");
                if VARIES.contains(&key.as_str()) && value.is_string() && b[key].is_string() {
                    continue;
                }
                same(value, &b[key], &path, bound)?;
            }
            Ok(())
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                same(a, b, &format!("{path}[{at}]"), bound)?;
            }
            Ok(())
        }
        (Value::String(a), Value::String(b))
            if Uuid::parse_str(a).is_ok() && Uuid::parse_str(b).is_ok() =>
        {
            let known = bound.entry(b.clone()).or_insert_with(|| a.clone());
            if known == a {
                Ok(())
            } else {
                Err(path.to_owned())
            }
        }
        _ if actual == expected => Ok(()),
        _ => Err(path.to_owned()),
    }
}
