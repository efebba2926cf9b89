//! What makes a request for links acceptable, and the words for what does not: the vendor's where
//! they are known, and in its manner where they are not.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::{Request, User};
use crate::wire::error::Invalid;
use crate::wire::user_id;

/// Most attributes of one user.
pub const ATTRIBUTES_LIMIT: usize = 500;

const SCENARIO_ID: &str = "scenario_id";
const SCENARIO_ALIAS: &str = "scenario_alias";
const DATASET: &str = "dataset";

/// What is accepted.
pub struct Rules<'a> {
    /// How many users at the most.
    pub most_users: usize,
    /// Whether the older path's other keys for the scenario are read: `scenarioId`,
    /// `scenario_alias` and `scenarioAlias`.
    pub older_keys: bool,
    /// Whether there is a scenario of this id or alias.
    pub has_scenario: &'a dyn Fn(&str) -> bool,
}

/// Reads a request. Strings lose the white space around them, as everywhere with this vendor, and
/// an empty one is as good as none; an empty list is an empty object, as PHP writes it.
///
/// # Errors
/// Everything that is wrong with it. Of too many users only that they are too many.
pub fn decode(body: &[u8], rules: &Rules<'_>) -> Result<Request, Invalid> {
    // What cannot be read has none of the fields, as in the chat.
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut mistakes = Invalid::new();
    let users = match body.get_mut(DATASET).map(Value::take) {
        Some(Value::Array(users)) if users.len() > rules.most_users => {
            let problem = format!("Maximum number of users is {}", rules.most_users);
            return Err(Invalid::one(DATASET, problem));
        }
        users => users,
    };
    let (key, name) = read_scenario(&body, rules, &mut mistakes);
    let dataset = read_dataset(users, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut request = Request {
        scenario_id: None,
        scenario_alias: None,
        dataset,
        rest: Map::new(),
    };
    if key == SCENARIO_ALIAS {
        request.scenario_alias = name;
    } else {
        request.scenario_id = name;
    }
    Ok(request)
}

/// The scenario, and the key that it was found under.
fn read_scenario(
    body: &Value,
    rules: &Rules<'_>,
    mistakes: &mut Invalid,
) -> (&'static str, Option<String>) {
    let older = [
        (SCENARIO_ID, "scenarioId"),
        (SCENARIO_ALIAS, SCENARIO_ALIAS),
        (SCENARIO_ALIAS, "scenarioAlias"),
    ];
    let older = older.iter().take(if rules.older_keys { 3 } else { 0 });
    let mut keys = std::iter::once(&(SCENARIO_ID, SCENARIO_ID)).chain(older);
    let found = keys.find_map(|(name, key)| Some((*name, *key, given(body.get(*key))?)));
    let Some((name, key, value)) = found else {
        mistakes.add(SCENARIO_ID, required(SCENARIO_ID));
        return (SCENARIO_ID, None);
    };
    match value.as_str().map(str::trim) {
        Some(scenario) if (rules.has_scenario)(scenario) => {
            return (name, Some(scenario.to_owned()));
        }
        Some(_) => mistakes.add(key, "The selected scenario does not exist."),
        None => mistakes.add(key, format!("The {key} must be a string.")),
    }
    (name, None)
}

fn read_dataset(dataset: Option<Value>, mistakes: &mut Invalid) -> Vec<User> {
    match dataset {
        None | Some(Value::Null) => mistakes.add(DATASET, required(DATASET)),
        Some(Value::Array(users)) if users.is_empty() => mistakes.add(DATASET, required(DATASET)),
        Some(Value::Array(users)) => {
            let read = |(place, user)| read_user(place, user, mistakes);
            return users.into_iter().enumerate().filter_map(read).collect();
        }
        Some(_) => mistakes.add(DATASET, "The dataset must be an array."),
    }
    Vec::new()
}

fn read_user(place: usize, user: Value, mistakes: &mut Invalid) -> Option<User> {
    let at = format!("{DATASET}.{place}");
    let mut user = match user {
        Value::Object(user) => user,
        // Nobody in PHP's words, who has no attributes then.
        Value::Array(list) if list.is_empty() => Map::new(),
        _ => {
            mistakes.add(&at, format!("The {at} must be an object."));
            return None;
        }
    };
    let user_id = match given(user.get("user_id")) {
        None => None,
        Some(Value::String(id)) => {
            let id = id.trim();
            if let Some(problem) = user_id::problem(id) {
                mistakes.add(&format!("{at}.user_id"), problem);
            }
            Some(id.to_owned())
        }
        Some(_) => {
            mistakes.add(&format!("{at}.user_id"), "User id must be a string");
            None
        }
    };
    let at = format!("{at}.attributes");
    let attributes = match user.remove("attributes") {
        None | Some(Value::Null) => Err(required("attributes")),
        Some(Value::Object(attributes)) if attributes.len() > ATTRIBUTES_LIMIT => Err(format!(
            "The attributes may not be more than {ATTRIBUTES_LIMIT}."
        )),
        Some(Value::Object(attributes)) => Ok(attributes),
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        Some(_) => Err("The attributes must be an object.".to_owned()),
    };
    match attributes {
        Ok(attributes) => {
            check_depth(&at, &attributes, mistakes);
            Some(User {
                user_id,
                attributes,
                rest: Map::new(),
            })
        }
        Err(problem) => {
            mistakes.add(&at, problem);
            None
        }
    }
}

/// An attribute is a scalar, or a list of scalars.
fn check_depth(at: &str, attributes: &Map<String, Value>, mistakes: &mut Invalid) {
    for (name, value) in attributes {
        let nested = match value {
            Value::Object(_) => true,
            Value::Array(list) => list
                .iter()
                .any(|item| matches!(item, Value::Array(_) | Value::Object(_))),
            _ => false,
        };
        if nested {
            let problem = format!("The attribute {name} must not be a nested collection.");
            mistakes.add(&format!("{at}.{name}"), problem);
        }
    }
}

/// A value, unless it is as good as none.
fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    })
}

