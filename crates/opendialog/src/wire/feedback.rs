//! `POST /chat-api/feedback`: `docs/protocols/opendialog.md#45-post-chat-apifeedback-g3`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{Invalid, humanise};

/// A rating of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The template of the rated message.
    pub message_template_id: String,
    /// The verdict.
    pub feedback: Verdict,
    /// The request that the rated message answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It helped.
    Positive,
    /// It did not.
    Negative,
}

/// Reads a rating.
///
/// # Errors
/// What is wrong with it, all fields together.
pub fn decode(body: &[u8]) -> Result<Request, Invalid> {
    serde_json::from_slice::<Request>(body).map_err(|error| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut invalid = Invalid::new();
        for field in ["message_template_id", "feedback"] {
            match body.get(field) {
                None | Some(Value::Null) => invalid.required(field),
                Some(Value::String(text)) if text.trim().is_empty() => invalid.required(field),
                Some(Value::String(_)) => {}
                Some(_) => {
                    invalid.add(field, format!("The {} must be a string.", humanise(field)));
                }
            }
        }
        if invalid.is_empty() {
            match body.get("feedback").and_then(Value::as_str) {
                Some("positive" | "negative") => {
                    invalid.add("request_id", format!("The body cannot be read: {error}."));
                }
                _ => invalid.add("feedback", "The selected feedback is invalid."),
            }
        }
        invalid
    })
}
