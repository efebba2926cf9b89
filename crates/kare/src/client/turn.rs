use serde::{Deserialize, Serialize};
use switchboard_core::model::{MessageId, Timestamp, TurnOutcome};

use crate::wire::{Envelope, Uri};

/// A user event that waits for its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Turn {
    /// The user event.
    pub id: MessageId,
    /// What to post.
    pub frame: Envelope,
    /// What to post once the engine has answered the hello.
    #[serde(default)]
    pub then: Option<Envelope>,
    /// The answer may well be nothing.
    #[serde(default)]
    pub optional: bool,
    /// Posted on the present connection.
    #[serde(skip)]
    pub sent: bool,
    /// The engine reacted.
    #[serde(default)]
    pub answered: bool,
    /// When to give up waiting for more.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// Wire ids that stand for the event: what hangs below them answers it.
    #[serde(default)]
    pub roots: Vec<MessageId>,
    /// Messages published so far.
    #[serde(default)]
    pub seen: Vec<MessageId>,
    /// What belongs to the hello, once the question after it is posted.
    #[serde(default)]
    pub early: Vec<MessageId>,
    /// The conversation was started anew for it.
    #[serde(default)]
    pub renewed: bool,
    /// A new token was fetched for it.
    #[serde(default)]
    pub reauthorised: bool,
    /// How often it was put off.
    #[serde(default)]
    pub attempts: u32,
}

impl Turn {
    pub(super) fn new(id: MessageId, frame: Envelope) -> Self {
        Self {
            id,
            frame,
            then: None,
            optional: false,
            sent: false,
            answered: false,
            deadline: None,
            roots: vec![id],
            seen: Vec::new(),
            early: Vec::new(),
            renewed: false,
            reauthorised: false,
            attempts: 0,
        }
    }

    pub(super) fn is_hello(&self) -> bool {
        self.frame.uri == Uri::InHi
    }

    /// Whether a message with this id belongs to it.
    pub(super) fn owns(&self, id: MessageId) -> bool {
        self.roots.contains(&id) || self.seen.contains(&id) || self.early.contains(&id)
    }

    /// The hello is answered; the question that came with it is next. Tells whether there is one.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(next) = self.then.take() else {
            return false;
        };
        self.early = self.roots.iter().chain(&self.seen).copied().collect();
        self.roots.extend(next.id.as_ref().map(|id| id.to_model()));
        self.frame = next;
        self.sent = false;
        self.deadline = None;
        true
    }

    /// How the turn ends when nothing more comes.
    pub(super) fn outcome_of_silence(&self) -> TurnOutcome {
        if self.answered || self.optional {
            TurnOutcome::Done
        } else {
            TurnOutcome::TimedOut
        }
    }
}
