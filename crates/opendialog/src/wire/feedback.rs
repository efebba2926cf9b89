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
    match serde_json::from_slice::<Request>(body) {
        Ok(mut request) => {
            request.message_template_id = request.message_template_id.trim().to_owned();
            if request.message_template_id.is_empty() {
                return Err(explain(&serde_json::to_value(&request).unwrap_or_default()));
            }
            Ok(request)
        }
        Err(error) => {
            let mut invalid = explain(&serde_json::from_slice(body).unwrap_or_default());
            if invalid.is_empty() {
                invalid.add("feedback", format!("The body cannot be read: {error}."));
            }
            Err(invalid)
        }
    }
}

/// Everything that is wrong with a body.
fn explain(body: &Value) -> Invalid {
    let mut invalid = Invalid::new();
    let not_a_string = |field: &str| format!("The {} must be a string.", humanise(field));
    for field in ["message_template_id", "feedback"] {
        match body.get(field) {
            None | Some(Value::Null) => invalid.required(field),
            Some(Value::String(text)) if text.trim().is_empty() => invalid.required(field),
            Some(Value::String(verdict))
                if field == "feedback" && !matches!(&**verdict, "positive" | "negative") =>
            {
                invalid.add(field, "The selected feedback is invalid.");
            }
            Some(Value::String(_)) => {}
            Some(_) => invalid.add(field, not_a_string(field)),
        }
    }
    if !matches!(
        body.get("request_id"),
        None | Some(Value::Null | Value::String(_))
    ) {
        invalid.add("request_id", not_a_string("request_id"));
    }
    invalid
}
