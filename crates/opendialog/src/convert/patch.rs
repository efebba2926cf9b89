//! The difference between what an engine sent and what the model gives, kept as extras.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use switchboard_core::model::{ContentKind, Extras, Message};

use crate::NAME;
use crate::wire::outbound::Outbound;

const SET: &str = "set";
const WITHOUT: &str = "without";
const OF: &str = "of";
const TYPE: &str = "type";
const ENVELOPE: &str = "envelope";
const DATA: &str = "data";
const ITEMS: &str = "items";

/// What to change in a JSON object.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Patch {
    set: Map<String, Value>,
    without: Vec<Value>,
}

impl Patch {
    /// What turns `derived` into `original`.
    pub(crate) fn between(original: Map<String, Value>, derived: &Map<String, Value>) -> Self {
        let without = derived
            .keys()
            .filter(|key| !original.contains_key(*key))
            .map(|key| Value::from(key.as_str()))
            .collect();
        let set = original
            .into_iter()
            .filter(|(key, value)| derived.get(key) != Some(value))
            .collect();
        Self { set, without }
    }

    /// What turns one typed value into another.
    pub(crate) fn of<T: Serialize>(original: &T, derived: &T) -> Self {
        match (
            serde_json::to_value(original),
            serde_json::to_value(derived),
        ) {
            (Ok(Value::Object(original)), Ok(Value::Object(derived))) => {
                Self::between(original, &derived)
            }
            _ => Self::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.without.is_empty()
    }

    pub(crate) fn into_fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        if !self.set.is_empty() {
            fields.insert(SET.to_owned(), Value::Object(self.set));
        }
        if !self.without.is_empty() {
            fields.insert(WITHOUT.to_owned(), Value::Array(self.without));
        }
        fields
    }

    fn into_value(self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Object(self.into_fields()))
    }
}

/// Applies the fields of a patch to an object.
fn apply(object: &mut Map<String, Value>, fields: &Map<String, Value>) {
    if let Some(Value::Array(without)) = fields.get(WITHOUT) {
        for key in without.iter().filter_map(Value::as_str) {
            object.shift_remove(key);
        }
    }
    if let Some(Value::Object(set)) = fields.get(SET) {
        for (key, value) in set {
            object.insert(key.clone(), value.clone());
        }
    }
}

/// The value with the patch that its extras hold. A patch that does not fit is left.
pub(crate) fn patched<T: Serialize + DeserializeOwned>(value: T, extras: &Extras) -> T {
    match extras.of(&NAME) {
        Some(fields) => patched_by(value, fields),
        None => value,
    }
}

/// The value with this patch. A patch that does not fit is left.
pub(crate) fn patched_by<T: Serialize + DeserializeOwned>(
    value: T,
    fields: &Map<String, Value>,
) -> T {
    let Ok(Value::Object(mut object)) = serde_json::to_value(&value) else {
        return value;
    };
    apply(&mut object, fields);
    serde_json::from_value(Value::Object(object)).unwrap_or(value)
}

/// The patch of a whole message, its envelope and its data apart.
#[derive(Debug, Default)]
pub(crate) struct OfMessage {
    envelope: Patch,
    data: Patch,
}

impl OfMessage {
    /// What turns a derived message into the original.
    pub(crate) fn between(original: Value, derived: Value) -> Self {
        let (Value::Object(mut original), Value::Object(mut derived)) = (original, derived) else {
            return Self::default();
        };
        // The type is noted apart: it is needed before there is anything to patch.
        original.shift_remove(TYPE);
        derived.shift_remove(TYPE);
        let data = match (original.get_mut(DATA), derived.get_mut(DATA)) {
            (Some(Value::Object(of_original)), Some(Value::Object(of_derived))) => {
                let patch = Patch::between(std::mem::take(of_original), of_derived);
                of_derived.clear();
                patch
            }
            _ => Patch::default(),
        };
        Self {
            envelope: Patch::between(original, &derived),
            data,
        }
    }
}

/// What is kept of a message's wire form.
pub(crate) struct Note {
    /// The kind of content that it belongs to: the content may be replaced on the way.
    pub(crate) of: ContentKind,
    /// The type on the wire.
    pub(crate) kind: String,
    pub(crate) patch: OfMessage,
    /// The patches of a carousel's cards.
    pub(crate) items: Vec<Value>,
}

impl Note {
    pub(crate) fn into_extras(self) -> Extras {
        let mut fields = Map::new();
        fields.insert(OF.to_owned(), Value::from(self.of.as_str()));
        fields.insert(TYPE.to_owned(), Value::from(self.kind));
        if let Some(envelope) = self.patch.envelope.into_value() {
            fields.insert(ENVELOPE.to_owned(), envelope);
        }
        if let Some(data) = self.patch.data.into_value() {
            fields.insert(DATA.to_owned(), data);
        }
        if !self.items.is_empty() {
            fields.insert(ITEMS.to_owned(), Value::Array(self.items));
        }
        Extras::new(NAME, fields)
    }

    /// The note that a message carries, if it belongs to the message's content.
    pub(crate) fn of_message(message: &Message) -> Option<NoteRef<'_>> {
        let fields = message.extras.of(&NAME)?;
        let of = fields.get(OF)?.as_str()?;
        (of == message.content.kind().as_str()).then_some(NoteRef {
            kind: fields.get(TYPE)?.as_str()?,
            items: match fields.get(ITEMS) {
                Some(Value::Array(items)) => items,
                _ => &[],
            },
            fields,
        })
    }
}

/// A note as a message carries it.
pub(crate) struct NoteRef<'a> {
    pub(crate) kind: &'a str,
    pub(crate) items: &'a [Value],
    fields: &'a Map<String, Value>,
}

impl NoteRef<'_> {
    /// Makes a derived message the one that the engine sent.
    pub(crate) fn apply(&self, wire: &mut Outbound) {
        let part = |name| self.fields.get(name).and_then(Value::as_object);
        let (envelope, data) = (part(ENVELOPE), part(DATA));
        if self.kind == wire.kind && envelope.is_none() && data.is_none() {
            return;
        }
        let Ok(Value::Object(mut object)) = serde_json::to_value(&*wire) else {
            return;
        };
        object.insert(TYPE.to_owned(), Value::from(self.kind));
        if let (Some(Value::Object(of_wire)), Some(data)) = (object.get_mut(DATA), data) {
            apply(of_wire, data);
        }
        if let Some(envelope) = envelope {
            apply(&mut object, envelope);
        }
        if let Ok(patched) = serde_json::from_value(Value::Object(object)) {
            *wire = patched;
        }
    }

    /// A key of the envelope that the model has no word for.
    pub(crate) fn envelope(&self, key: &str) -> Option<&Value> {
        self.fields.get(ENVELOPE)?.get(SET)?.get(key)
    }
}
