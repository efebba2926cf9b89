//! Rich templates: `docs/protocols/dydu.md#64-templates`.
//!
//! `templateData` is a JSON text in which nothing is base64. Buttons are HTML fragments.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Cards side by side, their members numbered from 1 in one object.
pub const CAROUSEL: &str = "dydu_carousel_001";
/// Cards side by side, as a list.
pub const CAROUSEL_ARRAY: &str = "dydu_carousel_array";
/// One card.
pub const PRODUCT: &str = "dydu_product_001";
/// Buttons below the text.
pub const QUICK_REPLY: &str = "dydu_quick_reply_001";

/// What a template shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Cards side by side.
    Carousel(Vec<CardFields>),
    /// One card.
    Product(CardFields),
    /// Buttons: HTML fragments in order.
    QuickReply(Vec<String>),
}

/// One card. All members are optional; `null` counts as absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CardFields {
    /// Heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// A figure such as a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numeric: Option<String>,
    /// Address of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_link: Option<String>,
    /// What the picture shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_name: Option<String>,
    /// HTML fragment, normally one anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_a: Option<String>,
    /// HTML fragment, normally one anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_b: Option<String>,
    /// HTML fragment, normally one anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_c: Option<String>,
}

impl CardFields {
    fn read(mut field: impl FnMut(&str) -> Option<String>) -> Self {
        Self {
            title: field("title"),
            subtitle: field("subtitle"),
            numeric: field("numeric"),
            image_link: field("imageLink"),
            image_name: field("imageName"),
            button_a: field("buttonA"),
            button_b: field("buttonB"),
            button_c: field("buttonC"),
        }
    }

    fn of(object: &Map<String, Value>) -> Self {
        Self::read(|name| text(object.get(name)))
    }

    /// The buttons in order.
    pub fn buttons(&self) -> impl Iterator<Item = &str> {
        [&self.button_a, &self.button_b, &self.button_c]
            .into_iter()
            .filter_map(|button| button.as_deref())
    }

    /// A card of which only the figure is known ends a numbered carousel.
    fn ends_carousel(&self) -> bool {
        Self {
            numeric: None,
            ..self.clone()
        } == Self::default()
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

impl Template {
    /// Reads a template; absent for an unknown name or data of another shape.
    pub fn of(name: &str, data: &str) -> Option<Self> {
        let data: Value = serde_json::from_str(data).ok()?;
        match (name, data) {
            (CAROUSEL, Value::Object(object)) => {
                let cards = (1..)
                    .map(|n| CardFields::read(|name| text(object.get(&format!("{name}{n}")))))
                    .take_while(|card| !card.ends_carousel());
                Some(Self::Carousel(cards.collect()))
            }
            (CAROUSEL_ARRAY, Value::Array(items)) => Some(Self::Carousel(
                items
                    .iter()
                    .filter_map(Value::as_object)
                    .map(CardFields::of)
                    .collect(),
            )),
            (PRODUCT, Value::Object(object)) => Some(Self::Product(CardFields::of(&object))),
            (QUICK_REPLY, Value::Object(object)) => {
                let mut buttons: Vec<(u32, String)> = object
                    .iter()
                    .filter_map(|(key, value)| Some((number_in(key)?, text(Some(value))?)))
                    .collect();
                buttons.sort_by_key(|(number, _)| *number);
                Some(Self::QuickReply(
                    buttons.into_iter().map(|(_, html)| html).collect(),
                ))
            }
            _ => None,
        }
    }

    /// `templateName` and `templateData`.
    pub fn to_pair(&self) -> (&'static str, String) {
        // None of these can fail: all keys are strings.
        match self {
            Self::Carousel(cards) => (
                CAROUSEL_ARRAY,
                serde_json::to_string(cards).unwrap_or_default(),
            ),
            Self::Product(card) => (PRODUCT, serde_json::to_string(card).unwrap_or_default()),
            Self::QuickReply(buttons) => {
                let object: Map<String, Value> = buttons
                    .iter()
                    .zip(1..)
                    .map(|(html, n): (&String, u32)| (format!("button{n}"), html.clone().into()))
                    .collect();
                (QUICK_REPLY, Value::Object(object).to_string())
            }
        }
    }
}

fn number_in(key: &str) -> Option<u32> {
    key.trim_start_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_carousel_ends_where_only_a_figure_is_left() {
        let data = r#"{"title1":"A","numeric1":5,"title2":"B","buttonA2":null,"numeric3":"x"}"#;
        let Some(Template::Carousel(cards)) = Template::of(CAROUSEL, data) else {
            panic!("no carousel");
        };
        assert_eq!(cards.len(), 2);
        assert_eq!(cards[0].numeric.as_deref(), Some("5"));
        assert_eq!(cards[1].buttons().count(), 0);
    }

    #[test]
    fn quick_replies_are_sorted_by_number() {
        let data = r#"{"button10":"c","button2":"b","button1":"a","button3":null,"other":"x"}"#;
        assert_eq!(
            Template::of(QUICK_REPLY, data),
            Some(Template::QuickReply(vec![
                "a".into(),
                "b".into(),
                "c".into()
            ]))
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let card = CardFields {
            title: Some("T".into()),
            button_b: Some("<a href=\"https://x.example\">b</a>".into()),
            ..CardFields::default()
        };
        for template in [
            Template::Product(card.clone()),
            Template::Carousel(vec![card.clone(), card]),
            Template::QuickReply(vec!["a".into(), "b".into()]),
        ] {
            let (name, data) = template.to_pair();
            assert_eq!(Template::of(name, &data), Some(template));
        }
        assert_eq!(Template::of("dydu_upload_001", "{}"), None);
        assert_eq!(Template::of(PRODUCT, "[not json"), None);
    }
}
