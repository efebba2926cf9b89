//! Visible messages: `docs/protocols/kare.md#62-catalogue-names-and-meanings-doc-json-assumed`.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{
    Author, Choices, ChoicesKind, Content, FeedbackRequest, Icon, LanguageProblem, Message,
    MessageId, Quote, RichText, TextFormat, Timestamp,
};
use switchboard_core::text::safe_url;

use super::command::icon_from_model;
use super::kept::{self, Kept};
use super::{action, fallback, feedback, handover, media};
use crate::KARE;
use crate::wire::text::Text;
use crate::wire::{Aspect, Body, Envelope, Uri, WireId};

/// Where a message without an aspect of its own stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Below an answer node: text is `resolution/answer/text`.
    Answer,
    /// Elsewhere: text is `text/plain`.
    Free,
}

/// The words on actions that the engine left to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// The answer helped.
    pub helpful: String,
    /// It did not.
    pub not_helpful: String,
    /// Leads to a human.
    pub contact: String,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            helpful: "Yes".to_owned(),
            not_helpful: "No".to_owned(),
            contact: "Start chat".to_owned(),
        }
    }
}

/// Reads an outbound message. `fresh` is its id if it brings none. A message with another uri than
/// `out/text` shows its text, if it has one.
pub fn to_model(envelope: Envelope, fresh: MessageId, now: Timestamp) -> Message {
    let Envelope {
        id,
        parent_id,
        uri,
        mut header,
        body,
        created_at,
        extra,
        ..
    } = envelope;
    let mut kept = Kept::default();
    if let Some(WireId::Foreign(id)) = &id {
        kept.value("id", id.as_str());
    }
    if let Some(WireId::Foreign(parent)) = &parent_id {
        kept.value("parent_id", parent.as_str());
    }
    let at = created_at.as_deref().and_then(Timestamp::from_rfc3339);
    // Our own form is rebuilt from the moment; any other is kept as it stands.
    kept.text("created_at", created_at.filter(|text| !is_canonical(text)));
    let author = take_author(&mut header.extra);
    kept.object("header", header.extra);
    kept.object("envelope", extra);
    let (content, actions) = match body {
        Body::Text(text) => text_to_model(text, &mut kept),
        other => {
            kept.value("uri", uri.as_str());
            (other_to_model(other, &uri, &mut kept), Vec::new())
        }
    };
    Message {
        id: id.map_or(fresh, |id| id.to_model()),
        parent: parent_id.map(|parent| parent.to_model()),
        author,
        at: at.unwrap_or(now),
        content,
        actions,
        extras: kept.into_extras(),
    }
}

/// `2021-07-02T10:15:20.000Z`
fn is_canonical(time: &str) -> bool {
    time.len() == 24 && time.ends_with('Z') && time.get(10..11) == Some("T")
}

fn text_to_model(
    mut text: Text,
    kept: &mut Kept,
) -> (Content, Vec<switchboard_core::model::Action>) {
    kept.value("aspect", text.aspect.as_str());
    let shown = text.aspect.shown_as().into_owned();
    let actions = std::mem::take(&mut text.actions)
        .into_iter()
        .map(|wire| action::to_model(wire, &text.aspect))
        .collect();
    let content = match shown {
        Aspect::Image | Aspect::Video => {
            if text.url.is_some() && text.url.as_deref() != Some(&*text.text) {
                kept.value("text", text.text.as_str());
            }
            let media = media::to_model(&mut text);
            match shown {
                Aspect::Image => Content::Image(media),
                _ => Content::Video(media),
            }
        }
        shown => {
            let words = RichText::markdown(std::mem::take(&mut text.text));
            match shown {
                Aspect::Answer => Content::Group {
                    text: Some(words).filter(|words| !words.body.is_empty()),
                },
                Aspect::Quote => Content::Quote(Quote {
                    text: words,
                    title: text.title.take(),
                    url: text.url.take(),
                }),
                Aspect::Choice => Content::Choices(Choices {
                    text: words,
                    ..Choices::default()
                }),
                Aspect::Disambiguation => Content::Choices(Choices {
                    text: words,
                    kind: ChoicesKind::Disambiguation,
                    ..Choices::default()
                }),
                Aspect::Feedback => Content::FeedbackRequest(FeedbackRequest {
                    text: words,
                    reasons: Vec::new(),
                }),
                Aspect::Handover => Content::Handover(handover::to_model(words)),
                Aspect::Missing => Content::NoAnswer { text: words },
                Aspect::LanguageUnsupported => Content::LanguageProblem {
                    problem: LanguageProblem::Unsupported,
                    text: words,
                },
                Aspect::LanguageUnknown => Content::LanguageProblem {
                    problem: LanguageProblem::Unknown,
                    text: words,
                },
                _ => Content::text(words),
            }
        }
    };
    let mut rest = text.extra;
    for (name, value) in [("url", text.url), ("alt", text.alt), ("title", text.title)] {
        if let Some(value) = value {
            rest.insert(name.to_owned(), value.into());
        }
    }
    kept.object("body", rest);
    (content, actions)
}

