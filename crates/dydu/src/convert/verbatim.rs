//! A dydu answer on its way to a dydu client: the original text travels with the messages that
//! were made of them, so that the client gets the same JSON to the last unknown field.
//!
//! The first message of an answer keeps its text and how many messages there are; the others
//! name the first. Only an answer that is still complete is given out as it was.

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, Item, Published};
use switchboard_core::model::{Extras, Message, MessageId, Notice};

use super::DYDU;
use crate::wire::b64;
use crate::wire::envelope::Untyped;

const ANSWER: &str = "answer";
const PARTS: &str = "parts";
const PART_OF: &str = "part_of";

/// An answer as an engine sent it.
#[derive(Debug, Clone)]
pub struct Original {
    /// `talkResponse` or `notification`.
    pub kind: String,
    /// The values, strings in strict base64.
    pub values: Map<String, Value>,
}

/// Lets the messages of one answer keep it.
pub fn keep(messages: &mut [Message], answer: &str) {
    let parts = messages.len();
    let Some((first, others)) = messages.split_first_mut() else {
        return;
    };
    first.extras = extras(answer, parts);
    for other in others {
        other
            .extras
            .insert(&DYDU, PART_OF, first.id.to_string().into());
    }
}

/// What a message or notice keeps that alone stands for an answer.
pub fn extras(answer: &str, parts: usize) -> Extras {
    let fields = [
        (ANSWER.to_owned(), answer.into()),
        (PARTS.to_owned(), parts.into()),
    ];
    Extras::new(DYDU, fields.into_iter().collect())
}

/// The values without what makes the widget disappear: see
/// `docs/protocols/dydu.md#131-server-for-the-unmodified-chatbox`, 8 and 9.
fn harmless(mut values: Map<String, Value>) -> Map<String, Value> {
    drop_misshapen(&mut values);
    values.values_mut().for_each(b64::make_strict);
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

fn of_extras(extras: &Extras) -> Option<Original> {
    let text = extras.get(&DYDU, ANSWER)?.as_str()?;
    let Untyped { kind, values } = serde_json::from_str(text).ok()?;
    Some(Original {
        kind: kind.into_owned(),
        values: harmless(values),
    })
}

/// The answer that this message is the first of, unless something else is shown instead.
pub fn of_published(published: &Published) -> Option<Original> {
    match published.instead {
        None => of_extras(&published.message.extras),
        Some(_) => None,
    }
}

/// The answer that this notice is.
pub fn of_notice(notice: &Notice) -> Option<Original> {
    of_extras(&notice.extras)
}

/// The first message of the answer that this message is a later part of.
pub fn part_of(message: &Message) -> Option<MessageId> {
    message.extras.get(&DYDU, PART_OF)?.as_str()?.parse().ok()
}

/// The answer that the entries begin with, complete and unchanged, and how many entries it takes.
pub fn first_of<E: AsRef<Entry>>(entries: &[E]) -> Option<(Original, usize)> {
    let mut entries = entries.iter().map(AsRef::as_ref).enumerate();
    let (_, first) = entries.next()?;
    let first = match &first.item {
        Item::Message(published) => published,
        Item::Notice(notice) => return Some((of_notice(notice)?, 1)),
        _ => return None,
    };
    let parts = first.message.extras.get(&DYDU, PARTS)?.as_u64()?;
    let mut missing = parts.checked_sub(1)?;
    let mut taken = 1;
    while missing > 0 {
        let (index, entry) = entries.next()?;
        match &entry.item {
            Item::Message(published)
                if published.instead.is_none()
                    && part_of(&published.message) == Some(first.message.id) =>
            {
                missing -= 1;
                taken = index + 1;
            }
            Item::Typing(_) => {}
            _ => return None,
        }
    }
    Some((of_published(first)?, taken))
}
