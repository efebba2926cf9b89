//! The server's goodbye: `docs/protocols/kare.md#54-flows`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Fields, put_kept, put_some};

/// The body of `out/bye`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bye {
    /// Why: `idle`, `ended`, `escalated`, `revoked`, `error`.
    pub reason: Option<String>,
    /// What to show.
    pub text: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl Bye {
    pub(crate) fn from_fields(mut body: Fields<'_>) -> Self {
        Self {
            reason: body.words(&["reason"]),
            text: body.text(&["text", "message", "content"]),
            extra: body.rest(),
        }
    }
}

impl Serialize for Bye {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, &self.extra, "reason", self.reason.as_ref())?;
        put_some(&mut map, &self.extra, "text", self.text.as_ref())?;
        put_kept(&mut map, &self.extra)?;
        map.end()
    }
}
