//! `chat/feedback` and its two further parts: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.5
//! to 3.3.7.

use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::model::UserInput;

use super::Ask;
use super::plan::Plan;
use crate::convert::input;

/// A part of a feedback on the latest answer.
pub(super) fn feedback(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let feedback = input::feedback(&ask.params).ok_or_else(|| {
        Fault::bad_input("none of feedBack, choiceKey and comment has a known value")
    })?;
    let input = UserInput::Feedback(feedback);
    Ok(Plan::tell(ask, input, "feedbackResponse", cx))
}
