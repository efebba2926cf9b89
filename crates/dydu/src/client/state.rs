//! What a leg must remember when it is put away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_core::dialect::HandoverState;
use switchboard_core::model::ConversationId;

/// A leg as a plain value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Stands for the user where the site gives no id.
    pub(super) conversation: ConversationId,
    /// The engine's id of the dialog; it may bring another with any answer.
    pub(super) context: Option<String>,
    /// The server that answered last.
    pub(super) server: usize,
    /// What is known already, in milliseconds of the engine's clock; polls go on from here.
    pub(super) last_poll: Option<i64>,
    /// Digest of the last polled item that told no time: it may be given out again.
    pub(super) last_item: u64,
    /// Whether a human is involved.
    pub(super) handover: HandoverState,
    /// The context variables that the engine has.
    pub(super) variables: BTreeMap<String, String>,
    /// The sentence that the engine wants to hear after the upload that it asked for; empty if it
    /// wants none.
    #[serde(default)]
    pub(super) upload_sentence: Option<String>,
    /// The sentence that need not be said any more, because it was said with a file, or because
    /// there is no file.
    #[serde(default)]
    pub(super) upload_said: Option<String>,
    /// The operator whose words were shown last.
    #[serde(default)]
    pub(super) operator: Option<String>,
    /// What answers to the surveys that were announced must say, by the survey's id.
    #[serde(default)]
    pub(super) surveys: BTreeMap<String, Announced>,
    /// Whether the client is there, as far as the operator knows.
    #[serde(default)]
    pub(super) absence: Absence,
}

/// What is known of a survey before it is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Announced {
    /// Copied into the answers.
    pub(super) interaction: bool,
    /// To be said after them; may be empty.
    pub(super) reword: String,
}

/// Whether the client is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Absence {
    /// It is, or nobody cares.
    #[default]
    Present,
    /// It is lost, and no operator knows.
    Lost,
    /// It is lost, and the operator has been told.
    Told,
}

/// How many surveys wait for answers at the most.
const MOST_SURVEYS: usize = 8;

impl State {
    pub(super) fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            context: None,
            server: 0,
            last_poll: None,
            last_item: 0,
            handover: HandoverState::None,
            variables: BTreeMap::new(),
            upload_sentence: None,
            upload_said: None,
            operator: None,
            surveys: BTreeMap::new(),
            absence: Absence::default(),
        }
    }

    /// A survey was announced.
    pub(super) fn announced(&mut self, survey: &str, announced: Announced) {
        if self.surveys.len() >= MOST_SURVEYS && !self.surveys.contains_key(survey) {
            self.surveys.pop_first();
        }
        self.surveys.insert(survey.to_owned(), announced);
    }

    /// What an answer gave out went to the user: polls go on after it.
    pub(super) fn seen_until(&mut self, time: Option<i64>) {
        self.last_poll = self.last_poll.max(time);
    }
}
