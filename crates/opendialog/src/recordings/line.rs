//! One thing that was said, as the model has it.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::dialect::{Item, Published};
use switchboard_core::model::{Author, Extras, MessageId, Timestamp, UserEvent, UserInput};

use super::answer::{is_empty, kind};
use crate::NAME;
use crate::convert::{self, input};
use crate::wire::Slot;
use crate::wire::external::TEXT_EXTERNAL;
use crate::wire::fields::Fields;
use crate::wire::history::Row;
use crate::wire::message::{Content, Kind};
use crate::wire::outbound::{Data, THEM};
use crate::wire::scalar::text_of;

/// The key of a line's extras that holds what has no other place: how long it took, its address.
const KEPT: &str = "interaction";

/// A line as it came.
#[derive(Debug)]
pub(super) struct Line {
    /// Absent where only the user's side is told.
    author: Option<String>,
    kind: String,
    pub(super) date: Option<Timestamp>,
    text: Option<String>,
    data: Value,
    given_id: Option<MessageId>,
    /// The keys that are not listed above.
    rest: Map<String, Value>,
}

impl Line {
    /// Reads a line; what does not fit is noted and kept.
    pub(super) fn read(mut line: Map<String, Value>, note: &mut dyn FnMut(&str, String)) -> Self {
        let mut text = |key: &str| match line.remove(key) {
            None | Some(Value::Null) => None,
            Some(value) => match text_of(&value) {
                Some(text) => Some(text.into_owned()),
                None => {
                    note(key, format!("expected a string, found {}", kind(&value)));
                    line.insert(key.to_owned(), value);
                    None
                }
            },
        };
        let (author, kind) = (text("author"), text("type"));
        let (date, text) = (text("date"), text("text"));
        let at = date.as_deref().and_then(moment);
        if at.is_none() {
            let date = date.unwrap_or_default();
            note("date", format!("\"{date}\" is no date"));
            line.insert("date".to_owned(), Value::String(date));
        }
        let given_id = match line.get("message_id") {
            Some(Value::String(id)) if !id.trim().is_empty() => {
                Some(MessageId::from_foreign(id.trim()))
            }
            _ => None,
        };
        if given_id.is_some() {
            line.remove("message_id");
        }
        Self {
            author,
            kind: kind.unwrap_or_default(),
            date: at,
            text,
            data: line.remove("data").unwrap_or_default(),
            given_id,
            rest: line,
        }
    }

    /// The bot's side said it, or somebody in its place.
    fn is_theirs(&self) -> bool {
        match &self.author {
            Some(author) => author == THEM,
            None => Kind::from_name(&self.kind).is_none(),
        }
    }

    /// What it is told apart by from the user's other lines.
    pub(super) fn mark(&self) -> String {
        let side = if self.is_theirs() { "them" } else { "user" };
        let text = self.text.as_deref().unwrap_or_default();
        let date = self.date.unwrap_or_default().as_millis();
        format!("{side}\0{}\0{date}\0{text}", self.kind)
    }

    /// The id, given one that is the same whenever the line is read.
    pub(super) fn id(&self, made: impl FnOnce() -> MessageId) -> MessageId {
        self.given_id.unwrap_or_else(made)
    }

    /// What happened. `turn` is that of the user's last event.
    pub(super) fn into_item(
        self,
        id: MessageId,
        turn: Option<MessageId>,
        at: Timestamp,
        note: &mut dyn FnMut(&str, String),
    ) -> Item {
        if self.is_theirs() {
            self.into_message(id, turn, at, note)
        } else {
            self.into_event(id, at, note)
        }
    }

    fn into_message(
        mut self,
        id: MessageId,
        turn: Option<MessageId>,
        at: Timestamp,
        note: &mut dyn FnMut(&str, String),
    ) -> Item {
        let external = self.kind == TEXT_EXTERNAL;
        if external {
            self.rest
                .insert("type".to_owned(), Value::from(TEXT_EXTERNAL));
            "text".clone_into(&mut self.kind);
        }
        if self.kind == "text" {
            self.fill_in_text();
        }
        self.keep_text();
        let intents = match self.rest.remove("intents") {
            None => self.rest.remove("intent").map_or(Slot::Absent, |intent| {
                Slot::Given(Value::Array(vec![intent]))
            }),
            Some(intents) => Slot::Given(intents),
        };
        let row = Row {
            kind: Slot::Given(self.kind),
            data: Slot::Given(self.data),
            message: Slot::or_null(self.text),
            intents,
            ..Row::default()
        };
        let wire = row.to_message();
        if let Data::Unknown(_) = &wire.data {
            note("type", format!("no message \"{}\" is known", wire.kind));
        }
        let mut message = convert::to_model(wire, id, turn, at);
        if external {
            // What is not the user's was said where the user was handed over to.
            message.author = Author::Operator {
                id: None,
                name: None,
            };
        }
        keep(&mut message.extras, self.rest);
        Item::Message(Box::new(Published::as_is(message)))
    }

