//! What users do: `docs/protocols/kare.md#53-query-and-click` and
//! `docs/protocols/kare.md#81-custom-events`.

use serde_json::{Map, Value};
use switchboard_core::model::{
    ChoiceMade, Extras, Feedback, FeedbackRequest, FormSubmission, MessageId, Rating, Timestamp,
    UploadedFile, UserEvent, UserInput,
};

use super::kept::{self, Kept};
use crate::KARE;
use crate::error::DialectError;
use crate::wire::click::{Click, Target};
use crate::wire::hello::Hello;
use crate::wire::query::{MAX_TEXT_CHARS, Query};
use crate::wire::{Aspect, Body, Envelope, Uri, WireId};

/// Reads a query or a click. `fresh` is its id if it brings no valid one.
///
/// # Errors
/// It has no words or too many, or is neither.
pub fn to_model(
    envelope: Envelope,
    fresh: MessageId,
    now: Timestamp,
) -> Result<UserEvent, DialectError> {
    let Envelope {
        id,
        parent_id,
        uri,
        header,
        body,
        extra,
        ..
    } = envelope;
    let mut kept = Kept::default();
    kept.object("header", header.extra);
    kept.object("envelope", extra);
    let parent = parent_id.map(|parent| parent.to_model());
    let (input, parent) = match body {
        Body::Query(query) => {
            kept.object("body", query.extra);
            let text = query.text.filter(|text| !text.trim().is_empty()).ok_or(
                DialectError::InvalidMessage {
                    field: Some("body.text"),
                    message: "The query has no text.",
                },
            )?;
            if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
                return Err(DialectError::TextTooLong);
            }
            // A question is a root, whatever it says.
            (UserInput::Text { text }, None)
        }
        Body::Click(mut click) => {
            kept.object("body", click.extra);
            kept.object("target", std::mem::take(&mut click.target.extra));
            if let Some(aspect) = click.target.aspect.as_ref()
                && aspect.is_offered()
                && *aspect != Aspect::Choice
            {
                kept.value("aspect", aspect.as_str());
            }
            if click.target.aspect == Some(Aspect::Feedback) {
                kept.text("label", click.target.text.clone());
            }
            (click_to_model(click.target, parent)?, parent)
        }
        _ => return Err(DialectError::UnknownUri(uri.as_str().to_owned())),
    };
    // Nothing comes from itself.
    let id = id
        .and_then(|id| id.uuid())
        .filter(|id| parent != Some(*id))
        .unwrap_or(fresh);
    Ok(UserEvent {
        parent,
        extras: kept.into_extras(),
        ..UserEvent::new(id, now, input)
    })
}

/// The aspect of a click that is not the ordinary choice's.
pub(crate) fn aspect(event: &UserEvent) -> Option<Aspect> {
    kept::text(&event.extras, "aspect").and_then(Aspect::parse)
}

fn click_to_model(target: Target, parent: Option<MessageId>) -> Result<UserInput, DialectError> {
    if target.is_empty() {
        return Err(DialectError::InvalidMessage {
            field: Some("body.target"),
            message: "The click has no target.",
        });
    }
    let Target {
        aspect,
        choice_id,
        text,
        ..
    } = target;
    Ok(match (aspect, choice_id) {
        (Some(Aspect::OpenLink), Some(url)) => UserInput::LinkClick { url, label: text },
        (Some(aspect), value) if !aspect.is_offered() => UserInput::Custom {
            name: aspect.as_str().to_owned(),
            value,
            label: text,
        },
        (Some(Aspect::Feedback), Some(id)) if parent.is_some() && rating(&id).is_some() => {
            // Said here, and not by the action: a request may leave its ratings to the frontend.
            UserInput::Feedback(Feedback {
                message: parent,
                rating: rating(&id),
                ..Feedback::default()
            })
        }
        (_, id) => UserInput::Choice(ChoiceMade {
            message: parent,
            id,
            label: text,
            value: None,
            action: None,
        }),
    })
}

fn rating(choice_id: &str) -> Option<Rating> {
    match choice_id {
        FeedbackRequest::POSITIVE => Some(Rating::Positive),
        FeedbackRequest::NEGATIVE => Some(Rating::Negative),
        _ => None,
    }
}

