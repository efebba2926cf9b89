//! `chat/feedback` and its two further parts: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.5
//! to 3.3.7.

use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::model::UserInput;

use super::Ask;
use super::plan::{Plan, Reply};
use crate::convert::input;
use crate::wire::path::Endpoint;

/// The name of the answer, which no client reads.
const KIND: &str = "feedbackResponse";

/// A part of a feedback on the latest answer. An empty comment says nothing, and is no mistake.
pub(super) fn feedback(endpoint: Endpoint, ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let wanted = match endpoint {
        Endpoint::FeedbackComment => "comment",
        Endpoint::FeedbackReason => "choiceKey",
        _ => "feedBack",
    };
    Ok(match input::feedback(&ask.params, wanted)? {
        Some(feedback) => Plan::tell(ask, UserInput::Feedback(feedback), KIND, cx),
        None => Plan::Now(Reply::Quiet(KIND)),
    })
}
