//! Polls and signs of life during a livechat: `docs/protocols/dydu.md#83-polling-fallback`, and
//! 3.3.13, 3.3.15, 3.3.16.

use std::borrow::Cow;

use super::{Params, b64};

/// A request for what is new.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PollRequest {
    /// What the client knows already, in milliseconds since 1970.
    pub last_poll: Option<i64>,
    /// The context.
    pub context: String,
    /// The space.
    pub space: String,
    /// The language.
    pub language: String,
}

impl PollRequest {
    /// The body, with the values encoded: a server that takes the widget's raw ones takes these.
    pub fn to_params(&self) -> Params<'_> {
        let mut params: Params<'_> = [
            ("solutionUsed", "LIVECHAT"),
            ("format", "JSon"),
            ("space", &self.space),
            ("contextUuid", &self.context),
            ("language", &self.language),
        ]
        .into_iter()
        .collect();
        params.push("lastPoll", self.last_poll.unwrap_or_default().to_string());
        params
    }
}

/// The user is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypingRequest {
    /// Typing now. REST says `true` even when the box is empty again.
    pub active: bool,
    /// What has been typed so far.
    pub content: Option<String>,
}

impl TypingRequest {
    /// Reads a request.
    pub fn of(params: &Params<'_>) -> Self {
        let content = params.coded("content").map(|text| text.into_owned());
        let typing = params.flag("typing").unwrap_or(true);
        Self {
            active: typing && content.as_deref() != Some(""),
            content: content.filter(|text| !text.is_empty()),
        }
    }

    /// The body of a REST request.
    pub fn to_params<'a>(&self, context: &'a str) -> Params<'a> {
        let content = b64::encode(self.content.as_deref().unwrap_or_default());
        [
            ("typing", "true".into()),
            ("content", Cow::from(content)),
            ("contextId", context.into()),
            ("solutionUsed", "ASSISTANT".into()),
        ]
        .into_iter()
        .collect()
    }
}

/// The body of a REST request that says that the user has read everything.
pub fn reading<'a>(context: &'a str, mode: &str) -> Params<'a> {
    let mut params: Params<'_> = [
        ("reading", "true"),
        ("contextId", context),
        ("solutionUsed", "ASSISTANT"),
    ]
    .into_iter()
    .collect();
    params.push("mode", b64::encode(mode));
    params
}
