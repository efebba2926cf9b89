use serde_json::{Map, Value};
use switchboard_core::model::Extras;

use crate::KARE;

/// Gathers what the model has no word for.
#[derive(Default)]
pub(crate) struct Kept(Map<String, Value>);

impl Kept {
    pub(crate) fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(crate) fn text(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    pub(crate) fn object(&mut self, name: &str, map: Map<String, Value>) {
        if !map.is_empty() {
            self.value(name, map);
        }
    }

    pub(crate) fn into_extras(self) -> Extras {
        Extras::new(KARE, self.0)
    }
}

/// A text that was kept.
pub(crate) fn text<'a>(extras: &'a Extras, name: &str) -> Option<&'a str> {
    extras.get(&KARE, name)?.as_str()
}

/// An object that was kept, or an empty one.
pub(crate) fn object(extras: &Extras, name: &str) -> Map<String, Value> {
    match extras.get(&KARE, name) {
        Some(Value::Object(map)) => map.clone(),
        _ => Map::new(),
    }
}
