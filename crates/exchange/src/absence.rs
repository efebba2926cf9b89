//! Clients whose socket was lost while a human is involved.
//!
//! Such a client may go on as if nothing had happened: it does not come back, and what its user
//! says goes nowhere (`docs/protocols/dydu.md#71-connection`). The human is told. Where the
//! client's page still asks for suggestions while the user types, those words are what the user
//! says: they are shown to the human as they are typed, and count as said once they rest.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use switchboard_core::dialect::{ClientMark, HandoverState, UnknownChoice, Wait};
use switchboard_core::model::{MessageId, Timestamp, UserEvent, UserInput};

use crate::conversation::{Conversation, State};
use crate::drive::{Feed, Pending};
use crate::exchange::{FrontendHandle, Inner};

/// How a conversation misses its client.
#[derive(Debug)]
pub(crate) struct Absence {
    client: Option<ClientMark>,
    /// When the human is to be told; none once that is done.
    tell_at: Option<Timestamp>,
    /// What the user was seen typing, and when it counts as said.
    typed: Option<(String, Timestamp)>,
}

impl Absence {
    /// When something is to be done.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let said_at = self.typed.as_ref().map(|(_, at)| *at);
        self.tell_at.into_iter().chain(said_at).min()
    }

    fn is_told(&self) -> bool {
        self.tell_at.is_none()
    }
}

/// Conversations of one frontend whose client was lost, by the client.
#[derive(Default)]
pub(crate) struct Absent {
    conversations: Mutex<HashMap<ClientMark, Vec<Weak<Conversation>>>>,
    /// There are some. Most of the time there are none, and no call should wait to learn that.
    some: AtomicBool,
}

impl Absent {
    fn add(&self, client: ClientMark, conversation: &Arc<Conversation>) {
        let weak = Arc::downgrade(conversation);
        let mut absent = self.conversations.lock();
        self.some.store(true, Ordering::Relaxed);
        let known = absent.entry(client).or_default();
        if !known.iter().any(|other| other.ptr_eq(&weak)) {
            known.push(weak);
        }
    }

    /// A client does something in a conversation. If it looks like one that another conversation
    /// misses, it is not that one: the two can no longer be told apart.
    pub(crate) fn seen(&self, client: ClientMark, conversation: &Arc<Conversation>) {
        for other in self.known(client) {
            if !Arc::ptr_eq(&other, conversation) {
                other.forget_client(client);
            }
        }
    }

    fn known(&self, client: ClientMark) -> Vec<Arc<Conversation>> {
        if !self.some.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let absent = self.conversations.lock();
        let known = absent.get(&client).into_iter().flatten();
        known.filter_map(Weak::upgrade).collect()
    }

    /// The conversation that misses this client. None if there are several: one client cannot be
    /// told from the other then.
    fn find(&self, client: ClientMark) -> Option<Arc<Conversation>> {
        let mut missing = self
            .known(client)
            .into_iter()
            .filter(|conversation| conversation.misses(client));
        let found = missing.next()?;
        missing.next().is_none().then_some(found)
    }

    pub(crate) fn forget_those_back(&self) {
        let known: Vec<_> = {
            let absent = self.conversations.lock();
            let clients = absent.iter();
            clients
                .flat_map(|(client, all)| all.iter().map(|one| (*client, one.clone())))
                .collect()
        };
        for (client, weak) in known {
            if weak
                .upgrade()
                .is_some_and(|conversation| conversation.misses(client))
            {
                continue;
            }
            let mut absent = self.conversations.lock();
            if let Some(all) = absent.get_mut(&client) {
                all.retain(|other| !other.ptr_eq(&weak));
                if all.is_empty() {
                    absent.remove(&client);
                }
            }
            self.some.store(!absent.is_empty(), Ordering::Relaxed);
        }
    }
}

impl Conversation {
    fn misses(&self, client: ClientMark) -> bool {
        let state = self.state.lock();
        let absence = state.absence.as_ref();
        !state.gone && absence.is_some_and(|absence| absence.client == Some(client))
    }

    fn forget_client(&self, client: ClientMark) {
        if let Some(absence) = &mut self.state.lock().absence
            && absence.client == Some(client)
        {
            absence.client = None;
            absence.typed = None;
        }
    }

