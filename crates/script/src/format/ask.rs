//! Content that the user answers with more than a click.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use switchboard_core::model::{DatePrecision, FieldKind};

use super::{Words, word};
use crate::template::Template;

/// What content that asks for something has in common.
pub(crate) trait Reply {
    /// The intent that the answer goes to; absent: the intent whose question it is.
    fn then(&self) -> Option<&str>;
}

macro_rules! reply {
    ($($name:ident)+) => {
        $(impl Reply for $name {
            fn then(&self) -> Option<&str> {
                self.then.as_deref()
            }
        })+
    };
}
reply!(Form SurveyDef Date Address Location Signature Upload);

/// Questions that are answered together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    /// Above the fields, Markdown.
    #[serde(default)]
    pub text: Words,
    /// The questions.
    pub fields: Vec<FieldDef>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// The way out.
    pub cancel: Option<Cancel>,
    /// Submits itself when a choice is made.
    #[serde(default)]
    pub auto_submit: bool,
    /// Takes the place of the message list.
    #[serde(default)]
    pub full_page: bool,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// The way out of a form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    /// The intent it leads to.
    pub to: String,
    /// The words on it.
    pub label: Words,
}

/// One question of a form or a survey.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldDef {
    /// The variable that receives the answer.
    pub name: String,
    /// The question.
    pub label: Words,
    /// What kind of answer it takes.
    #[serde(default = "text")]
    pub kind: FieldWord,
    /// Must be answered.
    #[serde(default)]
    pub required: bool,
    /// Lowest number, earliest date, or shortest text.
    #[serde(default, deserialize_with = "bound")]
    pub min: Option<String>,
    /// Highest number, latest date, or longest text.
    #[serde(default, deserialize_with = "bound")]
    pub max: Option<String>,
    /// Filled in beforehand.
    pub default: Option<Template>,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<FieldChoice>,
}

fn text() -> FieldWord {
    FieldWord::Text
}

word! {
    /// What kind of answer a field takes.
    FieldWord {
        /// One line.
        Text = "text",
        /// Several lines.
        LongText = "long_text",
        /// A number.
        Number = "number",
        /// An e-mail address.
        Email = "email",
        /// A date.
        Date = "date",
        /// One of a menu.
        Select = "select",
        /// One of those shown.
        Radio = "radio",
        /// Any of those shown.
        Checkbox = "checkbox",
        /// One, searched by typing.
        SearchSelect = "search_select",
        /// A heading.
        Title = "title",
    }
}

impl FieldWord {
    /// The model's word for it.
    pub(crate) fn kind(self) -> FieldKind {
        match self {
            Self::Text => FieldKind::Text,
            Self::LongText => FieldKind::LongText,
            Self::Number => FieldKind::Number,
            Self::Email => FieldKind::Email,
            Self::Date => FieldKind::Date,
            Self::Select => FieldKind::Select,
            Self::Radio => FieldKind::Radio,
            Self::Checkbox => FieldKind::Checkbox,
            Self::SearchSelect => FieldKind::SearchSelect,
            Self::Title => FieldKind::Title,
        }
    }

    /// Whether it needs something to choose from.
    pub(crate) fn has_options(self) -> bool {
        matches!(
            self,
            Self::Select | Self::Radio | Self::Checkbox | Self::SearchSelect
        )
    }
}

/// Something that can be chosen in a field: `"S"`, or `{ key = "S", label = "Small" }`.
#[derive(Debug)]
pub(crate) struct FieldChoice {
    /// What comes back.
    pub key: String,
    /// What is shown; the key if absent.
    pub label: Option<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldChoiceTable {
    key: String,
    label: Words,
}

impl<'de> Deserialize<'de> for FieldChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = FieldChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word, or a table with `key` and `label`")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<FieldChoice, E> {
                Ok(FieldChoice {
                    key: key.to_owned(),
                    label: None,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldChoice, A::Error> {
                let table = FieldChoiceTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FieldChoice {
                    key: table.key,
                    label: Some(table.label),
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

fn bound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct NumberOrText;

    impl Visitor<'_> for NumberOrText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number, or a date as text")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }

    deserializer.deserialize_any(NumberOrText).map(Some)
}

/// The questions of a survey.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SurveyDef {
    /// The title.
    pub title: Option<Words>,
    /// Above the questions, Markdown.
    #[serde(default)]
    pub text: Words,
    /// The questions.
    pub fields: Vec<FieldDef>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// Asks for a date.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Date {
    /// The question, Markdown.
    pub text: Words,
    /// How exact the date must be.
    #[serde(default)]
    pub precision: DatePrecision,
    /// Earliest date: `today`, `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    pub min: Option<String>,
    /// Latest date.
    pub max: Option<String>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// Asks for one of many values, or for a postal address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    /// The question, Markdown.
    pub text: Words,
    /// Above the suggestions.
    pub title: Option<Words>,
    /// In the empty box.
    pub placeholder: Option<Words>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// Where suggestions come from.
    pub source: Option<Source>,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// An address that answers a search with a JSON array of objects that have a `name`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// The address.
    pub url: String,
    /// Fixed query parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The parameter that carries what was typed.
    #[serde(default = "query")]
    pub query: String,
}

fn query() -> String {
    "query".to_owned()
}

/// Asks where the user is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Location {
    /// The question, Markdown.
    pub text: Words,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// Asks for an electronic signature.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    /// The question, Markdown.
    pub text: Words,
    /// The document's title.
    pub title: Option<Words>,
    /// The document's words.
    pub document: Option<Words>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// See [`Reply::then`].
    pub then: Option<String>,
}

/// Asks for a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upload {
    /// The question, Markdown.
    pub text: Words,
    /// Several files may be given.
    #[serde(default)]
    pub multiple: bool,
    /// Largest size of a file in bytes.
    pub max_bytes: Option<u64>,
    /// Allowed extensions without the dot.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// The words on the button.
    pub submit: Option<Words>,
    /// See [`Reply::then`].
    pub then: Option<String>,
}
