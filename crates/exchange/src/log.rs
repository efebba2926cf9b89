//! Writes a conversation's log, and what of it is to be kept into the transcripts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use switchboard_core::dialect::{Entry, Item};
use switchboard_core::model::{EndReason, MessageId};
use switchboard_store::{ConversationFacts, NewLine};

use crate::conversation::{Conversation, State};
use crate::exchange::Inner;

/// How transcripts name a conversation; made when its first line is written.
#[derive(Default)]
pub(crate) struct Facts {
    made: OnceLock<Arc<ConversationFacts>>,
    is_private: AtomicBool,
}

impl Facts {
    /// Of a conversation that transcripts know nothing of.
    pub(crate) const fn private() -> Self {
        Self {
            made: OnceLock::new(),
            is_private: AtomicBool::new(true),
        }
    }

    /// From now on transcripts hear nothing of it.
    pub(crate) fn hide(&self) {
        self.is_private.store(true, Ordering::Relaxed);
    }
}

impl Conversation {
    /// Writes a line into the log, and into the transcripts.
    pub(crate) fn log(
        &self,
        inner: &Inner,
        state: &mut State,
        turn: Option<MessageId>,
        position: (u32, bool),
        unrecorded: bool,
        item: Item,
    ) {
        let keep = inner.limits.log_entries;
        let now = inner.clock.now();
        let entry = state.append(now, turn, position, unrecorded, item, keep);
        self.transcribe(inner, state, entry);
    }

    /// Ends it, unless it is over already.
    pub(crate) fn end(
        &self,
        inner: &Inner,
        state: &mut State,
        turn: Option<MessageId>,
        reason: EndReason,
    ) {
        if state.end() {
            let position = (0, turn.is_some());
            self.log(inner, state, turn, position, false, Item::Ended { reason });
            self.frontend.meters.conversation_over();
        }
    }

    fn transcribe(&self, inner: &Inner, state: &State, entry: Arc<Entry>) {
        let is_kept = inner.transcripts.is_recording()
            && !self.facts.is_private.load(Ordering::Relaxed)
            && !entry.unrecorded
            && !entry.is_transient()
            && state.profile.qualification != Some(true);
        if is_kept {
            inner.transcripts.record(NewLine {
                conversation: Arc::clone(self.facts.made.get_or_init(|| self.facts())),
                profile: Arc::clone(&state.profile),
                entry,
            });
        }
    }

    fn facts(&self) -> Arc<ConversationFacts> {
        Arc::new(ConversationFacts {
            id: self.id,
            frontend: Arc::clone(&self.frontend.name),
            backend: Arc::clone(&self.frontend.backend.name),
            key: Arc::clone(&self.key),
            scope: Arc::clone(&self.scope),
            begun: self.begun,
        })
    }
}
