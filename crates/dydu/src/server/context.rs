//! Contexts, visits and variables: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.2, 3.3.17 to
//! 3.3.20.

use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Find, HandoverState, Operation};
use switchboard_core::model::{Query, UserEvent, UserInput};

use super::plan::{Plan, Reply, accepted, forgiven};
use super::{Ask, Channel};
use crate::convert::input;
use crate::wire::context::{AvailabilityValues, ContextValues, StatusValues};
use crate::wire::{Envelope, envelope};

/// `chat/context`: a context to talk in, the given one if it lives.
pub(super) fn context(ask: &Ask<'_>) -> Plan {
    let bot = ask.bot.bot_id.clone();
    let find = Find::Renew(ask.context.clone());
    Plan::call(ask.profile(), find, Operation::Touch, move |result, _| {
        let values = ContextValues {
            context_id: result?.view.key.to_string().into(),
            bot_id: Some(bot.into()),
        };
        Ok(Reply::Text(Envelope::text(envelope::CONTEXT, values)))
    })
}

/// `chat/availablecontext`: whether a context lives.
pub(super) fn available(ask: &Ask<'_>) -> Plan {
    let Some(context) = ask.context.clone() else {
        return Plan::text(availability(false));
    };
    Plan::call(
        ask.profile(),
        Find::Existing(context),
        Operation::Touch,
        |result, _| {
            let lives = forgiven(result)?.is_some_and(|outcome| !outcome.view.ended);
            Ok(Reply::Text(availability(lives)))
        },
    )
}

/// The answer to whether a context lives.
pub(super) fn availability(lives: bool) -> String {
    let values = AvailabilityValues {
        is_context_still_available: lives,
    };
    Envelope::text(envelope::AVAILABILITY, values)
}

/// `chat/status`: whether the user still waits for an operator.
pub(super) fn status(ask: &Ask<'_>) -> Plan {
    let encode = |waits| {
        let values = StatusValues {
            waiting_queue_status_response: waits,
        };
        Envelope::text(envelope::STATUS, values)
    };
    let Some(context) = ask.context.clone() else {
        return Plan::text(encode(false));
    };
    Plan::call(
        ask.profile(),
        Find::Existing(context),
        Operation::Touch,
        move |result, _| {
            let waits = forgiven(result)?
                .is_some_and(|outcome| outcome.view.handover == HandoverState::Waiting);
            Ok(Reply::Text(encode(waits)))
        },
    )
}

/// `chat/welcomecall`: a visit, for the engine to count. The client waits for nothing, and repeats
/// the call by itself.
pub(super) fn welcome_call(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    let input = UserInput::Query(Query::Visit);
    Plan::remark(ask, input, envelope::WELCOME_CALL, cx)
}

/// `chat/variable`: sets a context variable or, with an empty value, deletes it.
pub(super) fn variable(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let variables = input::variable(&ask.params)?;
    let mut event = UserEvent::new(cx.message_id(), cx.now, UserInput::Variables);
    event.hidden = true;
    let find = Find::Renew(ask.context.clone());
    let bot = ask.bot.bot_id.clone();
    let channel = ask.channel;
    let mut profile = ask.profile();
    profile.variables.extend(variables);
    Ok(Plan::call(
        profile,
        find,
        accepted(event),
        move |result, _| {
            let view = result?.view;
            if channel == Channel::Socket {
                return Ok(Reply::Quiet("variableResponse"));
            }
            // The context may be a new one.
            let values = ContextValues {
                context_id: view.key.to_string().into(),
                bot_id: Some(bot.into()),
            };
            Ok(Reply::Text(Envelope::text("variableResponse", values)))
        },
    ))
}
