//! Takes what a user does: it is logged, joins the turn that it repeats, waits, or goes to the leg.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use switchboard_core::Fault;
use switchboard_core::dialect::{Item, Retry, UnknownChoice, Wait};
use switchboard_core::model::{MessageId, TurnOutcome, UserEvent, UserInput};

use crate::conversation::{Conversation, Stage, State, Turn};
use crate::drive::{Feed, Pending};
use crate::exchange::FrontendHandle;
use crate::repetition::{asked, repeated};
use crate::resolve::{Resolved, resolve};

/// What became of an event.
pub(crate) struct Accepted {
    /// The turn that the event opened or is a repetition of.
    pub(crate) turn: MessageId,
    pub(crate) pending: Vec<Pending>,
}

impl FrontendHandle {
    /// Logs an event and hands it to the leg, or has it wait for the turn under way.
    pub(crate) fn accept(
        &self,
        conversation: &Arc<Conversation>,
        state: &mut State,
        mut event: UserEvent,
        unknown: UnknownChoice,
        retry: Option<Retry>,
        wait: Wait,
    ) -> Result<Accepted, Fault> {
        let now = self.inner.clock.now();
        let waits = u32::from(wait.collect().is_some());
        // Who does not wait has no answer to lose, so the same again is meant again.
        let retry = retry.filter(|_| waits > 0);
        let repeated = repeated(state, &event, retry, now).map(|turn| (turn.id, turn.is_unheard()));
        if let Some((turn, false)) = repeated {
            return Ok(self.join(state, turn, waits));
        }
        if repeated.is_none()
            && let Some(slot) = state.recorded(event.id)
        {
            if slot.is_input {
                return Ok(self.join(state, event.id, waits));
            }
            // One of the engine's messages has this id; two of them would make a knot.
            event.id = self.inner.cx().message_id();
        }
        if self.inner.draining.load(Ordering::Relaxed) {
            return Err(Fault::BackendUnavailable);
        }
        if state.ended {
            return Err(Fault::ConversationEnded);
        }
        if let Some((turn, true)) = repeated
            && let Some(event) = asked(state, turn)
        {
            let mut accepted = self.join(state, turn, waits);
            if let Some(turn) = state.turn(turn) {
                turn.stage = Stage::Queued;
                turn.taken = None;
            }
            self.state.meters.turn_begun();
            accepted.pending = self.hand_over(conversation, state, event);
            return Ok(accepted);
        }
        let opens_turn = event.input.opens_turn();
        let bound = self.inner.limits.queued_events;
        let open = state.turns.iter().filter(|turn| !turn.is_over()).count();
        if open > bound || state.in_flight >= bound {
            if opens_turn {
                return Err(Fault::RateLimited { retry_after: None });
            }
            // A sign of life that comes too late is worth nothing.
            let pending = Vec::new();
            return Ok(Accepted {
                turn: event.id,
                pending,
            });
        }
        let content = content_of(&event);
        if content > 0 && !self.inner.make_room(content) {
            return Err(Fault::RateLimited { retry_after: None });
        }
        self.state.meters.received(&event.input);
        if !opens_turn {
            let turn = event.id;
            let pending = conversation.feed(&self.inner, state, Feed::Event(event.into()));
            return Ok(Accepted { turn, pending });
        }
        // Tests, and what is not to be kept, stay out of statistics.
        if !event.unrecorded && state.profile.qualification != Some(true) {
            self.state.meters.asked(&event);
        }
        let log = state.log.iter().map(|slot| &slot.entry);
        let (input, ignored) = match resolve(event.input, log, unknown) {
            Resolved::Pass(input) => (input, false),
            Resolved::Ignore(input) => (input, true),
        };
        event.input = input;
        state.used = true;
        state.begin(Turn {
            id: event.id,
            retry,
            stage: Stage::Queued,
            asked: now,
            deadline: now,
            begun: Instant::now(),
            engine_since: None,
            published: 0,
            unrecorded: event.unrecorded,
            waiters: waits,
            copies: 0,
            taken: None,
            content,
            given_up: false,
            queried: None,
            seq: state.last_seq + 1,
        });
        self.state.meters.turn_begun();
        let event = Arc::new(event);
        let item = Item::User(without_content(&event));
        let turn = Some(event.id);
        conversation.log(&self.inner, state, turn, (0, false), event.unrecorded, item);
        let turn = event.id;
        let pending = if ignored {
            let done = TurnOutcome::Done;
            conversation.end_turn(&self.inner, state, event.id, done, Instant::now());
            conversation.feed(&self.inner, state, Feed::Nothing)
        } else {
            self.hand_over(conversation, state, event)
        };
        Ok(Accepted { turn, pending })
    }

    /// Hands an event to the leg, or has it wait for the turn under way.
    fn hand_over(
        &self,
        conversation: &Arc<Conversation>,
        state: &mut State,
        event: Arc<UserEvent>,
    ) -> Vec<Pending> {
        if state.is_engaged() || !state.waiting.is_empty() {
            state.waiting.push_back(event);
            return Vec::new();
        }
        conversation.feed(&self.inner, state, Feed::Event(event))
    }

    fn join(&self, state: &mut State, turn: MessageId, waits: u32) -> Accepted {
        if let Some(turn) = state.turn(turn) {
            turn.waiters += waits;
            turn.copies = turn.copies.saturating_add(u8::from(turn.is_over()));
        }
        Accepted {
            turn,
            pending: Vec::new(),
        }
    }
}

/// How many bytes of a file an event carries.
fn content_of(event: &UserEvent) -> usize {
    match &event.input {
        UserInput::File(file) => file.content.len(),
        _ => 0,
    }
}

/// The event as it is kept.
pub(crate) fn without_content(event: &Arc<UserEvent>) -> Arc<UserEvent> {
    match &event.input {
        UserInput::File(file) if !file.content.is_empty() => {
            let mut kept = (**event).clone();
            if let UserInput::File(file) = &mut kept.input {
                file.content = Bytes::new();
            }
            Arc::new(kept)
        }
        _ => event.clone(),
    }
}
