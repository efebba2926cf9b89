use std::fmt;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::item::duration;
use super::{ChoicesDef, OptionDef, Words, word};
use crate::template::Template;

/// A passage from a document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteDef {
    /// The passage, Markdown.
    pub text: Words,
    /// The document's title.
    pub title: Option<Words>,
    /// The document's address.
    pub url: Option<Template>,
}

/// A picture, film, sound or document: its address, or a table.
#[derive(Debug, Default)]
pub(crate) struct MediaDef {
    /// Where it is.
    pub url: Template,
    /// What it shows, in words.
    pub alt: Option<Words>,
    /// Where a click leads.
    pub link: Option<Template>,
    /// The link opens in a new window.
    pub new_tab: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaTable {
    url: Template,
    alt: Option<Words>,
    link: Option<Template>,
    #[serde(default)]
    new_tab: bool,
}

impl<'de> Deserialize<'de> for MediaDef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = MediaDef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or a table with `url`")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<MediaDef, E> {
                Ok(MediaDef {
                    url: Template::parse(url).map_err(E::custom)?,
                    ..MediaDef::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MediaDef, A::Error> {
                let table = MediaTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(MediaDef {
                    url: table.url,
                    alt: table.alt,
                    link: table.link,
                    new_tab: table.new_tab,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A picture, words and options that belong together.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Card {
    /// The heading.
    pub title: Option<Words>,
    /// Below it, Markdown.
    pub subtitle: Option<Words>,
    /// The body, Markdown.
    pub text: Option<Words>,
    /// A price or the like.
    pub figure: Option<Words>,
    /// The picture.
    pub image: Option<MediaDef>,
    /// What a click on the card as a whole does.
    pub tap: Option<Box<OptionDef>>,
    /// The buttons.
    pub options: Vec<OptionDef>,
}

/// Cards side by side.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Carousel {
    /// The heading.
    pub title: Option<Words>,
    /// The cards.
    pub cards: Vec<Card>,
}

/// Items in an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDef {
    /// The heading.
    pub title: Option<Words>,
    /// How it is laid out.
    pub view: Option<ListLayout>,
    /// The items.
    pub items: Vec<ListEntry>,
}

word! {
    /// How a list is laid out.
    ListLayout {
        /// One below the other, with the title.
        Titled = "titled",
        /// One below the other.
        Vertical = "vertical",
        /// Side by side.
        Horizontal = "horizontal",
    }
}

/// One item of a list.
#[derive(Debug, Deserialize)]
#[serde(try_from = "ListEntryTable")]
pub(crate) struct ListEntry {
    /// What it shows.
    pub what: ListEntryWhat,
    /// What can be picked.
    pub options: Vec<OptionDef>,
}

/// What an item of a list shows.
#[derive(Debug)]
pub(crate) enum ListEntryWhat {
    /// Words, Markdown.
    Text(Words),
    /// A picture.
    Image(MediaDef),
    /// A card.
    Card(Card),
    /// A question.
    Choices(ChoicesDef),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListEntryTable {
    text: Option<Words>,
    image: Option<MediaDef>,
    card: Option<Card>,
    choices: Option<Words>,
    #[serde(default)]
    options: Vec<OptionDef>,
}

impl TryFrom<ListEntryTable> for ListEntry {
    type Error = String;

    fn try_from(table: ListEntryTable) -> Result<Self, String> {
        let whats = [
            table.text.map(ListEntryWhat::Text),
            table.image.map(ListEntryWhat::Image),
            table.card.map(ListEntryWhat::Card),
            table
                .choices
                .map(|text| ListEntryWhat::Choices(ChoicesDef::new(text))),
        ];
        let mut whats = whats.into_iter().flatten();
        let (Some(what), None) = (whats.next(), whats.next()) else {
            return Err(
                "an item of a list shows one thing: `text`, `image`, `card` or `choices`"
                    .to_owned(),
            );
        };
        Ok(Self {
            what,
            options: table.options,
        })
    }
}

/// Asks what the user thinks of the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackDef {
    /// The question, Markdown.
    pub text: Words,
    /// The words for a helpful answer.
    pub yes: Words,
    /// The words for one that was not.
    pub no: Words,
    /// Reasons to choose from.
    #[serde(default)]
    pub reasons: Vec<Words>,
}

/// How far a process has come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgressDef {
    /// 0 to 100.
    #[serde(default, deserialize_with = "percent")]
    pub percent: Option<u8>,
    /// Beside the bar.
    pub label: Option<Words>,
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let number = u8::deserialize(deserializer)?;
    if number > 100 {
        return Err(de::Error::custom("a percentage is between 0 and 100"));
    }
    Ok(Some(number))
}

/// Informs without being an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeDef {
    /// What clients know it by.
    pub code: String,
    /// What to show, Markdown.
    #[serde(default)]
    pub text: Words,
}

/// A step of a handover.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverDef {
    /// Which step.
    pub step: HandoverStep,
    /// What the user is told, Markdown.
    #[serde(default)]
    pub text: Words,
    /// The place in the queue, 1 is next.
    pub position: Option<u32>,
    /// How long it will take.
    #[serde(default, deserialize_with = "some_duration")]
    pub wait: Option<Duration>,
    /// The system that takes over.
    pub system: Option<String>,
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(de::Error::custom)
}

word! {
    /// The steps of a handover.
    HandoverStep {
        /// A human is offered.
        Offered = "offered",
        /// The user waits.
        Waiting = "waiting",
        /// The operator has joined.
        Joined = "joined",
        /// Another operator goes on.
        Transferred = "transferred",
        /// The operator has left.
        Ended = "ended",
    }
}