/// Writes what a user did. None for what Kare has no message for: typing, reading, variables, the
/// end, and forms without anything in them.
pub fn from_model(event: &UserEvent) -> Option<Envelope> {
    let (uri, parent, body) = match &event.input {
        UserInput::Open { welcome, .. } => (
            Uri::InHi,
            None,
            Body::Hello(Hello {
                welcome_message_id: welcome.clone(),
                ..Hello::default()
            }),
        ),
        UserInput::Text { text } => (Uri::InQuery, None, query(text.clone())),
        UserInput::Choice(choice) => match choice_target(choice, event) {
            Some(target) => (
                Uri::InClick,
                choice.message.or(event.parent),
                Body::Click(Click::on(target)),
            ),
            // No message of the engine's is known to have offered it: all that is left is words.
            None => (Uri::InQuery, None, query(choice.words()?.to_owned())),
        },
        UserInput::Feedback(feedback) => (
            Uri::InClick,
            feedback.message.or(event.parent),
            Body::Click(Click::on(feedback_target(feedback)?)),
        ),
        UserInput::Custom { name, value, label } => (
            Uri::InClick,
            event.parent,
            Body::Click(Click::on(Target {
                aspect: Aspect::parse(name),
                choice_id: value.clone(),
                text: label.clone(),
                extra: Map::new(),
            })),
        ),
        UserInput::LinkClick { url, label } => (
            Uri::InClick,
            event.parent,
            Body::Click(Click::on(Target {
                aspect: Some(Aspect::OpenLink),
                choice_id: Some(url.clone()),
                text: label.clone(),
                extra: Map::new(),
            })),
        ),
        UserInput::Form(form) | UserInput::Survey(form) => {
            (Uri::InQuery, None, query(summary(form)?))
        }
        UserInput::File(file) => (Uri::InQuery, None, query(file_words(file))),
        UserInput::Variables
        | UserInput::Typing { .. }
        | UserInput::Read
        | UserInput::Query(_)
        | UserInput::ClientError(_)
        | UserInput::Connection { .. }
        | UserInput::LeaveHandover
        | UserInput::End => return None,
    };
    let mut envelope = Envelope::new(event.id, uri, body);
    envelope.parent_id = parent.map(WireId::from);
    restore(&event.extras, &mut envelope);
    Some(envelope)
}

/// Puts back what a Kare client said beyond the model.
fn restore(extras: &Extras, envelope: &mut Envelope) {
    if extras.of(&KARE).is_none() {
        return;
    }
    envelope.header.extra = kept::object(extras, "header");
    envelope.extra = kept::object(extras, "envelope");
    match &mut envelope.body {
        Body::Query(query) => query.extra = kept::object(extras, "body"),
        Body::Click(click) => {
            click.extra = kept::object(extras, "body");
            click.target.extra.extend(kept::object(extras, "target"));
            if click.target.text.is_none() {
                click.target.text = kept::text(extras, "label").map(str::to_owned);
            }
        }
        Body::Hello(hello) => hello.extra = kept::object(extras, "body"),
        _ => {}
    }
}

fn query(text: String) -> Body {
    Body::Query(Query::new(text))
}

/// The target of a click: the engine's own where the action is its own.
fn choice_target(choice: &ChoiceMade, event: &UserEvent) -> Option<Target> {
    let action = choice.action.as_deref();
    if let Some(Value::Object(target)) = action.and_then(|it| it.extras.get(&KARE, "target")) {
        return Some(Target::from_map(target.clone()));
    }
    if action.is_none() && choice.message.or(event.parent).is_none() {
        return None;
    }
    let id = action
        .map(|action| action.key().into_owned())
        .filter(|key| !key.is_empty())
        .or_else(|| choice.id.clone());
    Some(Target {
        aspect: aspect(event).or(Some(Aspect::Choice)),
        choice_id: id,
        text: choice.words().map(str::to_owned),
        extra: Map::new(),
    })
}

fn feedback_target(feedback: &Feedback) -> Option<Target> {
    let choice_id = match feedback.rating {
        Some(Rating::Positive) => Some(FeedbackRequest::POSITIVE),
        Some(Rating::Negative) => Some(FeedbackRequest::NEGATIVE),
        // A reason is only ever asked of a user who was not helped.
        _ if feedback.reason.is_some() => Some(FeedbackRequest::NEGATIVE),
        _ => None,
    };
    if choice_id.is_none() && feedback.comment.is_none() {
        return None;
    }
    Some(Target {
        aspect: Some(Aspect::Feedback),
        choice_id: choice_id.map(str::to_owned),
        text: feedback.comment.clone(),
        extra: Map::new(),
    })
}

/// A form in words: Kare has none.
fn summary(form: &FormSubmission) -> Option<String> {
    if let Some(summary) = form.summary.as_deref().filter(|it| !it.trim().is_empty()) {
        return Some(summary.to_owned());
    }
    let lines: Vec<String> = form
        .values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn file_words(file: &UploadedFile) -> String {
    match &file.url {
        Some(url) if file.name.is_empty() => url.clone(),
        Some(url) => format!("{}: {url}", file.name),
        None => file.name.clone(),
    }
}
