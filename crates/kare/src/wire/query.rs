//! A question: `docs/protocols/kare.md#53-query-and-click`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Fields, put_kept, put_some};

/// Longest text of a question in characters.
pub const MAX_TEXT_CHARS: usize = 4000;

/// The body of `in/query`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// The words. A question without them is unusable.
    pub text: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl Query {
    /// A question.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            extra: Map::new(),
        }
    }

    pub(crate) fn from_fields(mut body: Fields<'_>, top: &mut Fields<'_>) -> Self {
        let text = body
            .text(&["text", "query", "message", "content"])
            .or_else(|| {
                let text = top.text(&["text", "query", "q", "message"])?;
                body.discard("text");
                Some(text)
            });
        Self {
            text,
            extra: body.rest(),
        }
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, &self.extra, "text", self.text.as_ref())?;
        put_kept(&mut map, &self.extra)?;
        map.end()
    }
}
