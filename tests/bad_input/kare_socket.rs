//! Kare over a websocket: `docs/protocols/kare.md#33-frames`.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::process::Gateway;
use crate::upstream::front::KareSocket;
use crate::{PRIVATE_WORDS, absurdly_deep, assert_discreet, close_code, send_broken_text, start};

const FRONTEND: &str = "main-kare";

/// Long enough for an answer that should not come.
const SILENCE: Duration = Duration::from_millis(300);

async fn open() -> (Gateway, KareSocket) {
    let gateway = start().await;
    let client = KareSocket::open(&gateway.url("/kare")).await;
    (gateway, client)
}

async fn goes_on(client: &mut KareSocket) {
    let answer = client.say("hello").await.unwrap();
    assert!(answer.to_lowercase().contains("hello"), "{answer}");
}

async fn rejections(gateway: &Gateway) -> f64 {
    gateway
        .count("switchboard_rejected_total", &[("frontend", FRONTEND)])
        .await
}

#[track_caller]
fn assert_error(frame: &Value, codes: &[&str]) {
    assert_eq!(frame["uri"], "out/error", "{frame}");
    assert!(
        codes.contains(&frame["body"]["error"].as_str().unwrap()),
        "{codes:?}: {frame}"
    );
    assert!(frame["body"]["message"].is_string(), "{frame}");
    assert!(
        Uuid::parse_str(frame["id"].as_str().unwrap()).is_ok(),
        "{frame}"
    );
    assert!(!frame.to_string().contains(PRIVATE_WORDS), "{frame}");
}

