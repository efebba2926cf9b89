//! What the bot says: `docs/protocols/opendialog.md#3-outbound-messages`.

mod data;
mod newer;
mod object;
mod pickers;
mod tidy;

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use switchboard_core::json::Borrowed;

pub use data::{
    Button, Buttons, CardImage, Common, Element, Elements, Form, Image, Item, List, Meta, Rich,
    System, Text,
};
pub use newer::{Audio, Esign, FileUpload, Location};
pub use pickers::{Autocomplete, DatePicker, LongText, Parameter};

use super::Slot;
use super::fields::{Field, Fields, Payload};
use object::Object;

/// The author of everything that is not the user's.
pub const THEM: &str = "them";

/// A message of the bot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outbound {
    /// Always [`THEM`].
    pub author: Slot<String>,
    /// The type, exactly as it is spelled. Empty for an object that is no message.
    pub kind: String,
    /// The name of the intent that produced the message.
    pub intent: Slot<String>,
    /// What it says.
    pub data: Data,
    /// The template it was made from; newer servers. Feedback names it.
    pub message_template_id: Slot<String>,
    /// The request it answers; newer servers. Feedback names it.
    pub request_id: Slot<String>,
    /// Keys that are not listed above.
    pub rest: Map<String, Value>,
}

impl Outbound {
    /// A message of this type, with nothing else said in its envelope.
    pub fn new(kind: &str, data: Data) -> Self {
        Self {
            author: Slot::Given(THEM.to_owned()),
            kind: kind.to_owned(),
            intent: Slot::Null,
            data,
            message_template_id: Slot::Absent,
            request_id: Slot::Absent,
            rest: Map::new(),
        }
    }

    /// The envelope's keys and values, without the type and the data.
    pub(crate) fn envelope(&self) -> Fields<'_> {
        let mut fields = Fields::with_capacity(4);
        object::list(&mut fields, "author", &self.author);
        object::list(&mut fields, "intent", &self.intent);
        object::list(
            &mut fields,
            "message_template_id",
            &self.message_template_id,
        );
        object::list(&mut fields, "request_id", &self.request_id);
        fields.extend(&self.rest);
        fields
    }

    /// A key of the envelope.
    pub(crate) fn slot_mut(&mut self, key: &str) -> Option<&mut Slot<String>> {
        match key {
            "author" => Some(&mut self.author),
            "intent" => Some(&mut self.intent),
            "message_template_id" => Some(&mut self.message_template_id),
            "request_id" => Some(&mut self.request_id),
            _ => None,
        }
    }
}

/// The `data` of a message by its type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Data {
    /// `text` and `cta`.
    Text(Text),
    /// `button`.
    Buttons(Buttons),
    /// `image`.
    Image(Image),
    /// `list`.
    List(List),
    /// `rich` and `fp-rich`.
    Rich(Box<Rich>),
    /// `form` and `fp-form`.
    Form(Form),
    /// `date-picker` and `date`.
    DatePicker(Box<DatePicker>),
    /// `autocomplete`.
    Autocomplete(Box<Autocomplete>),
    /// `longtext` and `long_text`.
    LongText(Box<LongText>),
    /// `hand-to-system` and the older `hand-to-human`.
    System(System),
    /// `meta`.
    Meta(Meta),
    /// `audio`.
    Audio(Audio),
    /// `location`.
    Location(Box<Location>),
    /// `esign`.
    Esign(Box<Esign>),
    /// `file-upload`.
    FileUpload(Box<FileUpload>),
    /// A type that is not known, or data that do not fit their type.
    Unknown(Value),
}

impl Default for Data {
    fn default() -> Self {
        Self::Unknown(Value::Null)
    }
}

impl Data {
    /// Reads the data of a message of this type. What does not fit stays as it is.
    pub fn decode(kind: &str, data: Value) -> Self {
        let known = data
            .as_object()
            .and_then(|object| Self::typed(kind, &object.into()));
        known.unwrap_or(Self::Unknown(data))
    }

    /// The same of an object's keys and values.
    pub(crate) fn from_fields(kind: &str, data: Fields<'_>) -> Self {
        Self::typed(kind, &data).unwrap_or_else(|| Self::Unknown(Value::Object(data.into_map())))
    }

    /// Data that do not fit their type for parts of them only, without those. Others stay as they
    /// are.
    pub(crate) fn tidied(self, kind: &str) -> Self {
        let Self::Unknown(Value::Object(object)) = &self else {
            return self;
        };
        let tidied = tidy::tidied(&object.into());
        tidied
            .and_then(|tidied| Self::typed(kind, &tidied))
            .unwrap_or(self)
    }

    fn typed(kind: &str, data: &Fields<'_>) -> Option<Self> {
        fn read<T: Object>(data: &Fields<'_>) -> Option<T> {
            T::from_fields(data).ok()
        }
        fn boxed<T: Object>(data: &Fields<'_>) -> Option<Box<T>> {
            read(data).map(Box::new)
        }
        match kind {
            "text" | "cta" => read(data).map(Self::Text),
            "button" => read(data).map(Self::Buttons),
            "image" => read(data).map(Self::Image),
            "list" => read(data).map(Self::List),
            "rich" | "fp-rich" => boxed(data).map(Self::Rich),
            "form" | "fp-form" => read(data).map(Self::Form),
            "date-picker" | "date" => boxed(data).map(Self::DatePicker),
            "autocomplete" => boxed(data).map(Self::Autocomplete),
            "longtext" | "long_text" => boxed(data).map(Self::LongText),
            "hand-to-system" | "hand-to-human" => read(data).map(Self::System),
            "meta" => read(data).map(Self::Meta),
            "audio" => read(data).map(Self::Audio),
            "location" => boxed(data).map(Self::Location),
            "esign" => boxed(data).map(Self::Esign),
            "file-upload" => boxed(data).map(Self::FileUpload),
            _ => None,
        }
    }

