//! What asks the user for more than words.

use serde::{Deserialize, Serialize};

use super::Extras;
use crate::text::RichText;

/// Questions that are answered together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Form {
    /// What the answers are sent back by.
    pub id: String,
    /// Shown above the fields.
    pub text: RichText,
    /// The questions in order.
    pub fields: Vec<Field>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
    /// The way out: the id that a cancelled form is sent back by, and the button's words.
    pub cancel: Option<(String, String)>,
    /// Submits itself when a choice is made.
    #[serde(default)]
    pub auto_submit: bool,
    /// Takes the place of the whole message list.
    #[serde(default)]
    pub full_page: bool,
}

/// One question of a form.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Field {
    /// What the answer is sent back by.
    pub name: String,
    /// The question.
    pub label: String,
    /// What kind of answer it takes.
    pub kind: FieldKind,
    /// Must be answered.
    #[serde(default)]
    pub required: bool,
    /// Lowest number, or shortest text.
    pub min: Option<String>,
    /// Highest number, or longest text.
    pub max: Option<String>,
    /// Filled in beforehand.
    pub default: Option<String>,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<FieldOption>,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    #[default]
    Text,
    /// Several lines.
    LongText,
    /// A number.
    Number,
    /// An e-mail address.
    Email,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// One of the options, from a menu.
    Select,
    /// One of the options, all shown.
    Radio,
    /// Any of the options.
    Checkbox,
    /// One of the options, searched by typing.
    SearchSelect,
    /// A heading between questions; takes no answer.
    Title,
    /// A vendor's kind that is not in the list; taken as one line of text.
    Other(String),
}

/// One option of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldOption {
    /// What is sent back.
    pub key: String,
    /// What is shown.
    pub label: String,
}

/// Asks for a date.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DatePicker {
    /// The question.
    pub text: RichText,
    /// What the answer is sent back by.
    pub callback: String,
    /// The attribute that receives the answer.
    pub attribute: Option<String>,
    /// How exact the date must be.
    pub precision: DatePrecision,
    /// Earliest date: `today`, `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    pub min: Option<String>,
    /// Latest date, written as `min`.
    pub max: Option<String>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
}

/// How exact a date must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePrecision {
    /// Day, month and year.
    #[default]
    Day,
    /// Month and year.
    Month,
    /// Year.
    Year,
}

/// Asks for one of many values, suggested while the user types.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Autocomplete {
    /// The question.
    pub text: RichText,
    /// Above the suggestions.
    pub title: Option<String>,
    /// In the empty box.
    pub placeholder: Option<String>,
    /// What the answer is sent back by.
    pub callback: String,
    /// The attribute that receives the answer.
    pub attribute: Option<String>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
    /// Where suggestions come from.
    pub source: Option<AutocompleteSource>,
}

/// An HTTP address that answers a search with a JSON array of objects that have a `name`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AutocompleteSource {
    /// The address.
    pub url: String,
    /// Fixed query parameters.
    pub parameters: Vec<(String, String)>,
    /// The parameter that carries what was typed.
    pub query_parameter: String,
}

/// Asks for an electronic signature.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SignatureRequest {
    /// The question.
    pub text: RichText,
    /// The document's title.
    pub document_title: Option<String>,
    /// The document's words.
    pub document_text: Option<String>,
    /// What the answer is sent back by.
    pub callback: String,
    /// The attribute that receives the answer.
    pub attribute: Option<String>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
}

/// Asks for a file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UploadRequest {
    /// The question.
    pub text: RichText,
    /// What the answer is sent back by, or the sentence to send after the upload.
    pub callback: String,
    /// The attribute that receives the answer.
    pub attribute: Option<String>,
    /// Several files may be given.
    #[serde(default)]
    pub multiple: bool,
    /// Largest size of a file in bytes.
    pub max_bytes: Option<u64>,
    /// Allowed file name extensions without the dot; empty means any.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
}

/// Asks what the user thinks of an answer. The message's actions are the ratings; where there are
/// none, `helpful` and `not_helpful` are understood.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FeedbackRequest {
    /// The question.
    pub text: RichText,
    /// Reasons a dissatisfied user may choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

impl FeedbackRequest {
    /// The id of the action that says the answer helped.
    pub const POSITIVE: &'static str = "helpful";
    /// The id of the action that says it did not.
    pub const NEGATIVE: &'static str = "not_helpful";
}

/// Asks the questions of a survey.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Survey {
    /// What the answers are sent back by.
    pub id: String,
    /// The title.
    pub title: Option<String>,
    /// Shown above the questions.
    pub text: RichText,
    /// The questions. Empty when the vendor only announces a survey that is fetched apart.
    pub fields: Vec<Field>,
    /// The words on the submit button.
    pub submit_label: Option<String>,
}
