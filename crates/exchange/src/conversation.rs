//! One conversation: its log, its turns, its leg.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use switchboard_core::Fault;
use switchboard_core::dialect::{Entry, HandoverState, Item, Leg, Retry, View};
use switchboard_core::model::{
    ConversationId, HandoverPhase, MessageId, Profile, QueryAnswer, Timestamp, TurnOutcome, Typing,
    UserEvent,
};
use switchboard_store::{StoredConversation, StoredEntry};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::SocketCommand;
use crate::absence::Absence;
use crate::exchange::{FrontendState, Inner};
use crate::log::Facts;

/// How many ended turns are remembered, so that a repetition is recognised.
const REMEMBERED_TURNS: usize = 16;
/// How many failed turns wait for a socket to be told.
const REMEMBERED_FAILURES: usize = 8;

pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) key: Arc<str>,
    pub(crate) scope: Arc<str>,
    pub(crate) frontend: Arc<FrontendState>,
    pub(crate) begun: Timestamp,
    /// How transcripts name it.
    pub(crate) facts: Facts,
    /// Milliseconds; read by the sweeper without the lock.
    last_used: AtomicI64,
    pub(crate) state: Mutex<State>,
    /// The log grew, a turn ended, or the conversation went away.
    pub(crate) changed: Notify,
}

pub(crate) struct State {
    pub(crate) profile: Arc<Profile>,
    pub(crate) log: VecDeque<Slot>,
    pub(crate) last_seq: u64,
    pub(crate) last_at: Timestamp,
    /// Everything before this place has been delivered.
    pub(crate) undelivered_from: u64,
    pub(crate) leg: Option<Box<dyn Leg>>,
    pub(crate) socket: Option<LegSocket>,
    /// HTTP exchanges of the leg that are under way.
    pub(crate) in_flight: usize,
    /// Counts the sockets that the leg has opened, so that a late event of an old one is known.
    pub(crate) sockets_opened: u32,
    pub(crate) turns: VecDeque<Turn>,
    pub(crate) waiting: VecDeque<Arc<UserEvent>>,
    pub(crate) handover: HandoverState,
    pub(crate) used: bool,
    pub(crate) ended: bool,
    /// Out of reach: expired, put away, or the process ends.
    pub(crate) gone: bool,
    /// Client sockets attached.
    pub(crate) attached: u32,
    /// The last client socket was lost while a human is involved.
    pub(crate) absence: Option<Box<Absence>>,
    /// The moment for which the timer knows this conversation.
    pub(crate) timer: Option<Timestamp>,
    pub(crate) failures: VecDeque<(u64, MessageId, Fault)>,
    pub(crate) failures_seen: u64,
    /// Entries that the log had no room for before a client got them, and that are not counted yet.
    pub(crate) lost: u64,
    /// Grows with every change; tells whether a stored copy is still true.
    pub(crate) version: u64,
}

pub(crate) struct Slot {
    pub(crate) entry: Arc<Entry>,
    /// The id of the user event or the engine's message that the entry records; nil of anything
    /// else. Here, so that looking for an id need not visit the entries.
    pub(crate) id: MessageId,
    pub(crate) is_input: bool,
    pub(crate) delivered: bool,
}

impl Slot {
    fn new(entry: Arc<Entry>, delivered: bool) -> Self {
        let id = match &entry.item {
            Item::User(event) => event.id,
            Item::Message(published) => published.message.id,
            _ => MessageId(Uuid::nil()),
        };
        Self {
            is_input: matches!(entry.item, Item::User(_)),
            entry,
            id,
            delivered,
        }
    }
}

pub(crate) struct LegSocket {
    pub(crate) number: u32,
    /// Gone once the socket no longer takes commands; what it brought is still read.
    pub(crate) commands: Option<mpsc::Sender<SocketCommand>>,
}

pub(crate) struct Turn {
    pub(crate) id: MessageId,
    pub(crate) retry: Option<Retry>,
    pub(crate) stage: Stage,
    /// When it was asked for.
    pub(crate) asked: Timestamp,
    pub(crate) deadline: Timestamp,
    pub(crate) begun: Instant,
    /// When the leg began to wait for the engine.
    pub(crate) engine_since: Option<Instant>,
    /// Messages published so far.
    pub(crate) published: u32,
    pub(crate) unrecorded: bool,
    /// Callers that wait for it.
    pub(crate) waiters: u32,
    /// Repetitions of it that came after it had ended.
    pub(crate) copies: u8,
    /// When a caller took its answer last.
    pub(crate) taken: Option<Timestamp>,
    /// Bytes of a file that are on their way to the engine with it.
    pub(crate) content: usize,
    /// A caller went away before there was one.
    pub(crate) given_up: bool,
    pub(crate) queried: Option<QueryAnswer>,
    /// The place of the turn's user event in the log.
    pub(crate) seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waits for the turn before it.
    Queued,
    /// With the leg.
    Running,
    /// Over.
    Ended { outcome: TurnOutcome, at: Timestamp },
}

