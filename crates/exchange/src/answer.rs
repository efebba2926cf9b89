//! What a call gets out of a conversation's log.

use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{Answer, Collect, Entry, Item};
use switchboard_core::model::{MessageId, Timestamp, TurnOutcome, UserEvent};

use crate::conversation::{Slot, Stage, State};
use crate::drive::fault_of;

/// The answer of a turn, if it has ended.
pub(crate) fn finished(
    state: &mut State,
    id: MessageId,
    collect: Collect,
    now: Timestamp,
) -> Option<Result<Answer, Fault>> {
    let (outcome, since, queried) = match state.turn(id) {
        Some(turn) => {
            let Stage::Ended { outcome, .. } = turn.stage else {
                return None;
            };
            turn.taken = Some(now);
            (outcome, turn.seq, turn.queried.clone())
        }
        // Ended long ago; all that is known of it is in the log.
        None => match state.beginning(id) {
            Some(seq) => (TurnOutcome::Done, seq, None),
            None => return Some(Err(Fault::TimedOut)),
        },
    };
    if outcome == TurnOutcome::TimedOut && collect == Collect::WholeTurn {
        return Some(Err(Fault::TimedOut));
    }
    let input = state.log.get(state.place(since)).and_then(input_of);
    // What another caller waits for is not this one's to take.
    let others: Vec<MessageId> = state
        .turns
        .iter()
        .filter(|turn| turn.waiters > 0 && turn.id != id)
        .map(|turn| turn.id)
        .collect();
    let from = state.first_undelivered().min(since);
    let entries = take(state, from, usize::MAX, |entry, delivered| {
        let unclaimed = || entry.turn.is_none_or(|turn| !others.contains(&turn));
        entry.is_outbound()
            && !entry.is_transient()
            && (entry.turn == Some(id)
                || (collect == Collect::Undelivered && !delivered && unclaimed()))
    });
    if entries.is_empty()
        && let Some(fault) = fault_of(outcome)
    {
        let overtaken = state.ended && outcome == TurnOutcome::Refused;
        return Some(Err(if overtaken {
            Fault::ConversationEnded
        } else {
            fault
        }));
    }
    Some(Ok(Answer {
        entries,
        turn: Some(id),
        input,
        queried,
        ..Answer::default()
    }))
}

fn input_of(slot: &Slot) -> Option<Arc<UserEvent>> {
    match &slot.entry.item {
        Item::User(event) => Some(event.clone()),
        _ => None,
    }
}

/// The newest entries of what is recorded.
pub(crate) fn recorded(state: &State, limit: usize) -> Vec<Arc<Entry>> {
    let mut entries: Vec<_> = state
        .log
        .iter()
        .rev()
        .map(|slot| &slot.entry)
        .filter(|entry| !entry.unrecorded && !entry.is_transient())
        .take(limit)
        .cloned()
        .collect();
    entries.reverse();
    entries
}

/// Takes entries, from a place in the log on, for a client: they count as delivered.
pub(crate) fn take(
    state: &mut State,
    from: u64,
    limit: usize,
    mut wanted: impl FnMut(&Entry, bool) -> bool,
) -> Vec<Arc<Entry>> {
    let mut taken = Vec::new();
    let mut changed = false;
    let skip = state.place(from);
    for slot in state.log.iter_mut().skip(skip) {
        if taken.len() >= limit {
            break;
        }
        if wanted(&slot.entry, slot.delivered) {
            changed |= !slot.delivered;
            slot.delivered = true;
            taken.push(slot.entry.clone());
        }
    }
    if changed {
        state.version += 1;
    }
    taken
}
