use std::borrow::Cow;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer};
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use super::node::{Node, Object};

/// A JSON object that is taken apart field by field; what nobody takes is left over and kept.
///
/// Its texts are borrowed from the bytes that it was read from, where they stand there unescaped.
#[derive(Debug, Default)]
pub struct Fields<'a>(Object<'a>);

impl<'a> Fields<'a> {
    pub(super) fn new(object: Object<'a>) -> Self {
        Self(object)
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.0.into_map()
    }

    /// What nobody took, as it was read.
    pub(super) fn into_object(self) -> Object<'a> {
        self.0
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub(crate) fn peek(&self, name: &str) -> Option<&Node<'a>> {
        self.0.get(name)
    }

    /// Adds a field that is not there yet.
    pub(crate) fn add(&mut self, name: &'static str, text: impl Into<Cow<'a, str>>) {
        self.0.push(name.into(), Node::Text(text.into()));
    }

    /// Takes the first of the names whose value `usable` accepts. A null is as good as absent, and
    /// so is an unusable value under the canonical name, the first, once another name serves.
    fn take_if(&mut self, names: &[&str], usable: impl Fn(&Node<'a>) -> bool) -> Option<Node<'a>> {
        for (at, name) in names.iter().enumerate() {
            match self.0.get(name) {
                None => {}
                Some(Node::Null) => {
                    self.0.take(name);
                }
                Some(value) if usable(value) => {
                    let value = self.0.take(name);
                    if let ([canonical, ..], 1..) = (names, at) {
                        self.discard(canonical);
                    }
                    return value;
                }
                Some(_) => {}
            }
        }
        None
    }

    /// Drops an unusable value in whose stead another serves.
    pub(crate) fn discard(&mut self, name: &str) {
        self.0.take(name);
    }

    /// Takes the first of the names, whatever its value.
    pub(crate) fn value(&mut self, names: &[&str]) -> Option<Node<'a>> {
        self.take_if(names, |_| true)
    }

    /// Takes the first of the names that holds text, a number or a bool, as text.
    pub(crate) fn text(&mut self, names: &[&str]) -> Option<String> {
        self.text_ref(names).map(Cow::into_owned)
    }

    /// Like [`Fields::text`], for a text that is only looked at.
    pub(crate) fn text_ref(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.take_if(names, Node::is_text)?.into_text()
    }

    /// Like [`Fields::text`]; blank text is as good as absent.
    pub(crate) fn words(&mut self, names: &[&str]) -> Option<String> {
        self.words_ref(names).map(Cow::into_owned)
    }

    /// Like [`Fields::words`], for words that are only looked at.
    pub(crate) fn words_ref(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        let is_blank = |value: &Node<'_>| value.as_str().is_some_and(|text| text.trim().is_empty());
        self.take_if(names, |value| value.is_text() && !is_blank(value))?
            .into_text()
    }

    pub(crate) fn object(&mut self, names: &[&str]) -> Option<Self> {
        match self.take_if(names, Node::is_object) {
            Some(Node::Object(object)) => Some(Self(object)),
            _ => None,
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.take_if(&[name], |value| matches!(value, Node::Bool(_))) {
            Some(Node::Bool(value)) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        let usable = |value: &Node<'_>| matches!(value, Node::Number(number) if number.is_u64());
        match self.take_if(&[name], usable) {
            Some(Node::Number(number)) => number.as_u64(),
            _ => None,
        }
    }

    /// Takes a list of texts; a single text is split at commas.
    pub(crate) fn texts(&mut self, names: &[&str]) -> Vec<String> {
        let usable = |value: &Node<'_>| matches!(value, Node::Array(_) | Node::Text(_));
        let list: Vec<String> = match self.take_if(names, usable) {
            Some(Node::Array(values)) => values
                .into_iter()
                .filter_map(|value| match value {
                    Node::Text(text) => Some(text.into_owned()),
                    Node::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect(),
            Some(Node::Text(text)) => text.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        list.into_iter()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }
}

impl From<Map<String, Value>> for Fields<'_> {
    fn from(map: Map<String, Value>) -> Self {
        Self(Object::from(map))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Object::deserialize(deserializer).map(Self)
    }
}

/// Writes a known field, unless an unreadable value of the same name was kept.
pub(crate) fn put<S, T>(
    map: &mut S,
    kept: &Map<String, Value>,
    name: &'static str,
    value: &T,
) -> Result<(), S::Error>
where
    S: SerializeMap,
    T: Serialize + ?Sized,
{
    if !kept.is_empty() && kept.contains_key(name) {
        return Ok(());
    }
    map.serialize_entry(name, value)
}

/// Like [`put`] for a field that may be absent.
pub(crate) fn put_some<S, T>(
    map: &mut S,
    kept: &Map<String, Value>,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), S::Error>
where
    S: SerializeMap,
    T: Serialize + ?Sized,
{
    match value {
        Some(value) => put(map, kept, name, value),
        None => Ok(()),
    }
}

/// Writes what was kept.
pub(crate) fn put_kept<S: SerializeMap>(
    map: &mut S,
    kept: &Map<String, Value>,
) -> Result<(), S::Error> {
    for (name, value) in kept {
        map.serialize_entry(name, value)?;
    }
    Ok(())
}
