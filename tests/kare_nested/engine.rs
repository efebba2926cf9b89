//! A Kare engine that answers with the trees of the example messages in `tests/fixtures/kare`, and
//! with a deeper one. A question's words name the example; a click's choice does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use uuid::Uuid;

use crate::process::root;
use crate::upstream::http;
use crate::upstream::http::Request;

/// A running engine.
pub struct Engine {
    pub address: String,
    heard: Arc<Mutex<Heard>>,
}

/// What the engine has been told and has said.
#[derive(Default)]
struct Heard {
    inputs: Vec<Value>,
    said: Vec<Value>,
}

impl Engine {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Heard>>::default();
        let state = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, state.clone()));
            }
        });
        Self { address, heard }
    }

    /// The latest message with this aspect that the engine has sent.
    pub fn said(&self, aspect: &str) -> Value {
        let heard = self.heard.lock().unwrap();
        let said = heard.said.iter().rev();
        let mut said = said.filter(|it| it["body"]["aspect"] == aspect);
        said.next().unwrap().clone()
    }

    /// The message with this id.
    pub fn message(&self, id: &Value) -> Value {
        let heard = self.heard.lock().unwrap();
        let said = heard.said.iter().find(|it| it["id"] == *id);
        said.unwrap_or_else(|| panic!("never sent: {id}")).clone()
    }

    /// Waits for a click with this choice, and gives it out.
    pub async fn clicked(&self, choice: &str) -> Value {
        for _ in 0..500 {
            let heard = self.heard.lock().unwrap().inputs.clone();
            let mut clicks = heard.iter().rev().filter(|it| it["uri"] == "in/click");
            if let Some(click) = clicks.find(|it| it["body"]["target"]["choice_id"] == choice) {
                return click.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let inputs = &self.heard.lock().unwrap().inputs;
        panic!("no click on {choice} in {inputs:#?}");
    }

    /// Whether a click on this choice came.
    pub fn was_clicked(&self, choice: &str) -> bool {
        let inputs = &self.heard.lock().unwrap().inputs;
        inputs
            .iter()
            .any(|it| it["body"]["target"]["choice_id"] == choice)
    }

    /// Whether these words came as a question.
    pub fn was_asked(&self, text: &str) -> bool {
        let inputs = &self.heard.lock().unwrap().inputs;
        inputs
            .iter()
            .any(|it| it["uri"] == "in/query" && it["body"]["text"] == text)
    }
}

async fn serve(mut stream: TcpStream, heard: Arc<Mutex<Heard>>) {
    let mut rest = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut rest).await {
        if let Some(key) = request.header("sec-websocket-key") {
            let accept = derive_accept_key(key.as_bytes());
            http::switch_protocols(&mut stream, &accept, None).await;
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            return converse(socket, &heard).await;
        }
        let (status, body) = respond(&request, &heard);
        http::answer(&mut stream, status, "application/json", &body.to_string()).await;
    }
}

fn respond(request: &Request, heard: &Mutex<Heard>) -> (u16, Value) {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    match request.path() {
        "/v2.1/apps/token" => (200, json!({ "access_token": "t", "expires_in": 900 })),
        "/v2.1/dialog/conversation" => (201, json!({ "conversation_id": Uuid::new_v4() })),
        "/v2.1/dialog/query" | "/v2.1/dialog/click" => (200, answer(body, heard).into()),
        _ => (404, json!({ "error": "not_found" })),
    }
}

async fn converse(mut socket: WebSocketStream<TcpStream>, heard: &Mutex<Heard>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        for frame in answer(serde_json::from_str(&text).unwrap(), heard) {
            if socket.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
        }
    }
}

/// The answer to an input: an example's, with this input's id and ids of its own.
fn answer(input: Value, heard: &Mutex<Heard>) -> Vec<Value> {
    let target = &input["body"]["target"];
    let name = match input["uri"].as_str() {
        Some("in/hi") => "25-ws-open-hi".to_owned(),
        Some("in/query") => input["body"]["text"].as_str().unwrap().to_owned(),
        _ => match target["choice_id"].as_str() {
            Some("escalate") => "31-ws-missing-escalate-click".to_owned(),
            Some("helpful" | "not_helpful") => "37-ws-feedback-click".to_owned(),
            Some("node_11111111111111111111111111111111") => "27-ws-query-choice".to_owned(),
            _ => "28-ws-click-choice".to_owned(),
        },
    };
    let mut frames = match name.as_str() {
        "deeper" => deeper(),
        "closed" => closed(),
        name => example(name),
    };
    let asked = frames
        .first()
        .map(|it| it["parent_id"].as_str().unwrap().to_owned());
    let mut ids = HashMap::new();
    if let (Some(asked), Some(id)) = (asked, input["id"].as_str()) {
        ids.insert(asked, id.to_owned());
    }
    for frame in &mut frames {
        rename(frame, &mut ids);
    }
    let mut heard = heard.lock().unwrap();
    heard.inputs.push(input);
    heard.said.extend(frames.clone());
    frames
}

/// The messages of an example; none of what is no example.
fn example(name: &str) -> Vec<Value> {
    let path = root().join(format!("tests/fixtures/kare/{name}.json"));
    let Ok(text) = std::fs::read_to_string(path) else {
        return Vec::new();
    };
    let example: Value = serde_json::from_str(&text).unwrap();
    let response = &example["response"];
    let messages = response["frames"]
        .as_array()
        .or(response["body"].as_array());
    messages.unwrap().clone()
}

/// Two answers, best first; the first holds another one with a part of a part.
fn deeper() -> Vec<Value> {
    let id = |n: u8| format!("00000000-0000-4000-8000-0000000000{n:02}");
    let message = |n: u8, parent: u8, aspect: &str, text: &str| {
        json!({ "id": id(n), "parent_id": id(parent), "uri": "out/text",
            "header": { "in_reply_to": id(1), "seq": n - 2, "final": n == 8 },
            "body": { "aspect": format!("resolution/answer{aspect}"), "text": text, "actions": [] } })
    };
    let mut deep = message(6, 5, "/choice", "How deep?");
    deep["body"]["actions"] = json!([{ "text": "Deeper", "choice_id": "deeper-still" }]);
    vec![
        message(2, 1, "", "The first answer."),
        message(3, 2, "/text", "A part."),
        message(4, 2, "", ""),
        message(5, 4, "/text", "A part of a part."),
        deep,
        message(7, 1, "", ""),
        message(8, 7, "/text", "The second answer."),
    ]
}

/// A choice of which one option is closed.
fn closed() -> Vec<Value> {
    let parent = "00000000-0000-4000-8000-000000000001";
    vec![
        json!({ "id": Uuid::new_v4(), "parent_id": parent, "uri": "out/text",
        "header": { "in_reply_to": parent, "seq": 0, "final": true },
        "body": { "aspect": "resolution/answer/choice", "text": "Which?", "actions": [
            { "text": "The open one", "choice_id": "open" },
            { "text": "The closed one", "choice_id": "closed", "enabled": false } ] } }),
    ]
}

/// Gives every id of an example a new one, the same wherever it stands.
fn rename(value: &mut Value, ids: &mut HashMap<String, String>) {
    match value {
        Value::String(text) if Uuid::parse_str(text).is_ok() => {
            let new = ids.entry(text.clone());
            *text = new.or_insert_with(|| Uuid::new_v4().to_string()).clone();
        }
        Value::Array(values) => values.iter_mut().for_each(|it| rename(it, ids)),
        Value::Object(map) => map.values_mut().for_each(|it| rename(it, ids)),
        _ => {}
    }
}
