//! Surveys: `docs/protocols/dydu.md#68-surveys`, and 3.3.11, 3.3.12.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::params::ID_LIMIT;
use super::{B64, Params, lenient};

/// Values of `surveyConfigurationResponse`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SurveyConfiguration {
    /// Must equal the announced id and be a string.
    pub survey_id: B64,
    /// Its name in the back office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<B64>,
    /// The heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<B64>,
    /// Shown above the questions by some clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<B64>,
    /// Copied into the answers.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub interaction_survey: Option<bool>,
    /// Sent as a hidden talk after the answers, unless empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reword: Option<B64>,
    /// The submit button's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submit_value: Option<B64>,
    /// The questions.
    pub fields: Vec<SurveyField>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A question of a survey, or an option of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SurveyField {
    /// A number, or a string that holds one.
    pub id: FieldId,
    /// The question.
    pub label: B64,
    /// `TITLE`, `TEXT`, `LONG_TEXT`, `SELECT`, `SELECT_OPTION`, `MULTIPLE_CHOICE`, `RADIO` or
    /// `CHECKBOX`. An unknown type breaks the widget's form.
    #[serde(rename = "type")]
    pub kind: B64,
    /// Must be answered.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub mandatory: Option<bool>,
    /// The options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<SurveyField>>,
    /// Everything else (`masterOf`), as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The id of a field: a number on the wire, or a base64 string that holds one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldId {
    /// As a number.
    Number(i64),
    /// As a string.
    Text(B64),
}

impl Default for FieldId {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl FieldId {
    /// The id as text, as answers name it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.0.clone(),
        }
    }
}

/// The answers to a survey.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SurveyAnswer {
    /// Which survey.
    pub survey: String,
    /// Copied from the configuration.
    pub interaction: Option<bool>,
    /// Field or option ids and answers.
    pub fields: Vec<(String, String)>,
}

/// Most answers to one survey.
const ANSWERS_LIMIT: usize = 500;
/// Longest answer in characters.
const ANSWER_LIMIT: usize = 10_000;

impl SurveyAnswer {
    /// Reads the answers of any of the spellings: `uuid` and `field_<id>` (REST), `surveyId` and
    /// a `fields` object (frames).
    pub fn of(params: &Params<'_>) -> Self {
        let mut fields: Vec<(String, String)> = params
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("field_")?.to_owned(), value.to_owned()))
            })
            .collect();
        fields.extend(
            params
                .object("fields")
                .into_iter()
                .flatten()
                .map(|(id, value)| (id, super::params::plain_text(value))),
        );
        fields.retain(|(id, _)| !id.is_empty() && id.len() <= ID_LIMIT);
        fields.truncate(ANSWERS_LIMIT);
        for (_, answer) in &mut fields {
            if let Some((end, _)) = answer.char_indices().nth(ANSWER_LIMIT) {
                answer.truncate(end);
            }
        }
        Self {
            survey: params
                .id("uuid")
                .or_else(|| params.id("surveyId"))
                .unwrap_or_default()
                .to_owned(),
            interaction: params
                .flag("interactionSurveyAnswer")
                .or_else(|| params.flag("interactionSurvey")),
            fields,
        }
    }

    /// The body of a REST request as the widget writes it: without percent-encoding.
    pub fn to_body(&self, context: &str) -> String {
        let mut body = format!("ctx={context}&uuid={}", self.survey);
        for (id, answer) in &self.fields {
            body.push_str("&field_");
            body.push_str(id);
            body.push('=');
            body.push_str(answer);
        }
        body
    }
}
