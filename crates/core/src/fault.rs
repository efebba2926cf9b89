//! What can go wrong between a client and an engine, in no vendor's words.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// A failure that a client is told about. Each dialect turns it into its own status and body in
/// one place (`error.rs`), and reads it back from them in the same place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The client sent something unreadable or incomplete; repeating it will not help.
    #[error("bad input: {message}")]
    BadInput {
        /// The offending field as a dotted path, where one is to blame.
        field: Option<String>,
        /// What is wrong, for the client's developer. Never echoes a secret.
        message: String,
    },
    /// No credential, or one that is unknown, forged or expired.
    #[error("not authorised: {0}")]
    Unauthorised(AuthProblem),
    /// The credential is known, but lacks the right or was shut off.
    #[error("forbidden")]
    Forbidden,
    /// The credential's application was shut off by its operator.
    #[error("application disabled")]
    Disabled,
    /// There is no such conversation, or it belongs to another application.
    #[error("unknown conversation")]
    UnknownConversation,
    /// The conversation is over; a new one is needed.
    #[error("the conversation has ended")]
    ConversationEnded,
    /// There is nothing at this path.
    #[error("not found")]
    NotFound,
    /// The path exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// A body or a frame is over its limit.
    #[error("too large: the limit is {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body's content type cannot be read here.
    #[error("unsupported media type")]
    UnsupportedMedia,
    /// Too many requests, or a conversation's queue is full.
    #[error("rate limited")]
    RateLimited {
        /// How long to wait before the next try, if known.
        retry_after: Option<Duration>,
    },
    /// The engine cannot be reached or answered with an error.
    #[error("the engine is unavailable")]
    BackendUnavailable,
    /// The engine did not finish within the turn's deadline.
    #[error("the engine did not answer in time")]
    TimedOut,
    /// What is kept cannot be read or changed now; a later try may succeed.
    #[error("the store is unavailable")]
    StoreUnavailable,
    /// Switchboard itself failed.
    #[error("internal error")]
    Internal,
}

/// Why a credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthProblem {
    /// None was given.
    #[error("no credential")]
    Missing,
    /// It is not one of ours, or its signature is wrong.
    #[error("invalid credential")]
    Invalid,
    /// It was good once.
    #[error("expired credential")]
    Expired,
    /// It names an application that does not exist.
    #[error("unknown application")]
    UnknownApp,
}

impl Fault {
    /// A [`Fault::BadInput`] that blames one field.
    pub fn bad_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput {
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// A [`Fault::BadInput`] that blames the whole input.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::BadInput {
            field: None,
            message: message.into(),
        }
    }

    /// A stable word for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BadInput { .. } => "bad_input",
            Self::Unauthorised(_) => "unauthorised",
            Self::Forbidden => "forbidden",
            Self::Disabled => "disabled",
            Self::UnknownConversation => "unknown_conversation",
            Self::ConversationEnded => "conversation_ended",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMedia => "unsupported_media",
            Self::RateLimited { .. } => "rate_limited",
            Self::BackendUnavailable => "backend_unavailable",
            Self::TimedOut => "timed_out",
            Self::StoreUnavailable => "store_unavailable",
            Self::Internal => "internal",
        }
    }
}

/// How long an answer asks to wait by `Retry-After`, where that gives seconds and no date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    Some(Duration::from_secs(seconds.parse().ok()?))
}
