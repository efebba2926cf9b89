use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    Action, Author, ClientError, Extras, Message, MessageId, Query, QueryAnswer, Timestamp,
};
use crate::text::RichText;

/// Something a user, or the page around the widget, did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserEvent {
    /// The client's id if it gave a valid one, else a fresh one. A second event with the same id
    /// is the same turn.
    pub id: MessageId,
    /// When it arrived.
    pub at: Timestamp,
    /// The message it belongs to, such as the one whose choice was clicked.
    pub parent: Option<MessageId>,
    /// What was done.
    pub input: UserInput,
    /// Keep the exchange out of history and transcripts (dydu's `doNotRegisterInteraction`).
    #[serde(default)]
    pub unrecorded: bool,
    /// Do not show it as the user's words.
    #[serde(default)]
    pub hidden: bool,
    /// Where a question comes from, for statistics, in the client's words (dydu's
    /// `reword_auto`). It changes nothing about the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

impl UserEvent {
    /// An event without parent, flags and extras.
    pub fn new(id: MessageId, at: Timestamp, input: UserInput) -> Self {
        Self {
            id,
            at,
            parent: None,
            input,
            unrecorded: false,
            hidden: false,
            origin: None,
            extras: Extras::none(),
        }
    }
}

/// What a user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UserInput {
    /// Opened the dialog and wants to be greeted.
    Open {
        /// The response to be greeted with instead of the configured one: a response id (Kare),
        /// a callback or intent (OpenDialog), a knowledge name (dydu).
        welcome: Option<String>,
        /// A question that is asked at once.
        query: Option<String>,
    },
    /// Typed words. Plain text.
    Text {
        /// The words.
        text: String,
    },
    /// Clicked an action that sends something.
    Choice(ChoiceMade),
    /// Submitted or cancelled a form.
    Form(FormSubmission),
    /// Rated an answer.
    Feedback(Feedback),
    /// Answered a survey.
    Survey(FormSubmission),
    /// An event of the site's own that an engine may log.
    Custom {
        /// Its name, such as Kare's `open/document`.
        name: String,
        /// What it is about.
        value: Option<String>,
        /// Its label.
        label: Option<String>,
    },
    /// Opened a link that a message showed.
    LinkClick {
        /// The address.
        url: String,
        /// The words of the link.
        label: Option<String>,
    },
    /// Sent a file.
    File(UploadedFile),
    /// Set or, with an empty value, deleted context variables; they are in the profile already.
    Variables,
    /// Is typing, or stopped.
    Typing {
        /// Typing now.
        active: bool,
        /// What has been typed so far, where the client tells.
        text: Option<String>,
    },
    /// Has read what was shown.
    Read,
    /// Asks something that is no part of the dialog.
    Query(Query),
    /// The client's own program failed.
    ClientError(ClientError),
    /// The client's connection was lost while a human is involved, or is back. What the user says
    /// meanwhile may not arrive.
    Connection {
        /// It was lost.
        lost: bool,
    },
    /// Leaves the human operator or the queue, but not the conversation.
    LeaveHandover,
    /// Ends the conversation.
    End,
}

impl UserInput {
    /// Whether the event opens a turn: the leg must end it with [`BotEvent::TurnEnded`]. Signs of
    /// life are passed on at once and answered by nothing.
    pub fn opens_turn(&self) -> bool {
        !matches!(
            self,
            Self::Typing { .. } | Self::Read | Self::Connection { .. }
        )
    }

    /// Typed words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// A click on an action.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChoiceMade {
    /// The message that carried the action, if the client told.
    pub message: Option<MessageId>,
    /// The action's id, if the client told.
    pub id: Option<String>,
    /// The action's label, or the words to show as the user's.
    pub label: Option<String>,
    /// The payload that the client sent along.
    pub value: Option<String>,
    /// The clicked action as the engine published it. The exchange fills it in from the
    /// conversation, so that a leg finds its vendor's own fields there.
    pub action: Option<Box<Action>>,
}

