//! Cards, carousels and lists: `docs/protocols/opendialog.md#rich-and-fp-rich-source-code` and
//! `docs/protocols/opendialog.md#list-source-code`.

use serde_json::Value;
use switchboard_core::model::{
    Action, Card, Command, Content, Icon, List, ListItem, ListView, Media, OpenTarget, RichText,
};
use switchboard_core::text::safe_url;

use super::choices::{self, Place};
use super::patch::{self, Patch};
use super::{Hint, Read, Target, Typed, links, part_extras, text};
use crate::options::{Client, TextStyle};
use crate::wire::Slot;
use crate::wire::outbound::{self, CardImage, Common, Data, Item, Rich};

pub(crate) fn read(data: Rich) -> Card {
    let tap = tap(&data);
    Card {
        title: data.title.words().map(str::to_owned),
        subtitle: text::read_words(data.subtitle),
        text: text::read_words(data.common.text),
        figure: None,
        image: data.image.into_option().map(read_picture),
        tap,
        actions: choices::read_buttons(data.buttons, Place::Card),
    }
}

/// What a click on the card as a whole does.
fn tap(data: &Rich) -> Option<Action> {
    if let Some(callback) = data.callback.words() {
        let value = data.callback_value.words().map(str::to_owned);
        return Some(Action {
            id: callback.to_owned(),
            label: value
                .as_deref()
                .or(data.title.words())
                .unwrap_or_default()
                .to_owned(),
            value,
            ..Action::default()
        });
    }
    let url = data.link.words()?.to_owned();
    Some(Action {
        icon: Icon::Link,
        on_click: vec![Command::Open(OpenTarget::Url { url, new_tab: true })],
        ..Action::default()
    })
}

fn read_picture(image: CardImage) -> Media {
    let link = image.url.words().map(str::to_owned);
    Media {
        url: image.src.into_option().unwrap_or_default(),
        alt: None,
        new_tab: image.link_new_tab.is_true() && link.is_some(),
        link,
    }
}

/// A card. Buttons that the message has beside those of its card are put on it as well.
pub(crate) fn write(card: &Card, actions: &[Action]) -> Typed {
    ("rich", Data::Rich(Box::new(write_data(card, actions))))
}

/// A picture with buttons.
pub(crate) fn write_picture(media: &Media, actions: &[Action]) -> Typed {
    let card = Card {
        text: media.alt.clone().map(RichText::plain),
        image: Some(media.clone()),
        ..Card::default()
    };
    write(&card, actions)
}

fn write_data(card: &Card, actions: &[Action]) -> Rich {
    let subtitle = card.subtitle.as_ref().map(|text| text.to_plain());
    let subtitle: Vec<&str> = [subtitle.as_deref(), card.figure.as_deref()]
        .into_iter()
        .flatten()
        .filter(|text| !text.trim().is_empty())
        .collect();
    let mut buttons = choices::write_buttons(&card.actions, Place::Card);
    let more = actions
        .iter()
        .filter(|action| !card.actions.contains(action));
    buttons.extend(
        more.flat_map(|action| choices::write_buttons(std::slice::from_ref(action), Place::Card)),
    );
    let mut data = Rich {
        common: text::common(card.text.as_ref().map_or(Slot::Null, text::plain)),
        title: Slot::Given(card.title.clone().unwrap_or_default()),
        subtitle: Slot::Given(subtitle.join(" · ")),
        callback: Slot::Given(String::new()),
        callback_value: Slot::Given(String::new()),
        link: Slot::Given(String::new()),
        buttons: Slot::Given(buttons),
        image: Slot::or_absent(
            card.image
                .as_ref()
                .filter(|image| safe_url(&image.url).is_some())
                .map(write_picture_data),
        ),
        ..Rich::default()
    };
    if let Some(tap) = &card.tap {
        match tap.url() {
            Some(url) => data.link = links::written(Some(url)),
            None => {
                data.callback = Slot::Given(tap.id.clone());
                data.callback_value = Slot::Given(words_of_tap(tap, card));
            }
        }
    }
    data
}

/// What a click on a card sends along; the webchat shows it as the user's words, and shows an
/// apology if it is empty.
fn words_of_tap(tap: &Action, card: &Card) -> String {
    [tap.value.as_ref(), Some(&tap.label), card.title.as_ref()]
        .into_iter()
        .flatten()
        .find(|words| !words.trim().is_empty())
        .unwrap_or(&tap.id)
        .clone()
}

