//! The one shape of every message: `docs/protocols/kare.md#34-envelope`.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use switchboard_core::json;

use super::bye::Bye;
use super::click::Click;
use super::error_body::ErrorBody;
use super::fields::{Fields, put, put_kept, put_some};
use super::hello::{Hello, Welcome};
use super::node::Node;
use super::query::Query;
use super::spelling::Spelling;
use super::text::Text;
use super::{Aspect, Uri, WireId};

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Identifies it. Absent when the sender leaves the choice to the receiver.
    pub id: Option<WireId>,
    /// The message that it comes from; a root has none.
    pub parent_id: Option<WireId>,
    /// What it is.
    pub uri: Uri,
    /// Where it stands within a reply.
    pub header: Header,
    /// What it says.
    pub body: Body,
    /// On outbound messages and in history.
    pub conversation_id: Option<String>,
    /// RFC 3339 in UTC with milliseconds, on outbound messages and in history.
    pub created_at: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

/// What an outbound message's `header` holds. A real server is not known to send any of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// The input that is answered.
    pub in_reply_to: Option<WireId>,
    /// Its place in the reply, from 0.
    pub seq: Option<u64>,
    /// It is the reply's last message.
    pub is_final: Option<bool>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

/// What a message says, by its uri.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Of `in/hi`.
    Hello(Hello),
    /// Of `in/query` and `in/text`.
    Query(Query),
    /// Of `in/click`.
    Click(Click),
    /// Of `out/hi`.
    Welcome(Welcome),
    /// Of `out/text`.
    Text(Text),
    /// Of `out/bye`.
    Bye(Bye),
    /// Of `out/error`.
    Error(ErrorBody),
    /// Of any other uri.
    Other(Map<String, Value>),
}

/// Why a value is no envelope.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no JSON object.
    #[error("a message must be a JSON object")]
    NotAnObject,
    /// Nothing says what it is.
    #[error("the message has no uri")]
    MissingUri {
        /// Its id, for the answer.
        id: Option<WireId>,
    },
}

impl Envelope {
    /// A message without parent and header.
    pub fn new(id: impl Into<WireId>, uri: Uri, body: Body) -> Self {
        Self {
            id: Some(id.into()),
            parent_id: None,
            uri,
            header: Header::default(),
            body,
            conversation_id: None,
            created_at: None,
            extra: Map::new(),
        }
    }

    /// Reads an object by the tolerant rules.
    ///
    /// # Errors
    /// It has no uri.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Result<Self, EnvelopeError> {
        Self::from_fields(map.into())
    }

    fn from_fields(mut top: Fields<'_>) -> Result<Self, EnvelopeError> {
        let id = top
            .words_ref(&["id", "message_id", "messageId", "uuid"])
            .and_then(|id| WireId::parse(&id));
        let uri = top.words_ref(&["uri", "type"]);
        let Some(uri) = uri.and_then(|uri| Uri::parse(&uri)) else {
            return Err(EnvelopeError::MissingUri { id });
        };
        let parent_id = take_parent(&mut top);
        let header = top.object(&["header", "headers"]);
        let mut header = header.map(Header::from_fields).unwrap_or_default();
        let body = take_body(&mut top);
        let body = match &uri {
            Uri::InHi => Body::Hello(Hello::from_fields(body)),
            Uri::InQuery | Uri::InText => Body::Query(Query::from_fields(body, &mut top)),
            Uri::InClick => Body::Click(Click::from_fields(body, &mut top, &mut header)),
            Uri::OutHi => Body::Welcome(Welcome::from_fields(body)),
            Uri::OutText => Body::Text(Text::from_fields(body, &mut top, &mut header)),
            Uri::OutBye => Body::Bye(Bye::from_fields(body)),
            Uri::OutError => Body::Error(ErrorBody::from_fields(body)),
            Uri::InBye | Uri::Other(_) => Body::Other(body.rest()),
        };
        Ok(Self {
            id,
            parent_id,
            uri,
            header,
            body,
            conversation_id: top.words(&["conversation_id", "conversationId"]),
            created_at: top.text(&["created_at", "createdAt"]),
            extra: top.rest(),
        })
    }
}

fn take_parent(top: &mut Fields<'_>) -> Option<WireId> {
    for name in ["parent_id", "parentId", "parent"] {
        let holds_id = top
            .peek(name)
            .and_then(|value| value.get("id"))
            .is_some_and(|id| matches!(id, Node::Text(_) | Node::Number(_)));
        let text = if holds_id {
            top.object(&[name])?.text_ref(&["id"])
        } else {
            top.text_ref(&[name])
        };
        if let Some(id) = text.and_then(|id| WireId::parse(&id)) {
            top.discard("parent_id");
            return Some(id);
        }
    }
    None
}

