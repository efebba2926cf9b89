//! The envelope of every answer and of every frame of a server:
//! `docs/protocols/dydu.md#2-response-envelope`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{TalkValues, b64};

/// `{"type": ..., "values": ...}`. The type is plain text, strings in the values are base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope<'a, T> {
    /// What the values are, such as `talkResponse`. Ignored on REST by the vendor's widget.
    #[serde(rename = "type", default)]
    pub kind: Cow<'a, str>,
    /// The values, by type.
    pub values: T,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    /// The envelope as JSON text.
    pub fn text(kind: &'a str, values: T) -> String {
        let envelope = Self {
            kind: Cow::Borrowed(kind),
            values,
        };
        // Only maps with keys that are no strings can fail, and there are none.
        serde_json::to_string(&envelope).unwrap_or_default()
    }
}

/// An answer whose values have not been looked at.
pub type Untyped = Envelope<'static, Map<String, Value>>;

/// An engine's answer or frame: what it means, and how it was said.
#[derive(Debug)]
pub struct Received<'a> {
    /// As in the envelope.
    pub kind: Cow<'static, str>,
    /// The context that it brings.
    pub context: Option<String>,
    /// The server's time in milliseconds since 1970.
    pub time: Option<i64>,
    /// What it says. An error where a text is an object or a list.
    pub values: Result<TalkValues, serde_json::Error>,
    /// All of it, as it came.
    pub text: &'a str,
}

impl<'a> Received<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// It is no envelope.
    pub fn of(text: &'a str) -> Result<Self, serde_json::Error> {
        if let Ok(Envelope { kind, mut values }) =
            serde_json::from_str::<Envelope<'_, TalkValues>>(text)
        {
            return Ok(Self {
                kind,
                context: values.context_id.take().map(|context| context.0),
                time: values.server_time,
                values: Ok(values),
                text,
            });
        }
        // A name that comes twice is forgiven, and an answer that cannot be shown still tells
        // where its dialog stands.
        let Untyped { kind, values } = serde_json::from_str(text)?;
        let context = values.get("contextId").and_then(Value::as_str);
        Ok(Self {
            kind,
            context: context.map(|context| b64::decode(context).into_owned()),
            time: values.get("serverTime").and_then(Value::as_i64),
            values: TalkValues::of(&values),
            text,
        })
    }
}

/// An envelope of this type with nothing in it.
pub fn empty(kind: &str) -> String {
    Envelope::text(kind, Map::new())
}

/// `type` of an answer of the bot or an operator.
pub const TALK: &str = "talkResponse";
/// `type` of a notice.
pub const NOTIFICATION: &str = "notification";
/// `type` of a history.
pub const HISTORY: &str = "historyResponse";
/// `type` of the most asked questions.
pub const TOP_KNOWLEDGE: &str = "topKnowledgeResponse";
/// `type` of suggestions while the user types.
pub const SEARCH: &str = "searchResponse";
/// `type` of what becomes of a request about a user's data.
pub const GDPR: &str = "gdprResponse";
/// `type` of a list of a user's dialogs.
pub const DIALOGS: &str = "dialogsResponse";
/// `type` of the receipt for an error report.
pub const ERROR_REPORT: &str = "errorReportResponse";
/// `type` of the receipt for a visit.
pub const WELCOME_CALL: &str = "welcomeCallResponse";
/// `type` of a survey's questions.
pub const SURVEY_CONFIGURATION: &str = "surveyConfigurationResponse";
/// `type` of a survey that cannot be had.
pub const SURVEY_CONFIGURATION_ERROR: &str = "surveyConfigurationErrorResponse";
/// `type` of the receipt for a survey's answers.
pub const SURVEY: &str = "surveyResponse";
/// `type` of whether a context lives.
pub const AVAILABILITY: &str = "checkContextAvailabilityResponse";
/// `type` of a new context.
pub const CONTEXT: &str = "getContextResponse";
/// `type` of whether the user still waits for an operator.
pub const STATUS: &str = "statusResponse";
/// `type` of a poll that brings nothing.
pub const POLL: &str = "pollResponse";
/// `type` of whether the server can be used at all.
pub const ACCESSIBILITY: &str = "serverAccessibilityResponse";
/// `type` of a refusal.
pub const ERROR: &str = "errorResponse";
/// `type` of a redirection to an identity provider.
pub const SAML_REDIRECTION: &str = "SAML_redirection";
