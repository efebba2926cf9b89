//! The body of an error, over HTTP and in `out/error`: `docs/protocols/kare.md#21-common-rules`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use switchboard_core::json;

use super::fields::{Fields, put_kept, put_some};

/// An error.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorBody {
    /// A code such as `unknown_conversation`.
    pub error: Option<String>,
    /// What is wrong, for a developer.
    pub message: Option<String>,
    /// The HTTP status; absent in `out/error`.
    pub status: Option<u64>,
    /// The field to blame.
    pub field: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl ErrorBody {
    /// Reads a body by the client's rule; one that is no JSON object is no error body.
    pub fn decode(body: &[u8]) -> Self {
        match json::read(body) {
            Ok(fields) => Self::from_fields(fields),
            Err(_) => Self::default(),
        }
    }

    pub(crate) fn from_fields(mut body: Fields<'_>) -> Self {
        Self {
            error: body.text(&["error"]),
            message: body.text(&["message", "error_description"]),
            status: body.number("status"),
            field: body.text(&["field"]),
            extra: body.rest(),
        }
    }
}

impl Serialize for ErrorBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, kept, "error", self.error.as_ref())?;
        put_some(&mut map, kept, "message", self.message.as_ref())?;
        put_some(&mut map, kept, "status", self.status.as_ref())?;
        put_some(&mut map, kept, "field", self.field.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}
