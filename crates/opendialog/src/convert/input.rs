//! What the user did: `docs/protocols/opendialog.md#22-inbound-content-types`.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{ChoiceMade, Extras, FormSubmission, UserEvent, UserInput};

use super::forms;
use crate::NAME;
use crate::wire::callback;
use crate::wire::fields::Field;
use crate::wire::message::{Content, Kind};
use crate::wire::scalar::text_of;

const TYPE: &str = "type";
const CALLBACK: &str = "callback_id";
const DATA: &str = "data";
const REST: &str = "content";

/// What a request says that its user did.
pub(crate) fn to_model(content: &Content<'_>) -> UserInput {
    let data = |key: &str| {
        content
            .data_text(key)
            .filter(|text| !text.is_empty())
            .map(Cow::into_owned)
    };
    let id = content.callback_id.as_deref().map(str::to_owned);
    match content.kind {
        Kind::ChatOpen | Kind::Trigger => UserInput::Open {
            welcome: id.filter(|id| !callback::is_welcome(id)),
            query: None,
        },
        Kind::Text | Kind::LongtextResponse => UserInput::Text {
            text: data("text").unwrap_or_default(),
        },
        // The event's extras keep what an OpenDialog engine is told of it.
        Kind::ButtonResponse if id.as_deref() == Some(callback::END_CHAT) => {
            UserInput::LeaveHandover
        }
        Kind::ButtonResponse => UserInput::Choice(ChoiceMade {
            // A card without a value of its own sends its callback as one.
            value: data("value").filter(|value| Some(value) != id.as_ref()),
            label: data("text"),
            id,
            ..ChoiceMade::default()
        }),
        Kind::UrlClick => UserInput::LinkClick {
            url: data("url").unwrap_or_default(),
            label: data("text"),
        },
        Kind::FormResponse => {
            let values: Vec<(String, String)> = content
                .data
                .iter()
                .filter(|(name, _)| !forms::RESERVED.contains(name))
                .map(|(name, value)| (forms::field_name(name).to_owned(), answer(value)))
                .collect();
            UserInput::Form(FormSubmission {
                message: None,
                id: id.unwrap_or_default(),
                // A submitted form has one key per element; the way out has none.
                cancelled: values.is_empty(),
                values,
                summary: data("text"),
            })
        }
    }
}

/// An answer as text. The newer widgets send objects for places and files.
fn answer(value: &Field<'_>) -> String {
    match value {
        Field::Null => String::new(),
        Field::Json(value) => match &**value {
            Value::Array(list) if list.iter().all(|item| text_of(item).is_some()) => {
                let items: Vec<Cow<'_, str>> = list.iter().filter_map(text_of).collect();
                items.join(",")
            }
            other => other.to_string(),
        },
        other => other.text().map(Cow::into_owned).unwrap_or_default(),
    }
}

/// What is kept of a request for an OpenDialog engine, and for the history. What repeats the
/// envelope is repeated anew.
pub(crate) fn extras(mut content: Content<'_>) -> Extras {
    let mut fields = Map::with_capacity(4);
    fields.insert(TYPE.to_owned(), Value::from(content.kind.as_str()));
    if let Some(id) = content.callback_id {
        fields.insert(CALLBACK.to_owned(), Value::String(id.into_owned()));
    }
    fields.insert(DATA.to_owned(), Value::Object(content.data.into_map()));
    if !content.rest.is_empty() {
        content.rest.retain(|key| !Content::REPEATED.contains(&key));
        fields.insert(REST.to_owned(), Value::Object(content.rest.into_map()));
    }
    Extras::new(NAME, fields)
}

/// What an OpenDialog client sent, as its event carries it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) kind: Kind,
    pub(crate) callback_id: Option<&'a str>,
    pub(crate) data: Option<&'a Map<String, Value>>,
    pub(crate) rest: Option<&'a Map<String, Value>>,
}

/// What an OpenDialog client sent, if the event comes from one.
pub(crate) fn sent(event: &UserEvent) -> Option<Sent<'_>> {
    let fields = event.extras.of(&NAME)?;
    Some(Sent {
        kind: Kind::from_name(fields.get(TYPE)?.as_str()?)?,
        callback_id: fields.get(CALLBACK).and_then(Value::as_str),
        data: fields.get(DATA).and_then(Value::as_object),
        rest: fields.get(REST).and_then(Value::as_object),
    })
}
