//! A client's socket at a conversation: it gets everything that is published, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{Attach, ClientMark, Entry, View};
use switchboard_core::model::MessageId;

use crate::conversation::{Conversation, State};
use crate::exchange::Inner;

/// A client's socket at a conversation. Dropping it detaches the socket.
pub struct Attachment {
    inner: Arc<Inner>,
    conversation: Arc<Conversation>,
    client: Option<ClientMark>,
    /// The newest place when the socket was attached: up to here the client gets only what no
    /// client has received.
    joined: u64,
    /// Everything up to here has been handed out or recalled, from where the client must know it.
    cursor: u64,
    failures_seen: u64,
    /// Places handed out and not yet known to be delivered, in ascending order.
    handed_out: VecDeque<u64>,
}

/// What a client's socket gets.
#[derive(Debug)]
pub enum Delivery {
    /// A log entry.
    Entry(Arc<Entry>, View),
    /// A log entry that is not for the client, but that what follows may hang on.
    Recalled(Arc<Entry>, View),
    /// A turn failed that nobody waits for.
    TurnFailed {
        /// Which.
        turn: MessageId,
        /// Why.
        fault: Fault,
    },
    /// The conversation is gone (expired, or the exchange shuts down): close the socket.
    Gone,
}

impl Attachment {
    /// Attaches to a conversation, unless it has been put away meanwhile.
    pub(crate) fn new(
        inner: &Arc<Inner>,
        conversation: Arc<Conversation>,
        attach: &Attach,
        created: bool,
    ) -> Option<(View, Self)> {
        conversation.touch(inner.clock.now());
        let mut state = conversation.state.lock();
        if state.gone {
            return None;
        }
        state.merge(attach.profile.clone());
        state.attached += 1;
        let pending = conversation.back(inner, &mut state);
        let cursor = first_needed(&mut state).saturating_sub(1);
        let (joined, failures_seen) = (state.last_seq, state.failures_seen);
        let used = state.used;
        let view = conversation.view(&state, created, used);
        drop(state);
        conversation.spawn_all(inner, pending);
        let inner = inner.clone();
        let handed_out = VecDeque::new();
        Some((
            view,
            Self {
                inner,
                conversation,
                client: attach.target.client,
                joined,
                cursor,
                failures_seen,
                handed_out,
            },
        ))
    }

    /// Waits for what the client gets next. Cancel-safe.
    pub async fn next(&mut self) -> Delivery {
        let conversation = self.conversation.clone();
        loop {
            let changed = conversation.changed.notified();
            {
                let state = conversation.state.lock();
                if let Some(delivery) = self.ready(&state) {
                    return delivery;
                }
            }
            changed.await;
        }
    }

    fn ready(&mut self, state: &State) -> Option<Delivery> {
        while self.cursor < state.last_seq {
            self.cursor += 1;
            let Some(slot) = find(state, self.cursor) else {
                continue;
            };
            let is_old = self.cursor <= self.joined;
            if is_old && slot.entry.is_transient() {
                continue;
            }
            let entry = slot.entry.clone();
            // What was missed may have been fetched by another client in the meantime.
            if slot.is_input || (is_old && slot.delivered) {
                let view = self.conversation.view(state, false, state.used);
                return Some(Delivery::Recalled(entry, view));
            }
            return Some(self.entry(state, entry));
        }
        if let Some((number, turn, fault)) = state
            .failures
            .iter()
            .find(|(number, ..)| *number > self.failures_seen)
        {
            self.failures_seen = *number;
            return Some(Delivery::TurnFailed {
                turn: *turn,
                fault: fault.clone(),
            });
        }
        state.gone.then_some(Delivery::Gone)
    }

    fn entry(&mut self, state: &State, entry: Arc<Entry>) -> Delivery {
        self.handed_out.push_back(entry.seq);
        Delivery::Entry(entry, self.conversation.view(state, false, state.used))
    }

    /// The client got everything that was handed out up to this place: it will not be delivered
    /// again on a later attachment. Call it after the frames are flushed to the socket.
    pub fn delivered(&mut self, seq: u64) {
        let mut state = self.conversation.state.lock();
        while let Some(place) = self.handed_out.pop_front_if(|place| *place <= seq) {
            if let Some(slot) = find_mut(&mut state, place)
                && !slot.delivered
            {
                slot.delivered = true;
                state.version += 1;
            }
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.conversation.touch(self.inner.clock.now());
        let mut state = self.conversation.state.lock();
        state.attached = state.attached.saturating_sub(1);
        state.version += 1;
        self.conversation
            .leave(&self.inner, &mut state, self.client);
    }
}

/// The place from which a client must know the log: the latest input, or the beginning of an older
/// turn that is under way or has something left that no client has received.
fn first_needed(state: &mut State) -> u64 {
    let undelivered = state.first_undelivered();
    let state = &*state;
    let open = state.turns.iter().filter(|turn| !turn.is_over());
    let missed = state.log.iter().skip(state.place(undelivered));
    let missed = missed.filter(|slot| !slot.delivered && !slot.entry.is_transient());
    let begun = missed.map(|slot| {
        let begun = match slot.entry.turn {
            Some(turn) => state.beginning(turn),
            None => state.latest_input(slot.entry.seq),
        };
        begun.unwrap_or(slot.entry.seq)
    });
    open.map(|turn| turn.seq)
        .chain(begun)
        .chain(state.latest_input(u64::MAX))
        .min()
        .unwrap_or(state.last_seq + 1)
}

fn index(state: &State, seq: u64) -> Option<usize> {
    let first = state.log.front()?.entry.seq;
    usize::try_from(seq.checked_sub(first)?).ok()
}

fn find(state: &State, seq: u64) -> Option<&crate::conversation::Slot> {
    state.log.get(index(state, seq)?)
}

fn find_mut(state: &mut State, seq: u64) -> Option<&mut crate::conversation::Slot> {
    let index = index(state, seq)?;
    state.log.get_mut(index)
}
