//! The difference between what an engine sent and what the model gives, kept as extras.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use switchboard_core::model::{ContentKind, Extras, Message};

use crate::NAME;
use crate::wire::Slot;
use crate::wire::fields::Fields;
use crate::wire::outbound::{Data, Outbound};

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
    fn between(original: &Fields<'_>, derived: &Fields<'_>) -> Self {
        let without = derived
            .iter()
            .filter(|(key, _)| original.get(key).is_none())
            .map(|(key, _)| Value::from(key))
            .collect();
        let other: Vec<_> = original
            .iter()
            .filter(|(key, value)| derived.get(key) != Some(value))
            .collect();
        let set = other
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_value()))
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
                Self::between(&(&original).into(), &(&derived).into())
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

/// A patch as extras hold it.
#[derive(Clone, Copy)]
struct PatchRef<'a> {
    set: Option<&'a Map<String, Value>>,
    without: &'a [Value],
}

impl<'a> PatchRef<'a> {
    fn new(fields: &'a Map<String, Value>) -> Self {
        Self {
            set: fields.get(SET).and_then(Value::as_object),
            without: match fields.get(WITHOUT) {
                Some(Value::Array(without)) => without,
                _ => &[],
            },
        }
    }

    fn set(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let set = self.set.into_iter().flatten();
        set.map(|(key, value)| (key.as_str(), value))
    }

    fn without(self) -> impl Iterator<Item = &'a str> {
        self.without.iter().filter_map(Value::as_str)
    }

    /// Changes an object.
    fn apply(self, object: &mut Fields<'a>) {
        if !self.without.is_empty() {
            object.retain(|key| !self.without().any(|gone| gone == key));
        }
        // The keys of a patch are many where those of the object are few.
        let mut new = Fields::default();
        for (key, value) in self.set() {
            match object.get_mut(key) {
                Some(known) => *known = value.into(),
                None => new.push(key, value),
            }
        }
        object.append(new);
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
    let Ok(Value::Object(object)) = serde_json::to_value(&value) else {
        return value;
    };
    let mut object = Fields::from(&object);
    PatchRef::new(fields).apply(&mut object);
    serde_json::from_value(Value::Object(object.into_map())).unwrap_or(value)
}

/// The patch of a whole message, its envelope and its data apart.
#[derive(Debug, Default)]
pub(crate) struct OfMessage {
    envelope: Patch,
    data: Patch,
}

impl OfMessage {
    /// What turns a derived message into the original.
    pub(crate) fn between(original: &Outbound, derived: &Outbound) -> Self {
        // The type is noted apart: it is needed before there is anything to patch.
        let mut envelope = original.envelope();
        let data = match (original.data.fields(), derived.data.fields()) {
            (Some(of_original), Some(of_derived)) => Patch::between(&of_original, &of_derived),
            _ => {
                if let Data::Unknown(data) = &original.data {
                    envelope.push(DATA, data);
                }
                Patch::default()
            }
        };
        Self {
            envelope: Patch::between(&envelope, &derived.envelope()),
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
        let mut fields = Map::with_capacity(4);
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
        let part = |name| {
            let fields = self.fields.get(name).and_then(Value::as_object);
            fields.map(PatchRef::new)
        };
        let data = part(DATA);
        if (data.is_some() || self.kind != wire.kind)
            && let Some(mut fields) = wire.data.fields()
        {
            if let Some(patch) = data {
                patch.apply(&mut fields);
            }
            wire.data = Data::from_fields(self.kind, fields);
        }
        self.kind.clone_into(&mut wire.kind);
        if let Some(patch) = part(ENVELOPE) {
            patch_envelope(patch, wire);
        }
    }

    /// Whether the engine's own text is among what it changes.
    pub(crate) fn has_text(&self) -> bool {
        let set = || self.fields.get(DATA)?.get(SET)?.get("text");
        set().is_some()
    }

    /// A key of the envelope that the model has no word for.
    pub(crate) fn envelope(&self, key: &str) -> Option<&Value> {
        self.fields.get(ENVELOPE)?.get(SET)?.get(key)
    }
}

fn patch_envelope(patch: PatchRef<'_>, wire: &mut Outbound) {
    for key in patch.without() {
        match wire.slot_mut(key) {
            Some(slot) => *slot = Slot::Absent,
            None => {
                wire.rest.shift_remove(key);
            }
        }
    }
    for (key, value) in patch.set() {
        match (wire.slot_mut(key), value) {
            (Some(slot), Value::String(text)) => *slot = Slot::Given(text.clone()),
            (Some(slot), Value::Null) => *slot = Slot::Null,
            (Some(slot), _) => {
                *slot = Slot::Absent;
                wire.rest.insert(key.to_owned(), value.clone());
            }
            // Data that are no object.
            (None, _) if key == DATA => wire.data = Data::decode(&wire.kind, value.clone()),
            (None, _) => {
                wire.rest.insert(key.to_owned(), value.clone());
            }
        }
    }
}
