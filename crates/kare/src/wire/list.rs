//! The answer to a query or a click over REST:
//! `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`.

use switchboard_core::json;

use super::envelope::unwrap_into;
use super::fields::Fields;
use super::node::Node;
use super::spelling::Spelling;
use super::{Envelope, EnvelopeError};

/// Reads a list of messages in any of the forms that a server may give it, and with other names for
/// its fields where it has some. Our server writes a bare array.
///
/// # Errors
/// The body is neither empty nor JSON.
pub fn decode_list(
    spelling: &Spelling,
    body: &[u8],
) -> Result<Vec<Result<Envelope, EnvelopeError>>, serde_json::Error> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let mut node = json::read(body)?;
    spelling.accept(&mut node);
    Ok(from_node(node))
}

pub(crate) fn from_node(node: Node<'_>) -> Vec<Result<Envelope, EnvelopeError>> {
    let mut envelopes = Vec::new();
    let node = match node {
        Node::Null => return envelopes,
        Node::Object(object) if object.is_empty() => return envelopes,
        Node::Object(object) if object.get("uri").is_none() => {
            const NAMES: [&str; 6] = ["messages", "entries", "events", "items", "data", "results"];
            let mut fields = Fields::new(object);
            let list = NAMES
                .into_iter()
                .find(|name| fields.peek(name).is_some_and(Node::is_array))
                .and_then(|name| fields.value(&[name]));
            list.unwrap_or_else(|| Node::Object(fields.into_object()))
        }
        other => other,
    };
    unwrap_into(node, &mut envelopes, 0);
    envelopes
}