/// Unlike elsewhere the vendor leaves the underscores in place here.
fn required(field: impl Display) -> String {
    format!("The {field} field is required.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: Rules<'static> = Rules {
        most_users: 3,
        older_keys: false,
        has_scenario: &|name| name == "shop",
    };

    #[track_caller]
    fn mistakes(body: &Value, rules: &Rules<'_>) -> Value {
        let invalid = decode(body.to_string().as_bytes(), rules).unwrap_err();
        assert_eq!(invalid.message, Invalid::MESSAGE);
        Value::Object(invalid.errors)
    }

    #[test]
    fn every_mistake_of_a_request_for_links_is_named() {
        let missing = "The scenario_id field is required.";
        let attributes = |attributes: Value| json!([{ "attributes": attributes }]);
        let alone = |field: &str, problem: &str| json!({ field: [problem] });
        let cases = [
            (
                json!({"dataset": attributes(json!({}))}),
                alone("scenario_id", missing),
            ),
            (
                json!({"scenario_id": " ", "dataset": attributes(json!({}))}),
                alone("scenario_id", missing),
            ),
            (
                json!({"scenarioId": "shop", "dataset": attributes(json!({}))}),
                alone("scenario_id", missing),
            ),
            (
                json!({"scenario_id": "bank", "dataset": attributes(json!({}))}),
                alone("scenario_id", "The selected scenario does not exist."),
            ),
            (
                json!({"scenario_id": 5, "dataset": attributes(json!({}))}),
                alone("scenario_id", "The scenario_id must be a string."),
            ),
            (
                json!({"scenario_id": "shop"}),
                alone("dataset", "The dataset field is required."),
            ),
            (
                json!({"scenario_id": "shop", "dataset": []}),
                alone("dataset", "The dataset field is required."),
            ),
            (
                json!({"scenario_id": "shop", "dataset": {"a": 1}}),
                alone("dataset", "The dataset must be an array."),
            ),
            (
                json!({"scenario_id": "shop", "dataset": [1]}),
                alone("dataset.0", "The dataset.0 must be an object."),
            ),
            (
                // That they are too many is all there is to say.
                json!({"scenario_id": "bank", "dataset": [1, 2, 3, 4]}),
                alone("dataset", "Maximum number of users is 3"),
            ),
            (
                json!({"scenario_id": "shop", "dataset": attributes(json!("x"))}),
                alone("dataset.0.attributes", "The attributes must be an object."),
            ),
            (
                json!({"scenario_id": "shop", "dataset": attributes(json!([1]))}),
                alone("dataset.0.attributes", "The attributes must be an object."),
            ),
            (
                json!({"scenario_id": "shop", "dataset": [{"user_id": "a\0", "attributes": {}}]}),
                alone("dataset.0.user_id", "The user id format is invalid."),
            ),
            (
                json!([]),
                json!({
                    "scenario_id": [missing],
                    "dataset": ["The dataset field is required."],
                }),
            ),
            (
                json!({"dataset": [
                    {"user_id": ["u"], "attributes": {"a": {"b": 1}, "c": 1, "d": [[]]}},
                    {},
                    {"attributes": {"a": [{}]}},
                ]}),
                json!({
                    "scenario_id": [missing],
                    "dataset.0.user_id": ["User id must be a string"],
                    "dataset.0.attributes.a": ["The attribute a must not be a nested collection."],
                    "dataset.0.attributes.d": ["The attribute d must not be a nested collection."],
                    "dataset.1.attributes": ["The attributes field is required."],
                    "dataset.2.attributes.a": ["The attribute a must not be a nested collection."],
                }),
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(mistakes(&body, &RULES), expected, "{body}");
        }
        let many: Map<String, Value> = (0..501).map(|n| (n.to_string(), json!(n))).collect();
        let body = json!({"scenario_id": "shop", "dataset": attributes(Value::Object(many))});
        let expected = alone(
            "dataset.0.attributes",
            "The attributes may not be more than 500.",
        );
        assert_eq!(mistakes(&body, &RULES), expected);
        for broken in [&b"{"[..], b"", b"\xff", b"\"x\"", b"7"] {
            let invalid = decode(broken, &RULES).unwrap_err();
            assert_eq!(invalid.errors.len(), 2, "{broken:?}");
        }
    }

    #[test]
    fn what_is_as_good_as_none_is_none() {
        let body = json!({"scenario_id": " shop ", "more": 1, "dataset": [
            {"user_id": " ", "attributes": []},
            {"user_id": null, "attributes": {"a": null, "b": [1, null, "x"]}},
            {"user_id": " u-1 ", "attributes": {}, "more": 1},
        ]});
        let request = decode(body.to_string().as_bytes(), &RULES).unwrap();
        assert_eq!(request.scenario_id.as_deref(), Some("shop"));
        let ids: Vec<_> = request
            .dataset
            .iter()
            .map(|it| it.user_id.as_deref())
            .collect();
        assert_eq!(ids, [None, None, Some("u-1")]);
    }

    #[test]
    fn the_older_path_takes_four_keys_for_the_scenario() {
        let rules = Rules {
            older_keys: true,
            ..RULES
        };
        for key in [
            "scenario_id",
            "scenarioId",
            "scenario_alias",
            "scenarioAlias",
        ] {
            let read = |scenario: &str| {
                let body = json!({key: scenario, "dataset": [{"attributes": {}}]});
                decode(body.to_string().as_bytes(), &rules)
            };
            let request = read("shop").unwrap();
            let (id, alias) = (request.scenario_id, request.scenario_alias);
            assert_eq!(id.is_none(), key.to_lowercase().contains("alias"), "{key}");
            assert_eq!(id.or(alias).as_deref(), Some("shop"), "{key}");
            let invalid = read("bank").unwrap_err();
            let problem = json!({key: ["The selected scenario does not exist."]});
            assert_eq!(Value::Object(invalid.errors), problem);
        }
    }
}
