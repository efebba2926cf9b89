use std::fmt;
use std::time::Duration;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use switchboard_core::dialect::read_duration;
use switchboard_core::model::{ChoicesKind, TextFormat};

use super::{
    Address, Card, Carousel, Date, FeedbackDef, Form, HandoverDef, ListDef, Location, MediaDef,
    NoticeDef, OptionDef, PerLanguage, ProgressDef, QuoteDef, Signature, SurveyDef, Upload, Words,
};
use crate::template::Template;

/// What is said, in order: words, words by language, or a list of items.
#[derive(Debug, Default)]
pub(crate) struct Answer(pub Vec<Item>);

/// One message, or something that happens between messages.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Table")]
pub(crate) struct Item {
    /// When, after the item before it.
    pub delay: Delay,
    /// What.
    pub what: What,
    /// What the user can pick.
    pub options: Vec<OptionDef>,
}

/// How long an item waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Delay {
    /// Not at all.
    #[default]
    None,
    /// The turn lasts longer.
    Slow(Duration),
    /// The turn ends without it; it is said later, unasked. So is everything after it.
    After(Duration),
}

/// What an item is.
#[derive(Debug)]
pub(crate) enum What {
    /// Words.
    Text(TextFormat, Words),
    /// The bot has no answer.
    NoAnswer(Words),
    /// A question with options.
    Choices(ChoicesDef),
    /// A passage from a document.
    Quote(QuoteDef),
    /// A picture.
    Image(MediaDef),
    /// A film.
    Video(MediaDef),
    /// A sound.
    Audio(MediaDef),
    /// A document.
    File(MediaDef),
    /// A card.
    Card(Box<Card>),
    /// Cards.
    Carousel(Carousel),
    /// A list.
    List(ListDef),
    /// A form.
    Form(Box<Form>),
    /// A survey.
    Survey(Box<SurveyDef>),
    /// A date picker.
    Date(Date),
    /// One of many values.
    Autocomplete(Box<Address>),
    /// A postal address.
    Address(Box<Address>),
    /// Where the user is.
    Location(Location),
    /// A signature.
    Signature(Box<Signature>),
    /// A file.
    Upload(Upload),
    /// Feedback.
    Feedback(Box<FeedbackDef>),
    /// Progress.
    Progress(ProgressDef),
    /// A step of a handover.
    Handover(HandoverDef),
    /// Settings for the client.
    Attributes(Map<String, Value>),
    /// Somebody is typing, or stopped.
    Typing(bool),
    /// A notice.
    Notice(NoticeDef),
}

/// A question with options.
#[derive(Debug)]
pub(crate) struct ChoicesDef {
    /// The question, Markdown.
    pub text: Words,
    /// What the options are.
    pub kind: ChoicesKind,
    /// Shown in place of the text box.
    pub replaces_input: bool,
    /// The options go away with the first click.
    pub once: bool,
}

impl ChoicesDef {
    /// An ordinary question.
    pub(crate) fn new(text: Words) -> Self {
        Self {
            text,
            kind: ChoicesKind::Dialog,
            replaces_input: false,
            once: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default, deserialize_with = "delay")]
    after: Option<Duration>,
    #[serde(default, deserialize_with = "delay")]
    slow: Option<Duration>,
    #[serde(default)]
    options: Vec<OptionDef>,
    text: Option<Words>,
    html: Option<Words>,
    plain: Option<Words>,
    no_answer: Option<Words>,
    choices: Option<Words>,
    #[serde(default)]
    suggestions: bool,
    #[serde(default)]
    replaces_input: bool,
    #[serde(default)]
    once: bool,
    quote: Option<QuoteDef>,
    image: Option<MediaDef>,
    video: Option<MediaDef>,
    audio: Option<MediaDef>,
    file: Option<MediaDef>,
    card: Option<Box<Card>>,
    carousel: Option<Carousel>,
    list: Option<ListDef>,
    form: Option<Box<Form>>,
    survey: Option<Box<SurveyDef>>,
    date: Option<Date>,
    autocomplete: Option<Box<Address>>,
    address: Option<Box<Address>>,
    location: Option<Location>,
    signature: Option<Box<Signature>>,
    upload: Option<Upload>,
    feedback: Option<Box<FeedbackDef>>,
    progress: Option<ProgressDef>,
    handover: Option<HandoverDef>,
    attributes: Option<Map<String, Value>>,
    typing: Option<bool>,
    notice: Option<NoticeDef>,
}