#[tokio::test]
async fn frames_that_cannot_be_used_get_an_error_each() {
    let (gateway, mut client) = open().await;
    client.greet().await;
    let id = Uuid::new_v4();
    let query = |body: Value| json!({ "id": id, "uri": "in/query", "body": body }).to_string();
    let cases: [(&str, String, &[&str]); 9] = [
        (
            "malformed",
            format!("{{\"text\": \"{PRIVATE_WORDS}"),
            &["invalid_json"],
        ),
        ("absurdly deep", absurdly_deep(20_000), &["invalid_json"]),
        (
            "a number",
            "42".into(),
            &["invalid_json", "invalid_message"],
        ),
        (
            "a string",
            "\"hello\"".into(),
            &["invalid_json", "invalid_message"],
        ),
        ("no uri", r#"{"id":"x"}"#.into(), &["invalid_message"]),
        (
            "unknown uri",
            json!({ "id": id, "uri": "in/dance" }).to_string(),
            &["unknown_uri"],
        ),
        ("no text", query(json!({})), &["invalid_message"]),
        (
            "a list for a text",
            query(json!({ "text": [PRIVATE_WORDS] })),
            &["invalid_message"],
        ),
        (
            "text too long",
            query(json!({ "text": "x".repeat(4001) })),
            &["too_large"],
        ),
    ];
    for (label, frame, codes) in cases {
        let before = rejections(&gateway).await;
        client.socket.send(Message::text(frame)).await.unwrap();
        let reply = client.next(Duration::from_secs(5)).await;
        let reply = reply.unwrap_or_else(|| panic!("{label}: no error came"));
        assert_error(&reply, codes);
        assert_eq!(
            rejections(&gateway).await,
            before + 1.0,
            "{label}: not counted"
        );
        goes_on(&mut client).await;
    }
    assert_discreet(&gateway, &[PRIVATE_WORDS]);
}

#[tokio::test]
async fn an_error_belongs_to_its_input() {
    let (_gateway, mut client) = open().await;
    let id = Uuid::new_v4().to_string();
    let frame = json!({ "id": id, "parent_id": null, "uri": "in/query", "header": {}, "body": {} });
    let replies = client.ask(frame).await;
    let [error] = &replies[..] else {
        panic!("{replies:?}")
    };
    assert_eq!(error["parent_id"], id.as_str(), "{error}");
    assert_eq!(error["header"]["in_reply_to"], id.as_str(), "{error}");
    assert_eq!(error["header"]["final"], true, "{error}");
    assert_eq!(error["body"]["field"], "body.text", "{error}");
}

#[tokio::test]
async fn what_is_tolerated() {
    let (gateway, mut client) = open().await;
    client.greet().await;
    for blank in ["", "  \r\n\t "] {
        client.socket.send(Message::text(blank)).await.unwrap();
        assert_eq!(
            client.next(SILENCE).await,
            None,
            "an empty message is ignored"
        );
    }
    let query = json!({ "id": Uuid::new_v4(), "uri": "in/query", "body": { "text": "hello" } });
    let binary = Message::binary(query.to_string().into_bytes());
    client.socket.send(binary).await.unwrap();
    let reply = client
        .next(Duration::from_secs(5))
        .await
        .expect("a binary message is read");
    assert_eq!(reply["uri"], "out/text", "{reply}");
    while client.next(SILENCE).await.is_some() {}

    // Several envelopes in one message are handled in order.
    let bye = json!({ "id": Uuid::new_v4(), "uri": "in/bye" });
    let first = json!({ "id": Uuid::new_v4(), "uri": "in/text", "body": { "text": "hello" } });
    client
        .socket
        .send(Message::text(json!([first, bye]).to_string()))
        .await
        .unwrap();
    let reply = client.next(Duration::from_secs(5)).await.unwrap();
    assert_eq!(reply["uri"], "out/text", "{reply}");
    assert_eq!(rejections(&gateway).await, 0.0);
}

#[tokio::test]
async fn binary_noise_gets_an_error() {
    let (_gateway, mut client) = open().await;
    client.greet().await;
    let noise = Message::binary(vec![0xff, 0x00, 0xfe, 0x80]);
    client.socket.send(noise).await.unwrap();
    let reply = client.next(Duration::from_secs(5)).await.expect("an error");
    assert_error(&reply, &["invalid_json"]);
    goes_on(&mut client).await;
}

#[tokio::test]
async fn a_second_hello_is_acknowledged_and_not_greeted() {
    let (_gateway, mut client) = open().await;
    let hello = |replies: &[Value]| {
        replies
            .iter()
            .filter(|reply| reply["uri"] == "out/hi")
            .count()
    };
    let first = client.greet().await;
    assert_eq!(hello(&first), 1, "{first:?}");
    goes_on(&mut client).await;
    let mut second = client.greet().await;
    while let Some(more) = client.next(SILENCE).await {
        second.push(more);
    }
    assert_eq!((hello(&second), second.len()), (1, 1), "{second:?}");
    let conversation = |replies: &[Value]| replies[0]["body"]["conversation_id"].clone();
    assert_eq!(conversation(&first), conversation(&second));
    goes_on(&mut client).await;
}

#[tokio::test]
async fn clicks_on_what_is_not_there_are_only_logged() {
    let (_gateway, mut client) = open().await;
    client.greet().await;
    client.say("menu").await.unwrap();
    let click = json!({ "id": Uuid::new_v4(), "parent_id": Uuid::new_v4(), "uri": "in/click",
        "header": {}, "body": { "target": { "aspect": "resolution/answer/choice",
            "choice_id": "no-such-choice", "text": "Nothing" } } });
    client
        .socket
        .send(Message::text(click.to_string()))
        .await
        .unwrap();
    assert_eq!(client.next(SILENCE).await, None);
    goes_on(&mut client).await;
}

#[tokio::test]
async fn ten_bad_frames_in_a_row_are_too_many() {
    let (_gateway, mut client) = open().await;
    client.greet().await;
    for _ in 0..9 {
        client.socket.send(Message::text("{oops")).await.unwrap();
        assert_error(
            &client.next(Duration::from_secs(5)).await.unwrap(),
            &["invalid_json"],
        );
    }
    goes_on(&mut client).await;
    for _ in 0..10 {
        client.socket.send(Message::text("{oops")).await.unwrap();
    }
    assert_eq!(close_code(&mut client.socket).await, 1008);
}

#[tokio::test]
async fn frames_that_break_the_socket() {
    let (gateway, mut client) = open().await;
    client.greet().await;
    let huge = json!({ "uri": "in/query", "body": { "text": "hello" },
        "padding": "x".repeat(64 * 1024) });
    client
        .socket
        .send(Message::text(huge.to_string()))
        .await
        .unwrap();
    assert_eq!(close_code(&mut client.socket).await, 1009);

    // The conversation outlives its socket.
    let conversation = client.conversation.clone();
    assert!(!conversation.is_empty());
    let again = format!(
        "{}/ws?app_id={}&conversation_id={conversation}",
        gateway.url("/kare").replacen("http", "ws", 1),
        crate::clients::kare::APP,
    );
    let mut client = KareSocket {
        socket: crate::clients::connect(&again, None).await,
        conversation,
    };
    goes_on(&mut client).await;
    send_broken_text(&mut client.socket).await;
    assert_eq!(close_code(&mut client.socket).await, 1007);
    let mut client = KareSocket {
        socket: crate::clients::connect(&again, None).await,
        ..client
    };
    goes_on(&mut client).await;
}

#[tokio::test]
async fn goodbye_ends_the_socket() {
    let (gateway, mut client) = open().await;
    client.greet().await;
    let query = json!({ "id": Uuid::new_v4(), "uri": "in/query", "body": { "text": "bye" } });
    client
        .socket
        .send(Message::text(query.to_string()))
        .await
        .unwrap();
    let mut last = Value::Null;
    while let Some(frame) = client.next(Duration::from_secs(5)).await {
        last = frame;
    }
    assert_eq!(last["uri"], "out/bye", "{last}");
    assert!(last["body"]["reason"].is_string(), "{last}");

    let mut client = KareSocket::open(&gateway.url("/kare")).await;
    client.greet().await;
    let bye = json!({ "id": Uuid::new_v4(), "uri": "in/bye" });
    client
        .socket
        .send(Message::text(bye.to_string()))
        .await
        .unwrap();
    assert_eq!(close_code(&mut client.socket).await, 1000);
}
