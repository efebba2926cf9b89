//! The user: `docs/protocols/opendialog.md#8-user-object-contentuser`.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{Extras, Locales, Profile};

use crate::NAME;
use crate::wire::fields::{Field, Fields};
use crate::wire::history::RowUser;
use crate::wire::scalar::text_of;

/// What the client writes where it does not know.
const UNKNOWN: &str = "n/a";
const CUSTOM: &str = "custom";
const SCENARIO: &str = "selected_scenario";
const LANGUAGE: &str = "language";
/// Facts that are attributes of the model under the same name.
const ATTRIBUTES: [&str; 5] = ["first_name", "last_name", "name", "email", "external_id"];
/// Facts that have places of their own, by the names that they are stored under.
const STORED: [&str; 6] = [
    IP_ADDRESS,
    "country",
    "browser_language",
    "os",
    "browser",
    "timezone",
];
/// The attribute that keeps the client's address.
const IP_ADDRESS: &str = "ip_address";

/// The extra that holds what a recording tells of the user, and no engine is told.
pub(crate) const RECORDED: &str = "recorded";

/// What a request tells of its user.
pub(crate) fn read(user_id: &str, user: Option<&Fields<'_>>) -> Profile {
    let mut profile = Profile {
        user_id: Some(user_id.to_owned()),
        ..Profile::default()
    };
    let mut rest = Map::new();
    for (key, value) in user.into_iter().flat_map(Fields::iter) {
        let known = || {
            value
                .text()
                .filter(|text| !text.is_empty() && text != UNKNOWN)
                .map(Cow::into_owned)
        };
        match key {
            "ipAddress" | IP_ADDRESS => {
                if let Some(address) = known() {
                    let value = Value::String(address);
                    profile.attributes.insert(IP_ADDRESS.to_owned(), value);
                }
            }
            "country" => profile.country = known(),
            "browserLanguage" | "browser_language" => profile.locales.browser = known(),
            "os" => profile.os = known(),
            "browser" => profile.browser = known(),
            "timezone" => profile.timezone = known(),
            CUSTOM => {
                if let Field::Json(custom) = value {
                    read_custom(&mut profile, &mut rest, custom);
                }
            }
            name if ATTRIBUTES.contains(&name) => {
                if *value != Field::Null {
                    profile.attributes.insert(name.to_owned(), value.to_value());
                }
            }
            _ => {
                rest.insert(key.to_owned(), value.to_value());
            }
        }
    }
    profile.extras = Extras::new(NAME, rest);
    profile
}

fn read_custom(profile: &mut Profile, rest: &mut Map<String, Value>, custom: &Value) {
    let mut compound = Map::new();
    for (key, value) in custom.as_object().into_iter().flatten() {
        match (key.as_str(), text_of(value)) {
            (SCENARIO, Some(scenario)) if !scenario.is_empty() => {
                profile.scenario = Some(scenario.into_owned());
            }
            (LANGUAGE, Some(language)) if !language.is_empty() => {
                profile.locales.selected = Some(language.into_owned());
            }
            (_, Some(text)) => {
                profile.variables.insert(key.clone(), text.into_owned());
            }
            (_, None) if value.is_null() => {}
            (_, None) => {
                compound.insert(key.clone(), value.clone());
            }
        }
    }
    if !compound.is_empty() {
        rest.insert(CUSTOM.to_owned(), Value::Object(compound));
    }
}

/// What a program tells of a user by attributes, as if the user's client had sent them: what belongs
/// to the user object itself goes there, everything else is the site's own.
/// `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.
pub(crate) fn of_attributes(user_id: &str, attributes: &Map<String, Value>) -> Profile {
    let mut user = Map::new();
    let mut custom = Map::new();
    for (name, value) in attributes {
        let value = match value {
            Value::Array(list) => Value::String(joined(list)),
            scalar => scalar.clone(),
        };
        let is_known = ATTRIBUTES.contains(&name.as_str()) || STORED.contains(&name.as_str());
        let place = if is_known { &mut user } else { &mut custom };
        place.insert(name.clone(), value);
    }
    user.insert(CUSTOM.to_owned(), Value::Object(custom));
    read(user_id, Some(&Fields::from(&user)))
}

/// Several values as the one text that the vendor writes them as.
fn joined(list: &[Value]) -> String {
    let texts: Vec<_> = list.iter().filter_map(text_of).collect();
    texts.join(", ")
}

/// The user as an engine wants it; never empty, because an opening without is refused.
pub(crate) fn write<'a>(profile: &'a Profile, scenario: Option<&'a str>) -> Fields<'a> {
    let mut user = Fields::with_capacity(8);
    for (key, value) in profile.extras.of(&NAME).into_iter().flatten() {
        if key != CUSTOM && key != RECORDED {
            user.push(key.as_str(), value);
        }
    }
    let scenario = scenario.or(profile.scenario.as_deref());
    for (name, value) in &profile.attributes {
        if ATTRIBUTES.contains(&name.as_str()) {
            user.insert(name, value);
        }
    }
    let custom = custom(profile, scenario);
    user.push(CUSTOM, Value::Object(custom));
    let address = profile.attributes.get(IP_ADDRESS);
    user.insert("ipAddress", address.map_or(UNKNOWN.into(), Field::from));
    for (key, value) in [
        ("country", &profile.country),
        ("browserLanguage", &profile.locales.browser),
        ("os", &profile.os),
        ("browser", &profile.browser),
        ("timezone", &profile.timezone),
    ] {
        user.insert(key, value.as_deref().unwrap_or(UNKNOWN));
    }
    user
}

