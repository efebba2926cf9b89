//! `POST /incoming/webchat`, `/incoming/chatApi`, `/chat-api/message`:
//! `docs/protocols/opendialog.md#2-post-incomingwebchat-g3-post-chat-apimessage`.

mod answer;
mod validate;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

pub use answer::{Answer, Part};
pub use validate::decode;

use super::fields::{Field, Fields, Payload};

/// The header that names the user in generation 3.
pub const USER_ID_HEADER: &str = "opendialog-user-id";
/// The header that names the scenario in generation 3.
pub const SCENARIO_ID_HEADER: &str = "opendialog-scenario-id";

/// Something the user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request<'a> {
    /// Always `message`.
    #[serde(borrow)]
    pub notification: Cow<'a, str>,
    /// The conversation's key.
    #[serde(borrow)]
    pub user_id: Cow<'a, str>,
    /// Any string; the widget sends the user id.
    #[serde(borrow)]
    pub author: Cow<'a, str>,
    /// A UUID of the widget's; custom clients leave it out. No rule is about it, so anything but a
    /// string is taken for none.
    #[serde(
        default,
        deserialize_with = "any_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_id: Option<Cow<'a, str>>,
    /// What was done.
    #[serde(borrow)]
    pub content: Content<'a>,
    /// Keys that are not listed above.
    #[serde(borrow, flatten)]
    pub rest: Fields<'a>,
}

impl Request<'_> {
    /// The only accepted `notification`.
    pub const NOTIFICATION: &'static str = "message";
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content<'a> {
    /// Which kind of thing.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The callback of the opening, the trigger, the button or the form. Never null.
    #[serde(
        borrow,
        default,
        deserialize_with = "some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub callback_id: Option<Cow<'a, str>>,
    /// What belongs to it. A form's answers are keys of it.
    #[serde(borrow, deserialize_with = "object_or_empty_list")]
    pub data: Fields<'a>,
    /// What is known of the user. Absent on a click on a link at the most.
    #[serde(
        borrow,
        default,
        deserialize_with = "some_object_or_empty_list",
        skip_serializing_if = "Option::is_none"
    )]
    pub user: Option<Fields<'a>>,
    /// Keys that are not listed above: `mode`, `modeInstance`, `escalating`, `id` and more.
    #[serde(borrow, flatten)]
    pub rest: Fields<'a>,
}

impl Content<'_> {
    /// The keys of `rest` that repeat the envelope: its user, its id and its author.
    pub const REPEATED: [&'static str; 3] = ["user_id", "id", "author"];

    /// A key of `data` as text.
    pub fn data_text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.data.get(key)?.text()
    }
}

/// The kinds of content that a server accepts:
/// `docs/protocols/opendialog.md#22-inbound-content-types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The widget was loaded.
    ChatOpen,
    /// Typed words.
    Text,
    /// Starts or redirects the conversation without words.
    Trigger,
    /// A click on a button, and what replaces the text box.
    ButtonResponse,
    /// A click on a link.
    UrlClick,
    /// A long text.
    LongtextResponse,
    /// A form, submitted or cancelled.
    FormResponse,
}

impl Kind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatOpen => "chat_open",
            Self::Text => "text",
            Self::Trigger => "trigger",
            Self::ButtonResponse => "button_response",
            Self::UrlClick => "url_click",
            Self::LongtextResponse => "longtext_response",
            Self::FormResponse => "form_response",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "chat_open" => Self::ChatOpen,
            "text" => Self::Text,
            "trigger" => Self::Trigger,
            "button_response" => Self::ButtonResponse,
            "url_click" => Self::UrlClick,
            "longtext_response" => Self::LongtextResponse,
            "form_response" => Self::FormResponse,
            _ => return None,
        })
    }
}

fn any_text<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    Ok(match Field::deserialize(deserializer)? {
        Field::Text(text) => Some(text),
        _ => None,
    })
}

fn some_text<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    match Field::deserialize(deserializer)? {
        Field::Text(text) => Ok(Some(text)),
        _ => Err(serde::de::Error::custom("not a string")),
    }
}

fn object_or_empty_list<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Fields<'a>, D::Error> {
    Payload::deserialize(deserializer)?
        .into_object()
        .ok_or_else(|| serde::de::Error::custom("not an object"))
}

fn some_object_or_empty_list<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Fields<'a>>, D::Error> {
    object_or_empty_list(deserializer).map(Some)
}
