//! Frames of a client, on the websocket and over `chatHttp`:
//! `docs/protocols/dydu.md#7-websocket-and-chathttp-frames`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Text that keeps the socket alive; it is no JSON.
pub const PING: &str = "ping";
/// The answer to [`PING`].
pub const PONG: &str = "pong";
/// The documented subprotocol.
pub const SUBPROTOCOL: &str = "dyduchat";

/// `{"type": ..., "parameters": ...}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// What the client wants, plain text.
    #[serde(rename = "type")]
    pub kind: String,
    /// Strings are base64.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

impl Frame {
    /// The frame as JSON text.
    pub fn to_text(&self) -> String {
        // All keys are strings, so this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a frame asks for: `docs/protocols/dydu.md#72-client--server-frames`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// `talk`
    Talk,
    /// `checkContextAvailability`
    CheckContext,
    /// `getContext`
    GetContext,
    /// `topknowledge`
    TopKnowledge,
    /// `history`
    History,
    /// `typing`
    Typing,
    /// `reading`
    Reading,
    /// `surveyConfiguration`
    SurveyConfiguration,
    /// `survey`
    Survey,
    /// `feedBack`, and the older `feedback`
    Feedback,
    /// `feedbackInsatisfactionChoice`
    FeedbackReason,
    /// `feedbackComment`
    FeedbackComment,
    /// `setOrDeleteVariable`
    Variable,
    /// `welcomecall`
    WelcomeCall,
    /// `addInternautEvent`
    InternautEvent,
    /// `serverAccessibility`
    Accessibility,
    /// `poll`
    Poll,
}

impl FrameKind {
    /// Reads the type of a frame.
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "talk" => Self::Talk,
            "checkContextAvailability" => Self::CheckContext,
            "getContext" => Self::GetContext,
            "topknowledge" | "topKnowledge" => Self::TopKnowledge,
            "history" => Self::History,
            "typing" => Self::Typing,
            "reading" => Self::Reading,
            "surveyConfiguration" => Self::SurveyConfiguration,
            "survey" => Self::Survey,
            "feedBack" | "feedback" => Self::Feedback,
            "feedbackInsatisfactionChoice" => Self::FeedbackReason,
            "feedbackComment" => Self::FeedbackComment,
            "setOrDeleteVariable" | "variable" => Self::Variable,
            "welcomecall" | "welcomeCall" => Self::WelcomeCall,
            "addInternautEvent" => Self::InternautEvent,
            "serverAccessibility" => Self::Accessibility,
            "poll" => Self::Poll,
            _ => return None,
        })
    }
}