impl Turn {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }
}

impl Conversation {
    pub(crate) fn new(
        id: ConversationId,
        key: Arc<str>,
        scope: Arc<str>,
        frontend: Arc<FrontendState>,
        now: Timestamp,
    ) -> Self {
        let state = State {
            profile: Arc::default(),
            log: VecDeque::new(),
            last_seq: 0,
            last_at: Timestamp::default(),
            undelivered_from: 0,
            leg: None,
            socket: None,
            in_flight: 0,
            sockets_opened: 0,
            // Most conversations at rest have had a turn or two.
            turns: VecDeque::with_capacity(1),
            waiting: VecDeque::new(),
            handover: HandoverState::None,
            used: false,
            ended: false,
            gone: false,
            attached: 0,
            absence: None,
            timer: None,
            failures: VecDeque::new(),
            failures_seen: 0,
            lost: 0,
            version: 0,
        };
        Self {
            id,
            key,
            scope,
            frontend,
            begun: now,
            facts: Facts::default(),
            last_used: AtomicI64::new(now.as_millis()),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Takes up a conversation that was put away.
    ///
    /// # Errors
    /// Its leg cannot be taken up.
    pub(crate) fn from_stored(
        stored: StoredConversation,
        frontend: Arc<FrontendState>,
        inner: &Inner,
    ) -> Result<Self, Fault> {
        let conversation = Self::new(
            stored.id,
            stored.key.into(),
            stored.scope.into(),
            frontend,
            stored.begun,
        );
        conversation.touch(stored.last_used);
        {
            let mut state = conversation.state.lock();
            state.last_at = stored
                .log
                .last()
                .map(|slot| slot.entry.at)
                .unwrap_or_default();
            state.log = stored
                .log
                .into_iter()
                .map(|slot| Slot::new(slot.entry, slot.delivered))
                .collect();
            state.profile = stored.profile;
            state.last_seq = stored.last_seq;
            state.handover = stored.handover;
            state.used = stored.used;
            state.ended = stored.ended;
            if let Some((backend, leg)) = stored.leg
                && backend == *conversation.frontend.backend.name
            {
                state.leg = Some(
                    conversation
                        .frontend
                        .backend
                        .backend
                        .resume(leg, &inner.cx())?,
                );
            }
        }
        Ok(conversation)
    }

    /// The conversation as a plain value, if nothing is under way in it; with the version that
    /// tells whether the value is still true.
    pub(crate) fn to_stored(&self) -> Option<(StoredConversation, u64)> {
        let state = self.state.lock();
        let busy = state.attached > 0
            || state.socket.is_some()
            || state.absence.is_some()
            || state.gone
            || state.turns.iter().any(|turn| !turn.is_over())
            || state
                .leg
                .as_ref()
                .is_some_and(|leg| !leg.is_quiet() || leg.wake_at().is_some());
        if busy {
            return None;
        }
        let last_used = self.last_used();
        let stored = StoredConversation {
            id: self.id,
            frontend: self.frontend.name.to_string(),
            key: self.key.to_string(),
            scope: self.scope.to_string(),
            profile: state.profile.clone(),
            log: state
                .log
                .iter()
                .map(|slot| StoredEntry {
                    entry: slot.entry.clone(),
                    delivered: slot.delivered,
                })
                .collect(),
            last_seq: state.last_seq,
            handover: state.handover,
            used: state.used,
            ended: state.ended,
            leg: state
                .leg
                .as_ref()
                .map(|leg| (self.frontend.backend.name.to_string(), leg.state())),
            begun: self.begun,
            last_used,
            expires_at: last_used.after(self.frontend.frontend.idle_timeout()),
        };
        Some((stored, state.version))
    }

    pub(crate) fn last_used(&self) -> Timestamp {
        Timestamp(self.last_used.load(Ordering::Relaxed))
    }

    pub(crate) fn touch(&self, now: Timestamp) {
        self.last_used.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    /// A client's socket is there, and a human is or is awaited.
    pub(crate) fn has_company(&self) -> bool {
        let state = self.state.lock();
        state.attached > 0 && state.handover != HandoverState::None && !state.ended
    }

    /// Ended or gone: a new conversation may take its key.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state.lock();
        state.ended || state.gone
    }

    pub(crate) fn view(&self, state: &State, created: bool, used: bool) -> View {
        View {
            id: self.id,
            key: self.key.clone(),
            scope: self.scope.clone(),
            created,
            used,
            ended: state.ended,
            handover: state.handover,
            profile: state.profile.clone(),
            last_seq: state.last_seq,
        }
    }
}

impl State {
    /// Puts a line into the log.
    pub(crate) fn append(
        &mut self,
        now: Timestamp,
        turn: Option<MessageId>,
        position: (u32, bool),
        unrecorded: bool,
        item: Item,
        keep: usize,
    ) -> Arc<Entry> {
        self.last_seq += 1;
        self.last_at = now.max(Timestamp(self.last_at.as_millis() + 1));
        self.version += 1;
        let delivered = matches!(item, Item::User(_));
        let entry = Arc::new(Entry {
            seq: self.last_seq,
            at: self.last_at,
            turn,
            index: position.0,
            last: position.1,
            unrecorded,
            item,
        });
        self.log.push_back(Slot::new(Arc::clone(&entry), delivered));
        while self.log.len() > keep {
            let oldest = self.log.pop_front();
            let lost = oldest.is_some_and(|slot| !slot.delivered && !slot.entry.is_transient());
            self.lost += u64::from(lost);
        }
        entry
    }

    /// The newest entry says the same about the same person's typing.
    pub(crate) fn repeats(&self, typing: &Typing) -> bool {
        self.log
            .back()
            .is_some_and(|slot| matches!(&slot.entry.item, Item::Typing(last) if last == typing))
    }

    /// The place of the user event that opened a turn, if the log still holds it.
    pub(crate) fn beginning(&self, turn: MessageId) -> Option<u64> {
        let mut slots = self.log.iter().rev();
        let slot = slots.find(|slot| slot.is_input && slot.id == turn)?;
        Some(slot.entry.seq)
    }

    /// The place of the latest user event before this one.
    pub(crate) fn latest_input(&self, before: u64) -> Option<u64> {
        let mut inputs = self.log.iter().rev().filter(|slot| slot.is_input);
        let latest = inputs.find(|slot| slot.entry.seq < before)?;
        Some(latest.entry.seq)
    }

    /// What is recorded under an id of a user event or an engine's message.
    pub(crate) fn recorded(&self, id: MessageId) -> Option<&Slot> {
        self.log.iter().rev().find(|slot| slot.id == id)
    }

    /// Where in the log the entry with this place is, or the first one after it.
    pub(crate) fn place(&self, seq: u64) -> usize {
        let first = self.log.front().map_or(0, |slot| slot.entry.seq);
        usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX)
    }

    /// The place of the first entry that no client has received; past the end if there is none.
    pub(crate) fn first_undelivered(&mut self) -> u64 {
        let first = self.log.front().map_or(0, |slot| slot.entry.seq);
        self.undelivered_from = self.undelivered_from.max(first);
        while let Some(slot) = self.log.get(self.place(self.undelivered_from))
            && slot.delivered
        {
            self.undelivered_from += 1;
        }
        self.undelivered_from
    }

    pub(crate) fn merge(&mut self, change: Profile) {
        // Transcripts hold the profile too: a change of it is a copy.
        if self.profile.holds(&change) {
            return;
        }
        let profile = Arc::make_mut(&mut self.profile);
        profile.merge(change);
        self.version += 1;
    }

    pub(crate) fn turn(&mut self, id: MessageId) -> Option<&mut Turn> {
        self.turns.iter_mut().rev().find(|turn| turn.id == id)
    }

    /// Remembers a turn, and forgets the oldest ended ones.
    pub(crate) fn begin(&mut self, turn: Turn) {
        self.turns.push_back(turn);
        while self.turns.len() > REMEMBERED_TURNS
            && self
                .turns
                .front()
                .is_some_and(|turn| turn.is_over() && turn.waiters == 0)
        {
            self.turns.pop_front();
        }
    }

    /// A turn is with the leg that the next one must wait for.
    pub(crate) fn is_engaged(&self) -> bool {
        self.handover != HandoverState::Active
            && self.turns.iter().any(|turn| turn.stage == Stage::Running)
    }

    pub(crate) fn failed(&mut self, turn: MessageId, fault: Fault) {
        self.failures_seen += 1;
        self.failures.push_back((self.failures_seen, turn, fault));
        if self.failures.len() > REMEMBERED_FAILURES {
            self.failures.pop_front();
        }
    }

    pub(crate) fn hand_over(&mut self, phase: HandoverPhase) {
        self.handover = match phase {
            HandoverPhase::Offered => return,
            HandoverPhase::Waiting { .. } => HandoverState::Waiting,
            HandoverPhase::Joined | HandoverPhase::Transferred => HandoverState::Active,
            HandoverPhase::LeftByUser | HandoverPhase::Ended => HandoverState::None,
        };
        if self.handover == HandoverState::None {
            self.absence = None;
        }
    }

    /// Nothing but its end can be said any more. `false` if it was over before.
    pub(crate) fn end(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.ended = true;
        self.handover = HandoverState::None;
        self.absence = None;
        true
    }
}