    fn into_event(
        mut self,
        id: MessageId,
        at: Timestamp,
        note: &mut dyn FnMut(&str, String),
    ) -> Item {
        if !matches!(&self.data, Value::Object(_) | Value::Null) {
            let is_empty = matches!(&self.data, Value::Array(items) if items.is_empty());
            if !is_empty {
                note(
                    "data",
                    format!("expected an object, found {}", kind(&self.data)),
                );
                self.rest.insert("data".to_owned(), self.data);
            }
            self.data = Value::Null;
        }
        self.fill_in_text();
        self.keep_text();
        let Value::Object(mut data) = self.data else {
            return Item::User(UserEvent::new(id, at, UserInput::text("")).into());
        };
        let known = Kind::from_name(&self.kind);
        let mut event = match known {
            Some(kind) => {
                let callback = data.remove("callback_id");
                let callback = callback.or_else(|| self.rest.remove("callback_id"));
                let content = Content {
                    kind,
                    callback_id: callback.as_ref().and_then(text_of),
                    data: Fields::from(&data),
                    user: None,
                    rest: Fields::default(),
                };
                let did = input::to_model(&content);
                UserEvent {
                    hidden: matches!(did, UserInput::Open { .. }),
                    extras: input::extras(content),
                    ..UserEvent::new(id, at, did)
                }
            }
            None => {
                let of_data = |key| data.get(key).and_then(text_of).map(Cow::into_owned);
                let did = if self.kind == TEXT_EXTERNAL {
                    UserInput::text(of_data("text").unwrap_or_default())
                } else {
                    note("type", format!("no user's \"{}\" is known", self.kind));
                    UserInput::Custom {
                        name: self.kind.clone(),
                        value: of_data("value"),
                        label: of_data("text"),
                    }
                };
                self.rest
                    .insert("type".to_owned(), Value::String(self.kind));
                self.rest.insert("data".to_owned(), Value::Object(data));
                UserEvent::new(id, at, did)
            }
        };
        keep(&mut event.extras, self.rest);
        Item::User(event.into())
    }

    /// The words may stand beside the data only.
    fn fill_in_text(&mut self) {
        if matches!(&self.data, Value::Null)
            || matches!(&self.data, Value::Array(items) if items.is_empty())
        {
            self.data = Value::Object(Map::new());
        }
        if let (Value::Object(data), Some(text)) = (&mut self.data, &self.text)
            && !text.is_empty()
            && data.get("text").is_none_or(Value::is_null)
        {
            data.insert("text".to_owned(), Value::from(text.as_str()));
        }
    }

    /// Words beside the data that are not those in it.
    fn keep_text(&mut self) {
        let within = self.data.get("text").and_then(Value::as_str);
        if let Some(text) = &self.text
            && !text.is_empty()
            && within != Some(text)
            // Then they are all there is.
            && self.data.is_object()
        {
            self.rest
                .insert("text".to_owned(), Value::from(text.as_str()));
        }
    }
}

fn keep(extras: &mut Extras, rest: Map<String, Value>) {
    let rest: Map<String, Value> = rest
        .into_iter()
        .filter(|(_, value)| !is_empty(value))
        .collect();
    if !rest.is_empty() {
        extras.insert(&NAME, KEPT, Value::Object(rest));
    }
}

/// A moment as the vendor writes it: ISO 8601 with any number of decimals, or date and time with a
/// space between; in UTC where no zone is told.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, time) = text
        .split_once(['T', 't', ' '])
        .unwrap_or((text, "00:00:00"));
    let time = time.trim();
    Timestamp::from_rfc3339(&format!("{date}T{time}"))
        .or_else(|| Timestamp::from_rfc3339(&format!("{date}T{time}Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_moments_are_read_in_all_their_forms() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                moment(text).map(Timestamp::to_rfc3339).as_deref(),
                expected,
                "{text}"
            );
        };
        check(
            "2022-09-21T08:19:33.000000Z",
            Some("2022-09-21T08:19:33.000Z"),
        );
        check(
            "2022-09-21T08:19:33.123456Z",
            Some("2022-09-21T08:19:33.123Z"),
        );
        check("2022-09-21 08:19:33", Some("2022-09-21T08:19:33.000Z"));
        check(
            "2022-09-21T10:19:33+02:00",
            Some("2022-09-21T08:19:33.000Z"),
        );
        check("2022-09-21", Some("2022-09-21T00:00:00.000Z"));
        for wrong in [
            "",
            "yesterday",
            "2022-13-01 00:00:00",
            "T",
            "2022-09-21 25:00:00",
        ] {
            check(wrong, None);
        }
    }
}
