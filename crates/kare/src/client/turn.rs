use serde::{Deserialize, Serialize};
use switchboard_core::model::{MessageId, Timestamp, TurnOutcome};

use crate::wire::{Envelope, Uri};

/// How many messages of a turn are known as its own, and how many ids may stand for its input.
const MAX_SEEN: usize = 256;

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
    /// How long the first message may take, and whether none may come.
    #[serde(default)]
    pub patience: Patience,
    /// Posted on the present connection.
    #[serde(skip)]
    pub way: Way,
    /// How often it was posted.
    #[serde(default)]
    pub posts: u32,
    /// The engine reacted.
    #[serde(default)]
    pub answered: bool,
    /// When to give up waiting for more.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// The answer is complete; the turn ends so once nothing of it is held back any more.
    #[serde(skip)]
    pub complete: Option<TurnOutcome>,
    /// Wire ids that stand for the event: what hangs below them answers it.
    #[serde(default)]
    pub roots: Vec<MessageId>,
    /// Messages published so far.
    #[serde(default)]
    seen: Vec<MessageId>,
    /// What belongs to the hello, once the question after it is posted.
    #[serde(default)]
    early: Vec<MessageId>,
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

/// How an input was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Way {
    /// Not yet, or on a connection that is gone.
    #[default]
    None,
    Socket,
    Rest,
}

/// What an input has to wait for over the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Patience {
    /// An answer.
    #[default]
    Reply,
    /// An answer, or nothing if the click is only logged.
    Click,
    /// A word of thanks, or nothing.
    Feedback,
}

impl Turn {
    pub(super) fn new(id: MessageId, frame: Envelope, patience: Patience) -> Self {
        Self {
            id,
            frame,
            then: None,
            patience,
            way: Way::None,
            posts: 0,
            answered: false,
            deadline: None,
            complete: None,
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

    /// Posted on a connection that is there.
    pub(super) fn is_posted(&self) -> bool {
        self.way != Way::None
    }

    /// Posted, and nothing has come.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_posted() && !self.answered
    }

    /// The engine seems to call the input by this id.
    pub(super) fn is_named(&self, id: MessageId) -> bool {
        id != self.id && self.roots.contains(&id)
    }

    /// Part of the answer came, and it was posted again for the rest.
    pub(super) fn is_half_answered(&self) -> bool {
        self.posts > 1 && self.answered
    }

    /// Whether a message with this id belongs to it.
    pub(super) fn owns(&self, id: MessageId) -> bool {
        self.roots.contains(&id) || self.seen.contains(&id) || self.is_early(id)
    }

    /// Whether a message with this id belongs to the hello before the question.
    pub(super) fn is_early(&self, id: MessageId) -> bool {
        self.early.contains(&id)
    }

    /// The engine calls the event by this id, or answers it by a message that others hang below.
    pub(super) fn add_root(&mut self, id: MessageId) {
        if self.roots.len() < MAX_SEEN && !self.roots.contains(&id) {
            self.roots.push(id);
        }
    }

    pub(super) fn add_early(&mut self, id: MessageId) {
        if self.early.len() < MAX_SEEN {
            self.early.push(id);
        }
    }

    pub(super) fn add(&mut self, id: MessageId) {
        if self.seen.len() < MAX_SEEN && !self.seen.contains(&id) {
            self.seen.push(id);
        }
    }

    /// The hello is answered; the question that came with it is next. Tells whether there is one.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(next) = self.then.take() else {
            return false;
        };
        self.early = self.roots.iter().chain(&self.seen).copied().collect();
        self.roots.extend(next.id.as_ref().map(|id| id.to_model()));
        self.frame = next;
        self.withdraw();
        self.posts = 0;
        self.answered = false;
        true
    }

    /// It is to be posted, or posted again.
    pub(super) fn withdraw(&mut self) {
        self.way = Way::None;
        self.deadline = None;
    }

    /// If it was posted on the socket, that is lost.
    pub(super) fn lose_socket(&mut self) {
        if self.way == Way::Socket {
            self.lose_connection();
        }
    }

    /// Its connection is lost. What is still to come of its answer comes on the next one; if
    /// nothing came, the patience for it goes on.
    pub(super) fn lose_connection(&mut self) {
        self.way = Way::None;
        if self.answered {
            self.deadline = None;
        }
    }

    /// How the turn ends when nothing more comes.
    pub(super) fn outcome_of_silence(&self) -> TurnOutcome {
        match self.patience {
            Patience::Reply if !self.answered => TurnOutcome::TimedOut,
            _ => TurnOutcome::Done,
        }
    }
}