impl TryFrom<Table> for Item {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let is_choices = table.choices.is_some();
        if !is_choices && (table.suggestions || table.replaces_input || table.once) {
            return Err(
                "`suggestions`, `replaces_input` and `once` belong to `choices`".to_owned(),
            );
        }
        let whats = [
            table
                .text
                .map(|words| What::Text(TextFormat::Markdown, words)),
            table.html.map(|words| What::Text(TextFormat::Html, words)),
            table
                .plain
                .map(|words| What::Text(TextFormat::Plain, words)),
            table.no_answer.map(What::NoAnswer),
            table.choices.map(|text| {
                What::Choices(ChoicesDef {
                    text,
                    kind: if table.suggestions {
                        ChoicesKind::Disambiguation
                    } else {
                        ChoicesKind::Dialog
                    },
                    replaces_input: table.replaces_input,
                    once: table.once,
                })
            }),
            table.quote.map(What::Quote),
            table.image.map(What::Image),
            table.video.map(What::Video),
            table.audio.map(What::Audio),
            table.file.map(What::File),
            table.card.map(What::Card),
            table.carousel.map(What::Carousel),
            table.list.map(What::List),
            table.form.map(What::Form),
            table.survey.map(What::Survey),
            table.date.map(What::Date),
            table.autocomplete.map(What::Autocomplete),
            table.address.map(What::Address),
            table.location.map(What::Location),
            table.signature.map(What::Signature),
            table.upload.map(What::Upload),
            table.feedback.map(What::Feedback),
            table.progress.map(What::Progress),
            table.handover.map(What::Handover),
            table.attributes.map(What::Attributes),
            table.typing.map(What::Typing),
            table.notice.map(What::Notice),
        ];
        let mut whats = whats.into_iter().flatten();
        let (Some(what), None) = (whats.next(), whats.next()) else {
            return Err(
                "a message says one thing: give it exactly one of `text`, `html`, `plain`, \
                 `no_answer`, `choices`, `quote`, `image`, `video`, `audio`, `file`, `card`, \
                 `carousel`, `list`, `form`, `survey`, `date`, `autocomplete`, `address`, \
                 `location`, `signature`, `upload`, `feedback`, `progress`, `handover`, \
                 `attributes`, `typing`, `notice`"
                    .to_owned(),
            );
        };
        if is_choices && table.options.is_empty() {
            return Err("`choices` need `options`".to_owned());
        }
        if !table.options.is_empty() {
            match what {
                What::Typing(_) | What::Notice(_) => {
                    return Err("only a message can have `options`".to_owned());
                }
                What::Card(_) => {
                    return Err("the `options` of a card belong into it: `card.options`".to_owned());
                }
                What::Feedback(_) => {
                    return Err("the options of `feedback` are its `yes` and `no`".to_owned());
                }
                _ => {}
            }
        }
        let delay = match (table.after, table.slow) {
            (None, None) => Delay::None,
            (Some(after), None) => Delay::After(after),
            (None, Some(slow)) => Delay::Slow(slow),
            (Some(_), Some(_)) => {
                return Err("a message is either `slow` or comes `after` the turn".to_owned());
            }
        };
        Ok(Self {
            delay,
            what,
            options: table.options,
        })
    }
}

impl Answer {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn new(items: Vec<Item>) -> Result<Self, String> {
        let mut late = false;
        for item in &items {
            match item.delay {
                Delay::After(_) => late = true,
                Delay::Slow(_) if late => {
                    return Err(
                        "a `slow` message cannot follow one that comes `after` the turn".to_owned(),
                    );
                }
                Delay::Slow(_) | Delay::None => {}
            }
        }
        Ok(Self(items))
    }

    fn of_words(words: Words) -> Self {
        Self(vec![Item {
            delay: Delay::None,
            what: What::Text(TextFormat::Markdown, words),
            options: Vec::new(),
        }])
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Answer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words, a table of them by language, or a list of messages")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Answer, E> {
                Ok(Answer::of_words(PerLanguage {
                    any: Some(Template::parse(text).map_err(E::custom)?),
                    ..PerLanguage::default()
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Answer, A::Error> {
                Words::deserialize(MapAccessDeserializer::new(map)).map(Answer::of_words)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Answer, A::Error> {
                let items = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                Answer::new(items).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

fn delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(de::Error::custom)
}

/// Reads `500ms`, `2s`, `1.5s` or `1m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(86_400);
    read_duration(text)
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| {
            format!("`{text}` is no duration of at most a day; write `500ms`, `2s` or `1m`")
        })
}
