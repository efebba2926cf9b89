//! How a message that a dialect cannot show becomes one that it can.
//!
//! Each rule is a function in its own file and has a name in [`RULES`]. A rule says what it has to
//! say in content that the dialect can show, so one pass is enough. Where we need words of our
//! own we use signs and numbers: nobody here knows the user's language.

mod card;
mod choices;
mod feedback;
mod form;
mod list;
mod media;
mod notice;
mod page;
mod plan;
mod question;
mod quote;
mod rules;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::model::{
    Action, Capabilities, Card, Content, ContentKind, Extras, ListItem, Message, MessageId,
};

pub use rules::RULES;

use plan::{Piece, Plan};

/// What adaptation made of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Adapted {
    /// The dialect shows it as it is.
    AsIs,
    /// Other messages are shown in its stead, in this order. The first keeps the id; the others
    /// have ids derived from it, so that they stay the same on every call.
    Instead {
        /// The messages to show.
        messages: Vec<Message>,
        /// What was done.
        notes: Vec<Note>,
    },
}

/// One thing that adaptation did, for metrics and the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// What was adapted.
    pub kind: ContentKind,
    /// The name of the rule, as in `docs/fidelity.md`.
    pub rule: &'static str,
}

/// Adapts `message` to a dialect with these capabilities.
pub fn adapt(message: &Message, capabilities: &Capabilities) -> Adapted {
    if fits(message, capabilities) {
        return Adapted::AsIs;
    }
    let mut plan = Plan::new(capabilities);
    plan.show(&message.content, &message.actions);
    let (pieces, notes) = plan.finish();
    let messages = pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| piece_of(message, index, piece))
        .collect();
    Adapted::Instead { messages, notes }
}

/// One of the messages that are shown instead of `original`.
fn piece_of(original: &Message, index: usize, piece: Piece) -> Message {
    let id = match index {
        0 => original.id,
        _ => MessageId(Uuid::new_v5(&original.id.0, index.to_string().as_bytes())),
    };
    let is_same_kind = index == 0 && piece.content.kind() == original.content.kind();
    Message {
        id,
        parent: original.parent,
        author: original.author.clone(),
        at: original.at,
        content: piece.content,
        actions: piece.actions,
        extras: if is_same_kind {
            original.extras.clone()
        } else {
            Extras::none()
        },
    }
}

/// Whether a dialect with these capabilities shows the message as it is. The format of a text does
/// not matter here, encoders convert it.
pub fn fits(message: &Message, capabilities: &Capabilities) -> bool {
    fits_content(&message.content, &message.actions, capabilities)
}

fn fits_content(content: &Content, actions: &[Action], capabilities: &Capabilities) -> bool {
    let kind = content.kind();
    supports(capabilities, kind)
        && (actions.is_empty() || takes_actions(capabilities, kind))
        && match content {
            Content::Card(card) => fits_card(card, capabilities),
            Content::Carousel { cards, .. } => {
                cards.iter().all(|card| fits_card(card, capabilities))
            }
            Content::List(list) => list.items.iter().all(|item| fits_item(item, capabilities)),
            _ => true,
        }
}

/// Whether content of this kind can be shown at all. Words always can.
fn supports(capabilities: &Capabilities, kind: ContentKind) -> bool {
    match kind {
        ContentKind::Text => true,
        ContentKind::Choices | ContentKind::FeedbackRequest if !capabilities.choices => false,
        kind => capabilities.kinds.contains(kind),
    }
}

/// Whether a message of this kind can carry actions.
fn takes_actions(capabilities: &Capabilities, kind: ContentKind) -> bool {
    capabilities.choices
        && (capabilities.actions_anywhere
            || matches!(
                kind,
                ContentKind::Choices | ContentKind::Card | ContentKind::FeedbackRequest
            ))
}

fn fits_card(card: &Card, capabilities: &Capabilities) -> bool {
    capabilities.choices || (card.actions.is_empty() && card.tap.is_none())
}

/// Whether a list that the dialect supports can hold the item.
fn fits_item(item: &ListItem, capabilities: &Capabilities) -> bool {
    is_item_kind(item.content.kind())
        && supports(capabilities, item.content.kind())
        && (item.actions.is_empty() || capabilities.choices)
        && match &item.content {
            Content::Card(card) => fits_card(card, capabilities),
            _ => true,
        }
}

/// What a list can hold at all.
fn is_item_kind(kind: ContentKind) -> bool {
    matches!(
        kind,
        ContentKind::Text | ContentKind::Image | ContentKind::Choices | ContentKind::Card
    )
}