fn write_picture_data(media: &Media) -> CardImage {
    CardImage {
        src: links::written(Some(&media.url)),
        url: links::written(media.link.as_deref()),
        link_new_tab: Slot::Given(media.new_tab),
        ..CardImage::default()
    }
}

/// A list, or a carousel if it is cards side by side and nothing else.
pub(crate) fn read_list(data: outbound::List) -> Read {
    let items = data.items.into_option().unwrap_or_default();
    let horizontal =
        !matches!(data.view_type.get().map(String::as_str), Some(other) if other != "horizontal");
    let title = data.title.words().map(str::to_owned);
    let only_cards = items
        .iter()
        .all(|item| item.message_type == "rich" && matches!(item.data, Data::Rich(_)));
    if horizontal && only_cards && !items.is_empty() {
        return read_carousel(title, items);
    }
    let view = match data.view_type.get().map(String::as_str) {
        None | Some("horizontal") => ListView::Horizontal,
        Some("list") => ListView::Titled,
        Some(_) => ListView::Vertical,
    };
    Content::List(List {
        title,
        view,
        items: items.into_iter().map(read_item).collect(),
    })
    .into()
}

fn read_carousel(title: Option<String>, items: Vec<Item>) -> Read {
    let mut patches = Vec::with_capacity(items.len());
    let cards: Vec<Card> = items
        .into_iter()
        .filter_map(|item| {
            let Data::Rich(data) = &item.data else {
                return None;
            };
            let card = read(Rich::clone(data));
            let derived = write_item(&Content::Card(Box::new(card.clone())), &[]);
            patches.push(Value::Object(Patch::of(&item, &derived).into_fields()));
            Some(card)
        })
        .collect();
    Read {
        content: Content::Carousel { title, cards },
        actions: Vec::new(),
        items: patches,
    }
}

fn read_item(item: Item) -> ListItem {
    let read = super::read(&item.message_type, item.data.clone());
    let derived = write_item(&read.content, &read.actions);
    ListItem {
        content: read.content,
        actions: read.actions,
        extras: part_extras(Patch::of(&item, &derived)),
    }
}

pub(crate) fn write_list(list: &List) -> Typed {
    let view = match list.view {
        ListView::Titled => "list",
        ListView::Vertical => "vertical",
        ListView::Horizontal => "horizontal",
    };
    let items = list
        .items
        .iter()
        .map(|item| patch::patched(write_item(&item.content, &item.actions), &item.extras))
        .collect();
    write_items(list.title.as_deref(), view, items)
}

pub(crate) fn write_carousel(
    title: Option<&str>,
    cards: &[Card],
    actions: &[Action],
    patches: &[Value],
) -> Typed {
    let mut items: Vec<Item> = cards
        .iter()
        .enumerate()
        .map(|(place, card)| {
            let item = write_item(&Content::Card(Box::new(card.clone())), &[]);
            match patches.get(place).and_then(Value::as_object) {
                Some(fields) if patches.len() == cards.len() => patch::patched_by(item, fields),
                _ => item,
            }
        })
        .collect();
    if !actions.is_empty() {
        items.push(write_item(&Content::text(RichText::default()), actions));
    }
    write_items(title, "horizontal", items)
}

fn write_items(title: Option<&str>, view: &str, items: Vec<Item>) -> Typed {
    let data = outbound::List {
        title: Slot::Given(title.unwrap_or_default().to_owned()),
        items: Slot::Given(items),
        view_type: Slot::Given(view.to_owned()),
        // List messages have no text.
        common: Common {
            disable_text: Slot::Given(false),
            hideavatar: Slot::Given(false),
            ..Common::default()
        },
        ..outbound::List::default()
    };
    ("list", Data::List(data))
}

/// An item of a list. The client shows words, buttons, pictures and cards there; anything else
/// becomes its words.
fn write_item(content: &Content, actions: &[Action]) -> Item {
    const HINT: Hint<'static> = Hint {
        target: Target {
            client: Client::Webchat1,
            handover_systems: &[],
            style: TextStyle::Html,
        },
        native: None,
        items: &[],
        own_text: false,
    };
    let written = super::write(content, actions, HINT).into_iter().next();
    let (kind, data) = match written {
        Some(typed @ ("text" | "button" | "image" | "rich", _)) => typed,
        _ => match text::of_content(content) {
            Some(words) => text::write(words),
            None => text::empty(),
        },
    };
    Item {
        message_type: kind.to_owned(),
        data,
    }
}
