//! The answer to a query or a click over REST:
//! `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`.

use serde_json::Value;

use super::envelope::unwrap_into;
use super::fields::Fields;
use super::{Envelope, EnvelopeError};

/// Reads a list of messages in any of the forms that a server may give it. Our server writes a
/// bare array.
///
/// # Errors
/// The body is neither empty nor JSON.
pub fn decode_list(body: &[u8]) -> Result<Vec<Result<Envelope, EnvelopeError>>, serde_json::Error> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    Ok(from_value(serde_json::from_slice(body)?))
}

pub(crate) fn from_value(value: Value) -> Vec<Result<Envelope, EnvelopeError>> {
    let mut envelopes = Vec::new();
    let value = match value {
        Value::Null => return envelopes,
        Value::Object(map) if !map.contains_key("uri") => {
            const NAMES: [&str; 6] = ["messages", "entries", "events", "items", "data", "results"];
            let mut fields = Fields::new(map);
            let list = NAMES
                .into_iter()
                .find(|name| fields.peek(name).is_some_and(Value::is_array))
                .and_then(|name| fields.value(&[name]));
            list.unwrap_or_else(|| Value::Object(fields.rest()))
        }
        other => other,
    };
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return envelopes;
    }
    unwrap_into(value, &mut envelopes, 0);
    envelopes
}
