use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A question that is asked often: its words, or a table.
#[derive(Debug)]
pub(crate) struct TopQuestion {
    /// The words.
    pub question: String,
    /// The tags that it has.
    pub tags: Vec<String>,
    /// It belongs to a gallery that several bots share.
    pub gallery: bool,
    /// An editor picked it; the others were counted.
    pub picked: bool,
}

/// A tag of questions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tag {
    /// A name beside its id.
    pub name: Option<String>,
    /// The tag above it.
    pub parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    question: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    gallery: bool,
    #[serde(default)]
    picked: bool,
}

impl<'de> Deserialize<'de> for TopQuestion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = TopQuestion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a question, or a table with one")
            }

            fn visit_str<E: de::Error>(self, question: &str) -> Result<TopQuestion, E> {
                Ok(TopQuestion {
                    question: question.to_owned(),
                    tags: Vec::new(),
                    gallery: false,
                    picked: false,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TopQuestion, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(TopQuestion {
                    question: table.question,
                    tags: table.tags,
                    gallery: table.gallery,
                    picked: table.picked,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}
