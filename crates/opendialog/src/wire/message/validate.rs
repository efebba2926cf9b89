//! What makes a request acceptable, and the words for what does not.
//!
//! The rules and their order are the vendor's
//! (`docs/protocols/opendialog.md#23-validation-and-the-422-body`). Where its server lets a
//! request through and then fails on it
//! (`docs/protocols/opendialog.md#24-valid-by-the-rules-but-faulting-in-the-g1-server`), this one
//! refuses it in the same words.

use std::borrow::Cow;

use serde_json::Value;

use super::{Kind, Request};
use crate::wire::error::{Invalid, humanise};
use crate::wire::fields::{Field, Fields};
use crate::wire::json;
use crate::wire::scalar::trimmed;

/// Reads a request.
///
/// # Errors
/// What is wrong with it, all fields together.
pub fn decode(body: &[u8]) -> Result<Request<'_>, Invalid> {
    // The common case is one typed pass; only what fails is read again, to say all that is wrong.
    match json::read::<Request<'_>>(body) {
        Ok(mut request) => {
            trim(&mut request);
            if is_acceptable(&request) {
                return Ok(request);
            }
            Err(explain(&serde_json::to_value(&request).unwrap_or_default()))
        }
        Err(error) => {
            let body = serde_json::from_slice(body).unwrap_or_default();
            let mut invalid = explain(&body);
            if invalid.is_empty() {
                invalid.add("content", format!("The content cannot be read: {error}."));
            }
            Err(invalid)
        }
    }
}

/// The keys whose values the vendor's server does not trim, wherever they stand.
const UNTRIMMED: [&str; 2] = ["password", "password_confirmation"];

/// The vendor's server trims every string before it looks at it.
fn trim(request: &mut Request<'_>) {
    fn text(text: &mut Cow<'_, str>) {
        *text = trimmed(std::mem::take(text));
    }
    text(&mut request.notification);
    text(&mut request.user_id);
    text(&mut request.author);
    request.message_id.iter_mut().for_each(text);
    let content = &mut request.content;
    content.callback_id.iter_mut().for_each(text);
    for fields in [Some(&mut content.data), content.user.as_mut()] {
        for (key, field) in fields.into_iter().flat_map(Fields::iter_mut) {
            match field {
                _ if UNTRIMMED.contains(&key) => {}
                Field::Text(value) => text(value),
                Field::Json(value) if has_blanks(value) => trim_json(value.to_mut()),
                _ => {}
            }
        }
    }
}

/// Whether [`trim_json`] would change anything.
fn has_blanks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().len() != text.len(),
        Value::Array(list) => list.iter().any(has_blanks),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| !UNTRIMMED.contains(&&**key) && has_blanks(value)),
        _ => false,
    }
}

fn trim_json(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(list) => list.iter_mut().for_each(trim_json),
        Value::Object(object) => object
            .iter_mut()
            .filter(|(key, _)| !UNTRIMMED.contains(&key.as_str()))
            .for_each(|(_, value)| trim_json(value)),
        _ => {}
    }
}

fn is_acceptable(request: &Request<'_>) -> bool {
    let content = &request.content;
    let has_callback = content
        .callback_id
        .as_deref()
        .is_some_and(|id| !id.is_empty());
    let has = |key| content.data_text(key).is_some_and(|text| !text.is_empty());
    request.notification == Request::NOTIFICATION
        && !request.user_id.is_empty()
        && !request.author.is_empty()
        && match content.kind {
            Kind::UrlClick => has("url"),
            Kind::ChatOpen => {
                has_callback && content.user.as_ref().is_some_and(|user| !user.is_empty())
            }
            Kind::Text | Kind::LongtextResponse => has("text") && content.user.is_some(),
            Kind::Trigger | Kind::ButtonResponse | Kind::FormResponse => {
                has_callback && content.user.is_some()
            }
        }
}

/// Everything that is wrong with a body.
fn explain(body: &Value) -> Invalid {
    let mut invalid = Invalid::new();
    if string(&mut invalid, body, "notification")
        .is_some_and(|notification| notification != Request::NOTIFICATION)
    {
        invalid.add("notification", "The selected notification is invalid.");
    }
    string(&mut invalid, body, "user_id");
    string(&mut invalid, body, "author");
    match body.get("content") {
        content if is_missing(content) => invalid.required("content"),
        Some(content @ (Value::Object(_) | Value::Array(_))) => {
            explain_content(&mut invalid, content);
        }
        _ => invalid.add("content", "The content must be an array."),
    }
    invalid
}

fn explain_content(invalid: &mut Invalid, content: &Value) {
    // Without a known type the rules of the other fields still hold, as far as they name no type.
    let kind = match content.get("type") {
        None | Some(Value::Null) => {
            invalid.required("content.type");
            None
        }
        Some(name) => {
            let kind = name.as_str().and_then(|name| Kind::from_name(name.trim()));
            if kind.is_none() {
                invalid.add("content.type", "The selected content.type is invalid.");
            }
            kind
        }
    };
    explain_callback(invalid, content.get("callback_id"), kind);
    explain_user(invalid, content.get("user"), kind);
    if let Some(kind) = kind {
        explain_data(invalid, content.get("data"), kind);
    }
}

