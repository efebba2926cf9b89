//! The history: `docs/protocols/opendialog.md#42-get-useruser_idhistory`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Map, Value, json as value};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Entry, Find, Handled, Item, Operation, Outcome, View};
use switchboard_core::model::{Profile, Timestamp, UserEvent, UserInput};

use super::answer::{published_messages, target};
use super::{Server, call, external};
use crate::convert::{self, did, input, text, user};
use crate::error;
use crate::options::FrontendOptions;
use crate::wire::external::{External, TEXT_EXTERNAL};
use crate::wire::history::{Query, Row};
use crate::wire::outbound::{Outbound, THEM};
use crate::wire::{Slot, json, message, time};

/// How many entries of the log are looked at for each row that is wanted: types that are left
/// out, and entries that are no rows, come between.
const SCAN: usize = 8;
/// How many at the least.
const SCAN_MIN: usize = 200;
/// A user of whom more is known than this, in bytes of JSON, is told of in the newest row only: what
/// a client once said would fill an answer as often as it has rows.
const USER_IN_EVERY_ROW: usize = 16 * 1024;

/// How many entries to fetch for a number of rows.
pub(super) fn scan(rows: usize) -> usize {
    rows.saturating_mul(SCAN).max(SCAN_MIN)
}

impl Server {
    pub(super) fn history(&self, request: &Request<Bytes>, user_id: String) -> Handled {
        let query = Query::decode(request.uri().query().unwrap_or_default());
        let options = Arc::clone(&self.options);
        call(Call {
            target: self.target(Find::Existing(user_id)),
            profile: Profile::default(),
            operation: Operation::Restore {
                limit: scan(query.limit),
            },
            finish: Box::new(move |result, _| match result {
                Ok(outcome) => error::json(StatusCode::OK, &rows(&outcome, &query, &options)),
                // Of an unknown user there is no history, and that is no mistake.
                Err(Fault::UnknownConversation) => error::json(StatusCode::OK, &[(); 0]),
                Err(fault) => error::encode_fault(&fault),
            }),
        })
    }
}

fn rows(outcome: &Outcome, query: &Query, options: &FrontendOptions) -> Vec<Row> {
    let view = &outcome.view;
    let user = serde_json::to_value(user::write_row(&view.profile)).unwrap_or_default();
    let is_long = json::write(&user).len() > USER_IN_EVERY_ROW;
    let mut rows = Vec::with_capacity(query.limit);
    for entry in outcome.answer.entries.iter().rev() {
        if entry.unrecorded {
            continue;
        }
        for row in entry_rows(entry, view, options).into_iter().rev() {
            if rows.len() == query.limit {
                return rows;
            }
            if row.kind.get().is_some_and(|kind| query.ignores(kind)) {
                continue;
            }
            let user = if is_long && !rows.is_empty() {
                Slot::Null
            } else {
                Slot::Given(user.clone())
            };
            rows.push(Row { user, ..row });
        }
    }
    rows
}

/// The rows that an entry makes, in order.
fn entry_rows(entry: &Entry, view: &View, options: &FrontendOptions) -> Vec<Row> {
    if let Some((author, line)) = external::line_of(entry) {
        return vec![external_row(entry, view, author, &line)];
    }
    let said: Vec<(Outbound, String, Option<String>)> = match &entry.item {
        Item::User(event) => return user_row(entry, event, view).into_iter().collect(),
        Item::Message(published) => published_messages(published, options)
            .iter()
            .flat_map(|message| {
                let words = text::of_content(&message.content)
                    .map(|text| text.to_plain().into_owned())
                    .unwrap_or_default();
                convert::from_model(message, target(options))
                    .into_iter()
                    .map(move |wire| (wire, words.clone(), Some(message.id.to_string())))
            })
            .collect(),
        Item::Notice(notice) if !notice.text.is_empty() => {
            let (kind, data) = text::write(&notice.text);
            let words = notice.text.to_plain().into_owned();
            vec![(Outbound::new(kind, data), words, None)]
        }
        Item::Notice(_) | Item::Typing(_) | Item::Ended { .. } => return Vec::new(),
    };
    let last = said.len().saturating_sub(1);
    // Nothing follows what was said before the end of the conversation.
    let is_farewell = view.ended && entry.seq + 1 == view.last_seq;
    let more_follow = entry.turn.is_some() && !entry.last && !is_farewell;
    said.into_iter()
        .enumerate()
        .map(|(place, (mut wire, words, id))| {
            convert::stamp(&mut wire, entry.at, place < last || more_follow);
            let row = blank(entry, view, place);
            Row {
                author: Slot::Given(THEM.to_owned()),
                message: Slot::Given(words),
                kind: Slot::Given(wire.kind),
                data: Slot::Given(serde_json::to_value(&wire.data).unwrap_or_default()),
                message_id: Slot::or_null(id),
                intents: match wire.intent.into_option() {
                    Some(intent) => Slot::Given(Value::from(vec![intent])),
                    None => Slot::Null,
                },
                ..row
            }
        })
        .collect()
}

