//! The log of a conversation → interactions: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.9.

use std::sync::Arc;

use switchboard_core::dialect::{Entry, Item};
use switchboard_core::model::{
    Author, Content, Feedback, MessageId, Rating, Timestamp, UserEvent, UserInput,
};
use time::macros::format_description;

use super::compose::{Occasion, Scene, compose};
use super::{handover, say};
use crate::wire::feedback::Verdict;
use crate::wire::history::Interaction;
use crate::wire::{B64, TalkValues};

/// What belongs to one sentence of the user, or to nothing that the user said.
#[derive(Default)]
struct Exchange<'a> {
    turn: Option<MessageId>,
    said: Option<&'a UserEvent>,
    answers: Vec<Arc<Entry>>,
    asked: bool,
    verdict: Option<Verdict>,
    reason: Option<u8>,
    comment: Option<&'a str>,
}

/// Pairs what the user said with what was answered, oldest first.
pub fn interactions(entries: &[Arc<Entry>], scene: &Scene<'_>) -> Vec<Interaction> {
    let mut exchanges: Vec<Exchange<'_>> = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.unrecorded) {
        match &entry.item {
            Item::User(event) => match &event.input {
                UserInput::Feedback(feedback) => {
                    rate(&mut exchanges, feedback);
                }
                _ => exchanges.push(Exchange {
                    turn: Some(event.id),
                    said: Some(event),
                    ..Exchange::default()
                }),
            },
            Item::Message(published) => {
                let exchange = match &mut exchanges[..] {
                    // Only the latest takes answers, so that the order is kept.
                    [.., last] if entry.turn.is_some() && last.turn == entry.turn => last,
                    _ => {
                        exchanges.push(Exchange {
                            turn: entry.turn,
                            ..Exchange::default()
                        });
                        let Some(last) = exchanges.last_mut() else {
                            continue;
                        };
                        last
                    }
                };
                exchange.asked |= matches!(published.message.content, Content::FeedbackRequest(_));
                exchange.answers.push(Arc::clone(entry));
            }
            Item::Notice(_) | Item::Typing(_) | Item::Ended { .. } => {}
        }
    }
    exchanges
        .into_iter()
        .filter_map(|exchange| interaction(exchange, entries, scene))
        .collect()
}

/// Adds a part of a feedback to the latest answer that asked for one, else to the latest answer.
fn rate<'a>(exchanges: &mut [Exchange<'a>], feedback: &'a Feedback) {
    let asked = exchanges.iter().rposition(|exchange| exchange.asked);
    let answered = |exchange: &Exchange<'_>| !exchange.answers.is_empty();
    let place = asked.or_else(|| exchanges.iter().rposition(answered));
    let Some(exchange) = place.and_then(|place| exchanges.get_mut(place)) else {
        return;
    };
    let verdict = feedback.rating.map(|rating| match rating {
        Rating::Positive => Verdict::Positive,
        Rating::Negative => Verdict::Negative,
        Rating::None => Verdict::WithoutAnswer,
    });
    exchange.verdict = verdict.or(exchange.verdict);
    exchange.reason = feedback.reason.or(exchange.reason);
    exchange.comment = feedback.comment.as_deref().or(exchange.comment);
}

fn interaction(
    exchange: Exchange<'_>,
    entries: &[Arc<Entry>],
    scene: &Scene<'_>,
) -> Option<Interaction> {
    let words = exchange.said.and_then(words);
    if words.is_none() && exchange.answers.is_empty() {
        return None;
    }
    // The log's time, which never goes back, rather than that of the event's arrival.
    let at = begun_at(exchange.turn, entries).or(exchange.said.map(|event| event.at));
    let scene = Scene {
        occasion: match exchange.said.map(|event| &event.input) {
            Some(UserInput::Open { .. }) => Occasion::Welcome,
            Some(UserInput::Choice(_)) => Occasion::Clicked,
            _ => Occasion::Typed,
        },
        ..*scene
    };
    let values = compose(&exchange.answers, &scene).into_values();
    let last = exchange
        .answers
        .last()
        .map(|entry| entry.at)
        .or_else(|| logged_at(exchange.turn, entries));
    let at = at.or_else(|| exchange.answers.first().map(|entry| entry.at))?;
    let is_human = values.human == Some(true)
        || exchange.answers.iter().any(|entry| {
            entry
                .message()
                .is_some_and(|p| matches!(p.message.author, Author::Operator { .. }))
        });
    let verdict = exchange
        .verdict
        .or_else(|| exchange.asked.then_some(Verdict::WithoutAnswer))
        .map(|verdict| B64::from(verdict.as_str()));
    let answered = !exchange.answers.is_empty();
    Some(Interaction {
        hide_request: words.is_none().then_some(true),
        user: words.unwrap_or_default().into(),
        text: values.text.unwrap_or_default(),
        kind: values
            .type_response
            .or_else(|| step_of(&exchange.answers))
            .filter(|_| answered),
        from: Some(if is_human { "operator" } else { "bot" }.into()),
        date: Some(date(at).into()),
        timestamp: Some(at.as_millis()),
        poll_updated_interaction_date: last.map(Timestamp::as_millis),
        template_name: values.template_name,
        template_data: values.template_data,
        sidebar: values.sidebar,
        feedback: verdict.clone(),
        feed_back: verdict,
        feedback_choice_key: exchange.reason.map(|reason| reason.to_string().into()),
        feedback_comment: exchange.comment.map(B64::from),
        redirect_url: values.url_redirect,
        operator_external_id: values.operator_external_id,
        operator_name: values.operator_name,
        rest: serde_json::Map::new(),
    })
}

/// The type of a step of the livechat that an engine told by another frame than an answer.
fn step_of(answers: &[Arc<Entry>]) -> Option<B64> {
    let phase = answers.iter().rev().find_map(|entry| {
        let message = &entry.message()?.message;
        match &message.content {
            Content::Handover(step) => Some(step.phase),
            _ => None,
        }
    })?;
    let mut values = TalkValues::default();
    handover::from_model(phase, &mut values);
    values.type_response
}

fn begun_at(turn: Option<MessageId>, entries: &[Arc<Entry>]) -> Option<Timestamp> {
    let turn = turn?;
    let mut of_turn = entries.iter().filter(|entry| entry.turn == Some(turn));
    of_turn.next().map(|entry| entry.at)
}

fn logged_at(turn: Option<MessageId>, entries: &[Arc<Entry>]) -> Option<Timestamp> {
    let turn = turn?;
    entries
        .iter()
        .rev()
        .find(|entry| entry.turn == Some(turn))
        .map(|entry| entry.at)
}

/// What is shown as the user's words; absent where there are none.
pub fn words(event: &UserEvent) -> Option<String> {
    if event.hidden {
        return None;
    }
    let words = match &event.input {
        UserInput::Text { text } => text.as_str(),
        UserInput::Choice(choice) => choice.words()?,
        UserInput::Open { query, .. } => query.as_deref()?,
        UserInput::Form(form) | UserInput::Survey(form) => form.summary.as_deref()?,
        UserInput::File(file) => file.name.as_str(),
        _ => return None,
    };
    // The widget shows the user's words without markup, and gets them as it sends them.
    (!words.is_empty()).then(|| say::typed(words))
}

/// A day as `DD/MM/YYYY`, in UTC.
pub fn day(at: Timestamp) -> String {
    at.to_utc()
        .format(format_description!("[day]/[month]/[year]"))
        .unwrap_or_default()
}

fn date(at: Timestamp) -> String {
    at.to_utc()
        .format(format_description!("[day]/[month]/[year] [hour]:[minute]"))
        .unwrap_or_default()
}
