//! The transcript: `docs/protocols/opendialog.md#44-transcript-get-useruser_idhistoryfile`.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::Value;
use switchboard_core::dialect::{Call, Cx, Entry, Find, Handled, Item, Operation, Outcome};
use switchboard_core::model::{Author, Card, Content, Message, Profile, RichText};

use super::answer::published_messages;
use super::history::what_was_sent;
use super::{Server, call};
use crate::convert::text;
use crate::error;
use crate::options::FrontendOptions;
use crate::wire::message::Kind;
use crate::wire::time;

/// How many entries of the log a transcript is made of at the most.
const ENTRIES: usize = 10_000;
/// What stands for the answers to a form.
const FORM: &str = "Form submitted";

impl Server {
    pub(super) fn transcript(&self, user_id: String) -> Handled {
        let options = Arc::clone(&self.options);
        call(Call {
            target: self.target(Find::Existing(user_id)),
            profile: Profile::default(),
            operation: Operation::History { limit: ENTRIES },
            finish: Box::new(move |result, cx| match result {
                Ok(outcome) => attachment(transcribe(&outcome, &options), cx),
                Err(fault) => error::encode_fault(&fault),
            }),
        })
    }
}

fn attachment(transcript: String, cx: &Cx<'_>) -> Response<Bytes> {
    let mut response = error::text(StatusCode::OK, transcript);
    let name = format!("Chat Transcript {}.txt", time::to_the_second(cx.now));
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

fn transcribe(outcome: &Outcome, options: &FrontendOptions) -> String {
    let mut transcript = String::new();
    for entry in &outcome.answer.entries {
        for (who, words) in lines(entry, options) {
            if !words.trim().is_empty() {
                let when = time::to_the_minute(entry.at);
                // Writing to a string cannot fail.
                let _ = writeln!(transcript, "{when} - {who}: {}", words.trim());
            }
        }
    }
    transcript
}

/// Who said what.
fn lines<'a>(entry: &'a Entry, options: &FrontendOptions) -> Vec<(&'a str, String)> {
    match &entry.item {
        _ if entry.unrecorded => Vec::new(),
        Item::User(event) => {
            let Some((kind, data)) = what_was_sent(event) else {
                return Vec::new();
            };
            let words = match kind {
                Kind::ChatOpen | Kind::Trigger => return Vec::new(),
                Kind::FormResponse if !options.transcript_forms => FORM.to_owned(),
                _ => data
                    .get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
            };
            vec![("You", words)]
        }
        Item::Message(published) => published_messages(published, options)
            .iter()
            .map(|message| (author(message), words(&message.content)))
            .collect(),
        Item::Notice(notice) => vec![("Bot", plain(&notice.text))],
        Item::Typing(_) | Item::Ended { .. } => Vec::new(),
    }
}

fn author(message: &Message) -> &str {
    match &message.author {
        Author::User => "You",
        Author::Operator {
            name: Some(name), ..
        } => name,
        Author::Bot | Author::Operator { .. } | Author::System => "Bot",
    }
}

/// What can be read of a message.
fn words(content: &Content) -> String {
    match content {
        Content::Image(media)
        | Content::Video(media)
        | Content::Audio(media)
        | Content::File(media) => plain(&text::of_media(media)),
        Content::Card(card) => of_card(card),
        Content::Carousel { cards, .. } => {
            let cards: Vec<String> = cards.iter().map(of_card).collect();
            cards.join("; ")
        }
        Content::List(list) => {
            let items: Vec<String> = list.items.iter().map(|item| words(&item.content)).collect();
            items.join("; ")
        }
        Content::Quote(quote) => plain(&text::of_quote(quote)),
        other => text::of_content(other).map(plain).unwrap_or_default(),
    }
}

fn of_card(card: &Card) -> String {
    let subtitle = card.subtitle.as_ref().map(plain);
    let text = card.text.as_ref().map(plain);
    let parts = [card.title.as_deref(), subtitle.as_deref(), text.as_deref()];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.trim().is_empty())
        .collect();
    parts.join(", ")
}

fn plain(text: &RichText) -> String {
    text.to_plain().into_owned()
}
