use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use regex::{Regex, RegexBuilder};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::template::Template;

/// Something that is said in each language in its own way: `"words"` for all languages, or
/// `{ en = "words", fr = "mots" }`, where `any` stands for the languages that are not listed.
#[derive(Debug, Clone)]
pub(crate) struct PerLanguage<T> {
    /// For languages that are not listed.
    pub any: Option<T>,
    /// By language.
    pub each: BTreeMap<String, T>,
}

/// What is said.
pub(crate) type Words = PerLanguage<Template>;

/// Words that are listened for.
pub(crate) type WordList = PerLanguage<Vec<String>>;

impl<T> Default for PerLanguage<T> {
    fn default() -> Self {
        Self {
            any: None,
            each: BTreeMap::new(),
        }
    }
}

impl<T> PerLanguage<T> {
    /// What belongs to `language`, else what belongs to all, else to the default language.
    pub(crate) fn get(&self, language: &str, default: &str) -> Option<&T> {
        self.each
            .get(language)
            .or(self.any.as_ref())
            .or_else(|| self.each.get(default))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerLanguage<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = PerLanguage<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words, or a table of them by language")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(text)).map(all)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(list)).map(all)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let mut each = BTreeMap::deserialize(MapAccessDeserializer::new(map))?;
                Ok(PerLanguage {
                    any: each.remove("any"),
                    each,
                })
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}

fn all<T>(value: T) -> PerLanguage<T> {
    PerLanguage {
        any: Some(value),
        each: BTreeMap::new(),
    }
}

/// A regular expression, blind to case.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        RegexBuilder::new(&text)
            .case_insensitive(true)
            .build()
            .map(Self)
            .map_err(|error| {
                // A drawing of several lines; the last one says what is wrong.
                let drawing = error.to_string();
                let reason = drawing.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ");
                de::Error::custom(format_args!("not a regular expression: {reason}"))
            })
    }
}

/// Makes a closed list of words into an enum that reads them, and lists them when it meets
/// another.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }
    };
}
pub(crate) use word;
