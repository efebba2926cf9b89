//! Log entries → what is pushed on a websocket or fetched by a poll, one entry at a time:
//! `docs/protocols/dydu.md#73-server--client-frames`, 7.4 and 8.3.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, HandoverState, Item};
use switchboard_core::model::{Author, Content, HandoverPhase, Message, MessageId, RichText};

use super::compose::{Scene, compose_message, guarded};
use super::verbatim::{self, Original};
use super::{html, render, survey};
use crate::wire::{B64, Envelope, TalkValues, b64, envelope, words};

/// One envelope on its way out.
#[derive(Debug, Clone, PartialEq)]
pub enum Push {
    /// Values made here.
    Made(&'static str, Box<TalkValues>),
    /// An engine's own.
    Original(String, Map<String, Value>),
}

impl Push {
    /// The envelope as JSON text.
    pub fn to_text(&self) -> String {
        match self {
            Self::Made(kind, values) => Envelope::text(kind, values),
            Self::Original(kind, values) => Envelope::text(kind, values),
        }
    }

    fn notice(code: &str, text: impl Into<String>) -> Self {
        Self::notice_with(code, text, TalkValues::default())
    }

    fn notice_with(code: &str, text: impl Into<String>, values: TalkValues) -> Self {
        let values = TalkValues {
            code: Some(code.into()),
            text: Some(B64(text.into())),
            ..values
        };
        Self::Made(envelope::NOTIFICATION, Box::new(values))
    }
}

/// What a client of either channel has got already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// The first message of the last answer that was given out whole.
    pub whole: Option<MessageId>,
    /// The widget shows its queue screen.
    pub queued: bool,
    /// The widget shows that somebody is writing.
    pub writing: bool,
}

/// The frames of a websocket for one entry. A client that has to poll later goes on from the time
/// that they tell.
pub fn frames(entry: &Entry, scene: &Scene<'_>, seen: &mut Seen) -> Vec<Push> {
    let mut pushes: Vec<Push> = match &entry.item {
        Item::Message(published) => {
            let message = &published.message;
            if seen.whole.is_some() && verbatim::part_of(message) == seen.whole {
                return Vec::new();
            }
            match verbatim::of_published(published) {
                Some(original) => {
                    seen.whole = Some(message.id);
                    vec![reissue(original, entry, scene)]
                }
                None => published
                    .shown()
                    .iter()
                    .flat_map(|message| message_frames(message, entry, scene, seen))
                    .collect(),
            }
        }
        _ => of_item(entry, scene).into_iter().collect(),
    };
    match &entry.item {
        Item::Typing(typing) => seen.writing = typing.active,
        // Only an empty notice ends the animation.
        Item::Message(_) if std::mem::take(&mut seen.writing) => {
            pushes.insert(0, Push::notice(words::WRITING, ""));
        }
        _ => {}
    }
    for push in &mut pushes {
        if let Push::Made(_, values) = push {
            values.server_time = Some(entry.at.as_millis());
        }
    }
    if let Item::Message(published) = &entry.item
        && let Content::Handover(step) = &published.message.content
    {
        seen.queued = matches!(
            step.phase,
            HandoverPhase::Waiting {
                position: Some(_),
                ..
            }
        );
    }
    pushes
}

/// The answer of a poll for one entry, dated for the next poll; absent where the entry brings
/// nothing to show.
pub fn poll(entry: &Entry, date: i64, scene: &Scene<'_>) -> Option<Push> {
    let push = match &entry.item {
        Item::Message(published) => {
            let message = &published.message;
            // Whoever polls on from here has got the whole with its first message.
            if verbatim::part_of(message).is_some() {
                return None;
            }
            match verbatim::of_published(published) {
                Some(original) => polled(reissue(original, entry, scene)),
                None => message_poll(published.shown(), entry, scene)?,
            }
        }
        _ => of_item(entry, scene)?,
    };
    Some(dated(protected(push), date))
}

/// An engine's answer with our ids and time, where it has some.
fn reissue(original: Original, entry: &Entry, scene: &Scene<'_>) -> Push {
    let Original { kind, mut values } = original;
    for (name, id) in [("contextId", scene.context), ("botId", scene.bot)] {
        if let Some(value) = values.get_mut(name) {
            *value = b64::encode(id).into();
        }
    }
    if let Some(value) = values.get_mut("serverTime") {
        *value = entry.at.as_millis().into();
    }
    Push::Original(kind, values)
}

