//! Other names for the fields that a client writes, for a server that does not use those of
//! `docs/protocols/kare.md#93-most-doubtful-assumptions-in-order-of-risk`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::dialect::OptionsError;

use super::node::{Node, Object};
use super::{encode, encode_text, encode_value};

/// What an operator writes: a field's name here, and its name at the server.
///
/// - of every message: `conversation_id`, `id`, `parent_id`, `uri`, `header`, `body`;
/// - of a question: `text`; of a click: `target`, in it `aspect`, `choice_id`, `target_text`;
/// - of a hello: `welcome_message_id`;
/// - of the start of a conversation: `user_id`, `host_locale`, `selected_locale`,
///   `user_profile_tags`, `metadata`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct FieldNames(BTreeMap<String, String>);

/// A field's name for the operator, and on the wire.
type Known = (&'static str, &'static str);

const ENVELOPE: [Known; 6] = [
    ("conversation_id", "conversation_id"),
    ("id", "id"),
    ("parent_id", "parent_id"),
    ("uri", "uri"),
    ("header", "header"),
    ("body", "body"),
];
/// Beside the envelope's, where there is no body: of flat inputs, and of a conversation's start.
const FLAT: [Known; 7] = [
    ("text", "text"),
    ("target", "target"),
    ("user_id", "user_id"),
    ("host_locale", "host_locale"),
    ("selected_locale", "selected_locale"),
    ("user_profile_tags", "user_profile_tags"),
    ("metadata", "metadata"),
];
const BODY: [Known; 3] = [
    ("text", "text"),
    ("target", "target"),
    ("welcome_message_id", "welcome_message_id"),
];
const TARGET: [Known; 3] = [
    ("aspect", "aspect"),
    ("choice_id", "choice_id"),
    ("target_text", "text"),
];
/// What a message may be wrapped in when it is read.
const WRAPPERS: [&str; 9] = [
    "messages",
    "message",
    "event",
    "entries",
    "events",
    "items",
    "data",
    "results",
    "conversation",
];
/// How deep wrappers may be nested.
const MAX_DEPTH: u8 = 4;

/// The names of fields at a server, by their place. Empty where they are the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelling {
    envelope: Renames,
    flat: Renames,
    body: Renames,
    target: Renames,
}

