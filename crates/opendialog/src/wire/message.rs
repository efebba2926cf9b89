//! `POST /incoming/webchat`, `/incoming/chatApi`, `/chat-api/message`:
//! `docs/protocols/opendialog.md#2-post-incomingwebchat-g3-post-chat-apimessage`.

mod answer;
mod validate;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use answer::{Answer, Part};
pub use validate::decode;

/// The header that names the user in generation 3.
pub const USER_ID_HEADER: &str = "opendialog-user-id";
/// The header that names the scenario in generation 3.
pub const SCENARIO_ID_HEADER: &str = "opendialog-scenario-id";

/// Something the user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Always `message`.
    pub notification: String,
    /// The conversation's key.
    pub user_id: String,
    /// Any string; the widget sends the user id.
    pub author: String,
    /// A UUID of the widget's; custom clients leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What was done.
    pub content: Content,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Request {
    /// The only accepted `notification`.
    pub const NOTIFICATION: &'static str = "message";
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Which kind of thing.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The callback of the opening, the trigger, the button or the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<String>,
    /// What belongs to it. A form's answers are keys of it.
    #[serde(deserialize_with = "object_or_empty_list")]
    pub data: Map<String, Value>,
    /// What is known of the user. Absent on a click on a link at the most.
    #[serde(
        default,
        deserialize_with = "some_object_or_empty_list",
        skip_serializing_if = "Option::is_none"
    )]
    pub user: Option<Map<String, Value>>,
    /// Keys that are not listed above: `mode`, `modeInstance`, `escalating`, `id` and more.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Content {
    /// A key of `data` as text.
    pub fn data_text(&self, key: &str) -> Option<std::borrow::Cow<'_, str>> {
        super::scalar::text_of(self.data.get(key)?)
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

/// PHP writes an empty object as `[]`.
fn object_or_empty_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(object) => Ok(object),
        Value::Array(list) if list.is_empty() => Ok(Map::new()),
        _ => Err(serde::de::Error::custom("not an object")),
    }
}

fn some_object_or_empty_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    object_or_empty_list(deserializer).map(Some)
}
