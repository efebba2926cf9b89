//! What a client sends, field by field: `docs/protocols/opendialog.md#2-post-incomingwebchat-g3-post-chat-apimessage`
//! and `docs/protocols/opendialog.md#4-configuration-history-transcript`.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Handled, Operation};
use switchboard_core::model::{ChoiceMade, UserInput};

use crate::support::{call, cx, event, fixture, frontend, handle, json, post, refused};

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
fn a_body_is_read_whatever_its_type_is_called() {
    let frontend = frontend(json!({}));
    for kind in [
        None,
        Some("text/plain;charset=UTF-8"),
        Some("application/json"),
    ] {
        let mut request = Request::post("/webchat-config?url=https%3A%2F%2Fa.example%2F&user_id=u");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let body = json!({"custom_settings": {"user": {"custom": {"a": 1}}}, "tags": {"b": "c"}});
        let body = Bytes::from(body.to_string());
        let asked = call(&*frontend, request.body(body).unwrap());
        assert_eq!(
            asked.profile.page_url.as_deref(),
            Some("https://a.example/")
        );
    }
    for bad in ["nonsense", "[1]", "7"] {
        let request = Request::post("/webchat-config?user_id=u");
        let request = request.body(Bytes::from_static(bad.as_bytes())).unwrap();
        let (_, response) = refused(&*frontend, request);
        assert_eq!(response.status(), 400, "{bad}");
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

#[test]
fn the_operators_keys_of_the_configuration_come_once_and_last() {
    let frontend = frontend(json!({"webchat": {
        "general": {"teamName": "Ours", "hideMessageTime": false, "callbackMap": []},
        "colours": {"headerBackground": "#fff", "externalButtonText": "#000000"},
        "extra": {
            "bot": {"inputPlaceholder": "Say it"}, "comments": {"commentsEnabled": true},
            "openIntent": null, "newMessageIcon": "x", "messages": {"error": "Oh"},
        },
    }}));
    let Handled::Reply(response) = handle(&*frontend, crate::support::get("/webchat-config"))
    else {
        panic!("no reply");
    };
    let text = std::str::from_utf8(response.body()).unwrap();
    assert_eq!(text.matches("commentsEnabled").count(), 1);
    assert_eq!(text.matches("openIntent").count(), 1);
    let config = json(&response);
    assert_eq!(config["comments"]["commentsEnabled"], true);
    assert_eq!(config["openIntent"], Value::Null);
    assert_eq!(config["bot"]["inputPlaceholder"], "Say it");
    assert_eq!(config["messages"]["error"], "Oh");
    assert_eq!(config["general"]["teamName"], "Ours");
    assert_eq!(config["general"]["hideMessageTime"], false);
    assert_eq!(config["colours"]["headerBackground"], "#fff");
    assert_eq!(config["colours"]["externalButtonText"], "#000000");
    assert_eq!(config["colours"]["sentMessageText"], "#1b2956");
}

#[test]
fn what_the_operator_sets_is_in_the_configuration() {
    let frontend = frontend(json!({"webchat": {
        "team_name": "Help", "bot_name": "Robin", "bot_avatar": "https://e/r.svg",
        "message_delay_ms": 100, "open_intent": "intent.app.Hello",
        "ongoing_open_intent": "intent.app.Again", "show_minimized": true,
        "restart_button": false, "restart_callback": "intent.core.restart",
        "end_chat_button": true, "download_button": false, "show_history": false,
        "history_rows": 3, "valid_path": ["/shop$"],
    }}));
    let asked = call(&*frontend, fixture(1).request());
    assert_eq!(asked.operation, Operation::Touch);
    let config = json(&(asked.finish)(Err(Fault::UnknownConversation), &cx()));
    let general = &config["general"];
    for (key, value) in [
        ("teamName", json!("Help")),
        ("chatbotName", json!("Robin")),
        ("chatbotAvatarPath", json!("https://e/r.svg")),
        ("useBotName", json!(true)),
        ("useBotAvatar", json!(true)),
        ("messageDelay", json!(100)),
        ("newUserOpenCallback", json!("intent.app.Hello")),
        ("returningUserOpenCallback", json!("intent.app.Hello")),
        ("ongoingUserOpenCallback", json!("intent.app.Again")),
        ("newUserStartMinimized", json!(true)),
        ("showRestartButton", json!(false)),
        ("restartButtonCallback", json!("intent.core.restart")),
        ("showEndChatButton", json!(true)),
        ("showDownloadButton", json!(false)),
        ("validPath", json!(["/shop$"])),
    ] {
        assert_eq!(general[key], value, "{key}");
    }
    assert_eq!(config["openIntent"], "intent.app.Hello");
    assert_eq!(config["showMinimized"], true);
    let history = json!({"showHistory": false, "numberOfMessages": 3});
    assert_eq!(config["webchatHistory"], history);
}

#[test]
fn ratings_that_lack_something_are_told_of_all_of_it() {
    let check = |body: Value, errors: Value| {
        let request = Request::post("/chat-api/feedback")
            .header("Authorization", "Bearer APP_KEY")
            .header("OPENDIALOG-USER-ID", "u-1")
            .header("OPENDIALOG-SCENARIO-ID", "demo")
            .body(Bytes::from(body.to_string()))
            .unwrap();
        let (_, response) = refused(&*frontend(json!({"app_keys": ["APP_KEY"]})), request);
        assert_eq!(response.status(), 422);
        assert_eq!(json(&response)["errors"], errors, "{body}");
    };
    let template = json!(["The message template id field is required."]);
    let verdict = json!(["The selected feedback is invalid."]);
    check(
        json!({}),
        json!({"message_template_id": template, "feedback": ["The feedback field is required."]}),
    );
    check(
        json!({"message_template_id": " ", "feedback": "positive"}),
        json!({"message_template_id": template}),
    );
    check(
        json!({"message_template_id": null, "feedback": "so so"}),
        json!({"message_template_id": template, "feedback": verdict}),
    );
    check(
        json!({"message_template_id": 4, "feedback": ["positive"], "request_id": 5}),
        json!({
            "message_template_id": ["The message template id must be a string."],
            "feedback": ["The feedback must be a string."],
            "request_id": ["The request id must be a string."],
        }),
    );
}
