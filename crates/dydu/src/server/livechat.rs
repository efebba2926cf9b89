//! Polls and signs of life during a livechat: `docs/protocols/dydu.md#83-polling-fallback`.

use serde::Serialize;
use switchboard_core::Fault;
use switchboard_core::dialect::{After, Cx, Find, Operation, Outcome};
use switchboard_core::model::{Timestamp, UserInput};

use super::Ask;
use super::plan::{Plan, Reply, forgiven};
use crate::convert::compose::Occasion;
use crate::convert::push;
use crate::wire::livechat::TypingRequest;
use crate::wire::{Envelope, envelope};

/// Values of a poll that brings nothing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NothingNew {
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_updated_interaction_date: Option<i64>,
}

/// An answer that brings nothing, but says from where to go on: the widget would otherwise take
/// the time of its own last message and miss what was said shortly before it.
fn nothing_new(from: Option<i64>) -> String {
    let values = NothingNew {
        poll_updated_interaction_date: from,
    };
    Envelope::text(envelope::POLL, values)
}

/// `chat/poll/last`: the oldest item that is new, if there is one, dated after `lastPoll`. Where the
/// conversation is gone a livechat is over: the widget would poll on for ever.
pub(super) fn poll(ask: &Ask<'_>) -> Result<Plan, Fault> {
    let last = ask.params.number("lastPoll");
    // The widget writes `null` where it has none.
    let Some(context) = ask.context.clone() else {
        return Ok(Plan::text(nothing_new(last)));
    };
    let operation = Operation::Poll {
        after: last.map_or(After::Delivered, |last| After::Time(Timestamp(last))),
        limit: 1,
    };
    let manner = ask.manner();
    Ok(Plan::call(
        ask.profile(),
        Find::Existing(context),
        operation,
        move |result, cx| {
            let Some(Outcome { view, answer }) = forgiven(result)? else {
                return Ok(Reply::Text(push::gone(cx.now.as_millis()).to_text()));
            };
            let scene = manner.scene(&view, Occasion::Typed, cx);
            let Some(entry) = answer.entries.first() else {
                return Ok(Reply::Text(nothing_new(last)));
            };
            // It may have been logged before the moment that the client goes on from.
            let after = last.map_or(i64::MIN, |last| last.saturating_add(1));
            let date = entry.at.as_millis().max(after);
            Ok(Reply::Text(match push::poll(entry, date, &scene) {
                Some(push) => push.to_text(),
                None => nothing_new(Some(date)),
            }))
        },
    ))
}

/// `chat/typing`
pub(super) fn typing(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    let TypingRequest { active, content } = TypingRequest::of(&ask.params);
    let input = UserInput::Typing {
        active,
        text: content,
    };
    Plan::tell(ask, input, "typingResponse", cx)
}

/// `chat/reading`
pub(super) fn reading(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    Plan::tell(ask, UserInput::Read, "readingResponse", cx)
}