/// All of the site's own facts, with the scenario and the language.
pub(crate) fn custom(profile: &Profile, scenario: Option<&str>) -> Map<String, Value> {
    let compound = profile.extras.get(&NAME, CUSTOM).and_then(Value::as_object);
    let mut custom = compound.cloned().unwrap_or_default();
    let facts = profile.metadata.iter().chain(&profile.variables);
    custom.extend(facts.map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    if let Some(scenario) = scenario {
        custom.insert(SCENARIO.to_owned(), Value::from(scenario));
    }
    let Locales { selected, host, .. } = &profile.locales;
    if let Some(language) = selected.as_ref().or(host.as_ref()) {
        custom.insert(LANGUAGE.to_owned(), Value::from(language.as_str()));
    }
    for (name, value) in &profile.attributes {
        if name != IP_ADDRESS && !ATTRIBUTES.contains(&name.as_str()) {
            custom.insert(name.clone(), value.clone());
        }
    }
    custom
}

/// The user as a history row has it. Rows are given to clients, which get back what clients said.
pub(crate) fn write_row(profile: &Profile) -> RowUser {
    let attribute = |name: &str| profile.attributes.get(name).cloned();
    let mut custom: Map<String, Value> = profile
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    if let Some(scenario) = &profile.scenario {
        custom.insert(SCENARIO.to_owned(), Value::from(scenario.as_str()));
    }
    if let Some(language) = &profile.locales.selected {
        custom.insert(LANGUAGE.to_owned(), Value::from(language.as_str()));
    }
    RowUser {
        first_name: attribute("first_name"),
        last_name: attribute("last_name"),
        email: attribute("email"),
        external_id: attribute("external_id"),
        ip_address: attribute(IP_ADDRESS),
        country: profile.country.clone(),
        browser_language: profile.locales.browser.clone(),
        os: profile.os.clone(),
        browser: profile.browser.clone(),
        timezone: profile.timezone.clone(),
        custom,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_is_read_and_written_back() {
        let user = json!({
            "first_name": "Ada", "external_id": 7, "ipAddress": "192.0.2.1", "country": "n/a",
            "browserLanguage": "en-GB", "os": "Linux", "browser": "chrome 91.0.4472",
            "timezone": "Europe/London", "membership": {"level": 3},
            "custom": {
                "selected_scenario": "0x420", "language": "en", "plan": "gold", "age": 36,
                "policies": ["a", "b"],
            },
        });
        let profile = read("u-1", user.as_object().map(Fields::from).as_ref());
        assert_eq!(profile.user_id.as_deref(), Some("u-1"));
        assert_eq!(profile.scenario.as_deref(), Some("0x420"));
        assert_eq!(profile.locales.effective(), Some("en"));
        assert_eq!(profile.country, None);
        assert_eq!(profile.variables["plan"], "gold");
        assert_eq!(profile.variables["age"], "36");
        let mut expected = user;
        // Variables are text.
        expected["custom"]["age"] = json!("36");
        assert_eq!(Value::Object(write(&profile, None).into_map()), expected);
    }

    #[test]
    fn attributes_go_where_a_client_would_put_them() {
        let attributes = json!({
            "first_name": "Ada", "external_id": 7, "country": "gb", "browser_language": "en-GB",
            "ip_address": "192.0.2.1", "language": "fr", "age": 36, "member": false, "none": null,
            "interests": ["maths", "poetry", null, 3, true], "holders": "Ada, Alan",
            "custom": "x", "empty": [],
        });
        let profile = of_attributes("u-1", attributes.as_object().unwrap());
        assert_eq!(profile.user_id.as_deref(), Some("u-1"));
        assert_eq!(profile.attributes["first_name"], "Ada");
        assert_eq!(profile.attributes["external_id"], 7);
        assert_eq!(profile.attributes["ip_address"], "192.0.2.1");
        assert_eq!(profile.country.as_deref(), Some("gb"));
        assert_eq!(profile.locales.browser.as_deref(), Some("en-GB"));
        assert_eq!(profile.locales.selected.as_deref(), Some("fr"));
        let variables: Vec<_> = profile
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("age", "36"),
            ("custom", "x"),
            ("empty", ""),
            ("holders", "Ada, Alan"),
            ("interests", "maths, poetry, 3, true"),
            ("member", "false"),
        ];
        assert_eq!(variables, expected);
        assert!(profile.extras.of(&NAME).is_none_or(Map::is_empty));
    }

    #[test]
    fn nobody_in_particular_is_still_somebody() {
        assert!(!write(&Profile::default(), None).is_empty());
        let user = Value::Object(write(&Profile::default(), Some("demo")).into_map());
        assert_eq!(user["custom"]["selected_scenario"], "demo");
    }
}
