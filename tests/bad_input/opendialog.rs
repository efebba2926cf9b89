//! OpenDialog: `docs/protocols/opendialog.md#23-validation-and-the-422-body`.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::process::Gateway;
use crate::upstream::front::{Got, OpenDialog, send};
use crate::{PRIVATE_WORDS, absurdly_deep, assert_discreet, refused, start};

const FRONTEND: &str = "main-opendialog";

async fn open(user: &str) -> (Gateway, OpenDialog) {
    let gateway = start().await;
    let client = OpenDialog::new(&gateway.url("/opendialog"), user);
    (gateway, client)
}

async fn goes_on(client: &OpenDialog) {
    let answer = client.say("hello").await.unwrap();
    assert!(answer.to_lowercase().contains("hello"), "{answer}");
}

fn chat(client: &OpenDialog, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = client
        .http
        .post(format!("{}/incoming/webchat", client.base));
    let request = request.header("content-type", "application/json");
    request
        .header("x-requested-with", "XMLHttpRequest")
        .body(body)
}

/// Refused with exactly these field errors.
async fn invalid(gateway: &Gateway, client: &OpenDialog, label: &str, body: Value, errors: Value) {
    let request = chat(client, body.to_string());
    let got = refused(gateway, label, (FRONTEND, "bad_input"), 422, request).await;
    assert!(
        got.header("content-type")
            .unwrap()
            .starts_with("application/json"),
        "{got:?}"
    );
    let expected = json!({ "message": "The given data was invalid.", "errors": errors });
    assert_eq!(got.json(), expected, "{label}");
    assert!(!got.body.contains(PRIVATE_WORDS), "{label}: {got:?}");
}

