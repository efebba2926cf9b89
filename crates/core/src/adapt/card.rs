//! Cards, alone and side by side.

use super::plan::Plan;
use super::{list, media, rules, supports};
use crate::model::{Action, Card, Content, ContentKind, Extras, List, ListItem, ListView};
use crate::text::RichText;

/// A card as its picture, its words and its actions.
pub(super) fn split(plan: &mut Plan<'_>, card: &Card, actions: &[Action]) {
    plan.note(ContentKind::Card, rules::CARD_SPLIT);
    let mut page = plan.page();
    if let Some(image) = &card.image {
        media::picture(plan, &mut page, image);
    }
    page.title(card.title.as_deref());
    for text in [&card.subtitle, &card.text].into_iter().flatten() {
        page.text(text);
    }
    page.words(card.figure.as_deref().unwrap_or_default());
    plan.ask(
        ContentKind::Card,
        page.finish(),
        &all_actions(card, actions),
    );
}

/// The buttons, what a click on the card does, and the message's own actions, each once.
fn all_actions(card: &Card, actions: &[Action]) -> Vec<Action> {
    let mut all: Vec<Action> = Vec::new();
    for action in card.actions.iter().chain(&card.tap).chain(actions) {
        let says_nothing_new =
            |known: &Action| action.label.trim().is_empty() || known.label == action.label;
        let is_known = all.iter().any(|known| {
            known.key() == action.key()
                && known.on_click == action.on_click
                && says_nothing_new(known)
        });
        if !is_known {
            all.push(named(action, card));
        }
    }
    all
}

/// What a click on the card does may have no words of its own; as a button it needs some.
fn named(action: &Action, card: &Card) -> Action {
    let mut action = action.clone();
    if action.label.trim().is_empty() {
        let words = card
            .title
            .as_deref()
            .filter(|title| !title.trim().is_empty());
        if let Some(words) = words.or(action.url()) {
            action.label = words.to_owned();
        }
    }
    action
}

/// A carousel as cards, as a list, or as what cards become.
pub(super) fn carousel(
    plan: &mut Plan<'_>,
    title: Option<&str>,
    cards: &[Card],
    actions: &[Action],
) {
    let kind = ContentKind::Carousel;
    if !supports(plan.capabilities, ContentKind::Card)
        && supports(plan.capabilities, ContentKind::List)
    {
        plan.note(kind, rules::CAROUSEL_AS_LIST);
        let items = cards.iter().map(|card| ListItem {
            content: Content::Card(Box::new(card.clone())),
            actions: Vec::new(),
            extras: Extras::none(),
        });
        let list = List {
            title: title.map(str::to_owned),
            view: ListView::Horizontal,
            items: items.collect(),
        };
        return list::with_other_items(plan, &list, actions);
    }
    plan.note(kind, rules::CAROUSEL_AS_CARDS);
    let mut page = plan.page();
    page.title(title);
    plan.say(kind, page.finish(), &[]);
    for card in cards {
        plan.show(&Content::Card(Box::new(card.clone())), &[]);
    }
    if !actions.is_empty() {
        plan.ask(kind, RichText::default(), actions);
    }
}
