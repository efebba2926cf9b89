//! An object as keys and values, where nothing is copied that can be borrowed: what is read borrows
//! from the body, what is written from the model.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::{Map, Value};
use switchboard_core::json::Borrowed;

use super::scalar::text_of;

/// Up to so many keys are looked through one by one; for more, finding them is prepared.
const FEW: usize = 16;

/// Keys and values in order, each key once: where a body repeats one, the last value counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Field<'a>)>);

/// A value. Null, truth values and texts always have their own form, so that equal ones are equal.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// Null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A string.
    Text(Cow<'a, str>),
    /// Anything else.
    Json(Cow<'a, Value>),
}

impl<'a> Fields<'a> {
    /// None yet, with place for some.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Field<'a>> {
        let field = self.0.iter().find(|(known, _)| known == key);
        field.map(|(_, value)| value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Field<'a>> {
        let field = self.0.iter_mut().find(|(known, _)| known == key);
        field.map(|(_, value)| value)
    }

    /// Sets a key, in its place if it is there already.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Field<'a>>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(known) => *known = value.into(),
            None => self.push(key, value),
        }
    }

    /// Sets keys, each in its place if it is there already.
    pub fn set_all<K, V>(&mut self, fields: impl IntoIterator<Item = (K, V)>)
    where
        K: Into<Cow<'a, str>>,
        V: Into<Field<'a>>,
    {
        let mut fields = fields.into_iter();
        while self.0.len() < FEW
            && let Some((key, value)) = fields.next()
        {
            self.insert(key, value);
        }
        let Some(next) = fields.next() else { return };
        let known = self.0.iter().map(|(key, _)| key.clone());
        let mut places: HashMap<_, _> = known.zip(0..).collect();
        for (key, value) in std::iter::once(next).chain(fields) {
            let key = key.into();
            match places.get(&key).and_then(|place| self.0.get_mut(*place)) {
                Some((_, known)) => *known = value.into(),
                None => {
                    places.insert(key.clone(), self.0.len());
                    self.push(key, value);
                }
            }
        }
    }

    fn has_repeats(&self) -> bool {
        let mut keys = self.0.iter().map(|(key, _)| key);
        if self.0.len() <= FEW {
            let before = |at| self.0.iter().map(|(key, _)| key).take(at);
            return keys
                .enumerate()
                .any(|(at, key)| before(at).any(|known| known == key));
        }
        let mut known = HashSet::with_capacity(self.0.len());
        !keys.all(|key| known.insert(key))
    }

    /// Adds a key that is not there yet.
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Field<'a>>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds the keys of an object that are not there yet.
    pub fn extend(&mut self, object: &'a Map<String, Value>) {
        let fields = object.iter();
        self.0
            .extend(fields.map(|(key, value)| (Cow::Borrowed(key.as_str()), value.into())));
    }

    /// Adds others that are not there yet.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Takes keys away.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field<'a>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// Keys and values in order, to change the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Field<'a>)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    /// As a JSON object.
    pub fn into_map(self) -> Map<String, Value> {
        let fields = self.0.into_iter();
        fields
            .map(|(key, value)| (key.into_owned(), value.into_value()))
            .collect()
    }
}

impl<'a> From<&'a Map<String, Value>> for Fields<'a> {
    fn from(object: &'a Map<String, Value>) -> Self {
        // More is usually added.
        let mut fields = Self::with_capacity(object.len() + 4);
        fields.extend(object);
        fields
    }
}

impl Field<'_> {
    /// The value as text; nothing for null, lists and objects.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null => None,
            Self::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Json(value) => text_of(value),
        }
    }

    /// As JSON.
    pub fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    /// As JSON.
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Json(value) => value.into_owned(),
        }
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Field<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Field<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<'a> From<&'a Value> for Field<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Self::Json(Cow::Borrowed(value))
            }
        }
    }
}

impl From<Value> for Field<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::String(text) => Self::Text(Cow::Owned(text)),
            other => Self::Json(Cow::Owned(other)),
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// What stands where an object is expected.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    /// An object.
    Object(Fields<'a>),
    /// Something else.
    Other(Field<'a>),
}

impl<'a> Payload<'a> {
    /// The object. PHP writes an empty one as `[]`.
    pub(crate) fn into_object(self) -> Option<Fields<'a>> {
        match self {
            Self::Object(fields) => Some(fields),
            Self::Other(Field::Json(value)) if value.as_array().is_some_and(Vec::is_empty) => {
                Some(Fields::default())
            }
            Self::Other(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Payload<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Payload<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Payload::Other(Field::Null))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Payload::Other(Field::Bool(truth)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Payload::Other(Value::from(number).into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Payload::Other(Value::from(number).into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Payload::Other(Value::from(number).into()))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Payload::Other(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Payload::Other(text.to_owned().into()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Payload::Other(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let list = Value::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(Payload::Other(list.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Fields::deserialize(MapAccessDeserializer::new(map)).map(Payload::Object)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Payload::deserialize(deserializer)? {
            Payload::Object(fields) => Value::Object(fields.into_map()).into(),
            Payload::Other(field) => field,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::with_capacity(8);
                while let Some(Borrowed(key)) = map.next_key()? {
                    fields.0.push((key, map.next_value()?));
                }
                if fields.has_repeats() {
                    let repeated = std::mem::take(&mut fields);
                    fields.set_all(repeated.0);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// A value is read into a type as its JSON would be.
impl<'de> Deserializer<'de> for &'de Field<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Field::Null => visitor.visit_unit(),
            Field::Bool(truth) => visitor.visit_bool(*truth),
            Field::Text(text) => visitor.visit_borrowed_str(text),
            Field::Json(value) => (&**value).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Field::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self {
            Field::Text(text) => visitor.visit_enum(text.as_ref().into_deserializer()),
            Field::Json(value) => (&**value).deserialize_enum(name, variants, visitor),
            Field::Null | Field::Bool(_) => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_and_written() {
        let body =
            r#"{"a":"plain","b":"es\"caped","c":null,"d":true,"e":-1,"f":1.5,"g":[{"h":{}}]}"#;
        let fields: Fields<'_> = serde_json::from_str(body).unwrap();
        assert!(matches!(
            fields.get("a"),
            Some(Field::Text(Cow::Borrowed("plain")))
        ));
        assert_eq!(serde_json::to_string(&fields).unwrap(), body);
        let value: Value = serde_json::from_str(body).unwrap();
        assert_eq!(Fields::from(value.as_object().unwrap()), fields);
        assert_eq!(Value::Object(fields.into_map()), value);
    }

    #[test]
    fn the_last_of_repeated_keys_counts() {
        let fields: Fields<'_> = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(fields.get("a").unwrap().to_value(), 3);
        assert_eq!(fields.iter().count(), 2);
        assert_eq!(Value::Object(fields.into_map()), json!({"a": 3, "b": 2}));
        let many = (0..300).map(|number| format!(r#""{}":{number}"#, number % 100));
        let body = format!("{{{}}}", many.collect::<Vec<_>>().join(","));
        let fields: Fields<'_> = serde_json::from_str(&body).unwrap();
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(fields.iter().count(), 100);
        assert_eq!(serde_json::to_string(&fields).unwrap(), value.to_string());
    }

    #[test]
    fn a_key_is_set_in_its_place() {
        let mut fields = Fields::default();
        fields.insert("a", "1");
        fields.insert("b", true);
        fields.insert("a", "2");
        assert_eq!(
            serde_json::to_string(&fields).unwrap(),
            r#"{"a":"2","b":true}"#
        );
    }
}
