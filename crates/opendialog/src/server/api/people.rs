//! What is known of a user: `docs/protocols/opendialog.md#7-public-apis-current`.

use serde_json::{Map, Value, json};
use switchboard_core::dialect::UserTranscript;
use switchboard_core::model::{Profile, Timestamp};

use crate::NAME;
use crate::convert::user;
use crate::wire::export::Attribute;

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
