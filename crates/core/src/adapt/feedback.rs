//! Requests for feedback.

use super::plan::Plan;
use super::rules;
use crate::model::{Action, ContentKind, FeedbackRequest, Icon};

/// A request for feedback as a question. The ids of the ratings stay what they are, so that an
/// answer is still understood as feedback.
pub(super) fn as_choices(plan: &mut Plan<'_>, request: &FeedbackRequest, actions: &[Action]) {
    let kind = ContentKind::FeedbackRequest;
    plan.note(kind, rules::FEEDBACK_AS_CHOICES);
    let mut page = plan.page();
    page.text(&request.text);
    if !request.reasons.is_empty() {
        page.words(&format!("👎 {}", request.reasons.join(" / ")));
    }
    let text = page.finish();
    if actions.is_empty() {
        plan.ask(kind, text, &thumbs());
    } else {
        plan.ask(kind, text, actions);
    }
}

fn thumbs() -> [Action; 2] {
    let thumb = |id: &str, label: &str, icon| Action {
        icon,
        ..Action::choice(id, label)
    };
    [
        thumb(FeedbackRequest::POSITIVE, "👍", Icon::ThumbUp),
        thumb(FeedbackRequest::NEGATIVE, "👎", Icon::ThumbDown),
    ]
}
