use switchboard_core::model::{
    Action, Command, Handover, HandoverPhase, Icon, OpenTarget, RichText, SendBody,
};

/// Reads a handover: Kare only ever offers one.
pub(super) fn to_model(text: RichText) -> Handover {
    Handover {
        phase: HandoverPhase::Offered,
        text,
        system: None,
        operator: None,
    }
}

/// Whether Kare has a form for this step. The others are said in words.
pub(super) fn is_offer(handover: &Handover) -> bool {
    handover.phase == HandoverPhase::Offered
}

/// The action of an offer that brings none: it runs the site's own way to a human.
pub(super) fn escalate(label: &str) -> Action {
    Action {
        icon: Icon::Contact,
        on_click: vec![
            Command::Print(label.to_owned()),
            Command::Send(SendBody::Choice),
            Command::Open(OpenTarget::Escalate),
        ],
        ..Action::choice("handover", label)
    }
}
