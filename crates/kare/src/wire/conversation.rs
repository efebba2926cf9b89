//! Starting a conversation:
//! `docs/protocols/kare.md#26-post-dialogconversation-start-a-conversation`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use switchboard_core::json;

use super::fields::{Fields, put_kept};
use super::hello::About;
use super::id::normalise;
use super::list;
use super::node::Node;
use super::spelling::Spelling;
use super::{Envelope, EnvelopeError};

/// Path of the endpoint below the version prefix; the method is POST.
pub const PATH: &str = "/dialog/conversation";

/// The request; an empty body is as good as `{}`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StartRequest {
    /// The user.
    pub about: About,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl StartRequest {
    /// Reads a body.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Self {
        let mut fields = map.into();
        Self {
            about: About::take_from(&mut fields),
            extra: fields.rest(),
        }
    }
}

impl Serialize for StartRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.about.put(&mut map, &self.extra)?;
        put_kept(&mut map, &self.extra)?;
        map.end()
    }
}

/// The answer as our server gives it, with status 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StartResponse {
    /// The conversation.
    pub id: String,
    /// The conversation again.
    pub conversation_id: String,
    /// RFC 3339 in UTC.
    pub created_at: String,
}

/// The answer as a client reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// The conversation.
    pub conversation_id: String,
    /// Greeting messages, where a server sends some.
    pub messages: Vec<Result<Envelope, EnvelopeError>>,
}

impl Started {
    /// Reads an answer in any of the forms that a server may give it, and with other names for its
    /// fields where it has some.
    pub fn decode(spelling: &Spelling, body: &[u8]) -> Option<Self> {
        let mut node = json::read(body).ok()?;
        spelling.accept(&mut node);
        let mut fields = match node {
            Node::Object(object) => Fields::new(object),
            Node::Text(id) if !id.trim().is_empty() => {
                return Some(Self {
                    conversation_id: normalise(&id),
                    messages: Vec::new(),
                });
            }
            _ => return None,
        };
        let messages = fields.value(&["messages"]);
        let mut id = fields.words(&["conversation_id", "conversationId", "id", "conversation"]);
        if id.is_none() {
            let mut inner = fields.object(&["conversation", "data"])?;
            id = inner.words(&["conversation_id", "conversationId", "id"]);
        }
        Some(Self {
            conversation_id: normalise(&id?),
            messages: messages.map(list::from_node).unwrap_or_default(),
        })
    }
}
