//! A dydu answer on its way to a dydu client: the original values travel with the messages that
//! were made of them, so that the client gets the same JSON to the last unknown field.
//!
//! The first message of an answer keeps the values and how many messages there are; the others
//! name the first. Only an answer that is still complete is given out as it was.

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, Item};
use switchboard_core::model::{Extras, Message, MessageId, Notice};

use super::DYDU;
use crate::wire::{B64, b64};

const TYPE: &str = "type";
const VALUES: &str = "values";
const PARTS: &str = "parts";
const PART_OF: &str = "part_of";

/// An answer as an engine sent it.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// `talkResponse` or `notification`.
    pub kind: &'a str,
    /// The values, strings in base64.
    pub values: &'a Map<String, Value>,
    parts: u64,
}

/// Lets the messages of one answer keep it; `text` is that of the values, decoded.
pub fn keep(messages: &mut [Message], kind: &str, values: Map<String, Value>, text: Option<&B64>) {
    let parts = messages.len();
    let Some((first, others)) = messages.split_first_mut() else {
        return;
    };
    first.extras = extras(kind, values, text, parts);
    for other in others {
        other
            .extras
            .insert(&DYDU, PART_OF, first.id.to_string().into());
    }
}

/// What a message or notice keeps that alone stands for an answer.
///
/// `text` is that of the values, decoded.
pub fn extras(kind: &str, values: Map<String, Value>, text: Option<&B64>, parts: usize) -> Extras {
    let values = harmless(values, text);
    let fields = [
        (TYPE.to_owned(), kind.into()),
        (VALUES.to_owned(), Value::Object(values)),
        (PARTS.to_owned(), parts.into()),
    ];
    Extras::new(DYDU, fields.into_iter().collect())
}

/// The values without what makes the widget disappear: see
/// `docs/protocols/dydu.md#131-server-for-the-unmodified-chatbox`, 8 and 9.
fn harmless(mut values: Map<String, Value>, text: Option<&B64>) -> Map<String, Value> {
    drop_misshapen(&mut values);
    for (name, value) in &mut values {
        match text {
            // By far the longest value, and it is decoded already.
            Some(text) if name == "text" && value.is_string() => {
                *value = b64::encode(text.as_str()).into()
            }
            _ => b64::make_strict(value),
        }
    }
    values
}

/// Drops a panel that is no object and words of the vote dialogue that are `null`.
fn drop_misshapen(values: &mut Map<String, Value>) {
    if values
        .get("sidebar")
        .is_some_and(|sidebar| !sidebar.is_object())
    {
        values.remove("sidebar");
    }
    if values.get("feedbackWording").is_some_and(Value::is_null) {
        values.remove("feedbackWording");
    }
    if let Some(Value::Object(step)) = values.get_mut("nextStepResponse") {
        drop_misshapen(step);
    }
}

fn of_extras(extras: &Extras) -> Option<Original<'_>> {
    let fields = extras.of(&DYDU)?;
    Some(Original {
        kind: fields.get(TYPE)?.as_str()?,
        values: fields.get(VALUES)?.as_object()?,
        parts: fields.get(PARTS)?.as_u64()?,
    })
}

/// The answer that this message is the first of.
pub fn of_message(message: &Message) -> Option<Original<'_>> {
    of_extras(&message.extras)
}

/// The answer that this notice is.
pub fn of_notice(notice: &Notice) -> Option<Original<'_>> {
    of_extras(&notice.extras)
}

/// The first message of the answer that this message is a later part of.
pub fn part_of(message: &Message) -> Option<MessageId> {
    message.extras.get(&DYDU, PART_OF)?.as_str()?.parse().ok()
}

/// The answer that the entries begin with, complete and unchanged, and how many entries it takes.
pub fn first_of<E: AsRef<Entry>>(entries: &[E]) -> Option<(Original<'_>, usize)> {
    let mut entries = entries.iter().map(AsRef::as_ref).enumerate();
    let (_, first) = entries.next()?;
    let first = match &first.item {
        Item::Message(published) if published.instead.is_none() => &published.message,
        Item::Notice(notice) => return Some((of_notice(notice)?, 1)),
        _ => return None,
    };
    let original = of_message(first)?;
    let mut missing = original.parts.checked_sub(1)?;
    let mut taken = 1;
    while missing > 0 {
        let (index, entry) = entries.next()?;
        match &entry.item {
            Item::Message(published)
                if published.instead.is_none() && part_of(&published.message) == Some(first.id) =>
            {
                missing -= 1;
                taken = index + 1;
            }
            Item::Typing(_) => {}
            _ => return None,
        }
    }
    Some((original, taken))
}
