//! Progress, settings for the client and texts for its header:
//! `docs/protocols/opendialog.md#meta-progress-bar-and-others-source-code` and
//! `docs/protocols/opendialog.md#cta-source-code`.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use switchboard_core::model::{Content, Progress};

use super::{Hint, Typed, text};
use crate::wire::Slot;
use crate::wire::outbound::{Common, Data, Meta, Outbound, Text};
use crate::wire::scalar::{Named, text_of};

const PERCENT: &str = "progressPercent";
/// The name on newer pages.
const PERCENTAGE: &str = "progressPercentage";
const LABEL: &str = "progressText";
/// The setting that stands for a text in the header of the minimised chat.
const CTA: &str = "cta";

pub(crate) fn read_meta(data: &Meta) -> Content {
    let Some(elements) = data.elements.get() else {
        return Content::Attributes { values: Map::new() };
    };
    let percent = elements
        .text(PERCENT)
        .or_else(|| elements.text(PERCENTAGE))
        .and_then(|percent| percent.trim().parse::<f32>().ok())
        .filter(|percent| percent.is_finite());
    let label = elements.text(LABEL).map(Cow::into_owned);
    if percent.is_some() || label.is_some() {
        return Content::Progress(Progress {
            percent: percent.map(|percent| percent.clamp(0.0, 100.0).round() as u8),
            label,
        });
    }
    Content::Attributes {
        values: elements
            .iter()
            .map(|(name, value)| (name.into_owned(), value.clone()))
            .collect(),
    }
}

pub(crate) fn write_progress(progress: &Progress) -> Typed {
    let percent = progress
        .percent
        .map(|percent| (PERCENT.to_owned(), percent.to_string()));
    let label = progress
        .label
        .clone()
        .map(|label| (LABEL.to_owned(), label));
    meta(percent.into_iter().chain(label).collect())
}

pub(crate) fn read_cta(data: Text) -> Content {
    let mut values = Map::new();
    if let Slot::Given(text) = data.common.text {
        values.insert(CTA.to_owned(), Value::String(text));
    }
    Content::Attributes { values }
}

pub(crate) fn write(values: &Map<String, Value>, hint: Hint<'_>) -> Typed {
    let cta = values.get(CTA).and_then(Value::as_str);
    if hint.native == Some(CTA) || (values.len() == 1 && cta.is_some()) {
        let data = Text {
            common: text::common(text::filled(cta.unwrap_or_default().to_owned())),
            ..Text::default()
        };
        return (CTA, Data::Text(data));
    }
    // The elements are strings; what is none goes as JSON.
    let elements = values.iter().map(|(name, value)| {
        let value = text_of(value).map_or_else(|| value.to_string(), Cow::into_owned);
        (name.clone(), value)
    });
    meta(elements.collect())
}

fn meta(elements: Named) -> Typed {
    let data = Meta {
        elements: Slot::Given(elements),
        // Meta messages have neither text nor `hideavatar`.
        common: Common {
            disable_text: Slot::Given(false),
            ..Common::default()
        },
        ..Meta::default()
    };
    ("meta", Data::Meta(data))
}

/// Says who wrote a message, in the way of newer servers; older clients do not look.
pub(crate) fn name_author(wire: &mut Outbound, name: &str) {
    let rest = match &mut wire.data {
        Data::Text(data) => &mut data.rest,
        Data::Buttons(data) => &mut data.rest,
        Data::Image(data) => &mut data.rest,
        Data::List(data) => &mut data.rest,
        Data::Rich(data) => &mut data.rest,
        Data::Form(data) => &mut data.rest,
        _ => return,
    };
    if !rest.contains_key("meta") {
        rest.insert("meta".to_owned(), json!({"author": {"name": name}}));
    }
}