    /// The keys and values; nothing for what is no object.
    pub(crate) fn fields(&self) -> Option<Fields<'_>> {
        Some(match self {
            Self::Text(data) => data.to_fields(),
            Self::Buttons(data) => data.to_fields(),
            Self::Image(data) => data.to_fields(),
            Self::List(data) => data.to_fields(),
            Self::Rich(data) => data.to_fields(),
            Self::Form(data) => data.to_fields(),
            Self::DatePicker(data) => data.to_fields(),
            Self::Autocomplete(data) => data.to_fields(),
            Self::LongText(data) => data.to_fields(),
            Self::System(data) => data.to_fields(),
            Self::Meta(data) => data.to_fields(),
            Self::Audio(data) => data.to_fields(),
            Self::Location(data) => data.to_fields(),
            Self::Esign(data) => data.to_fields(),
            Self::FileUpload(data) => data.to_fields(),
            Self::Unknown(data) => data.as_object()?.into(),
        })
    }

    /// The keys that all types share.
    pub fn common(&self) -> Option<&Common> {
        Some(match self {
            Self::Text(data) => &data.common,
            Self::Buttons(data) => &data.common,
            Self::Image(data) => &data.common,
            Self::List(data) => &data.common,
            Self::Rich(data) => &data.common,
            Self::Form(data) => &data.common,
            Self::DatePicker(data) => &data.common,
            Self::Autocomplete(data) => &data.common,
            Self::LongText(data) => &data.common,
            Self::System(data) => &data.common,
            Self::Meta(data) => &data.common,
            Self::Audio(data) => &data.common,
            Self::Location(data) => &data.common,
            Self::Esign(data) => &data.common,
            Self::FileUpload(data) => &data.common,
            Self::Unknown(_) => return None,
        })
    }

    /// The keys that all types share, to change them.
    pub fn common_mut(&mut self) -> Option<&mut Common> {
        Some(match self {
            Self::Text(data) => &mut data.common,
            Self::Buttons(data) => &mut data.common,
            Self::Image(data) => &mut data.common,
            Self::List(data) => &mut data.common,
            Self::Rich(data) => &mut data.common,
            Self::Form(data) => &mut data.common,
            Self::DatePicker(data) => &mut data.common,
            Self::Autocomplete(data) => &mut data.common,
            Self::LongText(data) => &mut data.common,
            Self::System(data) => &mut data.common,
            Self::Meta(data) => &mut data.common,
            Self::Audio(data) => &mut data.common,
            Self::Location(data) => &mut data.common,
            Self::Esign(data) => &mut data.common,
            Self::FileUpload(data) => &mut data.common,
            Self::Unknown(_) => return None,
        })
    }

    /// The text of the message, whatever its type.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Unknown(data) => data.get("text").and_then(Value::as_str),
            known => known.common().and_then(|common| common.text.words()),
        }
        .filter(|text| !text.trim().is_empty())
    }
}

impl Serialize for Outbound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn slot<M: SerializeMap>(
            map: &mut M,
            key: &str,
            slot: &Slot<String>,
        ) -> Result<(), M::Error> {
            if slot.is_absent() {
                return Ok(());
            }
            map.serialize_entry(key, slot)
        }
        let mut map = serializer.serialize_map(None)?;
        slot(&mut map, "author", &self.author)?;
        map.serialize_entry("type", &self.kind)?;
        slot(&mut map, "intent", &self.intent)?;
        map.serialize_entry("data", &self.data)?;
        slot(&mut map, "message_template_id", &self.message_template_id)?;
        slot(&mut map, "request_id", &self.request_id)?;
        for (key, value) in &self.rest {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Outbound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Outbound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outbound, A::Error> {
                let mut message = Outbound::default();
                let mut data = Payload::Other(Field::Null);
                while let Some(Borrowed(key)) = map.next_key()? {
                    match &*key {
                        "type" => match map.next_value()? {
                            Field::Text(kind) => message.kind = kind.into_owned(),
                            Field::Null => {}
                            // No type, and yet something that was meant.
                            other => {
                                message.rest.insert(key.into_owned(), other.into_value());
                            }
                        },
                        // The type decides what they are, and may come after them.
                        "data" => data = map.next_value()?,
                        known => match message.slot_mut(known) {
                            Some(slot) => match map.next_value()? {
                                Field::Null => *slot = Slot::Null,
                                Field::Text(text) => *slot = Slot::Given(text.into_owned()),
                                other => {
                                    message.rest.insert(key.into_owned(), other.into_value());
                                }
                            },
                            None => {
                                let value = map.next_value()?;
                                message.rest.insert(key.into_owned(), value);
                            }
                        },
                    }
                }
                message.data = match data {
                    Payload::Object(fields) => Data::from_fields(&message.kind, fields),
                    Payload::Other(other) => Data::Unknown(other.into_value()),
                };
                Ok(message)
            }
        }
        deserializer.deserialize_map(Read)
    }
}