fn explain_callback(invalid: &mut Invalid, callback: Option<&Value>, kind: Option<Kind>) {
    const FIELD: &str = "content.callback_id";
    let needs_one =
        |kind: &Kind| !matches!(kind, Kind::Text | Kind::LongtextResponse | Kind::UrlClick);
    match kind.filter(needs_one) {
        Some(kind) if is_missing(callback) => invalid.add(FIELD, required_when(FIELD, kind)),
        _ if matches!(callback, None | Some(Value::String(_))) => {}
        _ => invalid.add(FIELD, "The content.callback id must be a string."),
    }
}

fn explain_user(invalid: &mut Invalid, user: Option<&Value>, kind: Option<Kind>) {
    const FIELD: &str = "content.user";
    match (user, kind) {
        (user, Some(kind @ Kind::ChatOpen)) if is_missing(user) => {
            invalid.add(FIELD, required_when(FIELD, kind));
        }
        (None, None | Some(Kind::UrlClick)) => {}
        (None, Some(_)) => invalid.add(FIELD, "The content.user field must be present."),
        (Some(user), _) if is_object(user) => {}
        (Some(_), _) => invalid.add(FIELD, "The content.user must be an array."),
    }
}

fn explain_data(invalid: &mut Invalid, data: Option<&Value>, kind: Kind) {
    let Some(data) = data else {
        invalid.add("content.data", "The content.data field must be present.");
        return;
    };
    if !is_object(data) {
        invalid.add("content.data", "The content.data must be an array.");
        return;
    }
    match kind {
        Kind::Text | Kind::LongtextResponse if is_missing(data.get("text")) => {
            invalid.required("content.data.text");
        }
        Kind::UrlClick if is_missing(data.get("url")) => invalid.required("content.data.url"),
        Kind::Text | Kind::LongtextResponse if is_compound(data.get("text")) => {
            invalid.add(
                "content.data.text",
                "The content.data.text must be a string.",
            );
        }
        Kind::UrlClick if is_compound(data.get("url")) => {
            invalid.add("content.data.url", "The content.data.url must be a string.");
        }
        _ => {}
    }
}

fn required_when(field: &str, kind: Kind) -> String {
    format!(
        "The {} field is required when content.type is {}.",
        humanise(field),
        kind.as_str()
    )
}

/// A required string, if it is one.
fn string<'a>(invalid: &mut Invalid, body: &'a Value, field: &str) -> Option<&'a str> {
    match body.get(field) {
        value if is_missing(value) => invalid.required(field),
        Some(Value::String(text)) => return Some(text.trim()),
        _ => invalid.add(field, format!("The {} must be a string.", humanise(field))),
    }
    None
}

/// What the vendor's framework counts as not given.
fn is_missing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(object)) => object.is_empty(),
        Some(_) => false,
    }
}

/// PHP writes an empty object as `[]`.
fn is_object(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn is_compound(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Array(_) | Value::Object(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(body: Value, errors: Value) {
        let invalid = decode(&serde_json::to_vec(&body).unwrap()).unwrap_err();
        assert_eq!(invalid.message, Invalid::MESSAGE);
        assert_eq!(Value::Object(invalid.errors), errors, "{body}");
    }

    fn with_content(content: Value) -> Value {
        json!({"notification": "message", "user_id": "u", "author": "u", "content": content})
    }

    #[test]
    fn every_field_is_reported_at_once() {
        check(
            json!({}),
            json!({
                "notification": ["The notification field is required."],
                "user_id": ["The user id field is required."],
                "author": ["The author field is required."],
                "content": ["The content field is required."],
            }),
        );
        check(
            json!({"notification": 1, "user_id": 2, "author": " ", "content": "x"}),
            json!({
                "notification": ["The notification must be a string."],
                "user_id": ["The user id must be a string."],
                "author": ["The author field is required."],
                "content": ["The content must be an array."],
            }),
        );
    }

    #[test]
    fn what_the_vendors_server_fails_on_is_refused() {
        check(
            with_content(json!({"data": {}, "user": {}})),
            json!({"content.type": ["The content.type field is required."]}),
        );
        check(
            with_content(json!({"type": "text", "data": {}, "user": {}})),
            json!({"content.data.text": ["The content.data.text field is required."]}),
        );
        check(
            with_content(json!({"type": "text"})),
            json!({
                "content.user": ["The content.user field must be present."],
                "content.data": ["The content.data field must be present."],
            }),
        );
        check(
            with_content(json!({"type": "trigger", "data": {}, "user": {}})),
            json!({"content.callback_id": [
                "The content.callback id field is required when content.type is trigger."
            ]}),
        );
        check(
            with_content(
                json!({"type": "text", "data": {"text": "x"}, "user": 5, "callback_id": 7}),
            ),
            json!({
                "content.callback_id": ["The content.callback id must be a string."],
                "content.user": ["The content.user must be an array."],
            }),
        );
        check(
            with_content(json!({"type": "text", "data": {"text": ["x"]}, "user": {}})),
            json!({"content.data.text": ["The content.data.text must be a string."]}),
        );
    }

    #[test]
    fn empty_lists_are_empty_objects_and_strings_are_trimmed() {
        let body = with_content(json!({
            "type": "trigger", "callback_id": " WELCOME ", "data": [], "user": [],
        }));
        let body = serde_json::to_vec(&body).unwrap();
        let request = decode(&body).unwrap();
        assert_eq!(request.content.callback_id.as_deref(), Some("WELCOME"));
        assert!(request.content.data.is_empty());
    }

    #[test]
    fn what_is_no_json_is_an_empty_body() {
        let invalid = decode(b"not json").unwrap_err();
        assert_eq!(invalid.errors.len(), 4);
    }
}
