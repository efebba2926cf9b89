//! Input over REST: `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously` and
//! `docs/protocols/kare.md#28-post-dialogclick-click-or-custom-event-synchronously`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::fields::{Fields, put_kept};
use super::node::Node;
use super::{Body, Envelope, Uri, WireId};

/// Path of the query endpoint below the version prefix; the method is POST.
pub const QUERY_PATH: &str = "/dialog/query";
/// Path of the click endpoint below the version prefix; the method is POST.
pub const CLICK_PATH: &str = "/dialog/click";

/// A posted input as a server reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The conversation that the body names.
    pub conversation_id: Option<String>,
    /// The input.
    pub envelope: Envelope,
}

/// The body's uri does not fit the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the uri {0} does not fit this endpoint")]
pub struct UriMismatch(pub String);

impl Post {
    /// Reads the body of a query.
    ///
    /// # Errors
    /// It is another message's.
    pub fn query<'a>(map: impl Into<Fields<'a>>) -> Result<Self, UriMismatch> {
        Self::from_fields(map.into(), &Uri::InQuery, &Uri::InText)
    }

    /// Reads the body of a click.
    ///
    /// # Errors
    /// It is another message's.
    pub fn click<'a>(map: impl Into<Fields<'a>>) -> Result<Self, UriMismatch> {
        Self::from_fields(map.into(), &Uri::InClick, &Uri::InClick)
    }

    fn from_fields(
        mut fields: Fields<'_>,
        expected: &Uri,
        alternative: &Uri,
    ) -> Result<Self, UriMismatch> {
        let named = ["uri", "type"]
            .into_iter()
            .find_map(|name| fields.peek(name)?.as_str().and_then(Uri::parse));
        match named {
            Some(uri) if uri != *expected && uri != *alternative => {
                return Err(UriMismatch(uri.as_str().to_owned()));
            }
            Some(_) => {}
            None => {
                fields.discard("uri");
                fields.add("uri", expected.as_str().to_owned());
            }
        }
        let nested = fields
            .peek("conversation")
            .and_then(|conversation| conversation.get("id"))
            .and_then(Node::as_str)
            .map(str::to_owned);
        let mut envelope =
            Envelope::from_map(fields).map_err(|error| UriMismatch(error.to_string()))?;
        let conversation_id = envelope.conversation_id.take().or(nested);
        Ok(Self {
            conversation_id,
            envelope,
        })
    }
}

/// A posted input as a client writes it: the envelope and the conversation.
pub struct Full<'a> {
    /// The conversation.
    pub conversation_id: &'a str,
    /// The input.
    pub envelope: &'a Envelope,
}

/// A posted input in the flat form, for servers that do not take the envelope.
pub struct Flat<'a> {
    /// The conversation.
    pub conversation_id: &'a str,
    /// The input.
    pub envelope: &'a Envelope,
}

impl Serialize for Full<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Envelope {
            id,
            parent_id,
            uri,
            header,
            body,
            extra,
            ..
        } = self.envelope;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("conversation_id", self.conversation_id)?;
        put_id(&mut map, id.as_ref())?;
        map.serialize_entry("parent_id", parent_id)?;
        map.serialize_entry("uri", uri)?;
        map.serialize_entry("header", header)?;
        map.serialize_entry("body", body)?;
        put_kept(&mut map, extra)?;
        map.end()
    }
}

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("conversation_id", self.conversation_id)?;
        put_id(&mut map, self.envelope.id.as_ref())?;
        match &self.envelope.body {
            Body::Query(query) => map.serialize_entry("text", &query.text)?,
            Body::Click(click) => {
                map.serialize_entry("parent_id", &self.envelope.parent_id)?;
                map.serialize_entry("target", &click.target)?;
            }
            other => map.serialize_entry("body", other)?,
        }
        map.end()
    }
}

fn put_id<S: SerializeMap>(map: &mut S, id: Option<&WireId>) -> Result<(), S::Error> {
    match id {
        Some(id) => map.serialize_entry("id", id),
        None => Ok(()),
    }
}
