//! The structure of the answers, and what is known of users.

use super::*;

#[test]
fn the_interactions_have_the_documented_structure() {
    let gold = sent(
        json!({"type": "button_response", "callback_id": "intent.app.ChoosePlan",
        "user": {}, "data": {"text": "Gold", "value": "plan.gold", "date": "Wed 21 Sep",
            "time": "08:19:33 AM"}}),
    );
    let cases = [
        (52, "2022-09-21T08:19:33Z", gold),
        (
            54,
            "2024-01-15T10:35:15Z",
            sent(json!({"type": "text", "data": {"text": "I need help"}, "user": {}})),
        ),
    ];
    for (number, at, event) in cases {
        let fixture = fixture(number);
        let consult = consult(ask(&*demo(), fixture.request()));
        assert_eq!(consult.query.user_id.as_deref(), Some("u-1"));
        assert!(consult.query.users_only);
        let user = user(ada(), vec![line(at, Item::User(Arc::new(event)))]);
        let got = answer(consult, page(vec![user]));
        includes(&got, &fixture.answer);
        let (got, expected) = (&got["data"][0]["u-1"], &fixture.answer["data"][0]["u-1"]);
        assert_eq!(got["interactions"], expected["interactions"]);
        let keys = |value: &Value| {
            let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(got), keys(expected), "{number}");
    }
}

#[test]
fn an_export_has_the_documented_structure() {
    let fixture = fixture(57);
    let consult = consult(ask(&*demo(), fixture.request()));
    assert!(!consult.query.users_only);
    assert_eq!((consult.query.skip, consult.query.users), (0, 20));
    // What a newer engine says comes back with every key that it has.
    let hello = &fixture.answer["data"][0]["u-1"]["interactions"][0];
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (call, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let wire = json!({"author": "them", "type": "text", "intent": "intent.app.Hello",
        "data": hello["data"]});
    let hello = messages(leg.answer(call, crate::support::ok(&wire), &cx())).remove(0);
    let hi = sent(json!({"type": "text", "data": {"text": "Hi"}, "user": {}}));
    let lines = vec![
        line("2023-03-01T10:00:00Z", said(hello)),
        line("2023-03-01T10:00:05Z", Item::User(Arc::new(hi))),
    ];
    let got = answer(consult, page(vec![user(ada(), lines)]));
    let mut expected = fixture.answer.clone();
    let of_user = &mut expected["data"][0]["u-1"];
    // There are more of them than the first, and no exchange is logged.
    of_user.as_object_mut().unwrap().remove("user_attributes");
    for interaction in of_user["interactions"].as_array_mut().unwrap() {
        interaction["request"]["url"] = json!("");
        interaction["response"]["request_length"] = json!("0.000000");
    }
    includes(&got, &expected);
    let attributes = got["data"][0]["u-1"]["user_attributes"].as_array().unwrap();
    let find = |name: &str| {
        let found = attributes
            .iter()
            .find(|attribute| attribute["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let check = |name: &str, kind: &str, value: Value| {
        let expected = json!({"name": name, "type": format!("attribute.core.{kind}"),
            "value": {"scalar_value": value}});
        assert_eq!(*find(name), expected);
    };
    check("first_seen", "timestamp", json!(1_677_664_800));
    check("last_seen", "timestamp", json!(1_677_751_200));
    check("plan", "string", json!("gold"));
    check("email", "string", json!("ada@example.com"));
}

#[test]
fn attributes_have_the_type_of_their_value() {
    let values = [
        ("age", json!(36), "number"),
        ("size", json!(1.5), "number"),
        ("member", json!(true), "boolean"),
        ("pets", json!(["cat"]), "collection"),
        ("address", json!({"city": "Paris"}), "collection"),
        ("nickname", json!(null), "string"),
    ];
    let profile = Profile {
        attributes: values
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..Profile::default()
    };
    let lines = vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let got = answer(
        asked(EXPORT, "exportType=json"),
        page(vec![user(profile, lines)]),
    );
    let attributes = got["data"][0]["u-1"]["user_attributes"].as_array().unwrap();
    for (name, value, kind) in values {
        let expected = json!({"name": name, "type": format!("attribute.core.{kind}"),
            "value": {"scalar_value": value}});
        assert!(
            attributes.contains(&expected),
            "{expected} in {attributes:?}"
        );
    }
}

#[test]
fn a_user_of_another_dialect_is_known_as_far_as_the_dialect_tells() {
    let profile = Profile {
        locales: Locales {
            host: Some("fr".to_owned()),
            ..Locales::default()
        },
        metadata: [("cart".to_owned(), "3".to_owned())].into(),
        variables: [("plan".to_owned(), "gold".to_owned())].into(),
        attributes: [("loyal".to_owned(), json!(true))].into(),
        ..Profile::default()
    };
    let lines = || vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let of = |path: &str, query: &str| {
        let users = page(vec![user(profile.clone(), lines())]);
        answer(asked(path, query), users)["data"][0]["u-1"]["chatbot_user_data"].clone()
    };
    let mut expected = json!({"first_name": null, "last_name": null, "email": null,
        "external_id": null, "ip_address": null, "country": null, "browser_language": null,
        "os": null, "browser": null, "timezone": null,
        "custom": {"cart": "3", "plan": "gold", "language": "fr", "loyal": true}});
    assert_eq!(of(LEGACY, PERIOD), expected);
    assert_eq!(of(EXPORT, "exportType=json"), expected);
    expected["id"] = json!("u-1");
    expected["name"] = json!(null);
    assert_eq!(of(INTERACTIONS, PERIOD), expected);
}

#[test]
fn no_user_is_no_mistake() {
    for path in [LEGACY, INTERACTIONS] {
        assert_eq!(
            answer(asked(path, PERIOD), page(Vec::new())),
            json!({"data": []})
        );
    }
    let got = answer(asked(EXPORT, "exportType=json"), page(Vec::new()));
    assert_eq!(
        got,
        json!({"data": [], "meta": {
            "pagination": {"currentPage": 1, "from": null, "lastPage": 1, "perPage": 20, "to": null,
                "total": 0},
            "filters": {"exportType": "json", "perPage": "20", "page": "1", "from": null, "to": null},
        }})
    );
}
