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
}

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
        }
    }

    /// What an answer gave out went to the user: polls go on after it.
    pub(super) fn seen_until(&mut self, time: Option<i64>) {
        self.last_poll = self.last_poll.max(time);
    }
}
