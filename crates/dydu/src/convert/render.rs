//! Every kind of content as HTML for a bubble.

use std::borrow::Cow;

use switchboard_core::model::{
    Action, Card, Content, List, ListView, Media, Message, MessageId, Quote, RichText,
};
use switchboard_core::text::{escape_html, safe_url};

use super::actions;

/// A text as HTML.
pub fn text(text: &RichText) -> Cow<'_, str> {
    text.to_html()
}

/// A message as HTML with its actions as anchors below; empty if there is nothing to show.
pub fn message(message: &Message) -> String {
    let mut html = content(&message.content, message.id);
    // The vote buttons are the actions of a request for feedback.
    if !matches!(message.content, Content::FeedbackRequest(_)) {
        append_actions(&mut html, &message.actions, message.id);
    }
    html
}

/// Adds anchors, one below the other.
pub fn append_actions(html: &mut String, actions: &[Action], message: MessageId) {
    for anchor in actions
        .iter()
        .filter_map(|action| actions::to_html(action, message))
    {
        append_line(html, &anchor);
    }
}

fn append_line(html: &mut String, line: &str) {
    if line.is_empty() {
        return;
    }
    if !html.is_empty() && !html.ends_with("</p>") && !html.ends_with("</ul>") {
        html.push_str("<br>");
    }
    html.push_str(line);
}

fn optional(text: Option<&RichText>) -> String {
    text.map(|text| self::text(text).into_owned())
        .unwrap_or_default()
}

/// A content without its message's actions.
pub fn content(content: &Content, message: MessageId) -> String {
    match content {
        Content::Group { text } | Content::Other { text, .. } => optional(text.as_ref()),
        Content::Text { text } | Content::NoAnswer { text } => self::text(text).into_owned(),
        Content::LanguageProblem { text, .. } | Content::Location { text, .. } => {
            self::text(text).into_owned()
        }
        Content::Quote(quote) => self::quote(quote),
        Content::Image(media) => image(media),
        Content::Video(media) => player("video", media),
        Content::Audio(media) => player("audio", media),
        Content::File(media) => media_link(media),
        Content::Choices(choices) => self::text(&choices.text).into_owned(),
        Content::Card(card) => self::card(card, message),
        Content::Carousel { title, cards } => {
            let mut html = escape_html(title.as_deref().unwrap_or_default()).into_owned();
            for card in cards {
                append_line(&mut html, &self::card(card, message));
            }
            html
        }
        Content::List(list) => self::list(list, message),
        Content::Form(form) => self::text(&form.text).into_owned(),
        Content::Survey(survey) => {
            let mut html = escape_html(survey.title.as_deref().unwrap_or_default()).into_owned();
            append_line(&mut html, &self::text(&survey.text));
            html
        }
        Content::DatePicker(picker) => self::text(&picker.text).into_owned(),
        Content::Autocomplete(search) | Content::Address(search) => {
            self::text(&search.text).into_owned()
        }
        Content::Signature(request) => self::text(&request.text).into_owned(),
        Content::Upload(request) => self::text(&request.text).into_owned(),
        Content::FeedbackRequest(request) => self::text(&request.text).into_owned(),
        Content::Handover(handover) => self::text(&handover.text).into_owned(),
        Content::Progress(progress) => {
            let label = escape_html(progress.label.as_deref().unwrap_or_default()).into_owned();
            match progress.percent {
                Some(percent) => format!("{label} {percent}%").trim().to_owned(),
                None => label,
            }
        }
        Content::Attributes { .. } => String::new(),
    }
}

fn quote(quote: &Quote) -> String {
    let mut html = format!("<blockquote>{}</blockquote>", text(&quote.text));
    let title = quote.title.as_deref().or(quote.url.as_deref());
    if let Some(title) = title {
        html.push_str(&match quote.url.as_deref().and_then(safe_url) {
            Some(url) => link(url, title),
            None => escape_html(title).into_owned(),
        });
    }
    html
}

fn link(url: &str, label: &str) -> String {
    format!(
        "<a href=\"{}\" target=\"_blank\">{}</a>",
        escape_html(url),
        escape_html(label)
    )
}

fn image(media: &Media) -> String {
    let Some(source) = safe_url(&media.url) else {
        return escape_html(media.alt.as_deref().unwrap_or_default()).into_owned();
    };
    let alt = escape_html(media.alt.as_deref().unwrap_or_default());
    let image = format!("<img src=\"{}\" alt=\"{alt}\">", escape_html(source));
    match media.link.as_deref().and_then(safe_url) {
        Some(url) => format!(
            "<a href=\"{}\"{}>{image}</a>",
            escape_html(url),
            if media.new_tab {
                " target=\"_blank\""
            } else {
                ""
            }
        ),
        None => image,
    }
}

/// A player for a file; the page of a video site is linked.
fn player(element: &str, media: &Media) -> String {
    const PLAYABLE: [&str; 8] = ["mp4", "webm", "ogv", "ogg", "mp3", "wav", "m4a", "aac"];
    let path = media.url.split(['?', '#']).next().unwrap_or_default();
    let is_playable = path
        .rsplit_once('.')
        .is_some_and(|(_, end)| PLAYABLE.iter().any(|known| end.eq_ignore_ascii_case(known)));
    match safe_url(&media.url) {
        Some(url) if is_playable => {
            let mut html = format!(
                "<{element} controls src=\"{}\"></{element}>",
                escape_html(url)
            );
            if let Some(alt) = media.alt.as_deref().filter(|alt| !alt.is_empty()) {
                append_line(&mut html, &escape_html(alt));
            }
            html
        }
        _ => media_link(media),
    }
}

fn media_link(media: &Media) -> String {
    let label = media.alt.as_deref().filter(|alt| !alt.is_empty());
    match safe_url(&media.url) {
        Some(url) => link(url, label.unwrap_or(url)),
        None => escape_html(label.unwrap_or_default()).into_owned(),
    }
}

fn card(card: &Card, message: MessageId) -> String {
    let mut html = card.image.as_ref().map(image).unwrap_or_default();
    if let Some(title) = card.title.as_deref().filter(|title| !title.is_empty()) {
        append_line(&mut html, &format!("<b>{}</b>", escape_html(title)));
    }
    for part in [&card.subtitle, &card.text].into_iter().flatten() {
        append_line(&mut html, &text(part));
    }
    append_line(
        &mut html,
        &escape_html(card.figure.as_deref().unwrap_or_default()),
    );
    for action in card.tap.iter().chain(&card.actions) {
        append_line(
            &mut html,
            &actions::to_html(action, message).unwrap_or_default(),
        );
    }
    html
}

fn list(list: &List, message: MessageId) -> String {
    let title = list
        .title
        .as_deref()
        .filter(|_| list.view == ListView::Titled);
    let mut html = escape_html(title.unwrap_or_default()).into_owned();
    html.push_str("<ul>");
    for item in &list.items {
        let mut line = content(&item.content, message);
        append_actions(&mut line, &item.actions, message);
        html.push_str("<li>");
        html.push_str(&line);
        html.push_str("</li>");
    }
    html.push_str("</ul>");
    html
}
