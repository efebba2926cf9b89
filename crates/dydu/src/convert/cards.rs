//! Cards ⇄ product and carousel templates, options ⇄ quick replies.

use std::borrow::Cow;

use switchboard_core::model::{Action, Card, Media, MessageId, RichText};

use super::{actions, html, render};
use crate::wire::template::CardFields;

/// A card of the model.
pub fn to_model(fields: CardFields) -> Card {
    let actions = fields
        .buttons()
        .map(|fragment| actions::of_button(html::button(fragment)))
        .filter(|action| !action.label.is_empty())
        .collect();
    Card {
        title: fields.title,
        subtitle: fields.subtitle.map(RichText::html),
        text: None,
        figure: fields.numeric,
        image: fields
            .image_link
            .filter(|url| !url.is_empty())
            .map(|url| Media::new(url, fields.image_name)),
        tap: None,
        actions,
    }
}

/// A card of a template. There are three places for buttons; the last takes what is left over.
pub fn from_model(card: &Card, extra: &[Action], message: MessageId) -> CardFields {
    let words: Vec<Cow<'_, str>> = [&card.subtitle, &card.text]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .map(render::text)
        .collect();
    let subtitle = words.join("<br>");
    let mut buttons = card
        .tap
        .iter()
        .chain(&card.actions)
        .chain(extra)
        .filter_map(|action| actions::to_html(action, message));
    let (button_a, button_b) = (buttons.next(), buttons.next());
    let others: Vec<String> = buttons.collect();
    CardFields {
        title: card.title.clone(),
        subtitle: Some(subtitle).filter(|html| !html.is_empty()),
        numeric: card.figure.clone(),
        image_link: card.image.as_ref().map(|image| image.url.clone()),
        image_name: card.image.as_ref().and_then(|image| image.alt.clone()),
        button_a,
        button_b,
        button_c: (!others.is_empty()).then(|| others.join("<br>")),
    }
}
