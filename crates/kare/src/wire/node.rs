use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use switchboard_core::json::Borrowed;

/// A JSON value as it is read: texts are borrowed where they can be, and an object is a list, for
/// most are taken apart at once. What is kept becomes a [`Value`].
#[derive(Debug)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Object<'a>),
}

/// The fields of an object in their order; one that was taken leaves its place empty. Of a repeated
/// one the last counts.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Option<Node<'a>>)>);

impl<'a> Object<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_none())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let mut fields = self.0.iter().rev();
        let (_, value) = fields.find(|(known, value)| known == name && value.is_some())?;
        value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        let mut fields = self.0.iter_mut().rev();
        let (_, value) = fields.find(|(known, value)| known == name && value.is_some())?;
        value.as_mut()
    }

    /// Gives a field another name, unless that is taken.
    pub(crate) fn rename(&mut self, from: &str, to: &'static str) {
        if self.get(to).is_some() {
            return;
        }
        for (name, _) in self.0.iter_mut().filter(|(name, _)| name == from) {
            *name = to.into();
        }
    }

    pub(crate) fn push(&mut self, name: Cow<'a, str>, value: Node<'a>) {
        self.0.push((name, Some(value)));
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let fields = self.0.iter_mut().filter(|(known, _)| known == name);
        fields.filter_map(|(_, value)| value.take()).last()
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, value) in self.0 {
            if let Some(value) = value {
                map.insert(name.into_owned(), value.into_value());
            }
        }
        map
    }
}

impl<'a> Node<'a> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field, if this is an object that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(name),
            _ => None,
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Text, or what can stand for one: a number or a bool.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Number(_) | Self::Bool(_))
    }

    /// The text of what [is text](Node::is_text).
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string().into()),
            Self::Bool(value) => Some(value.to_string().into()),
            Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Array(values) => values.into_iter().map(Self::into_value).collect(),
            Self::Object(object) => Value::Object(object.into_map()),
        }
    }
}

impl From<Map<String, Value>> for Object<'_> {
    fn from(map: Map<String, Value>) -> Self {
        let fields = map.into_iter();
        Self(
            fields
                .map(|(name, value)| (name.into(), Some(value.into())))
                .collect(),
        )
    }
}

impl From<Value> for Node<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(values) => Self::Array(values.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.into()),
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Node::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        ObjectVisitor.visit_map(map).map(Node::Object)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some((Borrowed(name), value)) = map.next_entry()? {
            object.push(name, value);
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &str) -> Object<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_rest_is_what_the_json_says() {
        let json = r#"{"a":null,"b":[1,-2,1.5,true],"c\n":{"d":"e\"f","g":{}},"a":"again"}"#;
        let value: Value = serde_json::from_str(json).unwrap();
        let rest = Value::Object(read(json).into_map());
        assert_eq!(rest.to_string(), value.to_string());
    }

    #[test]
    fn of_a_repeated_field_the_last_counts() {
        let mut object = read(r#"{"a":1,"b":2,"a":"x"}"#);
        assert_eq!(object.get("a").and_then(Node::as_str), Some("x"));
        assert!(matches!(object.take("a"), Some(Node::Text(text)) if text == "x"));
        assert!(object.get("a").is_none() && object.take("a").is_none());
        assert_eq!(Value::Object(object.into_map()), json!({ "b": 2 }));
    }
}
