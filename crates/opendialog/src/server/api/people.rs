//! What is known of a user: `docs/protocols/opendialog.md#7-public-apis-current`.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use switchboard_core::dialect::UserTranscript;
use switchboard_core::model::{Profile, Timestamp};

use crate::NAME;
use crate::convert::user;
use crate::wire::export::Attribute;

/// Users as the APIs list them: an object for each, whose only key is the user's id. It is made when
/// it is about to be written, so that only one of them is held beside the answer.
pub(super) struct Listed<'a, F> {
    users: &'a [UserTranscript],
    write: F,
}

impl<'a, F> Listed<'a, F> {
    pub(super) fn new<T>(users: &'a [UserTranscript], write: F) -> Self
    where
        F: Fn(&UserTranscript) -> T,
    {
        Self { users, write }
    }
}

impl<T: Serialize, F: Fn(&UserTranscript) -> T> Serialize for Listed<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let users = self.users.iter();
        serializer.collect_seq(users.map(|user| Named(&user.user_id, (self.write)(user))))
    }
}

struct Named<'a, T>(&'a str, T);

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}

/// Everything that the vendor's user object has, under the names of its storage, and what else
/// clients told.
pub(super) fn data(profile: &Profile) -> Map<String, Value> {
    let row = serde_json::to_value(user::write_row(profile));
    let Ok(Value::Object(mut data)) = row else {
        return Map::new();
    };
    let custom = user::custom(profile, profile.scenario.as_deref());
    data.insert("custom".to_owned(), Value::Object(custom));
    for (key, value) in profile.extras.of(&NAME).into_iter().flatten() {
        if key != user::RECORDED && !data.contains_key(key) {
            data.insert(key.clone(), value.clone());
        }
    }
    data
}

/// The same with the id and a name.
pub(super) fn data_with_id(user_id: &str, profile: &Profile) -> Map<String, Value> {
    let mut data = data(profile);
    data.insert("id".to_owned(), Value::from(user_id));
    data.insert("name".to_owned(), Value::from(name(profile)));
    data
}

fn name(profile: &Profile) -> Option<String> {
    let words = |name: &str| profile.attributes.get(name).and_then(Value::as_str);
    if let Some(name) = words("name") {
        return Some(name.to_owned());
    }
    let parts: Vec<&str> = [words("first_name"), words("last_name")]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The user's attributes: first the two that every user has, then what clients told: metadata,
/// variables, facts of the user. Where two have one name, both are listed, the one that counts last.
pub(super) fn attributes(user: &UserTranscript) -> Vec<Attribute> {
    let profile = &user.profile;
    let texts = profile.metadata.iter().chain(&profile.variables);
    let texts = texts.map(|(name, text)| attribute(name, &Value::from(text.as_str())));
    let facts = profile.attributes.iter();
    let facts = facts.map(|(name, value)| attribute(name, value));
    let seen = [
        ("first_seen", user.first_seen),
        ("last_seen", user.last_seen),
    ];
    seen.into_iter()
        .map(|(name, at)| moment(name, at))
        .chain(texts)
        .chain(facts)
        .collect()
}

/// In whole seconds since 1970.
fn moment(name: &str, at: Timestamp) -> Attribute {
    Attribute {
        name: name.to_owned(),
        kind: "attribute.core.timestamp".to_owned(),
        value: json!({"scalar_value": at.as_millis().div_euclid(1000)}),
    }
}

/// The type follows from the value's shape; the value is always under the same key.
fn attribute(name: &str, value: &Value) -> Attribute {
    let kind = match value {
        Value::Null | Value::String(_) => "attribute.core.string",
        Value::Number(_) => "attribute.core.number",
        Value::Bool(_) => "attribute.core.boolean",
        Value::Array(_) | Value::Object(_) => "attribute.core.collection",
    };
    Attribute {
        name: name.to_owned(),
        kind: kind.to_owned(),
        value: json!({"scalar_value": value}),
    }
}
