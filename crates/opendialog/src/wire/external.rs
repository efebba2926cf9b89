//! `POST /user/{user_id}/history`: `docs/protocols/opendialog.md#43-post-useruser_idhistory`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Slot;
use super::error::Invalid;

/// The author that stands for the user.
pub const ME: &str = "me";
/// The type of the row that it becomes.
pub const TEXT_EXTERNAL: &str = "text_external";
/// Longer names are refused.
pub const MAX_AUTHOR: usize = 255;
/// Longer texts are refused.
pub const MAX_TEXT: usize = 16_384;

/// A line that was exchanged elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// Who said it; [`ME`] is the user.
    pub author: String,
    /// What was said. Plain text.
    pub text: String,
    /// When, in the client's words, such as `Tue 20 Jul`.
    #[serde(default, skip_serializing_if = "Slot::is_absent")]
    pub date: Slot<String>,
    /// When, in the client's words, such as `9:15:02 AM`.
    #[serde(default, skip_serializing_if = "Slot::is_absent")]
    pub time: Slot<String>,
}

/// Reads the body.
///
/// # Errors
/// Names every field that does not fit.
pub fn decode(body: &[u8]) -> Result<External, Invalid> {
    let fields: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut mistakes = Invalid::new();
    let mut text = |field: &str, most: usize, required: bool| {
        let value = fields.get(field).unwrap_or(&Value::Null);
        match value {
            Value::String(text) if text.chars().count() > most => {
                let problem = format!("The {field} may not be greater than {most} characters.");
                mistakes.add(field, problem);
            }
            Value::String(text) if !text.trim().is_empty() => return Some(text.trim().to_owned()),
            Value::Null | Value::String(_) if required => mistakes.required(field),
            Value::Null | Value::String(_) => {}
            _ => mistakes.add(field, format!("The {field} must be a string.")),
        }
        None
    };
    let author = text("author", MAX_AUTHOR, true);
    let words = text("text", MAX_TEXT, true);
    let date = text("date", MAX_AUTHOR, false);
    let time = text("time", MAX_AUTHOR, false);
    match (author, words) {
        (Some(author), Some(text)) if mistakes.is_empty() => Ok(External {
            author,
            text,
            date: Slot::or_absent(date),
            time: Slot::or_absent(time),
        }),
        _ => Err(mistakes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_from_elsewhere_is_read() {
        let body = br#"{"author":"me","text":" Hi ","date":"Tue 20 Jul","time":"9:15:02 AM"}"#;
        let line = decode(body).unwrap();
        assert_eq!((line.author.as_str(), line.text.as_str()), (ME, "Hi"));
        assert_eq!(line.date.get().map(String::as_str), Some("Tue 20 Jul"));
        assert!(decode(br#"{"author":"Sam","text":"x"}"#).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_line_from_elsewhere_is_named() {
        let long = "x".repeat(MAX_TEXT + 1);
        for (body, fields) in [
            (json!({}), "author, text"),
            (json!([]), "author, text"),
            (json!({"author": 7, "text": " "}), "author, text"),
            (json!({"author": "me", "text": long}), "text"),
            (json!({"author": "me", "text": "x", "date": 20}), "date"),
        ] {
            let body = body.to_string();
            assert_eq!(decode(body.as_bytes()).unwrap_err().fields(), fields);
        }
    }
}