impl ChoiceMade {
    /// The words to show as the user's.
    pub fn words(&self) -> Option<&str> {
        self.label
            .as_deref()
            .or_else(|| self.action.as_deref().map(|action| action.label.as_str()))
            .or(self.id.as_deref())
    }
}

/// A form or a survey, filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FormSubmission {
    /// The message that carried the form, if the client told.
    pub message: Option<MessageId>,
    /// The form's id; for a cancelled form the id of its way out.
    pub id: String,
    /// Field names and answers, in the form's order. Several answers are joined by commas.
    pub values: Vec<(String, String)>,
    /// The words to show as the user's, if the client made some.
    pub summary: Option<String>,
    /// The user took the way out.
    #[serde(default)]
    pub cancelled: bool,
}

/// What a user thinks of an answer. Vendors send its parts one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Feedback {
    /// The message that asked for it, or the answer it is about; absent: the latest answer.
    pub message: Option<MessageId>,
    /// The verdict, if it is part of this event.
    pub rating: Option<Rating>,
    /// Which of the offered reasons, counted from 0.
    pub reason: Option<u8>,
    /// The user's own words.
    pub comment: Option<String>,
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// The answer helped.
    Positive,
    /// It did not.
    Negative,
    /// The user was asked and took the verdict back or gave none.
    None,
}

/// A file that a user sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UploadedFile {
    /// The file's name.
    pub name: String,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// Media type.
    pub media_type: Option<String>,
    /// What the request for the file was called.
    pub callback: Option<String>,
    /// What is in it, on its way to the engine; empty where only the address is known. It is not
    /// kept in the conversation's log.
    #[serde(skip)]
    pub content: Bytes,
}

/// Something an engine, or an operator behind it, published. It may come at any time, asked or
/// not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum BotEvent {
    /// A message of the forest.
    Message(Message),
    /// Somebody is typing, or stopped.
    Typing(Typing),
    /// Informs without being an answer.
    Notice(Notice),
    /// The engine wants these facts of the user or the conversation changed (language, space,
    /// variables).
    Profile(Box<super::Profile>),
    /// Answers a [`Query`].
    Answered(QueryAnswer),
    /// Everything that belongs to the turn has been published.
    TurnEnded(TurnOutcome),
    /// The engine ended the conversation.
    ConversationEnded {
        /// Why.
        reason: EndReason,
    },
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnOutcome {
    /// Answered, or needs no answer.
    Done,
    /// The engine cannot be reached or answered with an error. It may have heard the input.
    Unavailable,
    /// The engine cannot be reached, and has not heard the input: to say it again does no harm.
    Unreachable,
    /// The engine did not answer in time.
    TimedOut,
    /// The engine refused the input as unusable.
    Refused,
}

impl TurnOutcome {
    /// The word used in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unavailable | Self::Unreachable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
        }
    }
}

/// Somebody is typing, or stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Typing {
    /// Who.
    pub author: Author,
    /// Typing now.
    pub active: bool,
}

/// Informs without being an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The vendor's code, such as dydu's `OperatorBusy`, or one of our own words.
    pub code: String,
    /// What to show; may be empty.
    pub text: RichText,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

/// Why a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Nothing happened for too long.
    Idle,
    /// The dialog came to its end.
    Ended,
    /// A human took over elsewhere.
    Escalated,
    /// The application was shut off.
    Revoked,
    /// The engine failed for good.
    Error,
    /// A vendor's own word.
    Other(String),
}

impl EndReason {
    /// The word on the wire of dialects that have one.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Idle => "idle",
            Self::Ended => "ended",
            Self::Escalated => "escalated",
            Self::Revoked => "revoked",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }

    /// Reads such a word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "idle" => Self::Idle,
            "ended" => Self::Ended,
            "escalated" => Self::Escalated,
            "revoked" => Self::Revoked,
            "error" => Self::Error,
            other => Self::Other(other.to_owned()),
        }
    }
}