#[tokio::test]
async fn the_vendors_own_violations() {
    let (gateway, client) = open("validation").await;
    let user = client.user.as_str();
    let content = json!({ "type": "text", "data": { "text": PRIVATE_WORDS }, "user": {} });
    let whole = json!({ "notification": "message", "user_id": user, "author": user,
        "content": content });
    let without = |field: &str| {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let with = |field: &str, value: Value| {
        let mut body = whole.clone();
        body[field] = value;
        body
    };
    let inside = |value: Value| with("content", value);
    let required = |name: &str| json!([format!("The {name} field is required.")]);
    let when_open = "field is required when content.type is chat_open.";
    let when_form = "field is required when content.type is form_response.";
    let cases = [
        (
            "no author",
            without("author"),
            json!({ "author": required("author") }),
        ),
        (
            "no user",
            without("user_id"),
            json!({ "user_id": required("user id") }),
        ),
        (
            "no notification",
            without("notification"),
            json!({ "notification": required("notification") }),
        ),
        (
            "no content",
            without("content"),
            json!({ "content": required("content") }),
        ),
        (
            "empty content",
            inside(json!({})),
            json!({ "content": required("content") }),
        ),
        (
            "blank user",
            with("user_id", json!("  ")),
            json!({ "user_id": required("user id") }),
        ),
        (
            "wrong notification",
            with("notification", json!("read_receipt")),
            json!({ "notification": ["The selected notification is invalid."] }),
        ),
        (
            "unknown type",
            inside(json!({ "type": "dance", "data": {}, "user": {} })),
            json!({ "content.type": ["The selected content.type is invalid."] }),
        ),
        (
            "chat_open without callback",
            inside(json!({ "type": "chat_open", "data": {}, "user": { "os": "Linux" } })),
            json!({ "content.callback_id": [format!("The content.callback id {when_open}")] }),
        ),
        (
            "chat_open without user",
            inside(json!({ "type": "chat_open", "callback_id": "WELCOME", "data": {} })),
            json!({ "content.user": [format!("The content.user {when_open}")] }),
        ),
        (
            "form_response without callback",
            inside(json!({ "type": "form_response", "data": { "a": "b" }, "user": {} })),
            json!({ "content.callback_id": [format!("The content.callback id {when_form}")] }),
        ),
        (
            "number for a user",
            with("user_id", json!(17)),
            json!({ "user_id": ["The user id must be a string."] }),
        ),
        (
            "list for an author",
            with("author", json!(["x"])),
            json!({ "author": ["The author must be a string."] }),
        ),
        (
            "text for content",
            inside(json!("hello")),
            json!({ "content": ["The content must be an array."] }),
        ),
        (
            "number for a callback",
            inside(json!({ "type": "trigger", "callback_id": 3, "data": {}, "user": {} })),
            json!({ "content.callback_id": ["The content.callback id must be a string."] }),
        ),
        (
            "text for a user object",
            inside(json!({ "type": "text", "data": { "text": "x" }, "user": "me" })),
            json!({ "content.user": ["The content.user must be an array."] }),
        ),
        (
            "two at once",
            json!({ "notification": "message", "user_id": user }),
            json!({ "author": required("author"), "content": required("content") }),
        ),
        (
            "everything at once",
            json!({}),
            json!({ "author": required("author"),
            "content": required("content"), "notification": required("notification"),
            "user_id": required("user id") }),
        ),
    ];
    for (label, body, errors) in cases {
        invalid(&gateway, &client, label, body, errors).await;
    }
    goes_on(&client).await;
    assert_discreet(&gateway, &[PRIVATE_WORDS]);
}

/// Where the vendor's server faults, ours says what is missing: section 2.4.
#[tokio::test]
async fn what_the_vendors_rules_let_through() {
    let (gateway, client) = open("robust").await;
    for (label, content) in [
        (
            "no type",
            json!({ "data": { "text": "hello" }, "user": {} }),
        ),
        ("no data", json!({ "type": "text", "user": {} })),
        ("no text", json!({ "type": "text", "data": {}, "user": {} })),
        (
            "list for a text",
            json!({ "type": "text", "data": { "text": ["x"] }, "user": {} }),
        ),
        (
            "trigger without callback",
            json!({ "type": "trigger", "data": {}, "user": {} }),
        ),
        (
            "button_response without callback",
            json!({ "type": "button_response", "data": { "text": "Gold" }, "user": {} }),
        ),
        (
            "no user",
            json!({ "type": "text", "data": { "text": "hello" } }),
        ),
    ] {
        let request = chat(&client, client.message(content).to_string());
        let got = refused(&gateway, label, (FRONTEND, "bad_input"), 422, request).await;
        assert_invalid(&got);
    }
    goes_on(&client).await;
}

#[track_caller]
fn assert_invalid(got: &Got) {
    let body = got.json();
    assert!(body["message"].is_string(), "{body}");
    let errors = body["errors"]
        .as_object()
        .unwrap_or_else(|| panic!("no errors: {body}"));
    for messages in errors.values() {
        assert!(
            messages.as_array().unwrap().iter().all(Value::is_string),
            "{body}"
        );
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let (gateway, client) = open("unreadable").await;
    let mut not_utf8 = client.text("X").to_string().into_bytes();
    let at = not_utf8.iter().position(|byte| *byte == b'X').unwrap();
    not_utf8[at] = 0xff;
    let deep = client.message(json!({ "type": "text", "data": { "text": "hello" }, "user": {} }));
    let deep = deep
        .to_string()
        .replace("\"hello\"", &absurdly_deep(20_000));
    for (label, body) in [
        ("malformed", b"{oops".to_vec()),
        (
            "cut short",
            format!("{{\"notification\":\"message\",\"x\":\"{PRIVATE_WORDS}").into(),
        ),
        ("not UTF-8", not_utf8),
        ("absurdly deep", deep.into()),
        ("a list", b"[1,2]".to_vec()),
        ("a number", b"42".to_vec()),
        ("nothing", Vec::new()),
    ] {
        let request = chat(&client, body);
        let got = refused(&gateway, label, (FRONTEND, "bad_input"), 422, request).await;
        assert_invalid(&got);
        assert!(!got.body.contains(PRIVATE_WORDS), "{label}: {got:?}");
    }
    let huge = client.text(&"x".repeat(1 << 20)).to_string();
    let request = chat(&client, huge);
    let got = refused(&gateway, "too large", (FRONTEND, "too_large"), 413, request).await;
    assert!(got.json()["message"].is_string(), "{got:?}");
    goes_on(&client).await;
    assert_discreet(&gateway, &[PRIVATE_WORDS]);
}

#[tokio::test]
async fn a_callback_that_nobody_offered_reaches_the_engine() {
    let (_gateway, client) = open("unknown-callback").await;
    client.say("menu").await.unwrap();
    let click = client.message(json!({ "type": "button_response",
        "callback_id": "intent.app.Nowhere", "data": { "text": "Nothing", "value": "a.b" },
        "user": {} }));
    let got = client.post(click.to_string()).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_ne!(got.body, "[]", "the webchat would wait for ever");
    goes_on(&client).await;
}

#[tokio::test]
async fn a_chat_that_has_ended_begins_anew() {
    let (_gateway, client) = open("ended").await;
    client.say("bye").await.unwrap();
    goes_on(&client).await;
}

/// Keys, headers and rights: sections 2.1, 7 and 9.
#[tokio::test]
async fn credentials() {
    let (gateway, client) = open("credentials").await;
    let base = &client.base;
    let unauthenticated = json!({ "message": "Unauthenticated." });
    let body = client.text("hello").to_string();
    let post = |path: &str, key: Option<&str>| {
        let request = client.http.post(format!("{base}/{path}"));
        let request = request
            .header("content-type", "application/json")
            .body(body.clone());
        let request = request.header("accept", "application/json");
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    };
    let reason = (FRONTEND, "unauthorised");
    for path in ["incoming/chatApi", "chat-api/message"] {
        for key in [None, Some("another-app-key"), Some("demo-app-ke"), Some("")] {
            let label = format!("{path} with {key:?}");
            let headers = [
                ("opendialog-user-id", "credentials"),
                ("opendialog-scenario-id", "demo"),
            ];
            let request = headers
                .iter()
                .fold(post(path, key), |request, (name, value)| {
                    request.header(*name, *value)
                });
            let got = refused(&gateway, &label, reason, 401, request).await;
            assert_eq!(got.json(), unauthenticated, "{label}");
        }
    }
    let got = send(post("incoming/chatApi", Some("demo-app-key"))).await;
    assert_eq!(got.status, 200, "{got:?}");

    // The third generation names user and scenario in headers as well.
    let request = post("chat-api/message", Some("demo-app-key"));
    let got = refused(
        &gateway,
        "no headers",
        (FRONTEND, "bad_input"),
        422,
        request,
    )
    .await;
    assert_invalid(&got);
    for name in ["OPENDIALOG-USER-ID", "OPENDIALOG-SCENARIO-ID"] {
        assert!(got.body.contains(name), "{name} is not blamed: {got:?}");
    }

    assert_discreet(&gateway, &["demo-app-key", "another-app-key"]);
}

#[tokio::test]
async fn the_public_interfaces_want_a_token() {
    let (gateway, client) = open("public").await;
    let reason = (FRONTEND, "unauthorised");
    for path in [
        "public/api/user-interactions",
        "public/api/user-data-export",
    ] {
        let period = "from=2026-01-01%2000:00:00&to=2026-01-02%2000:00:00";
        let url = format!("{}/{path}?exportType=json&{period}", client.base);
        for request in [
            client.http.get(&url),
            client.http.get(&url).bearer_auth("made-up"),
        ] {
            let got = refused(&gateway, path, reason, 401, request).await;
            assert_eq!(
                got.json(),
                json!({ "message": "Unauthenticated." }),
                "{path}"
            );
        }
    }
    assert_discreet(&gateway, &["made-up"]);
}

#[tokio::test]
async fn wrong_places() {
    let (gateway, client) = open("places").await;
    let http = Client::new();
    let base = client.base.clone();
    for (method, path) in [
        (Method::GET, "incoming/webchat"),
        (Method::PUT, "incoming/webchat"),
        (Method::DELETE, "user/places/history"),
    ] {
        let request = http.request(method, format!("{base}/{path}"));
        let reason = (FRONTEND, "method_not_allowed");
        let got = refused(&gateway, path, reason, 405, request).await;
        assert!(got.json()["message"].is_string(), "{got:?}");
    }
    for path in [
        "incoming",
        "incoming/telegram",
        "user",
        "..%2fetc/passwd",
        "chat-api/messages",
    ] {
        let request = http.get(format!("{base}/{path}"));
        let got = refused(&gateway, path, (FRONTEND, "not_found"), 404, request).await;
        assert!(got.json()["message"].is_string(), "{got:?}");
    }
    let config = format!("{base}/webchat-config?user_id=x");
    for wrong in [
        "url=https://www.example.org/&width=wide",
        "url=nowhere&width=800",
    ] {
        let request = http.post(format!("{config}&{wrong}"));
        let got = refused(&gateway, wrong, (FRONTEND, "bad_input"), 400, request).await;
        assert!(
            got.header("content-type")
                .unwrap()
                .starts_with("text/plain"),
            "{got:?}"
        );
    }
    for odd in [
        "limit=ten",
        "limit=-1",
        "limit=0",
        "limit=99999999999999999999",
        "ignore=,,",
    ] {
        let got = send(http.get(format!("{base}/user/places/history?{odd}"))).await;
        assert!(got.status == 200 || got.status == 422, "{odd}: {got:?}");
        if got.status == 200 {
            assert!(got.json().is_array(), "{odd}: {got:?}");
        }
    }
    let nobody = send(http.get(format!("{base}/user/nobody-at-all/history"))).await;
    assert_eq!((nobody.status, nobody.body.as_str()), (200, "[]"));
    goes_on(&client).await;
}
