//! Repetitions: a client that had no answer sends its request once more, and it must not become a
//! second question. See [`Retry`].

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::dialect::{Item, Retry};
use switchboard_core::model::{MessageId, Timestamp, TurnOutcome, UserEvent};

use crate::conversation::{Stage, State, Turn};

/// How long a request without any id is remembered by its digest.
pub(crate) const REMEMBER_RETRIES: Duration = Duration::from_secs(60);
/// How often a failure is repeated to copies of one question: a client sends four at the most.
const MOST_COPIES: u8 = 3;
/// How much later than it should a repetition may come.
const RETRY_MARGIN: Duration = Duration::from_secs(1);

impl Turn {
    /// The engine could not be reached, so that a repetition is worth another try.
    pub(crate) fn is_unheard(&self) -> bool {
        let unheard = |outcome| outcome == TurnOutcome::Unreachable;
        self.published == 0
            && matches!(self.stage, Stage::Ended { outcome, .. } if unheard(outcome))
    }

    /// Whether an identical request is a repetition: see [`Retry`].
    fn is_repeated_by(&self, retry: Retry, now: Timestamp) -> bool {
        if self.retry.is_none_or(|own| own.digest != retry.digest) {
            return false;
        }
        let Stage::Ended { outcome, at } = self.stage else {
            return true;
        };
        let Some(taken) = self.taken.filter(|_| !self.is_unheard()) else {
            return now.since(at) < REMEMBER_RETRIES;
        };
        // A failure is repeated after each copy that met with it, an answer only once.
        let (may_be_missed, since) = match outcome {
            TurnOutcome::Done => (self.given_up || at.since(self.asked) >= retry.patience, at),
            _ => (self.copies < MOST_COPIES, taken),
        };
        !retry.patience.is_zero() && may_be_missed && now.since(since) < retry.pause + RETRY_MARGIN
    }
}

/// The turn that an event is a repetition of: the same id, or the same digest while nobody has
/// the answer yet.
pub(crate) fn repeated<'a>(
    state: &'a mut State,
    event: &UserEvent,
    retry: Option<Retry>,
    now: Timestamp,
) -> Option<&'a mut Turn> {
    if state.turn(event.id).is_some() {
        return state.turn(event.id);
    }
    joinable(state, retry, now)
}

fn joinable(state: &mut State, retry: Option<Retry>, now: Timestamp) -> Option<&mut Turn> {
    let retry = retry?;
    let mut turns = state.turns.iter_mut().rev();
    turns.find(|turn| turn.is_repeated_by(retry, now))
}

/// The event that began a turn, if it is the latest and still known: what is said again after
/// something else is said anew.
pub(crate) fn asked(state: &State, turn: MessageId) -> Option<Arc<UserEvent>> {
    let turn = state.turns.back().filter(|latest| latest.id == turn)?;
    let slot = state.log.get(state.place(turn.seq))?;
    match &slot.entry.item {
        Item::User(event) if event.id == turn.id => Some(event.clone()),
        _ => None,
    }
}

/// Whether a conversation was begun by such a request and has not got beyond it.
pub(crate) fn is_same_beginning(state: &mut State, retry: Option<Retry>, now: Timestamp) -> bool {
    !state.gone && (state.turns.is_empty() || joinable(state, retry, now).is_some())
}
