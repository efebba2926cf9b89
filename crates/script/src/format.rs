//! The script as it is written: one type per table. What a single table can get wrong is refused
//! while it is read; what only the whole script can tell is refused by [`crate::check`].

mod ask;
mod content;
mod item;
mod option;
pub(crate) mod push;
mod top;
mod words;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use ask::{
    Address, Date, FieldChoice, FieldDef, Form, Location, Reply, Signature, SurveyDef, Upload,
};
pub(crate) use content::{
    Card, Carousel, FeedbackDef, HandoverDef, HandoverStep, ListDef, ListEntry, ListEntryWhat,
    ListLayout, MediaDef, NoticeDef, ProgressDef, QuoteDef,
};
pub(crate) use item::{Answer, ChoicesDef, Delay, Item, What};
pub(crate) use option::{Deed, OptionDef, Target};
pub(crate) use top::{Tag, TopQuestion};
pub(crate) use words::{Pattern, PerLanguage, WordList, Words, word};

/// A whole script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptFile {
    /// The bot's name, `{bot}` in templates.
    #[serde(default = "unnamed")]
    pub name: String,
    /// The languages it speaks as BCP 47 tags; the first is spoken where no other is asked for.
    pub languages: Vec<String>,
    /// The intent that greets.
    pub greeting: String,
    /// The intent for what is not understood.
    pub unknown: String,
    /// The intent for a file that nobody asked for.
    pub file: Option<String>,
    /// What is said to feedback.
    #[serde(default)]
    pub feedback: FeedbackIntents,
    /// The questions that are asked most.
    #[serde(default)]
    pub top: PerLanguage<Vec<TopQuestion>>,
    /// The tags that they have.
    #[serde(default)]
    pub tags: BTreeMap<String, Tag>,
    /// When the page should speak first.
    #[serde(default)]
    pub push: Vec<push::Push>,
    /// Who can take over.
    #[serde(default)]
    pub operators: BTreeMap<String, Operator>,
    /// What the bot can deal with.
    pub intents: BTreeMap<String, Intent>,
}

fn unnamed() -> String {
    "Bot".to_owned()
}

/// The intents that answer feedback; where one is absent, nothing is said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FeedbackIntents {
    /// The answer helped.
    pub positive: Option<String>,
    /// It did not.
    pub negative: Option<String>,
    /// A reason or the user's own words came without a verdict.
    pub comment: Option<String>,
}

/// Something a user may want. Whatever is offered or asked comes back under an intent's id.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Intent {
    /// The words on an option that leads here.
    pub label: Option<Words>,
    /// Words that mean it, whole and without regard to case and accents.
    pub keywords: WordList,
    /// Expressions that mean it; named groups become variables.
    pub patterns: PerLanguage<Vec<Pattern>>,
    /// What must be known before the answer.
    pub ask: Vec<Ask>,
    /// The answer.
    pub answer: Answer,
    /// Context variables to set, for every engine and frontend to see.
    pub set: BTreeMap<String, crate::template::Template>,
    /// The language to go on in.
    pub language: Option<String>,
    /// The operator who takes over after the answer.
    pub handover: Option<String>,
    /// The answer is the conversation's last.
    pub end: bool,
}

/// A question whose answer an intent needs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// The variable that receives the answer.
    pub name: String,
    /// The question.
    pub question: Answer,
    /// What a typed answer looks like; anything if absent.
    pub pattern: Option<Pattern>,
    /// What is said to a text that does not match; the question if absent.
    pub again: Option<Answer>,
    /// How many texts may miss. With the last of them the question is dropped, and the text is
    /// taken for what it is.
    #[serde(default = "three")]
    pub tries: u32,
}

fn three() -> u32 {
    3
}

/// A human operator, played by the script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operator {
    /// The name that users see, `{operator}` in templates.
    pub name: String,
    /// The operator's id.
    pub id: Option<String>,
    /// The system that the operator works with.
    pub system: Option<String>,
    /// What happens by itself: the queue, the joining, the first words.
    pub steps: Answer,
    /// What the bot says to texts while the user waits. Empty: it goes on answering.
    #[serde(default)]
    pub while_waiting: Answer,
    /// What the operator says to one text after the other; the last is said again and again.
    #[serde(default)]
    pub replies: Vec<Answer>,
    /// Words by which the user takes leave.
    #[serde(default)]
    pub goodbye: WordList,
    /// What the operator says to them.
    #[serde(default)]
    pub farewell: Answer,
    /// What the operator says when the user's connection is lost.
    #[serde(default)]
    pub lost: Answer,
    /// What the operator says when the user is back.
    #[serde(default)]
    pub back: Answer,
    /// The notice that the operator has left.
    #[serde(default)]
    pub ended: Words,
    /// The notice that the user has left; `ended` if absent.
    pub left: Option<Words>,
    /// The intent that goes on once a conversation with the operator has ended.
    pub afterwards: Option<String>,
}
