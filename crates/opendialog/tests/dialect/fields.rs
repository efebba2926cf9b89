//! What a client sends, field by field:
//! `docs/protocols/opendialog.md#2-post-incomingwebchat-g3-post-chat-apimessage`.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::model::{ChoiceMade, UserInput};

use crate::support::{Driven, call, event, frontend, json, post, refused};

fn whole() -> Value {
    json!({"notification": "message", "user_id": "u-1", "author": "u-1",
           "content": {"type": "text", "data": {"text": "hi"}, "user": {}}})
}

/// The whole request with some of its fields set.
fn with(fields: &[(&str, Value)]) -> Value {
    let mut body = whole();
    for (pointer, value) in fields {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        parent[key] = value.clone();
    }
    body
}

#[track_caller]
fn check(body: Value, errors: Value) {
    let (_, response) = refused(&*frontend(json!({})), post("/incoming/webchat", &body));
    assert_eq!(response.status(), 422, "{body}");
    let expected = json!({"message": "The given data was invalid.", "errors": errors});
    assert_eq!(json(&response), expected, "{body}");
}

#[test]
fn every_field_of_the_wrong_kind_has_the_vendors_words() {
    for (field, words) in [
        ("user_id", "user id"),
        ("author", "author"),
        ("notification", "notification"),
    ] {
        let required = format!("The {words} field is required.");
        let kind = format!("The {words} must be a string.");
        for missing in [json!(null), json!(""), json!("  "), json!([]), json!({})] {
            check(
                with(&[(&format!("/{field}"), missing)]),
                json!({field: [required]}),
            );
        }
        for wrong in [json!(5), json!(true), json!(["x"]), json!({"x": 1})] {
            check(
                with(&[(&format!("/{field}"), wrong)]),
                json!({field: [kind]}),
            );
        }
    }
    for missing in [json!(null), json!(""), json!([]), json!({})] {
        let errors = json!({"content": ["The content field is required."]});
        check(with(&[("/content", missing)]), errors);
    }
    for wrong in [json!(5), json!(true), json!("x")] {
        let errors = json!({"content": ["The content must be an array."]});
        check(with(&[("/content", wrong)]), errors);
    }
    for wrong in [
        json!(null),
        json!(5),
        json!(true),
        json!(["x"]),
        json!({"x": 1}),
    ] {
        let errors = json!({"content.callback_id": ["The content.callback id must be a string."]});
        check(with(&[("/content/callback_id", wrong)]), errors);
    }
    for wrong in [json!(null), json!(5), json!("me"), json!(["x"])] {
        let errors = json!({"content.user": ["The content.user must be an array."]});
        check(with(&[("/content/user", wrong)]), errors);
    }
    for wrong in [
        json!(5),
        json!("dance"),
        json!(["text"]),
        json!({"x": 1}),
        json!("TEXT"),
    ] {
        let errors = json!({"content.type": ["The selected content.type is invalid."]});
        check(with(&[("/content/type", wrong)]), errors);
    }
}

#[test]
fn mistakes_of_all_fields_come_together() {
    check(
        with(&[
            ("/notification", json!("read_receipt")),
            ("/user_id", json!(17)),
            ("/author", json!(null)),
            ("/content/type", json!("file")),
            ("/content/callback_id", json!(null)),
            ("/content/user", json!("me")),
        ]),
        json!({
            "notification": ["The selected notification is invalid."],
            "user_id": ["The user id must be a string."],
            "author": ["The author field is required."],
            "content.type": ["The selected content.type is invalid."],
            "content.callback_id": ["The content.callback id must be a string."],
            "content.user": ["The content.user must be an array."],
        }),
    );
    let when = |field: &str, kind: &str| {
        json!([format!(
            "The content.{field} field is required when content.type is {kind}."
        )])
    };
    check(
        with(&[
            ("/content/type", json!("chat_open")),
            ("/content/callback_id", json!(null)),
        ]),
        json!({
            "content.callback_id": when("callback id", "chat_open"),
            "content.user": when("user", "chat_open"),
        }),
    );
    for kind in ["form_response", "trigger", "button_response"] {
        check(
            with(&[
                ("/content/type", json!(kind)),
                ("/content/callback_id", json!(" ")),
            ]),
            json!({"content.callback_id": when("callback id", kind)}),
        );
    }
    check(
        with(&[("/content/data", json!(null)), ("/author", json!(""))]),
        json!({
            "author": ["The author field is required."],
            "content.data": ["The content.data must be an array."],
        }),
    );
}

#[test]
fn nothing_is_asked_of_a_message_id() {
    let frontend = frontend(json!({}));
    for id in [
        json!(null),
        json!(5),
        json!(["x"]),
        json!("not a UUID"),
        json!(""),
    ] {
        let body = with(&[("/message_id", id.clone())]);
        let call = call(&*frontend, post("/incoming/webchat", &body));
        assert!(call.target.retry.is_some(), "{id}: known by its body");
    }
    let id = "0d2f5b1a-7f0c-4a3e-8a55-0e6d3b6c2f10";
    let body = with(&[("/message_id", json!(format!(" {id} ")))]);
    let call = call(&*frontend, post("/incoming/webchat", &body));
    assert_eq!(event(&call).id.to_string(), id);
}

