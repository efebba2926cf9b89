//! Handover to a human:
//! `docs/protocols/opendialog.md#hand-to-system-conversation-handover-older-name-hand-to-human-source-code`.

use std::borrow::Cow;

use switchboard_core::model::{Content, Handover, HandoverPhase};

use super::{Hint, Typed, text};
use crate::wire::Slot;
use crate::wire::outbound::{Common, Data, System};
use crate::wire::scalar::Named;

pub(crate) fn read(data: System) -> Content {
    let elements = data.elements.get();
    let words = elements.and_then(|elements| {
        elements
            .text("handover_text")
            .or_else(|| elements.text("text"))
            .map(Cow::into_owned)
    });
    Content::Handover(Handover {
        phase: HandoverPhase::Offered,
        text: words.map(text::rich).unwrap_or_default(),
        system: data.system.into_option().filter(|name| !name.is_empty()),
        operator: None,
    })
}

/// The message that starts a chat mode. Nothing if the client would only show an error line: for
/// a system that it has no mode for, and for the later steps of a handover.
pub(crate) fn write(handover: &Handover, hint: Hint<'_>) -> Option<Typed> {
    let system = handover.system.as_deref();
    let native = matches!(hint.native, Some("hand-to-system" | "hand-to-human"));
    let has_mode = system.is_some_and(|system| {
        hint.target
            .handover_systems
            .iter()
            .any(|known| known == system)
    });
    if handover.phase != HandoverPhase::Offered || !(native || has_mode) {
        return None;
    }
    let text = handover.text.to_plain();
    let words = (!text.is_empty()).then(|| ("handover_text".to_owned(), text.into_owned()));
    let data = System {
        system: Slot::or_absent(system.map(str::to_owned)),
        elements: Slot::Given(words.into_iter().collect::<Named>()),
        // Handover messages have neither text nor `hideavatar`.
        common: Common {
            disable_text: Slot::Given(false),
            ..Common::default()
        },
        ..System::default()
    };
    Some(("hand-to-system", Data::System(data)))
}