/// The row of what was said elsewhere.
fn external_row(entry: &Entry, view: &View, author: Option<String>, line: &External) -> Row {
    let id = match &entry.item {
        Item::User(event) => Some(event.id),
        Item::Message(published) => Some(published.message.id),
        _ => None,
    };
    let or = |slot: &Slot<String>, write: fn(Timestamp) -> String| {
        slot.get().cloned().unwrap_or_else(|| write(entry.at))
    };
    let data = value!({
        "text": line.text,
        "date": or(&line.date, time::date),
        "time": or(&line.time, time::time_with_seconds),
    });
    Row {
        author: Slot::Given(author.unwrap_or_else(|| view.key.to_string())),
        message: Slot::Given(line.text.clone()),
        kind: Slot::Given(TEXT_EXTERNAL.to_owned()),
        data: Slot::Given(data),
        message_id: Slot::or_null(id.map(|id| id.to_string())),
        intents: Slot::Null,
        ..blank(entry, view, 0)
    }
}

/// The row of what the user did. Clicks on links are kept elsewhere by the vendor.
fn user_row(entry: &Entry, event: &UserEvent, view: &View) -> Option<Row> {
    let (kind, mut data) = what_was_sent(event)?;
    // Rows without date and time stop the webchat from loading.
    for (key, write) in [
        ("date", time::date as fn(Timestamp) -> String),
        ("time", time::time_with_seconds),
    ] {
        if !data.get(key).is_some_and(Value::is_string) {
            data.insert(key.to_owned(), Value::from(write(entry.at)));
        }
    }
    let words = match kind {
        message::Kind::Text | message::Kind::LongtextResponse => data
            .get("text")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    };
    Some(Row {
        author: Slot::Given(view.key.to_string()),
        message: Slot::Given(words),
        kind: Slot::Given(kind.as_str().to_owned()),
        data: Slot::Given(Value::Object(data)),
        message_id: Slot::Given(event.id.to_string()),
        intents: Slot::Null,
        ..blank(entry, view, 0)
    })
}

/// The type and the data of what the user did, as the client sent them if it was one of
/// OpenDialog's.
pub(super) fn what_was_sent(event: &UserEvent) -> Option<(message::Kind, Map<String, Value>)> {
    let is_row = match input::sent(event) {
        Some(sent) => sent.kind != message::Kind::UrlClick,
        None => matches!(
            event.input,
            UserInput::Open { .. }
                | UserInput::Text { .. }
                | UserInput::Choice(_)
                | UserInput::Form(_)
                | UserInput::Survey(_)
                | UserInput::File(_)
        ),
    };
    let did = is_row.then(|| did::of(event))?;
    Some((did.kind, did.data))
}

fn blank(entry: &Entry, view: &View, place: usize) -> Row {
    let column = time::column(entry.at);
    // An entry may make several rows; their numbers must differ and rise.
    let id = entry.seq.saturating_mul(100).saturating_add(place as u64);
    Row {
        id: Slot::Given(Value::from(id)),
        created_at: Slot::Given(column.clone()),
        updated_at: Slot::Given(column),
        user_id: Slot::Given(view.key.to_string()),
        microtime: Slot::Given(time::microtime(entry.at)),
        conversation: Slot::Null,
        scene: Slot::Null,
        ..Row::default()
    }
}