/// What was meant for a websocket, so that a poll shows it.
fn polled(push: Push) -> Push {
    let Push::Original(kind, mut values) = push else {
        return push;
    };
    let Ok(typed) = TalkValues::of(&values) else {
        return Push::Original(kind, values);
    };
    if typed.code.is_none() {
        match step_code(&typed) {
            Some(code) => {
                values.insert("code".into(), b64::encode(code).into());
                values.remove("fromDetail");
                if leaves_queue(&typed) {
                    // The widget's polls would not end with it.
                    values.insert("typeResponse".into(), b64::encode(words::USER_LEFT).into());
                    values.insert(
                        "specialAction".into(),
                        b64::encode(words::END_POLLING).into(),
                    );
                }
            }
            None if typed.from_detail.is_none() && !typed.text().is_empty() => {
                values.insert("fromDetail".into(), b64::encode("OPERATOR").into());
                let text = guarded(typed.text().to_owned());
                values.insert("text".into(), b64::encode(&text).into());
            }
            None => {}
        }
    }
    Push::Original(kind, values)
}

fn leaves_queue(values: &TalkValues) -> bool {
    values.action_word() == words::LEAVE_QUEUE || values.type_word() == words::QUEUE_LEFT
}

/// The code of the notice by which a poll tells a step of the livechat.
fn step_code(values: &TalkValues) -> Option<&'static str> {
    match (values.action_word(), values.type_word()) {
        (words::LEAVE_QUEUE | words::END_POLLING, _) => Some(words::DISCONNECTED),
        (words::START_QUEUE, _) => Some(words::BUSY),
        (words::START_POLLING, _) => Some(words::CONNECTED),
        (_, words::QUEUE_LEFT) => Some(words::DISCONNECTED),
        (_, words::IN_QUEUE) => Some(words::BUSY),
        (_, words::LIVECHAT_STARTED) => Some(words::CONNECTED),
        (_, kind) if words::is_end(kind) => Some(words::DISCONNECTED),
        _ => None,
    }
}

/// Texts that survive the second decoding of what a poll brings. What an engine sent stays as it
/// is where that decoding leaves it alone.
fn protected(mut push: Push) -> Push {
    match &mut push {
        // The name of whoever is writing is not shown.
        Push::Made(_, values) if values.code_word() == words::WRITING => {}
        Push::Made(_, values) => {
            values.text = values.text.take().map(|text| B64(guarded(text.0)));
        }
        Push::Original(_, values) => {
            if let Some(Value::String(wire)) = values.get_mut("text") {
                let text = b64::decode(wire);
                if matches!(b64::decode(&text), Cow::Owned(_)) {
                    *wire = b64::encode(&guarded(text.into_owned()));
                }
            }
        }
    }
    push
}

fn dated(mut push: Push, date: i64) -> Push {
    match &mut push {
        Push::Made(_, values) => values.poll_updated_interaction_date = Some(date),
        Push::Original(_, values) => {
            values.insert("pollUpdatedInteractionDate".into(), date.into());
        }
    }
    push
}

/// Entries that are no messages.
fn of_item(entry: &Entry, scene: &Scene<'_>) -> Option<Push> {
    match &entry.item {
        Item::Typing(typing) => {
            let name = match &typing.author {
                Author::Operator {
                    name: Some(name), ..
                } => name.as_str(),
                _ => "...",
            };
            // An empty text, which must be there, ends the animation.
            Some(Push::notice(
                words::WRITING,
                if typing.active { name } else { "" },
            ))
        }
        Item::Notice(notice) => Some(match verbatim::of_notice(notice) {
            Some(original) => reissue(original, entry, scene),
            None => Push::notice(&notice.code, shown(&notice.text)),
        }),
        Item::Ended { .. } => Some(end(words::AUTO_CLOSED, String::new())),
        Item::Message(_) | Item::User(_) => None,
    }
}

fn shown(text: &RichText) -> String {
    html::protect(&render::text(text)).into_owned()
}

/// The end of a livechat that nothing in the conversation's log tells of: the client waits for one
/// to leave.
pub fn left() -> Push {
    end(words::USER_LEFT, String::new())
}

/// The end for a client that polls a conversation which is gone, at this time.
pub fn gone(now: i64) -> Push {
    let mut push = end(words::AUTO_CLOSED, String::new());
    if let Push::Made(_, values) = &mut push {
        values.poll_updated_interaction_date = Some(now);
    }
    push
}

fn end(kind: &str, text: String) -> Push {
    let values = TalkValues {
        type_response: Some(kind.into()),
        special_action: Some(words::END_POLLING.into()),
        ..TalkValues::default()
    };
    Push::notice_with(words::DISCONNECTED, text, values)
}

fn survey_notice(message: &Message) -> Option<Push> {
    let values = TalkValues {
        survey: Some(survey::key(message)?.into()),
        ..TalkValues::default()
    };
    let html = render::content(&message.content, message.id);
    let text = html::protect(&html);
    Some(Push::notice_with(words::SEND_SURVEY, text, values))
}

