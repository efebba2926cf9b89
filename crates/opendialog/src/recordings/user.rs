//! A user and what was said, as the model has it.

use std::collections::HashMap;

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, Item, Recorded, RecordedPeriod};
use switchboard_core::model::{MessageId, Profile, Timestamp};
use uuid::Uuid;

use super::answer::{UserFound, is_empty, kind};
use super::line::Line;
use crate::convert::user;
use crate::wire::fields::Fields;
use crate::wire::interactions::FILTERS;
use crate::wire::scalar::text_of;

/// The keys of a user that repeat what was asked for, beside the filters:
/// `docs/protocols/opendialog.md#71-get-publicapiuser-interactions-doc`.
const ECHOED: [&str; 3] = ["from", "to", "user_id"];
/// Attributes that are told of a user beside what the user is known by. Other attributes are the
/// site's own.
const OF_USER: [&str; 11] = [
    "first_name",
    "last_name",
    "name",
    "email",
    "external_id",
    "ip_address",
    "country",
    "browser_language",
    "os",
    "browser",
    "timezone",
];
/// What the vendor counts itself, in seconds since 1970.
const COUNTED: [&str; 2] = ["first_seen", "last_seen"];
/// More notes on one user are counted only.
const MOST_NOTES: usize = 100;

/// What was told of one user, oldest line first. Nothing if the user, or everything that the user
/// said and got, is not of the period.
pub(super) fn to_model(found: UserFound, period: &RecordedPeriod) -> Option<Recorded> {
    let UserFound {
        user_id,
        value,
        place,
        until,
    } = found;
    if period.user_id.as_ref().is_some_and(|id| *id != user_id) {
        return None;
    }
    let mut notes = Notes::default();
    let mut told = match value {
        Value::Object(told) => told,
        other => {
            if !is_empty(&other) {
                let problem = format!("expected an object, found {}", kind(&other));
                notes.add(format_args!("{place}: {problem}"));
            }
            Map::new()
        }
    };
    let lines = lines(told.remove("interactions"), &place, &mut notes);
    let had_lines = !lines.is_empty();
    let entries = entries(&user_id, lines, &place, &mut notes, |at| {
        period.from.is_none_or(|from| from <= at)
            && period.to.is_none_or(|to| at <= to)
            && until.is_none_or(|until| at < until)
    });
    if had_lines && entries.is_empty() {
        return None;
    }
    let profile = profile(&user_id, told, &place, &mut notes);
    Some(Recorded {
        user_id,
        profile,
        entries,
        notes: notes.into_list(),
    })
}

fn object(value: Option<Value>, place: &str, notes: &mut Notes) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields,
        Some(other) if !is_empty(&other) => {
            let problem = format!("expected an object, found {}", kind(&other));
            notes.add(format_args!("{place}: {problem}"));
            Map::new()
        }
        _ => Map::new(),
    }
}

fn list(value: Option<Value>, place: &str, notes: &mut Notes) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        // PHP writes a list with gaps as an object.
        Some(Value::Object(fields)) => fields.into_iter().map(|(_, value)| value).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(other) => {
            let problem = format!("expected a list, found {}", kind(&other));
            notes.add(format_args!("{place}: {problem}"));
            Vec::new()
        }
    }
}

/// A line, when it was said, and its number.
type Dated = (Timestamp, usize, Line);

/// The lines that can be read, oldest first.
fn lines(value: Option<Value>, place: &str, notes: &mut Notes) -> Vec<Dated> {
    let place = format!("{place}.interactions");
    let items = list(value, &place, notes);
    let mut lines: Vec<(usize, Line)> = Vec::with_capacity(items.len());
    for (number, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(line) => {
                let line = Line::read(line, &mut |key, problem| {
                    notes.add(format_args!("{place}[{number}].{key}: {problem}"));
                });
                lines.push((number, line));
            }
            other => {
                let problem = format!("expected an object, found {}", kind(&other));
                notes.add(format_args!("{place}[{number}]: {problem}"));
            }
        }
    }
    dated(lines)
}

/// In order, each with a date: one without has that of the line before it, else of the first that
/// has one.
fn dated(mut lines: Vec<(usize, Line)>) -> Vec<Dated> {
    let dates = |lines: &[(usize, Line)]| -> Vec<Timestamp> {
        lines.iter().filter_map(|(_, line)| line.date).collect()
    };
    let known = dates(&lines);
    if known.is_sorted_by(|a, b| a >= b) && known.first() != known.last() {
        // Newest first. Lines of the same moment are in that order too.
        lines.reverse();
    }
    let mut last = dates(&lines).first().copied().unwrap_or_default();
    let mut lines: Vec<Dated> = lines
        .into_iter()
        .map(|(number, line)| {
            last = line.date.unwrap_or(last);
            (last, number, line)
        })
        .collect();
    lines.sort_by_key(|(at, ..)| *at);
    lines
}

