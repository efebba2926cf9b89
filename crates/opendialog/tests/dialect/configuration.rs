//! How the webchat is told to look and begin, and ratings:
//! `docs/protocols/opendialog.md#4-configuration-history-transcript`.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Handled, Operation};

use crate::support::{call, cx, fixture, frontend, get, handle, json, refused};

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
fn the_operators_keys_of_the_configuration_come_once_and_last() {
    let frontend = frontend(json!({"webchat": {
        "general": {"teamName": "Ours", "hideMessageTime": false, "callbackMap": []},
        "colours": {"headerBackground": "#fff", "externalButtonText": "#000000"},
        "extra": {
            "bot": {"inputPlaceholder": "Say it"}, "comments": {"commentsEnabled": true},
            "openIntent": null, "newMessageIcon": "x", "messages": {"error": "Oh"},
        },
    }}));
    let Handled::Reply(response) = handle(&*frontend, get("/webchat-config")) else {
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

#[test]
fn the_second_generations_configuration_needs_no_key() {
    let frontend = frontend(json!({"app_keys": ["APP_KEY"]}));
    let first = call(&*frontend, get("/chatApi-config?user_id=u"));
    assert_eq!(first.operation, Operation::Touch);
    let (_, response) = refused(&*frontend, get("/chat-api/configuration?user_id=u"));
    assert_eq!(response.status(), 401);
    // A wrong key is refused where none is needed, too: it is the page's mistake.
    let request = Request::get("/chatApi-config?user_id=u").header("Authorization", "Bearer no");
    let (_, response) = refused(&*frontend, request.body(Bytes::new()).unwrap());
    assert_eq!(response.status(), 401);
}

#[test]
fn the_code_of_a_link_is_not_kept_as_the_page_of_its_user() {
    let frontend = frontend(json!({}));
    let code = "a".repeat(22);
    let path = format!("/webchat-config?user_id=u&url=https%3A%2F%2Fa.example%2Fl%2F{code}");
    let asked = call(&*frontend, get(&path));
    assert_eq!(
        asked.profile.page_url.as_deref(),
        Some("https://a.example/l")
    );
}