/// Messages of no documented uri, and the words of a goodbye.
fn other_to_model(body: Body, uri: &Uri, kept: &mut Kept) -> Content {
    let text = match &body {
        Body::Bye(bye) => bye.text.clone(),
        Body::Other(map) => ["text", "message", "content"]
            .iter()
            .find_map(|name| map.get(*name)?.as_str())
            .map(str::to_owned),
        _ => None,
    }
    .filter(|text| !text.trim().is_empty());
    if let Ok(Value::Object(map)) = serde_json::to_value(&body) {
        kept.object("body", map);
    }
    match (body, text) {
        (Body::Bye(_), Some(text)) => Content::text(RichText::markdown(text)),
        (_, text) => Content::Other {
            name: uri.as_str().to_owned(),
            text: text.map(RichText::markdown),
        },
    }
}

/// Writes a message as it stands in its own place; the caller sets the header's own keys, the
/// conversation, and the parent where the forest wants another. None if there is nothing to show.
pub fn from_model(message: &Message, setting: Setting, style: &Style) -> Option<Envelope> {
    let extras = &message.extras;
    let mut envelope = match kept::text(extras, "uri") {
        Some(uri) => raw_from_model(message, Uri::parse(uri)?),
        None => Envelope::new(
            message.id,
            Uri::OutText,
            Body::Text(text_from_model(message, setting, style)?),
        ),
    };
    if let Some(id) = kept::text(extras, "id") {
        envelope.id = Some(WireId::Foreign(id.to_owned()));
    }
    envelope.parent_id = match kept::text(extras, "parent_id") {
        Some(parent) => Some(WireId::Foreign(parent.to_owned())),
        None => message.parent.map(WireId::from),
    };
    envelope.created_at = Some(match kept::text(extras, "created_at") {
        Some(time) => time.to_owned(),
        None => message.at.to_rfc3339(),
    });
    envelope.header.extra = kept::object(extras, "header");
    put_author(&message.author, &mut envelope.header.extra);
    envelope.extra = kept::object(extras, "envelope");
    Some(envelope)
}

/// A message of an undocumented uri comes out as it went in.
fn raw_from_model(message: &Message, uri: Uri) -> Envelope {
    let mut map = Map::new();
    map.insert("uri".to_owned(), uri.as_str().into());
    map.insert(
        "body".to_owned(),
        kept::object(&message.extras, "body").into(),
    );
    let body = match Envelope::from_map(map) {
        Ok(envelope) => envelope.body,
        Err(_) => Body::Other(Map::new()),
    };
    Envelope::new(message.id, uri, body)
}

fn text_from_model(message: &Message, setting: Setting, style: &Style) -> Option<Text> {
    let native = is_native(message);
    let mut added = Vec::new();
    let mut text = match &message.content {
        Content::Group { text } => Text::new(
            Aspect::Answer,
            text.as_ref().map(markdown).unwrap_or_default(),
        ),
        Content::Text { text } => Text::new(words_aspect(setting), markdown(text)),
        Content::Quote(quote) => {
            if message.actions.is_empty() {
                added.extend(media::source(quote));
            }
            Text {
                title: quote.title.clone(),
                url: quote.url.clone(),
                ..Text::new(Aspect::Quote, markdown(&quote.text))
            }
        }
        // What it shows is all that is left of one that leads where a client must not go.
        Content::Image(it) | Content::Video(it) if !native && safe_url(&it.url).is_none() => {
            added.extend(media::link(it));
            let words = RichText::plain(it.alt.as_deref().unwrap_or_default());
            Text::new(words_aspect(setting), words.to_markdown())
        }
        Content::Image(it) => {
            added.extend(media::link(it));
            media::from_model(it, Aspect::Image)
        }
        Content::Video(it) => {
            added.extend(media::link(it));
            media::from_model(it, Aspect::Video)
        }
        Content::Choices(choices) => {
            let aspect = match choices.kind {
                ChoicesKind::Dialog => Aspect::Choice,
                ChoicesKind::Disambiguation => Aspect::Disambiguation,
            };
            Text::new(aspect, markdown(&choices.text))
        }
        Content::FeedbackRequest(request) => {
            if message.actions.is_empty() {
                added = feedback::ratings(&style.helpful, &style.not_helpful);
            }
            Text::new(Aspect::Feedback, markdown(&request.text))
        }
        Content::Handover(it) if handover::is_offer(it) => {
            if message.actions.is_empty() {
                added.push(handover::escalate(&style.contact));
            }
            Text::new(Aspect::Handover, markdown(&it.text))
        }
        Content::NoAnswer { text } => Text::new(Aspect::Missing, markdown(text)),
        Content::LanguageProblem { problem, text } => {
            let aspect = match problem {
                LanguageProblem::Unsupported => Aspect::LanguageUnsupported,
                LanguageProblem::Unknown => Aspect::LanguageUnknown,
            };
            Text::new(aspect, markdown(text))
        }
        other => Text::new(Aspect::Plain, fallback::markdown(other)?),
    };
    text.actions = message
        .actions
        .iter()
        .map(|it| action::from_model(it, &text.aspect))
        .collect();
    if native {
        restore(message, &mut text);
    } else {
        make_safe(&mut text);
        let added = added.iter();
        let added = added.map(|it| action::from_model(it, &text.aspect));
        text.actions.extend(added);
        mark(&mut text);
    }
    Some(text)
}