/// The lines of the period as a log.
fn entries(
    user_id: &str,
    lines: Vec<Dated>,
    place: &str,
    notes: &mut Notes,
    is_wanted: impl Fn(Timestamp) -> bool,
) -> Vec<Entry> {
    let mut log = Log::default();
    let mut marks: HashMap<String, u32> = HashMap::new();
    for (at, number, line) in lines {
        let mark = line.mark();
        let count = marks.entry(mark.clone()).or_default();
        *count += 1;
        if !is_wanted(at) {
            continue;
        }
        let id = line.id(|| made_id(user_id, &mark, *count));
        let item = line.into_item(id, log.turn, at, &mut |key, problem| {
            notes.add(format_args!(
                "{place}.interactions[{number}].{key}: {problem}"
            ));
        });
        log.add(at, item);
    }
    log.close();
    log.entries
}

/// An id that is the same in every import of the same line.
fn made_id(user_id: &str, mark: &str, count: u32) -> MessageId {
    let name = format!("opendialog\0{user_id}\0{mark}\0{count}");
    MessageId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// A conversation's log as it would have been written.
#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    turn: Option<MessageId>,
    /// How many messages the turn has.
    published: u32,
    /// Where the turn's last message is.
    last: Option<usize>,
}

impl Log {
    fn add(&mut self, at: Timestamp, item: Item) {
        let (mut turn, mut index) = (self.turn, 0);
        match &item {
            Item::User(event) => {
                self.close();
                turn = Some(event.id);
                self.turn = turn;
            }
            _ => {
                if turn.is_some() {
                    index = self.published;
                    self.published += 1;
                    self.last = Some(self.entries.len());
                }
            }
        }
        let previous = self.entries.last();
        self.entries.push(Entry {
            seq: previous.map_or(0, |entry| entry.seq) + 1,
            // Moments are whole seconds in places, but no two entries have the same.
            at: previous.map_or(at, |entry| at.max(Timestamp(entry.at.0.saturating_add(1)))),
            turn,
            index,
            last: false,
            unrecorded: false,
            item,
        });
    }

    /// The turn is over.
    fn close(&mut self) {
        if let Some(entry) = self.last.take().and_then(|last| self.entries.get_mut(last)) {
            entry.last = true;
        }
        self.turn = None;
        self.published = 0;
    }
}

/// What is known of the user.
fn profile(user_id: &str, mut told: Map<String, Value>, place: &str, notes: &mut Notes) -> Profile {
    let known = told.remove("chatbot_user_data");
    let mut known = object(known, &format!("{place}.chatbot_user_data"), notes);
    let mut counted = Vec::new();
    let attributes = told.remove("user_attributes");
    let attributes = list(attributes, &format!("{place}.user_attributes"), notes);
    if !attributes.is_empty() {
        let mut custom = object(
            known.remove("custom"),
            &format!("{place}.chatbot_user_data.custom"),
            notes,
        );
        for (number, attribute) in attributes.iter().enumerate() {
            let Some(name) = attribute.get("name").and_then(Value::as_str) else {
                let place = format!("{place}.user_attributes[{number}]");
                notes.add(format_args!("{place}: has no name"));
                continue;
            };
            let value = plain(attribute.get("value"));
            if COUNTED.contains(&name) {
                counted.extend(text_of(&value).map(|text| (name.to_owned(), text.into_owned())));
                continue;
            }
            let place = if OF_USER.contains(&name) {
                &mut known
            } else {
                &mut custom
            };
            // What is known of the user is given there as it was when the user was last seen.
            if place.get(name).is_none_or(Value::is_null) {
                place.insert(name.to_owned(), value);
            }
        }
        known.insert("custom".to_owned(), Value::Object(custom));
    }
    let mut profile = user::read(user_id, Some(&Fields::from(&known)));
    profile.metadata.extend(counted);
    told.retain(|key, value| {
        let key = key.as_str();
        !ECHOED.contains(&key) && !FILTERS.contains(&key) && !is_empty(value)
    });
    if !attributes.is_empty() {
        // With their types, which the model does not have.
        told.insert("user_attributes".to_owned(), Value::Array(attributes));
    }
    if !told.is_empty() {
        let told = Value::Object(told);
        profile.extras.insert(&crate::NAME, user::RECORDED, told);
    }
    profile
}

/// An attribute's value without what the vendor wraps it in.
fn plain(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(wrapped)) if wrapped.len() == 1 => match wrapped.get("scalar_value") {
            Some(value) => value.clone(),
            None => Value::Object(wrapped.clone()),
        },
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

/// Sentences on what does not fit, not without end.
#[derive(Default)]
struct Notes {
    list: Vec<String>,
    more: usize,
}

impl Notes {
    fn add(&mut self, note: std::fmt::Arguments<'_>) {
        if self.list.len() < MOST_NOTES {
            self.list.push(note.to_string());
        } else {
            self.more += 1;
        }
    }

    fn into_list(mut self) -> Vec<String> {
        if self.more > 0 {
            self.list.push(format!("and {} more", self.more));
        }
        self.list
    }
}
