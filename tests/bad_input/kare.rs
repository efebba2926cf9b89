//! Kare over REST: `docs/protocols/kare.md#21-common-rules`.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::process::Gateway;
use crate::upstream::front::{Got, KareRest, send};
use crate::{PRIVATE_WORDS, absurdly_deep, assert_discreet, refused, start};

pub const FRONTEND: &str = "main-kare";

/// Refused in Kare's words: the table of section 2.1.
pub async fn check(
    gateway: &Gateway,
    label: &str,
    reason: &str,
    (status, codes): (u16, &[&str]),
    request: RequestBuilder,
) -> Got {
    let got = refused(gateway, label, (FRONTEND, reason), status, request).await;
    assert_shape(&got, codes);
    got
}

#[track_caller]
pub fn assert_shape(got: &Got, codes: &[&str]) {
    assert_eq!(
        got.header("content-type"),
        Some("application/json"),
        "{got:?}"
    );
    assert!(got.has_cors(), "a page could not read it: {got:?}");
    let body = got.json();
    assert_eq!(body["status"], got.status, "{body}");
    assert!(body["message"].is_string(), "{body}");
    assert!(
        codes.contains(&body["error"].as_str().unwrap()),
        "{codes:?}: {body}"
    );
    assert!(!got.body.contains(PRIVATE_WORDS), "{body}");
}

/// A gateway and a conversation.
pub struct Setup {
    pub gateway: Gateway,
    pub base: String,
    pub http: Client,
    pub client: KareRest,
}

impl Setup {
    pub async fn new() -> Self {
        let gateway = start().await;
        let base = gateway.url("/kare");
        let client = KareRest::open(&base).await;
        Self {
            gateway,
            base,
            http: Client::new(),
            client,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/{path}", self.base));
        request.bearer_auth(&self.client.token)
    }

    pub fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("content-type", "application/json")
            .body(body)
    }

