use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use switchboard_core::model::{MessageId, Timestamp};

use super::receive::Source;
use crate::wire::{Body, Envelope, encode};

/// How many message ids are remembered, to know what comes a second time.
const MAX_SEEN: usize = 128;
/// How many ids are remembered that stand for an input of ours, and that never came.
const MAX_STRANGERS: usize = 64;
/// How many messages wait for their parents.
const MAX_HELD: usize = 64;

/// What is known of the engine's messages: `docs/protocols/kare.md#4-the-forest`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Forest {
    seen: VecDeque<Seen>,
    /// What the engine calls inputs whose turns are over, and their ids.
    aliases: VecDeque<(MessageId, MessageId)>,
    /// Parents that were waited for in vain.
    orphans: VecDeque<MessageId>,
    held: Vec<Held>,
}

/// A message that came, or an input.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    id: MessageId,
    /// Of what it says; an input has none.
    digest: Option<u64>,
}

/// How a message relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is news.
    New,
    /// It came before.
    Same,
    /// Another one with its id came before.
    Changed,
}

/// A message that waits for its parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Held {
    pub envelope: Envelope,
    pub parent: MessageId,
    /// The turn that it seems to belong to.
    pub turn: Option<MessageId>,
    /// It came in a list, which tells all at once.
    pub in_list: bool,
    /// When it is passed on without its parent.
    pub until: Timestamp,
}

impl Held {
    /// How it came.
    pub(super) fn source(&self) -> Source {
        if self.in_list {
            Source::List(self.turn)
        } else {
            Source::Live
        }
    }

    fn is(&self, id: MessageId) -> bool {
        let own = self.envelope.id.as_ref();
        own.is_some_and(|own| own.to_model() == id)
    }
}

impl Forest {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Nothing is held back.
    pub(super) fn is_settled(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn see_input(&mut self, id: MessageId) {
        self.see(id, None);
    }

    /// Remembers a message by its id and the [`digest`] of what it says.
    pub(super) fn see(&mut self, id: MessageId, digest: Option<u64>) -> Sight {
        if let Some(seen) = self.seen.iter().rev().find(|seen| seen.id == id) {
            return if seen.digest == digest {
                Sight::Same
            } else {
                Sight::Changed
            };
        }
        push(&mut self.seen, Seen { id, digest }, MAX_SEEN);
        Sight::New
    }

    /// A message that says the same came before, whatever its id.
    pub(super) fn has_heard(&self, digest: u64) -> bool {
        self.seen.iter().any(|seen| seen.digest == Some(digest))
    }

    pub(super) fn has_seen(&self, id: MessageId) -> bool {
        self.seen.iter().rev().any(|seen| seen.id == id)
    }

    /// What hangs below this id needs not wait.
    pub(super) fn knows(&self, id: MessageId) -> bool {
        self.has_seen(id) || self.alias(id).is_some() || self.orphans.contains(&id)
    }

    /// The engine calls an input of ours by this id.
    pub(super) fn add_alias(&mut self, theirs: MessageId, ours: MessageId) {
        push(&mut self.aliases, (theirs, ours), MAX_STRANGERS);
    }

    /// The input of ours that the engine calls by this id.
    pub(super) fn alias(&self, theirs: MessageId) -> Option<MessageId> {
        let mut aliases = self.aliases.iter().rev();
        aliases.find(|(id, _)| *id == theirs).map(|(_, ours)| *ours)
    }

    /// Nothing waits for this parent any longer.
    pub(super) fn give_up(&mut self, parent: MessageId) {
        push(&mut self.orphans, parent, MAX_STRANGERS);
    }

    /// Holds a message back. Gives the oldest one out if there are too many.
    pub(super) fn hold(&mut self, held: Held) -> Option<Held> {
        let oldest = if self.held.len() == MAX_HELD {
            self.first()
        } else {
            None
        };
        self.held.push(held);
        oldest
    }

    /// Whether `message` is an ancestor of `parent`, as far as they wait.
    pub(super) fn is_ancestor(&self, message: MessageId, parent: MessageId) -> bool {
        let mut at = parent;
        for _ in 0..=self.held.len() {
            if at == message {
                return true;
            }
            match self.held.iter().find(|held| held.is(at)) {
                Some(held) => at = held.parent,
                None => return false,
            }
        }
        false
    }

    pub(super) fn holds_for(&self, turn: MessageId) -> bool {
        self.held.iter().any(|held| held.turn == Some(turn))
    }

    /// When the next message has waited for long enough.
    pub(super) fn next_release(&self) -> Option<Timestamp> {
        self.held.iter().map(|held| held.until).min()
    }

    /// The first message that waits for this parent.
    pub(super) fn child_of(&mut self, parent: MessageId) -> Option<Held> {
        let at = self.held.iter().position(|held| held.parent == parent)?;
        Some(self.held.remove(at))
    }

    /// A message that is passed on because one has waited for long enough.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Held> {
        self.top_of(|held| held.until <= now)
    }

    /// A message that is passed on because one came in a list.
    pub(super) fn of_list(&mut self) -> Option<Held> {
        self.top_of(|held| held.in_list)
    }

    /// A message that is passed on for the oldest one.
    pub(super) fn first(&mut self) -> Option<Held> {
        self.top_of(|_| true)
    }

    /// The topmost ancestor, as far as they wait, of the first such message.
    fn top_of(&mut self, is: impl Fn(&Held) -> bool) -> Option<Held> {
        let mut at = self.held.iter().position(is)?;
        for _ in 0..self.held.len() {
            let parent = self.held.get(at)?.parent;
            match self.held.iter().position(|held| held.is(parent)) {
                Some(above) => at = above,
                None => break,
            }
        }
        Some(self.held.remove(at))
    }
}

/// Adds the newest; the oldest makes room for it.
pub(super) fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// Tells messages apart by what they say.
pub(super) fn digest(envelope: &Envelope) -> u64 {
    let mut hasher = DefaultHasher::new();
    envelope.uri.as_str().hash(&mut hasher);
    match &envelope.body {
        Body::Text(text) => {
            text.aspect.as_str().hash(&mut hasher);
            (&text.text, &text.url, &text.alt, &text.title).hash(&mut hasher);
            for action in &text.actions {
                (&action.text, &action.choice_id, &action.on_click).hash(&mut hasher);
            }
        }
        body => encode(body).hash(&mut hasher),
    }
    hasher.finish()
}
