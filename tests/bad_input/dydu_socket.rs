//! dydu over the websocket: `docs/protocols/dydu.md#71-connection`.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::clients::dydu::{BOT, b64, decode};
use crate::clients::{Socket, connect, next_text};
use crate::process::Gateway;
use crate::{PRIVATE_WORDS, absurdly_deep, assert_discreet, close_code, send_broken_text, start};

const FRONTEND: &str = "main-dydu";

struct Chat {
    socket: Socket,
    context: String,
}

impl Chat {
    async fn open(gateway: &Gateway) -> Self {
        let url = gateway.url("/dydu//chatWs").replacen("http", "ws", 1);
        let mut chat = Self {
            socket: connect(&url, Some("dyduchat")).await,
            context: String::new(),
        };
        chat.talk("#welcome#").await;
        chat
    }

    async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// The next frame, which must not make the chatbox disappear.
    async fn next(&mut self, within: Duration) -> Option<Value> {
        let text = next_text(&mut self.socket, within).await?;
        let frame: Value = serde_json::from_str(&text).expect("any other text breaks the widget");
        assert!(frame["values"].is_object(), "breaks the widget: {frame}");
        decode(&frame["values"]);
        assert!(!text.contains(PRIVATE_WORDS), "{text}");
        Some(frame)
    }

    fn frame(&self, kind: &str, more: Value) -> Value {
        let mut parameters = json!({ "contextId": b64(&self.context), "botId": b64(BOT),
            "space": b64("Defaut"), "clientId": b64("4be0c1d2a97f336"), "language": b64("en"),
            "solutionUsed": b64("ASSISTANT"), "userUrl": b64("https://www.example.org/"),
            "saml2_info": null });
        for (key, value) in more.as_object().unwrap() {
            parameters[key] = value.clone();
        }
        json!({ "type": kind, "parameters": parameters })
    }

    async fn talk(&mut self, text: &str) -> String {
        let frame = self.frame(
            "talk",
            json!({ "userInput": b64(text), "extraParameters": {} }),
        );
        self.send(frame.to_string()).await;
        let mut words = String::new();
        let mut within = Duration::from_secs(10);
        while let Some(frame) = self.next(within).await {
            let values = decode(&frame["values"]);
            if let Some(context) = values["contextId"].as_str() {
                self.context = context.to_owned();
            }
            words += values["text"].as_str().unwrap_or_default();
            within = Duration::from_millis(200);
        }
        words
    }

    async fn goes_on(&mut self) {
        let context = self.context.clone();
        let answer = self.talk("hello").await;
        assert!(answer.to_lowercase().contains("hello"), "{answer}");
        assert_eq!(self.context, context, "the dialog was lost");
    }
}

#[tokio::test]
async fn frames_that_cannot_be_used_do_no_harm() {
    let gateway = start().await;
    let mut chat = Chat::open(&gateway).await;
    let talk = |more: Value| chat.frame("talk", more).to_string();
    let mut stranger = chat.frame("talk", json!({ "userInput": b64("hello") }));
    stranger["parameters"]["botId"] = json!(b64("11111111-2222-3333-4444-555555555555"));
    let cases = [
        (
            "malformed JSON",
            format!("{{\"type\":\"{PRIVATE_WORDS}"),
            true,
        ),
        ("absurdly deep", absurdly_deep(20_000), true),
        ("a number", "42".into(), true),
        ("no type", r#"{"parameters":{}}"#.into(), true),
        (
            "unknown type",
            chat.frame("dance", json!({})).to_string(),
            true,
        ),
        (
            "parameters are a list",
            r#"{"type":"talk","parameters":[]}"#.into(),
            true,
        ),
        ("no question", talk(json!({})), true),
        ("unknown bot", stranger.to_string(), true),
        // Nonsense that leaves the question readable.
        (
            "a question that is a number",
            talk(json!({ "userInput": 17 })),
            false,
        ),
        (
            "a space that is no base64",
            talk(json!({ "userInput": b64("hello"), "space": "%%%" })),
            false,
        ),
    ];
    for (label, frame, is_counted) in cases {
        let labels = [("frontend", FRONTEND)];
        let before = gateway.count("switchboard_rejected_total", &labels).await;
        chat.send(frame).await;
        // An error or nothing; never a text that the chatbox would show as the bot's.
        while let Some(frame) = chat.next(Duration::from_millis(200)).await {
            if is_counted {
                assert_ne!(frame["type"], "talkResponse", "{label}: {frame}");
            }
        }
        let counted = gateway.count("switchboard_rejected_total", &labels).await - before;
        assert_eq!(
            counted,
            f64::from(u8::from(is_counted)),
            "{label}: not counted"
        );
        chat.goes_on().await;
    }
    assert_discreet(&gateway, &[PRIVATE_WORDS]);
}

#[tokio::test]
async fn malformed_base64_is_refused_or_read_as_it_is() {
    let gateway = start().await;
    let mut chat = Chat::open(&gateway).await;
    for broken in ["%%%", "aGVsbG8", "hello there", "aGVsbG8=\n", "/w=="] {
        let frame = chat.frame("talk", json!({ "userInput": broken }));
        chat.send(frame.to_string()).await;
        while chat.next(Duration::from_millis(200)).await.is_some() {}
        chat.goes_on().await;
    }
}

#[tokio::test]
async fn the_socket_keeps_itself_alive_and_takes_no_noise() {
    let gateway = start().await;
    let mut chat = Chat::open(&gateway).await;
    chat.send("ping").await;
    let pong = next_text(&mut chat.socket, Duration::from_secs(5)).await;
    assert_eq!(pong.as_deref(), Some("pong"));
    chat.send("").await;
    let noise = Message::binary(vec![0xff, 0x00, 0xfe, 0x80]);
    chat.socket.send(noise).await.unwrap();
    while chat.next(Duration::from_millis(200)).await.is_some() {}
    chat.goes_on().await;
}

#[tokio::test]
async fn frames_that_break_the_socket() {
    let gateway = start().await;
    let mut chat = Chat::open(&gateway).await;
    let huge = chat.frame("talk", json!({ "userInput": b64(&"x".repeat(80_000)) }));
    chat.send(huge.to_string()).await;
    assert_eq!(close_code(&mut chat.socket).await, 1009);

    // The dialog outlives its socket.
    let context = chat.context.clone();
    let url = gateway
        .url("/dydu/servlet//chatWs")
        .replacen("http", "ws", 1);
    let mut chat = Chat {
        socket: connect(&url, None).await,
        context,
    };
    chat.goes_on().await;
    send_broken_text(&mut chat.socket).await;
    assert_eq!(close_code(&mut chat.socket).await, 1007);
    let mut chat = Chat {
        socket: connect(&url, None).await,
        ..chat
    };
    chat.goes_on().await;
}