    /// The conversation has not suffered.
    pub async fn goes_on(&self) {
        let answer = self.client.say("hello").await.unwrap();
        assert!(answer.to_lowercase().contains("hello"), "{answer}");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let setup = Setup::new().await;
    let conversation = &setup.client.conversation;
    let mut invalid_utf8 =
        format!("{{\"conversation_id\":\"{conversation}\",\"text\":\"").into_bytes();
    invalid_utf8.extend_from_slice(b"\xff\xfe\"}");
    let deep = format!(
        r#"{{"conversation_id":"{conversation}","text":{}}}"#,
        absurdly_deep(20_000)
    );
    let cut = format!(r#"{{"conversation_id":"{conversation}","text":"{PRIVATE_WORDS}"#);
    let any = ["invalid_json", "invalid_message", "missing_parameter"];
    let bodies: [(&str, Vec<u8>, &[&str]); 7] = [
        ("malformed JSON", b"{oops".to_vec(), &["invalid_json"]),
        ("cut short", cut.into(), &["invalid_json"]),
        ("not UTF-8", invalid_utf8, &["invalid_json"]),
        ("absurdly deep", deep.into(), &["invalid_json"]),
        ("a number", b"42".to_vec(), &any[..2]),
        ("a string", b"\"hello\"".to_vec(), &any[..2]),
        ("nothing", Vec::new(), &any),
    ];
    for endpoint in ["dialog/query", "dialog/click"] {
        for (label, body, codes) in &bodies {
            let request = setup.post(endpoint, body.clone());
            check(&setup.gateway, label, "bad_input", (400, codes), request).await;
        }
    }
    setup.goes_on().await;
}

#[tokio::test]
async fn messages_that_lack_something() {
    let setup = Setup::new().await;
    let conversation = setup.client.conversation.clone();
    let other = Uuid::new_v4().to_string();
    let query = |body: Value| {
        json!({ "conversation_id": conversation, "uri": "in/query",
        "header": {}, "body": body })
    };
    let cases: [(&str, Value, u16, &[&str], &str); 8] = [
        (
            "no text",
            query(json!({})),
            400,
            &["invalid_message"],
            "bad_input",
        ),
        (
            "blank text",
            query(json!({ "text": " \n\t " })),
            400,
            &["invalid_message"],
            "bad_input",
        ),
        (
            "a list for a text",
            query(json!({ "text": ["hi"] })),
            400,
            &["invalid_message"],
            "bad_input",
        ),
        (
            "text too long",
            query(json!({ "text": "x".repeat(4001) })),
            413,
            &["too_large"],
            "too_large",
        ),
        (
            "no conversation",
            json!({ "uri": "in/query", "body": { "text": "hello" } }),
            400,
            &["missing_parameter"],
            "bad_input",
        ),
        (
            "a list for a conversation",
            json!({ "conversation_id": ["x"], "text": "hello" }),
            400,
            &["missing_parameter", "invalid_message"],
            "bad_input",
        ),
        (
            "unknown conversation",
            json!({ "conversation_id": other, "text": "hello" }),
            404,
            &["unknown_conversation"],
            "unknown_conversation",
        ),
        (
            "uri of another endpoint",
            json!({ "conversation_id": conversation, "uri": "in/click",
            "body": { "text": "hello" } }),
            422,
            &["invalid_message"],
            "bad_input",
        ),
    ];
    for (label, body, status, codes, reason) in cases {
        let request = setup.post("dialog/query", body.to_string());
        check(&setup.gateway, label, reason, (status, codes), request).await;
    }
    // Two conversations named at once.
    let path = format!("dialog/query?conversation_id={other}");
    let request = setup.post(&path, query(json!({ "text": "hello" })).to_string());
    let code = (400, &["invalid_message", "missing_parameter"][..]);
    check(&setup.gateway, "contradiction", "bad_input", code, request).await;
    setup.goes_on().await;
}

#[tokio::test]
async fn what_is_tolerated() {
    let setup = Setup::new().await;
    let conversation = &setup.client.conversation;
    for (label, body) in [
        (
            "flat",
            json!({ "conversation_id": conversation, "text": "hello" }),
        ),
        (
            "number for a text",
            json!({ "conversationId": conversation, "body": { "text": 12 } }),
        ),
        (
            "string for a body",
            json!({ "conversation": { "id": conversation }, "body": "hello" }),
        ),
        (
            "an id that is no UUID",
            json!({ "conversation_id": conversation, "id": "17",
            "uri": "/IN/Query ", "text": "hello" }),
        ),
        (
            "unknown fields",
            json!({ "conversation_id": conversation, "text": "hello",
            "header": null, "parent_id": 9, "x": [{}] }),
        ),
    ] {
        let got = setup.client.post("dialog/query", body.to_string()).await;
        assert_eq!(got.status, 200, "{label}: {got:?}");
        assert!(
            !got.json().as_array().unwrap().is_empty(),
            "{label}: {got:?}"
        );
    }
    for path in [
        "dialog/query/",
        "/dialog//query",
        "v2.1/dialog/query",
        "v2.2/dialog/query",
        "v3.0/dialog/query",
        "v3.1/dialog/query",
    ] {
        let body = setup.client.query(Uuid::new_v4(), "hello").to_string();
        let got = setup.client.post(path, body).await;
        assert_eq!(got.status, 200, "{path}: {got:?}");
    }
}

#[tokio::test]
async fn clicks_on_what_is_not_there_are_only_logged() {
    let setup = Setup::new().await;
    setup.client.say("menu").await.unwrap();
    for (label, parent, choice) in [
        ("unknown choice", json!(null), json!("no-such-choice")),
        ("unknown message", json!(Uuid::new_v4()), json!("track")),
        ("a number", json!("x"), json!(17)),
    ] {
        let click = json!({ "conversation_id": setup.client.conversation, "id": Uuid::new_v4(),
            "parent_id": parent, "uri": "in/click", "header": {}, "body": { "target": {
                "aspect": "resolution/answer/choice", "choice_id": choice, "text": "Nothing" } } });
        let got = setup.client.post("dialog/click", click.to_string()).await;
        assert_eq!((got.status, got.body.as_str()), (200, "[]"), "{label}");
    }
    setup.goes_on().await;
}

#[tokio::test]
async fn wrong_places() {
    let setup = Setup::new().await;
    let not_allowed = (405, &["method_not_allowed"][..]);
    for (method, path) in [
        (Method::GET, "dialog/query"),
        (Method::PUT, "dialog/click"),
        (Method::DELETE, "dialog/conversation"),
        (Method::POST, "apps/config"),
    ] {
        let request = setup.request(method, path);
        check(
            &setup.gateway,
            path,
            "method_not_allowed",
            not_allowed,
            request,
        )
        .await;
    }
    for path in [
        "dialog",
        "dialog/queries",
        "v9.9/dialog/query",
        "..%2f..%2fetc/passwd",
        "%00",
    ] {
        let request = setup.request(Method::GET, path);
        check(
            &setup.gateway,
            path,
            "not_found",
            (404, &["not_found"]),
            request,
        )
        .await;
    }
    let request = setup
        .post("dialog/query", "<query/>")
        .header("content-type", "application/xml");
    // `header` appends; the type that was given first does not make XML readable.
    let got = send(request).await;
    assert!(got.status == 415 || got.status == 400, "{got:?}");
    let xml = setup
        .request(Method::POST, "dialog/query")
        .header("content-type", "application/xml");
    let code = (415, &["unsupported_media_type"][..]);
    check(
        &setup.gateway,
        "XML",
        "unsupported_media",
        code,
        xml.body("<query/>"),
    )
    .await;
    setup.goes_on().await;
}

#[tokio::test]
async fn a_body_over_the_limit() {
    let setup = Setup::new().await;
    let padding = "x".repeat(64 * 1024);
    let body = json!({ "conversation_id": setup.client.conversation, "text": "hello",
        "padding": padding });
    let request = setup.post("dialog/query", body.to_string());
    check(
        &setup.gateway,
        "64 KiB",
        "too_large",
        (413, &["too_large"]),
        request,
    )
    .await;
    let huge = setup.post("dialog/query", "x".repeat(3 * 1024 * 1024));
    check(
        &setup.gateway,
        "3 MiB",
        "too_large",
        (413, &["too_large"]),
        huge,
    )
    .await;
    setup.goes_on().await;
}

#[tokio::test]
async fn input_after_goodbye() {
    let setup = Setup::new().await;
    let body = setup.client.query(Uuid::new_v4(), "bye").to_string();
    let got = setup.client.post("dialog/query", body).await;
    let messages = got.json();
    assert_eq!(
        messages.as_array().unwrap().last().unwrap()["uri"],
        "out/bye",
        "{messages}"
    );
    let closed = (409, &["conversation_closed"][..]);
    let query = setup.client.query(Uuid::new_v4(), "hello").to_string();
    let request = setup.post("dialog/query", query);
    check(
        &setup.gateway,
        "query",
        "conversation_ended",
        closed,
        request,
    )
    .await;
    let click = json!({ "conversation_id": setup.client.conversation, "aspect": "titlebar" });
    let request = setup.post("dialog/click", click.to_string());
    check(
        &setup.gateway,
        "click",
        "conversation_ended",
        closed,
        request,
    )
    .await;
    KareRest::open(&setup.base)
        .await
        .say("hello")
        .await
        .unwrap();
}

#[tokio::test]
async fn words_and_tokens_are_not_logged() {
    let setup = Setup::new().await;
    setup.client.say(PRIVATE_WORDS).await.unwrap();
    setup
        .client
        .post("dialog/query", format!("{{\"text\": \"{PRIVATE_WORDS}\""))
        .await;
    let long = format!("{PRIVATE_WORDS}{}", "x".repeat(5000));
    let got = setup.client.post(
        "dialog/query",
        setup.client.query(Uuid::new_v4(), &long).to_string(),
    );
    assert_eq!(got.await.status, 413);
    assert_discreet(&setup.gateway, &[PRIVATE_WORDS, &setup.client.token]);
}
