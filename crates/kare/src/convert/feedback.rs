use switchboard_core::model::{Action, FeedbackRequest, Icon};

/// The ratings of a request that brings none.
pub(super) fn ratings(positive: &str, negative: &str) -> Vec<Action> {
    let rating = |id: &str, label: &str, icon| Action {
        icon,
        ..Action::choice(id, label)
    };
    vec![
        rating(FeedbackRequest::POSITIVE, positive, Icon::ThumbUp),
        rating(FeedbackRequest::NEGATIVE, negative, Icon::ThumbDown),
    ]
}
