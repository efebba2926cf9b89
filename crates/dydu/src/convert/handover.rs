//! Handover to a human ⇄ `specialAction`, `typeResponse` and `code`:
//! `docs/protocols/dydu.md#8-livechat-life-cycle`.

use switchboard_core::dialect::HandoverState;
use switchboard_core::model::HandoverPhase;

use crate::wire::{TalkValues, words};

/// The step that an answer or a notification takes, given where the conversation stands. Steps
/// that have been taken already are none, so that nothing is announced twice.
pub fn to_model(values: &TalkValues, state: HandoverState) -> Option<HandoverPhase> {
    let kind = values.type_word();
    let active = state != HandoverState::None;
    match values.action_word() {
        words::LEAVE_QUEUE => return active.then_some(HandoverPhase::LeftByUser),
        words::END_POLLING => return end(kind, active),
        words::START_QUEUE => return Some(waiting(values)),
        words::START_POLLING => return joined(state),
        _ => {}
    }
    match kind {
        words::QUEUE_LEFT => return active.then_some(HandoverPhase::LeftByUser),
        words::IN_QUEUE => return Some(waiting(values)),
        words::LIVECHAT_STARTED => return joined(state),
        _ if words::is_end(kind) => return end(kind, active),
        _ => {}
    }
    match values.code_word() {
        words::CONNECTED | words::TAKEN => joined(state),
        words::TRANSFERRED | words::TRANSFERRED_BY_RULE if active => {
            Some(HandoverPhase::Transferred)
        }
        _ => None,
    }
}

fn joined(state: HandoverState) -> Option<HandoverPhase> {
    (state != HandoverState::Active).then_some(HandoverPhase::Joined)
}

/// It ends a livechat, or the wait for one.
pub fn is_end(values: &TalkValues) -> bool {
    let kind = values.type_word();
    words::is_end(kind)
        || kind == words::QUEUE_LEFT
        || matches!(
            values.action_word(),
            words::END_POLLING | words::LEAVE_QUEUE
        )
}

fn end(kind: &str, active: bool) -> Option<HandoverPhase> {
    active.then_some(if kind == words::USER_LEFT {
        HandoverPhase::LeftByUser
    } else {
        HandoverPhase::Ended
    })
}

fn waiting(values: &TalkValues) -> HandoverPhase {
    let number = |field: Option<i64>| field.and_then(|number| u32::try_from(number).ok());
    HandoverPhase::Waiting {
        position: number(values.queue_position),
        wait_seconds: number(values.estimated_waiting_duration),
    }
}

/// Where a conversation stands after a step.
pub fn after(phase: HandoverPhase, before: HandoverState) -> HandoverState {
    match phase {
        HandoverPhase::Offered => before,
        HandoverPhase::Waiting { .. } => HandoverState::Waiting,
        HandoverPhase::Joined | HandoverPhase::Transferred => HandoverState::Active,
        HandoverPhase::LeftByUser | HandoverPhase::Ended => HandoverState::None,
    }
}

/// Writes a step into a talk answer.
///
/// The widget's queue screen needs a position. Where the engine tells none the livechat is opened
/// at once, and the text says that an operator is on the way.
pub fn from_model(phase: HandoverPhase, values: &mut TalkValues) {
    let mut set = |kind: &str, action: &str| {
        values.type_response = Some(kind.into());
        values.special_action = Some(action.into());
    };
    match phase {
        HandoverPhase::Offered => {}
        HandoverPhase::Waiting {
            position: Some(position),
            wait_seconds,
        } => {
            set(words::IN_QUEUE, words::START_QUEUE);
            values.queue_position = Some(position.into());
            values.estimated_waiting_duration = wait_seconds.map(i64::from);
        }
        HandoverPhase::Waiting { position: None, .. }
        | HandoverPhase::Joined
        | HandoverPhase::Transferred => {
            set(words::LIVECHAT_STARTED, words::START_POLLING);
            values.start_livechat = Some(true);
        }
        HandoverPhase::LeftByUser => set(words::QUEUE_LEFT, words::LEAVE_QUEUE),
        HandoverPhase::Ended => set(words::ENDED_BY_OPERATOR, words::END_POLLING),
    }
}
