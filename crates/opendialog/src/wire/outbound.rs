//! What the bot says: `docs/protocols/opendialog.md#3-outbound-messages`.

mod data;
mod newer;
mod pickers;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use data::{
    Button, Buttons, CardImage, Common, Element, Form, Image, Item, List, Meta, Rich, System, Text,
};
pub use newer::{Audio, Esign, FileUpload, Location};
pub use pickers::{Autocomplete, DatePicker, LongText, Parameter};

use super::Slot;

/// The author of everything that is not the user's.
pub const THEM: &str = "them";

/// A message of the bot.
#[derive(Debug, Clone, PartialEq)]
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

impl Data {
    /// Reads the data of a message of this type. What does not fit stays as it is.
    pub fn decode(kind: &str, data: Value) -> Self {
        fn read<'a, T: Deserialize<'a>>(data: &'a Value) -> Option<T> {
            T::deserialize(data).ok()
        }
        let known = match kind {
            "text" | "cta" => read(&data).map(Self::Text),
            "button" => read(&data).map(Self::Buttons),
            "image" => read(&data).map(Self::Image),
            "list" => read(&data).map(Self::List),
            "rich" | "fp-rich" => read(&data).map(Self::Rich),
            "form" | "fp-form" => read(&data).map(Self::Form),
            "date-picker" | "date" => read(&data).map(Self::DatePicker),
            "autocomplete" => read(&data).map(Self::Autocomplete),
            "longtext" | "long_text" => read(&data).map(Self::LongText),
            "hand-to-system" | "hand-to-human" => read(&data).map(Self::System),
            "meta" => read(&data).map(Self::Meta),
            "audio" => read(&data).map(Self::Audio),
            "location" => read(&data).map(Self::Location),
            "esign" => read(&data).map(Self::Esign),
            "file-upload" => read(&data).map(Self::FileUpload),
            _ => None,
        };
        known.unwrap_or(Self::Unknown(data))
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
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(default)]
            author: Slot<String>,
            #[serde(default, rename = "type")]
            kind: String,
            #[serde(default)]
            intent: Slot<String>,
            #[serde(default)]
            data: Value,
            #[serde(default)]
            message_template_id: Slot<String>,
            #[serde(default)]
            request_id: Slot<String>,
            #[serde(flatten)]
            rest: Map<String, Value>,
        }
        let envelope = Envelope::deserialize(deserializer)?;
        Ok(Self {
            data: Data::decode(&envelope.kind, envelope.data),
            author: envelope.author,
            kind: envelope.kind,
            intent: envelope.intent,
            message_template_id: envelope.message_template_id,
            request_id: envelope.request_id,
            rest: envelope.rest,
        })
    }
}

/// Declares the `data` of a message: every key is a [`Slot`], and unknown keys are kept.
macro_rules! data_struct {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "crate::wire::Slot::is_absent")]
                pub $field: crate::wire::Slot<$type>,
            )*
            /// The keys that all types share.
            #[serde(flatten)]
            pub common: crate::wire::outbound::Common,
            /// Keys that are not listed above.
            #[serde(flatten)]
            pub rest: serde_json::Map<String, serde_json::Value>,
        }
    };
}
use data_struct;