#[test]
fn strings_are_trimmed_but_passwords_are_not() {
    let content = json!({
        "type": "form_response", "callback_id": " intent.app.Join ",
        "data": {"name": " Ada ", "password": " secret ", "topics": [" a ", " b"]},
        "user": {"first_name": " Ada ", "custom": {
            "selected_scenario": " demo ", "plan": " gold", "password": " x "}},
    });
    let body = with(&[("/user_id", json!(" u-1\n")), ("/content", content)]);
    let call = call(&*frontend(json!({})), post("/incoming/webchat", &body));
    assert_eq!(call.profile.user_id.as_deref(), Some("u-1"));
    assert_eq!(call.profile.scenario.as_deref(), Some("demo"));
    assert_eq!(call.profile.attributes["first_name"], "Ada");
    assert_eq!(call.profile.variables["plan"], "gold");
    assert_eq!(call.profile.variables["password"], " x ");
    let UserInput::Form(form) = &event(&call).input else {
        panic!("no form");
    };
    assert_eq!(form.id, "intent.app.Join");
    let values: Vec<&str> = form
        .values
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(values, ["Ada", " secret ", "a,b"]);
}

#[test]
fn a_client_that_does_not_ask_for_json_gets_it_all_the_same() {
    let frontend = frontend(json!({}));
    for accept in [
        None,
        Some("text/html"),
        Some("*/*"),
        Some("application/json"),
    ] {
        let mut request = Request::post("/incoming/webchat");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let request = request.body(Bytes::from_static(b"{}")).unwrap();
        let (_, response) = refused(&*frontend, request);
        assert_eq!(response.status(), 422, "{accept:?}");
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

#[test]
fn a_users_facts_are_known_in_camel_and_in_snake_case() {
    let frontend = frontend(json!({}));
    let facts = |ip: &str, language: &str| {
        let user = json!({ip: "192.0.2.1", language: "en-GB", "country": "GB", "os": "Linux",
            "browser": "chrome 91", "timezone": "Europe/London", "name": "Ada Lovelace",
            "email": "ada@example.com", "external_id": "7",
            "custom": {"selected_scenario": "demo", "language": "fr", "session_lifetime": 600,
                       "plan": "gold"}});
        let body = with(&[("/content/user", user)]);
        call(&*frontend, post("/incoming/webchat", &body)).profile
    };
    let camel = facts("ipAddress", "browserLanguage");
    assert_eq!(camel, facts("ip_address", "browser_language"));
    assert_eq!(camel.attributes["ip_address"], "192.0.2.1");
    assert_eq!(camel.locales.browser.as_deref(), Some("en-GB"));
    assert_eq!(camel.locales.effective(), Some("fr"));
    assert_eq!(camel.scenario.as_deref(), Some("demo"));
    // Every key of `custom` is an attribute of the user's.
    assert_eq!(camel.variables["session_lifetime"], "600");
    assert_eq!(camel.variables["plan"], "gold");
    assert_eq!(camel.attributes["name"], "Ada Lovelace");
}

#[test]
fn core_intents_open_the_conversation_anew() {
    let frontend = frontend(json!({}));
    for (callback, welcome) in [
        ("WELCOME", None),
        ("intent.core.welcome", None),
        ("intent.core.restart", Some("intent.core.restart")),
        ("intent.core.TurnRestart", Some("intent.core.TurnRestart")),
        ("intent.core.SceneRestart", Some("intent.core.SceneRestart")),
        (
            "intent.core.ConversationRestart",
            Some("intent.core.ConversationRestart"),
        ),
        ("intent.app.FromThePage", Some("intent.app.FromThePage")),
    ] {
        let body = with(&[(
            "/content",
            json!({"type": "trigger", "callback_id": callback,
            "escalating": true, "data": [], "user": {}}),
        )]);
        let call = call(&*frontend, post("/incoming/webchat", &body));
        let expected = UserInput::Open {
            welcome: welcome.map(str::to_owned),
            query: None,
        };
        assert_eq!(event(&call).input, expected);
        // An OpenDialog engine hears what was asked for.
        let mut leg = Driven::new(json!({"url": "http://engine.test", "welcome": "WELCOME"}));
        let (_, request) = leg.tell(event(&call), &call.profile);
        let told = &crate::support::body(&request)["content"];
        let meant = callback.replace("intent.core.welcome", "WELCOME");
        assert_eq!(told["callback_id"], meant);
        assert_eq!(
            (&told["type"], &told["escalating"]),
            (&json!("trigger"), &json!(true))
        );
    }
}

#[test]
fn a_callback_value_stays_as_it_was_sent() {
    let frontend = frontend(json!({}));
    for value in ["plan.gold", "v2\\.1", "a.b.c", "product.v2\\.1", "plain"] {
        let body = with(&[(
            "/content",
            json!({"type": "button_response",
            "callback_id": "intent.app.X", "data": {"text": "X", "value": value}, "user": {}}),
        )]);
        let call = call(&*frontend, post("/incoming/webchat", &body));
        let UserInput::Choice(ChoiceMade { value: read, .. }) = &event(&call).input else {
            panic!("no choice");
        };
        assert_eq!(read.as_deref(), Some(value));
    }
}

#[test]
fn a_form_has_an_answer_for_each_key_that_is_not_reserved() {
    let body = with(&[(
        "/content",
        json!({"type": "form_response", "callback_id": "f", "data": {
        "first_name": "Ada", "topics": "billing,sales", "city": 5, "agree": true, "none": null,
        "place": {"lat": 1}, "several": ["a", "b"],
        "text": "First name: Ada", "date": "Tue 20 Jul", "time": "09:18:00 AM"}, "user": {}}),
    )]);
    let call = call(&*frontend(json!({})), post("/incoming/webchat", &body));
    let UserInput::Form(form) = &event(&call).input else {
        panic!("no form");
    };
    let values: Vec<(&str, &str)> = form
        .values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("first_name", "Ada"),
            ("topics", "billing,sales"),
            ("city", "5"),
            ("agree", "true"),
            ("none", ""),
            ("place", r#"{"lat":1}"#),
            ("several", "a,b"),
        ]
    );
    assert_eq!(form.summary.as_deref(), Some("First name: Ada"));
}
