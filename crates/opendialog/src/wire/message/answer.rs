//! What comes back: `docs/protocols/opendialog.md#25-success-responses`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::json;
use crate::wire::outbound::Outbound;

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// No body, `null`, `false`, `""` or `{}`: accepted, nothing to say.
    Empty,
    /// Exactly one message.
    One(Box<Outbound>),
    /// Several messages, or `[false]` for none. An empty list stops the widget.
    Many(Vec<Part>),
}

/// One element of an answer's list.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A message.
    Message(Box<Outbound>),
    /// `false`: a message that is not shown. On its own it is the right way to say nothing.
    Nothing,
}

impl Answer {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON, or neither a message nor a list.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::Empty);
        }
        json::read(body)
    }

    /// The messages in order.
    pub fn into_messages(self) -> Vec<Outbound> {
        match self {
            Self::Empty => Vec::new(),
            Self::One(message) => vec![*message],
            Self::Many(parts) => parts
                .into_iter()
                .filter_map(|part| match part {
                    Part::Message(message) => Some(*message),
                    Part::Nothing => None,
                })
                .collect(),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::One(message) => message.serialize(serializer),
            Self::Many(parts) => parts.serialize(serializer),
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(message) => message.serialize(serializer),
            Self::Nothing => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message, a list of messages or nothing")
            }

            fn visit_unit<E>(self) -> Result<Answer, E> {
                Ok(Answer::Empty)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Answer, E> {
                Ok(Answer::Empty)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Answer, E> {
                match text.trim() {
                    "" => Ok(Answer::Empty),
                    _ => Err(E::custom(UNTYPED)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Answer, A::Error> {
                match message(map)? {
                    Object::Message(message) => Ok(Answer::One(message)),
                    Object::Nothing => Ok(Answer::Empty),
                    Object::Untyped => Err(A::Error::custom(UNTYPED)),
                }
            }

            /// What cannot be read does not spoil the messages beside it; alone it is no answer.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Answer, A::Error> {
                let mut parts = Vec::new();
                let mut untyped = 0_usize;
                while let Some(element) = seq.next_element()? {
                    match element {
                        Element::Part(part) => parts.push(part),
                        Element::Untyped => untyped += 1,
                    }
                }
                let says_something = parts.iter().any(|part| matches!(part, Part::Message(_)));
                match untyped {
                    0 => {}
                    _ if !says_something => return Err(A::Error::custom(UNTYPED)),
                    _ => {
                        tracing::warn!(untyped, "messages of an engine have no type, and are lost")
                    }
                }
                Ok(Answer::Many(parts))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// One element as it came.
enum Element {
    Part(Part),
    Untyped,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message or false")
            }

            fn visit_unit<E>(self) -> Result<Element, E> {
                Ok(Element::Part(Part::Nothing))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
                Ok(Element::Part(Part::Nothing))
            }

            fn visit_str<E>(self, text: &str) -> Result<Element, E> {
                Ok(nothing_if(text.trim().is_empty()))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
                Ok(Element::Untyped)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
                Ok(Element::Untyped)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
                Ok(Element::Untyped)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
                let mut is_empty = true;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    is_empty = false;
                }
                Ok(nothing_if(is_empty))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
                Ok(match message(map)? {
                    Object::Message(message) => Element::Part(Part::Message(message)),
                    Object::Nothing => Element::Part(Part::Nothing),
                    Object::Untyped => Element::Untyped,
                })
            }
        }
        deserializer.deserialize_any(Read)
    }
}

fn nothing_if(is_empty: bool) -> Element {
    if is_empty {
        Element::Part(Part::Nothing)
    } else {
        Element::Untyped
    }
}

/// What is wrong with what says something, but is no message.
const UNTYPED: &str = "a message has no type";

/// What an object is.
enum Object {
    Message(Box<Outbound>),
    /// It has nothing in it.
    Nothing,
    /// It has something in it, but no type, or one that is no text.
    Untyped,
}

fn message<'de, A: MapAccess<'de>>(map: A) -> Result<Object, A::Error> {
    let message = Outbound::deserialize(MapAccessDeserializer::new(map))?;
    Ok(if !message.kind.is_empty() {
        Object::Message(Box::new(message))
    } else if message == Outbound::default() {
        Object::Nothing
    } else {
        Object::Untyped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_saying_nothing_is_understood() {
        for body in [
            "", " ", "null", "false", "\"\"", "{}", "[]", "[false]", "[[]]",
        ] {
            let answer = Answer::decode(body.as_bytes()).unwrap();
            assert!(answer.into_messages().is_empty(), "{body}");
        }
        assert!(Answer::decode(b"<html>").is_err());
        assert!(Answer::decode(b"17").is_err());
    }

    #[test]
    fn what_has_no_type_is_no_answer_and_spoils_none() {
        for alone in [
            r#"{"type":[],"data":"x"}"#,
            r#"[{"type":7}]"#,
            r#"[false,{"type":{}}]"#,
        ] {
            assert!(Answer::decode(alone.as_bytes()).is_err(), "{alone}");
        }
        let beside = br#"[{"type":7,"data":{}},{"type":"text","data":{"text":"a"}}]"#;
        assert_eq!(Answer::decode(beside).unwrap().into_messages().len(), 1);
    }

    #[test]
    fn false_between_messages_is_left_out() {
        let body = br#"[{"type":"text","data":{"text":"a"}},false,{"type":"text","data":{}}]"#;
        assert_eq!(Answer::decode(body).unwrap().into_messages().len(), 2);
    }
}