fn take_body<'a>(top: &mut Fields<'a>) -> Fields<'a> {
    for name in ["body", "payload", "data"] {
        let body = top.object(&[name]).or_else(|| {
            let mut body = Fields::default();
            body.add("text", top.text_ref(&[name])?);
            Some(body)
        });
        if let Some(body) = body {
            top.discard("body");
            return body;
        }
    }
    // A list or the like: no body of any message, and ours must have its place.
    top.discard("body");
    Fields::default()
}

impl Header {
    fn from_fields(mut fields: Fields<'_>) -> Self {
        let in_reply_to = fields.text_ref(&["in_reply_to"]);
        Self {
            in_reply_to: in_reply_to.and_then(|id| WireId::parse(&id)),
            seq: fields.number("seq"),
            is_final: fields.boolean("final"),
            extra: fields.rest(),
        }
    }

    /// Takes the aspect that some put here: rule 7 of the tolerant parser.
    pub(super) fn take_aspect(&mut self) -> Option<Aspect> {
        let aspect = Aspect::parse(self.extra.get("aspect")?.as_str()?);
        self.extra.shift_remove("aspect");
        aspect
    }
}

/// Reads a frame: one envelope, an array of them, or nothing at all. Unreadable envelopes do not
/// hide readable ones.
///
/// # Errors
/// It is no JSON.
pub fn decode_frame(
    frame: &[u8],
) -> Result<Vec<Result<Envelope, EnvelopeError>>, serde_json::Error> {
    decode_frame_as(&Spelling::default(), frame)
}

/// Like [`decode_frame`], of a server that may have other names for its fields.
///
/// # Errors
/// It is no JSON.
pub fn decode_frame_as(
    spelling: &Spelling,
    frame: &[u8],
) -> Result<Vec<Result<Envelope, EnvelopeError>>, serde_json::Error> {
    if frame.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let mut node = json::read(frame)?;
    spelling.accept(&mut node);
    let mut envelopes = Vec::with_capacity(1);
    unwrap_into(node, &mut envelopes, 0);
    Ok(envelopes)
}

/// Rule 1: arrays and wrappers, nested a little.
pub(crate) fn unwrap_into(
    node: Node<'_>,
    envelopes: &mut Vec<Result<Envelope, EnvelopeError>>,
    depth: u8,
) {
    match node {
        Node::Array(nodes) if depth < 4 => {
            envelopes.reserve_exact(nodes.len());
            for node in nodes {
                unwrap_into(node, envelopes, depth + 1);
            }
        }
        Node::Object(object) => {
            let mut fields = Fields::new(object);
            if !fields.has("uri") && depth < 4 {
                for name in ["messages", "message", "event"] {
                    if fields
                        .peek(name)
                        .is_some_and(|value| value.is_object() || value.is_array())
                        && let Some(inner) = fields.value(&[name])
                    {
                        return unwrap_into(inner, envelopes, depth + 1);
                    }
                }
            }
            envelopes.push(Envelope::from_fields(fields));
        }
        _ => envelopes.push(Err(EnvelopeError::NotAnObject)),
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, kept, "id", self.id.as_ref())?;
        put(&mut map, kept, "parent_id", &self.parent_id)?;
        put(&mut map, kept, "uri", &self.uri)?;
        put(&mut map, kept, "header", &self.header)?;
        put(&mut map, kept, "body", &self.body)?;
        put_some(
            &mut map,
            kept,
            "conversation_id",
            self.conversation_id.as_ref(),
        )?;
        put_some(&mut map, kept, "created_at", self.created_at.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, kept, "in_reply_to", self.in_reply_to.as_ref())?;
        put_some(&mut map, kept, "seq", self.seq.as_ref())?;
        put_some(&mut map, kept, "final", self.is_final.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hello(body) => body.serialize(serializer),
            Self::Query(body) => body.serialize(serializer),
            Self::Click(body) => body.serialize(serializer),
            Self::Welcome(body) => body.serialize(serializer),
            Self::Text(body) => body.serialize(serializer),
            Self::Bye(body) => body.serialize(serializer),
            Self::Error(body) => body.serialize(serializer),
            Self::Other(body) => body.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_fields(Fields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