fn words_aspect(setting: Setting) -> Aspect {
    match setting {
        Setting::Answer => Aspect::AnswerText,
        Setting::Free => Aspect::Plain,
    }
}

/// Gives actions the icons of their aspect, where another vendor's engine named none.
fn mark(text: &mut Text) {
    for action in text.actions.iter_mut().filter(|it| it.icon == "empty") {
        let icon = match (&text.aspect, action.choice_id.as_deref()) {
            (Aspect::Disambiguation, _) => &Icon::Resolution,
            (Aspect::Feedback, Some(FeedbackRequest::POSITIVE)) => &Icon::ThumbUp,
            (Aspect::Feedback, Some(FeedbackRequest::NEGATIVE)) => &Icon::ThumbDown,
            _ => continue,
        };
        icon_from_model(icon).clone_into(&mut action.icon);
    }
}

/// What another dialect's engine sent may be more than Kare's Markdown:
/// `docs/protocols/kare.md#62-catalogue-names-and-meanings-doc-json-assumed`, at its end.
fn make_safe(text: &mut Text) {
    if !matches!(text.aspect, Aspect::Image | Aspect::Video) {
        let words = RichText::markdown(std::mem::take(&mut text.text));
        text.text = match words.to_safe_markdown() {
            Cow::Owned(safe) => safe,
            Cow::Borrowed(_) => words.body,
        };
        text.url.take_if(|url| safe_url(url).is_none());
    }
}

/// Puts back what a Kare engine said beyond the model.
fn restore(message: &Message, text: &mut Text) {
    let extras = &message.extras;
    if let Some(aspect) = kept::text(extras, "aspect").and_then(Aspect::parse) {
        text.aspect = aspect;
    }
    if let Some(raw) = kept::text(extras, "text") {
        text.text = raw.to_owned();
    }
    let mut body = kept::object(extras, "body");
    for (name, slot) in [
        ("url", &mut text.url),
        ("alt", &mut text.alt),
        ("title", &mut text.title),
    ] {
        if slot.is_none()
            && let Some(Value::String(value)) = body.get(name)
        {
            *slot = Some(value.clone());
            body.shift_remove(name);
        }
    }
    text.extra = body;
}

/// Whether a Kare engine wrote it.
pub(crate) fn is_native(message: &Message) -> bool {
    message.extras.of(&KARE).is_some()
}

/// A text as Markdown.
pub(crate) fn markdown(text: &RichText) -> Cow<'_, str> {
    match text.format {
        TextFormat::Markdown => Cow::Borrowed(&text.body),
        TextFormat::Plain | TextFormat::Html => text.to_markdown(),
    }
}

/// Kare knows no human operators. Between two gateways their name travels in the header, which is
/// an open object: `{"author": {"kind": "operator", "name": "Ann"}}`.
fn put_author(author: &Author, header: &mut Map<String, Value>) {
    if let Author::Operator { .. } = author
        && let Ok(value) = serde_json::to_value(author)
    {
        header.insert("author".to_owned(), value);
    }
}

fn take_author(header: &mut Map<String, Value>) -> Author {
    let author = header
        .get("author")
        .and_then(|value| serde_json::from_value(value.clone()).ok());
    match author {
        Some(author @ Author::Operator { .. }) => {
            header.shift_remove("author");
            author
        }
        _ => Author::Bot,
    }
}
