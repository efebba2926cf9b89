//! A Kare dialog as its widgets see it, against the real binary: several sockets and REST calls on
//! one conversation, reconnects, hellos, repetitions, the end, and floods.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own ids"
)]
#![allow(dead_code, reason = "the tests share their clients with others")]

mod clients;
mod process;
mod upstream;

#[path = "kare_dialog/ends.rs"]
mod ends;
#[path = "kare_dialog/forest.rs"]
mod forest;
#[path = "kare_dialog/hello.rs"]
mod hello;
#[path = "kare_dialog/load.rs"]
mod load;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use clients::connect;
use clients::kare::APP;
use process::{Gateway, engine_config_of};
use upstream::front::{KareRest, KareSocket, send};

/// Long enough for any answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for an answer that should not come.
const SILENCE: Duration = Duration::from_millis(400);
/// Reads the history.
const ADMIN_KEY: &str = "adm.tok.19c0de42";

/// A bot whose answers come in parts.
const BOT: &str = r#"
name = "Parts"
languages = ["en"]
greeting = "hello"
unknown = "unknown"

[feedback]
positive = "thanks"

[intents.hello]
answer.en = "Welcome."

[intents.unknown]
answer.en = "Pardon?"

[intents.thanks]
answer.en = "Thank you."

[intents.offer]
label = "On offer"
keywords.any = ["offer"]
answer.en = "This is on offer."

[intents.bye]
keywords.any = ["bye"]
answer.en = "Goodbye."
end = true

[intents.parts]
label = "In parts"
keywords.any = ["parts"]
[[intents.parts.answer]]
text.en = "One"
[[intents.parts.answer]]
slow = "1500ms"
text.en = "Two"
[[intents.parts.answer]]
text.en = "Three"

[intents.slow]
keywords.any = ["slow"]
[[intents.slow.answer]]
slow = "200ms"
text.en = "At last."

[intents.late]
keywords.any = ["late"]
[[intents.late.answer]]
text.en = "In time"
[[intents.late.answer]]
slow = "4s"
text.en = "Too late"

[intents.menu]
keywords.any = ["menu"]
[[intents.menu.answer]]
choices.en = "What?"
options = ["offer", "parts"]
[[intents.menu.answer]]
feedback.text.en = "Good?"
feedback.yes = "Yes"
feedback.no = "No"
"#;

/// A gateway with that bot, and its file, which goes with it.
struct House {
    gateway: Gateway,
    bot: PathBuf,
}

impl House {
    async fn open() -> Self {
        Self::with("").await
    }

    /// With further keys of the Kare front-end.
    async fn with(keys: &str) -> Self {
        let bot = std::env::temp_dir().join(format!("parts-{}.toml", Uuid::new_v4()));
        std::fs::write(&bot, BOT).unwrap();
        let apps = "name = \"demo\" }]";
        let config = engine_config_of(&bot).replacen(
            apps,
            &format!("{apps}\nadmin_keys = [\"{ADMIN_KEY}\"]\n{keys}"),
            1,
        );
        let gateway = Gateway::start(&config).await;
        Self { gateway, bot }
    }

    fn kare(&self) -> String {
        self.gateway.url("/kare")
    }

    async fn rest(&self) -> KareRest {
        KareRest::open(&self.kare()).await
    }

    /// A socket at a conversation, with further parameters.
    async fn socket(&self, conversation: &str, more: &str) -> KareSocket {
        let base = self.kare().replacen("http", "ws", 1);
        let url = format!("{base}/ws?app_id={APP}&conversation_id={conversation}{more}");
        KareSocket {
            socket: connect(&url, None).await,
            conversation: conversation.to_owned(),
        }
    }

    /// What is recorded of a conversation.
    async fn history(&self, conversation: &str) -> Vec<Value> {
        let path = format!("/v2.1/activity/conversations/{conversation}/events");
        let request = reqwest::Client::new().get(format!("{}{path}", self.kare()));
        let got = send(request.bearer_auth(ADMIN_KEY)).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.json()["entries"].as_array().unwrap().clone()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.bot);
    }
}

fn query(id: Uuid, text: &str) -> Value {
    json!({ "id": id, "parent_id": null, "uri": "in/query", "header": {}, "body": { "text": text } })
}

fn click(id: Uuid, on: &Value, target: Value) -> Value {
    json!({ "id": id, "parent_id": on["id"], "uri": "in/click", "header": {},
        "body": { "target": target } })
}

fn hi(body: Value) -> Value {
    json!({ "id": Uuid::new_v4(), "parent_id": null, "uri": "in/hi", "header": {}, "body": body })
}

/// Everything up to so many frames.
async fn frames(client: &mut KareSocket, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < count {
        let frame = client.next(PATIENCE).await;
        frames.push(frame.unwrap_or_else(|| panic!("only {frames:#?}")));
    }
    frames
}

async fn assert_silent(client: &mut KareSocket) {
    assert_eq!(client.next(SILENCE).await, None);
}

/// Id, parent, uri and text of each message: its place in the forest.
fn places(frames: &[Value]) -> Vec<(String, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    frames
        .iter()
        .map(|it| {
            (
                text(&it["id"]),
                text(&it["parent_id"]),
                text(&it["uri"]),
                text(&it["body"]["text"]),
            )
        })
        .collect()
}

fn texts(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|it| it["body"]["text"].as_str().unwrap_or_default())
        .collect()
}