fn message_frames(message: &Message, entry: &Entry, scene: &Scene<'_>, seen: &Seen) -> Vec<Push> {
    let step = match &message.content {
        Content::Survey(_) | Content::Form(_) => {
            return survey_notice(message).into_iter().collect();
        }
        Content::Upload(request) => {
            // The button is shown together with the next element.
            let text = shown(&request.text);
            let mut pushes = vec![Push::notice(words::UPLOAD, text.clone())];
            if !text.is_empty() {
                pushes.push(operator_words(message, text));
            }
            return pushes;
        }
        Content::Handover(step) => step,
        _ => return vec![answer(message, entry, scene)],
    };
    let text = shown(&step.text);
    match step.phase {
        HandoverPhase::Joined => {
            // The first takes the queue screen away and is not shown itself.
            let taken = Push::notice(words::TAKEN, "");
            let connected = Push::notice(words::CONNECTED, text);
            vec![taken, connected]
        }
        HandoverPhase::Transferred => vec![Push::notice(words::TRANSFERRED, text)],
        HandoverPhase::LeftByUser if seen.queued => {
            let values = TalkValues {
                text: Some(text.into()),
                type_response: Some(words::QUEUE_LEFT.into()),
                special_action: Some(words::LEAVE_QUEUE.into()),
                ..TalkValues::default()
            };
            vec![Push::Made(envelope::TALK, Box::new(values))]
        }
        HandoverPhase::LeftByUser => vec![end(words::USER_LEFT, text)],
        HandoverPhase::Ended => vec![end(words::ENDED_BY_OPERATOR, text)],
        // Without a position there is nothing that the queue screen could say.
        HandoverPhase::Waiting { position: None, .. } => {
            vec![Push::notice(words::BUSY, text)]
        }
        HandoverPhase::Offered | HandoverPhase::Waiting { .. } => {
            vec![answer(message, entry, scene)]
        }
    }
}

fn message_poll(shown_messages: &[Message], entry: &Entry, scene: &Scene<'_>) -> Option<Push> {
    if let [message] = shown_messages {
        match &message.content {
            Content::Survey(_) | Content::Form(_) => return survey_notice(message),
            Content::Upload(request) => {
                return Some(Push::notice(words::UPLOAD, shown(&request.text)));
            }
            Content::Handover(step) => {
                let text = shown(&step.text);
                match step.phase {
                    HandoverPhase::Joined => return Some(Push::notice(words::CONNECTED, text)),
                    HandoverPhase::Transferred => {
                        return Some(Push::notice(words::TRANSFERRED, text));
                    }
                    HandoverPhase::LeftByUser => return Some(end(words::USER_LEFT, text)),
                    HandoverPhase::Ended => return Some(end(words::ENDED_BY_OPERATOR, text)),
                    HandoverPhase::Waiting { .. } => {
                        return Some(Push::notice(words::BUSY, text));
                    }
                    HandoverPhase::Offered => {}
                }
            }
            _ => {}
        }
    }
    let html: Vec<String> = shown_messages
        .iter()
        .map(render::message)
        .filter(|html| !html.is_empty())
        .map(|html| html::protect(&html).into_owned())
        .collect();
    if html.is_empty() {
        return None;
    }
    let first = shown_messages.first()?;
    let Push::Made(kind, mut values) = operator_words(first, html.join("<hr>")) else {
        return None;
    };
    let is_human = matches!(first.author, Author::Operator { .. });
    values.from_detail = Some(if is_human { "OPERATOR" } else { "BOT" }.into());
    values.context_id = Some(scene.context.into());
    values.server_time = Some(scene.now.max(entry.at.as_millis()));
    Some(Push::Made(kind, values))
}

/// A bubble of the livechat.
fn operator_words(message: &Message, text: String) -> Push {
    let mut values = TalkValues {
        text: Some(text.into()),
        human: Some(false),
        type_response: Some(words::UNDERSTOOD.into()),
        ..TalkValues::default()
    };
    if let Author::Operator { id, name } = &message.author {
        values.human = Some(true);
        values.type_response = Some(words::OPERATOR_ANSWER.into());
        values.operator_external_id = id.as_deref().map(B64::from);
        values.operator_name = name.as_deref().map(B64::from);
    }
    Push::Made(envelope::TALK, Box::new(values))
}

/// A whole answer with everything that goes with it, templates included.
fn answer(message: &Message, entry: &Entry, scene: &Scene<'_>) -> Push {
    Push::Made(envelope::TALK, compose_message(message, entry.at, scene))
}

/// Whether the queue screen is up for a client that comes back.
pub fn is_queued(state: HandoverState) -> bool {
    state == HandoverState::Waiting
}