    /// A client's socket is gone.
    pub(crate) fn leave(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        client: Option<ClientMark>,
    ) {
        let is_missed = state.attached == 0
            && state.handover != HandoverState::None
            && !state.ended
            && !state.gone;
        if !is_missed {
            return;
        }
        state.absence = Some(Box::new(Absence {
            client,
            tell_at: Some(inner.clock.now().after(inner.limits.absence)),
            typed: None,
        }));
        if let Some(client) = client {
            self.frontend.absent.add(client, self);
        }
        self.set_timer(inner, state);
    }

    /// A client is there again.
    #[must_use]
    pub(crate) fn back(self: &Arc<Self>, inner: &Arc<Inner>, state: &mut State) -> Vec<Pending> {
        let Some(absence) = state.absence.take() else {
            return Vec::new();
        };
        let mut pending = Vec::new();
        if let Some((text, _)) = &absence.typed {
            pending.extend(self.say(inner, state, text));
        }
        if absence.is_told() {
            let back = UserInput::Connection { lost: false };
            pending.extend(self.sign(inner, state, back));
        }
        pending
    }

    /// Does what is due about a client that is away.
    #[must_use]
    pub(crate) fn miss(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        now: Timestamp,
    ) -> Vec<Pending> {
        let Some(mut absence) = state.absence.take() else {
            return Vec::new();
        };
        if state.ended || state.gone || state.handover == HandoverState::None {
            return Vec::new();
        }
        let mut pending = Vec::new();
        if absence.tell_at.take_if(|at| *at <= now).is_some() {
            tracing::info!(conversation.id = %self.id, "a client was lost during a livechat");
            let lost = UserInput::Connection { lost: true };
            pending.extend(self.sign(inner, state, lost));
        }
        if let Some((text, _)) = absence.typed.take_if(|(_, at)| *at <= now) {
            pending.extend(self.say(inner, state, &text));
        }
        state.absence = Some(absence);
        self.set_timer(inner, state);
        pending
    }

    /// The user was seen typing.
    fn overhear(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        text: &str,
    ) -> Vec<Pending> {
        let now = inner.clock.now();
        let rests_at = now.after(inner.limits.overheard);
        let Some(absence) = &mut state.absence else {
            return Vec::new();
        };
        let before = absence.typed.replace((text.to_owned(), rests_at));
        let mut pending = Vec::new();
        if let Some((before, _)) = before
            && !goes_on(&before, text)
        {
            pending.extend(self.say(inner, state, &before));
        }
        let typing = UserInput::Typing {
            active: true,
            text: Some(text.to_owned()),
        };
        pending.extend(self.sign(inner, state, typing));
        pending
    }

    /// Passes on a sign of life.
    fn sign(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        input: UserInput,
    ) -> Vec<Pending> {
        self.frontend.meters.received(&input);
        let event = self.event(inner, input);
        self.feed(inner, state, Feed::Event(event.into()))
    }

    fn say(self: &Arc<Self>, inner: &Arc<Inner>, state: &mut State, text: &str) -> Vec<Pending> {
        let handle = FrontendHandle {
            inner: inner.clone(),
            state: self.frontend.clone(),
        };
        let event = self.event(inner, UserInput::text(text));
        let unknown = UnknownChoice::AsText;
        match handle.accept(self, state, event, unknown, None, Wait::Accepted) {
            Ok(accepted) => accepted.pending,
            Err(fault) => {
                tracing::warn!(%fault, "what a lost client's user typed could not be passed on");
                Vec::new()
            }
        }
    }

    fn event(&self, inner: &Inner, input: UserInput) -> UserEvent {
        let id = MessageId(inner.clock.fresh());
        UserEvent::new(id, inner.clock.now(), input)
    }
}

impl FrontendHandle {
    /// A client asks for suggestions without telling in which conversation.
    pub(crate) fn overhear(&self, client: ClientMark, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let Some(conversation) = self.state.absent.find(client) else {
            return;
        };
        conversation.touch(self.inner.clock.now());
        let pending = {
            let mut state = conversation.state.lock();
            conversation.overhear(&self.inner, &mut state, text)
        };
        conversation.spawn_all(&self.inner, pending);
    }
}

/// Whether the one is a later state of typing the other, rather than something new.
fn goes_on(before: &str, after: &str) -> bool {
    after.starts_with(before) || before.starts_with(after)
}