/// From the usual name to the server's.
type Renames = Vec<(&'static str, String)>;

impl FieldNames {
    /// Checks the names and sorts them by place.
    ///
    /// # Errors
    /// A field is unknown, has a blank name, or one that another field has at the same place.
    pub fn resolve(&self) -> Result<Spelling, OptionsError> {
        let places = [&ENVELOPE[..], &FLAT, &BODY, &TARGET];
        let known: BTreeSet<&str> = places.iter().copied().flatten().map(|it| it.0).collect();
        for (field, name) in &self.0 {
            if !known.contains(field.as_str()) {
                let fields: Vec<&str> = known.into_iter().collect();
                return Err(
                    OptionsError::new("fields", format!("there is no field {field}"))
                        .fix(format!("one of {}", fields.join(", "))),
                );
            }
            if name.trim().is_empty() {
                return Err(OptionsError::new(format!("fields.{field}"), "is empty"));
            }
        }
        self.check_distinct(&[&ENVELOPE, &FLAT])?;
        self.check_distinct(&[&BODY])?;
        self.check_distinct(&[&TARGET])?;
        Ok(Spelling {
            envelope: self.renames(&ENVELOPE),
            flat: self.renames(&FLAT),
            body: self.renames(&BODY),
            target: self.renames(&TARGET),
        })
    }

    fn check_distinct(&self, places: &[&[Known]]) -> Result<(), OptionsError> {
        let mut taken = BTreeSet::new();
        for (field, wire) in places.iter().copied().flatten() {
            let name = self.0.get(*field).map_or(*wire, String::as_str);
            if !taken.insert(name) {
                let message = format!("{name} is another field's name");
                return Err(OptionsError::new(format!("fields.{field}"), message));
            }
        }
        Ok(())
    }

    fn renames(&self, place: &[Known]) -> Renames {
        let given = |(field, wire): &Known| Some((*wire, self.0.get(*field)?.clone()));
        place
            .iter()
            .filter_map(given)
            .filter(|(wire, name)| wire != name)
            .collect()
    }
}

impl Spelling {
    fn is_usual(&self) -> bool {
        [&self.envelope, &self.flat, &self.body, &self.target]
            .iter()
            .all(|renames| renames.is_empty())
    }

    /// Writes a message, a posted input or the start of a conversation as JSON bytes.
    pub fn encode<T: Serialize>(&self, value: &T) -> Vec<u8> {
        if self.is_usual() {
            return encode(value);
        }
        encode(&self.respell(value))
    }

    /// Like [`Spelling::encode`], as text.
    pub fn encode_text<T: Serialize>(&self, value: &T) -> String {
        if self.is_usual() {
            return encode_text(value);
        }
        encode_text(&self.respell(value))
    }

    fn respell<T: Serialize>(&self, value: &T) -> Value {
        let mut value = encode_value(value);
        let Value::Object(top) = &mut value else {
            return value;
        };
        match top.get_mut("body") {
            Some(body) => {
                if let Some(target) = body.get_mut("target") {
                    rename(target, &[&self.target]);
                }
                rename(body, &[&self.body]);
                rename_map(top, &[&self.envelope]);
            }
            None => {
                if let Some(target) = top.get_mut("target") {
                    rename(target, &[&self.target]);
                }
                rename_map(top, &[&self.envelope, &self.flat]);
            }
        }
        value
    }

    /// Gives fields that have the server's names their usual ones, unless those are there too.
    pub(crate) fn accept(&self, node: &mut Node<'_>) {
        if !self.is_usual() {
            self.accept_at(node, 0);
        }
    }

    fn accept_at(&self, node: &mut Node<'_>, depth: u8) {
        match node {
            Node::Array(nodes) if depth < MAX_DEPTH => {
                for node in nodes {
                    self.accept_at(node, depth + 1);
                }
            }
            Node::Object(object) => {
                restore(object, &[&self.envelope, &self.flat]);
                if let Some(Node::Object(body)) = object.get_mut("body") {
                    restore(body, &[&self.body, &self.target]);
                    self.accept_actions(body);
                }
                self.accept_actions(object);
                for name in WRAPPERS {
                    if let Some(inner) = object.get_mut(name)
                        && depth < MAX_DEPTH
                    {
                        self.accept_at(inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn accept_actions(&self, holder: &mut Object<'_>) {
        let Some(Node::Array(actions)) = holder.get_mut("actions") else {
            return;
        };
        for action in actions {
            if let Node::Object(action) = action {
                restore(action, &[&self.target]);
            }
        }
    }
}

fn rename(value: &mut Value, renames: &[&Renames]) {
    if let Value::Object(map) = value {
        rename_map(map, renames);
    }
}

/// Rebuilt, so that the order stays.
fn rename_map(map: &mut Map<String, Value>, renames: &[&Renames]) {
    let fields = std::mem::take(map).into_iter();
    *map = fields
        .map(|(name, value)| {
            let mut all = renames.iter().copied().flatten();
            match all.find(|(usual, _)| *usual == name) {
                Some((_, theirs)) => (theirs.clone(), value),
                None => (name, value),
            }
        })
        .collect();
}

fn restore(object: &mut Object<'_>, renames: &[&Renames]) {
    for (usual, theirs) in renames.iter().copied().flatten() {
        object.rename(theirs, usual);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_core::json;

    use super::*;
    use crate::wire::click::{Click, Target};
    use crate::wire::hello::About;
    use crate::wire::query::Query;
    use crate::wire::{Aspect, Body, Envelope, Uri, WireId, envelope, post};

    fn spelling(names: Value) -> Result<Spelling, String> {
        let names: FieldNames = serde_json::from_value(names).unwrap();
        names.resolve().map_err(|error| error.to_string())
    }

    fn all() -> Spelling {
        spelling(json!({
            "conversation_id": "conversation", "id": "mid", "parent_id": "parent", "uri": "type",
            "body": "payload", "text": "question", "target": "on", "aspect": "kind",
            "choice_id": "option", "target_text": "label", "user_id": "user"
        }))
        .unwrap()
    }

    fn click() -> Envelope {
        let mut click = Envelope::new(
            WireId::Foreign("m".to_owned()),
            Uri::InClick,
            Body::Click(Click::on(Target {
                aspect: Some(Aspect::Choice),
                choice_id: Some("a".to_owned()),
                text: Some("A".to_owned()),
                ..Target::default()
            })),
        );
        click.parent_id = Some(WireId::Foreign("p".to_owned()));
        click
    }

    #[test]
    fn fields_are_written_under_the_servers_names() {
        let text = all().encode_text(&click());
        assert_eq!(
            text,
            r#"{"mid":"m","parent":"p","type":"in/click","header":{},"payload":{"on":{"kind":"resolution/answer/choice","option":"a","label":"A"}}}"#
        );
        let envelope = Envelope::new(
            WireId::Foreign("q".to_owned()),
            Uri::InQuery,
            Body::Query(Query::new("orders")),
        );
        let flat = post::Flat {
            conversation_id: "C",
            envelope: &envelope,
        };
        let flat: Value = serde_json::from_slice(&all().encode(&flat)).unwrap();
        assert_eq!(
            flat,
            json!({"conversation": "C", "mid": "q", "question": "orders"})
        );
        let start = crate::wire::conversation::StartRequest {
            about: About {
                user_id: Some("ann".to_owned()),
                ..About::default()
            },
            ..Default::default()
        };
        let start: Value = serde_json::from_slice(&all().encode(&start)).unwrap();
        assert_eq!(start, json!({"user": "ann"}));
    }

    #[test]
    fn without_other_names_nothing_is_written_otherwise() {
        let usual = spelling(json!({"id": "id"})).unwrap();
        assert_eq!(usual, Spelling::default());
        assert_eq!(usual.encode(&click()), encode(&click()));
    }

    #[test]
    fn the_servers_names_are_read_beside_the_usual_ones() {
        let frame = json!([{"mid": "m", "type": "out/text", "payload": {"kind": "text/plain",
            "question": "hello", "actions": [{"label": "A", "option": "a"}]}},
            {"id": "n", "mid": "other", "uri": "out/text", "body": {"text": "usual", "question": "kept"}}]);
        let text = frame.to_string();
        let mut node = json::read(text.as_bytes()).unwrap();
        all().accept(&mut node);
        let mut envelopes = Vec::new();
        envelope::unwrap_into(node, &mut envelopes, 0);
        let envelopes: Vec<Envelope> = envelopes.into_iter().map(Result::unwrap).collect();
        assert_eq!(envelopes[0].id, Some(WireId::Foreign("m".to_owned())));
        let Body::Text(first) = &envelopes[0].body else {
            panic!("no text");
        };
        assert_eq!(first.text, "hello");
        assert_eq!(first.actions[0].text, "A");
        assert_eq!(first.actions[0].choice_id.as_deref(), Some("a"));
        assert_eq!(envelopes[1].id, Some(WireId::Foreign("n".to_owned())));
        assert_eq!(envelopes[1].extra["mid"], "other", "nothing is lost");
        let Body::Text(second) = &envelopes[1].body else {
            panic!("no text");
        };
        assert_eq!(second.text, "usual");
        assert_eq!(second.extra["question"], "kept");
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for (names, key) in [
            (json!({"nonsense": "x"}), "fields: there is no field"),
            (json!({"text": " "}), "fields.text: is empty"),
            (json!({"id": "uri"}), "uri is another field's name"),
            (json!({"aspect": "text"}), "text is another field's name"),
        ] {
            let error = spelling(names).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
    }
}
