use serde::{Deserialize, Serialize};
use switchboard_core::model::{
    Action, Command, Content, FeedbackRequest, Message, Rating, SendBody,
};

use crate::matching::Spoken;

/// An option that the user may name instead of clicking it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// The option's id.
    pub id: String,
    /// The words on it.
    pub label: String,
    /// What picking it means.
    pub pick: Pick,
}

/// What picking an option means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pick {
    /// Goes to the intent with the option's id, with this value.
    Intent(Option<String>),
    /// Says these words.
    Say(String),
    /// Rates the answer.
    Rate(Rating),
}

impl Offer {
    /// Whether a text names the option, by its label or its id.
    pub(super) fn is_named(&self, spoken: &Spoken) -> bool {
        !spoken.is_empty()
            && (Spoken::new(&self.label) == *spoken || Spoken::new(&self.id) == *spoken)
    }
}

/// The options of a message that send something.
pub(super) fn offers(message: &Message) -> Vec<Offer> {
    let mut actions: Vec<&Action> = message.actions.iter().collect();
    match &message.content {
        Content::Carousel { cards, .. } => {
            actions.extend(cards.iter().flat_map(|card| &card.actions));
        }
        Content::List(list) => {
            for item in &list.items {
                if let Content::Card(card) = &item.content {
                    actions.extend(&card.actions);
                }
                actions.extend(&item.actions);
            }
        }
        _ => {}
    }
    let is_rating = matches!(message.content, Content::FeedbackRequest(_));
    actions
        .into_iter()
        .filter(|action| action.sends() && !action.disabled)
        .map(|action| Offer {
            id: action.id.clone(),
            label: action.label.clone(),
            pick: match rating(&action.id).filter(|_| is_rating) {
                Some(rating) => Pick::Rate(rating),
                None => said_by(action).map_or_else(
                    || Pick::Intent(action.value.clone()),
                    |words| Pick::Say(words.to_owned()),
                ),
            },
        })
        .collect()
}

/// The verdict that a rating's id stands for.
pub(super) fn rating(id: &str) -> Option<Rating> {
    match id {
        FeedbackRequest::POSITIVE => Some(Rating::Positive),
        FeedbackRequest::NEGATIVE => Some(Rating::Negative),
        _ => None,
    }
}

/// The words that a click on the action sends, if it sends words.
pub(super) fn said_by(action: &Action) -> Option<&str> {
    action.on_click.iter().find_map(|command| match command {
        Command::Send(SendBody::Text(words)) => Some(words.as_str()),
        _ => None,
    })
}
