//! Values that PHP writes in more than one shape.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A string that may arrive as a number or a truth value, such as the limits of a form element or
/// a numeric option key. It stays as it was written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub Value);

impl Scalar {
    /// The value as text; nothing for null, lists and objects.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        text_of(&self.0)
    }

    /// The value as text, if that is not empty.
    pub fn words(&self) -> Option<Cow<'_, str>> {
        self.text().filter(|text| !text.trim().is_empty())
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self(Value::from(text))
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self(Value::from(text))
    }
}

/// A JSON scalar as text.
pub(crate) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text without the white space around it.
pub(crate) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// Names and values. PHP writes an empty set as `[]`, and one with the keys 0, 1, 2 as a list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Named(pub Value);

impl Named {
    /// The names and values in order; the places of a list are its names.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, &Value)> {
        let object = self.0.as_object().into_iter().flatten();
        let list = self.0.as_array().into_iter().flatten().enumerate();
        object
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), value))
            .chain(list.map(|(place, value)| (Cow::Owned(place.to_string()), value)))
    }

    /// The text of one entry, if it has any.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        text_of(self.0.as_object()?.get(name)?).filter(|text| !text.is_empty())
    }
}

impl FromIterator<(String, String)> for Named {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Value::Object(
            pairs
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)))
                .collect(),
        ))
    }
}

/// The options of a form element: an object key → label for most, a list of `{key, value}` for
/// `auto-select`. See `docs/protocols/opendialog.md#form-and-fp-form-source-code`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(pub Value);

impl Options {
    /// Keys and labels in order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        match &self.0 {
            Value::Object(object) => object
                .iter()
                .map(|(key, label)| (key.clone(), owned(label)))
                .collect(),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(place, option)| match option {
                    Value::Object(pair) => (
                        pair.get("key").map(owned).unwrap_or_default(),
                        pair.get("value").map(owned).unwrap_or_default(),
                    ),
                    label => (place.to_string(), owned(label)),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// As an object key → label. Webchat 1.0.0 reads nothing else for menus.
    pub fn keyed<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let object: Map<String, Value> = pairs
            .into_iter()
            .map(|(key, label)| (key.to_owned(), Value::from(label)))
            .collect();
        Self(Value::Object(object))
    }

    /// As a list of `{key, value}`.
    pub fn listed<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(Value::Array(
            pairs
                .into_iter()
                .map(|(key, label)| {
                    let mut pair = Map::new();
                    pair.insert("key".to_owned(), Value::from(key));
                    pair.insert("value".to_owned(), Value::from(label));
                    Value::Object(pair)
                })
                .collect(),
        ))
    }
}

fn owned(value: &Value) -> String {
    text_of(value).map(Cow::into_owned).unwrap_or_default()
}
