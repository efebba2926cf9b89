//! A Kare engine as somebody else may have built it: it names everything itself, marks no end, and
//! knows only part of what `docs/protocols/kare.md` assumes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use crate::upstream::http::{self, Request};

/// Who may open a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    Everybody,
    /// There is nothing at the path.
    Nobody,
    /// The handshake is refused with this status, and `Retry-After` of a second.
    Refused(u16),
    /// Whoever shows a token in the header.
    Bearers,
}

/// How it behaves.
#[derive(Debug, Clone)]
pub struct Ways {
    pub sockets: Sockets,
    /// Bodies are flat, or refused.
    pub flat: bool,
    /// The token is read from the parameter `token` alone.
    pub token_in_address: bool,
    /// So many questions over REST are refused with 429 first.
    pub throttle: u32,
    /// Said to everybody who opens a socket, below nothing.
    pub operator: Option<&'static str>,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            sockets: Sockets::Everybody,
            flat: false,
            token_in_address: false,
            throttle: 0,
            operator: None,
        }
    }
}

#[derive(Default)]
struct State {
    ways: Ways,
    /// Tokens and messages so far.
    tokens: u32,
    messages: u32,
    /// The only token that is taken.
    token: String,
    /// Ids of questions.
    asked: Vec<String>,
    repeated: BTreeSet<String>,
    requests: Vec<String>,
}

/// A running engine.
pub struct Foreign {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: AbortHandle,
}

impl Foreign {
    pub async fn start(ways: Ways) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            ways,
            ..State::default()
        }));
        let shared = state.clone();
        let serving = tokio::spawn(async move {
            // Aborted with this task, and with it every connection.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(connection(stream, shared.clone()));
            }
        });
        Self {
            address,
            state,
            serving: serving.abort_handle(),
        }
    }

    pub fn change(&self, change: impl FnOnce(&mut Ways)) {
        change(&mut self.state.lock().unwrap().ways);
    }

    /// From now on the token is no good.
    pub fn expire(&self) {
        self.state.lock().unwrap().token = "expired".to_owned();
    }

    /// How often each question was posted, by its id.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Method and address of every request.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    fn id(&mut self) -> String {
        self.messages += 1;
        format!("m-{}", self.messages)
    }

    fn say(&mut self, parent: &str, aspect: &str, text: &str) -> Value {
        json!({ "messageId": self.id(), "parent": parent, "type": "/out/text",
            "payload": { "aspect": aspect, "message": text } })
    }

    /// An answer node and two parts, the second part first.
    fn tree(&mut self) -> Vec<Value> {
        let input = self.id();
        let node = self.say(&input, "resolution/answer", "");
        let id = node["messageId"].as_str().unwrap().to_owned();
        let second = self.say(&id, "resolution/answer/text", "second part");
        let first = self.say(&id, "resolution/answer/text", "first part");
        vec![second, node, first]
    }

    fn may(&self, request: &Request) -> bool {
        let shown = if self.ways.token_in_address {
            request.parameter("token")
        } else {
            let header = request.header("authorization");
            header.and_then(|header| Some(header.strip_prefix("Bearer ")?.to_owned()))
        };
        shown.as_deref() == Some(&self.token)
    }

    /// Status and body of an answer over REST.
    fn reply(&mut self, request: &Request) -> (u16, Value) {
        self.requests
            .push(format!("{} {}", request.method, request.path()));
        let path = request.path();
        if path.ends_with("/apps/token") {
            self.tokens += 1;
            self.token = format!("token-{}", self.tokens);
            return (200, json!(self.token));
        }
        if !self.may(request) {
            return (401, json!({ "error": "who are you" }));
        }
        if path.ends_with("/dialog/conversation") {
            return (
                200,
                json!({ "data": { "conversationId": format!("c-{}", self.id()) } }),
            );
        }
        if !path.ends_with("/dialog/query") {
            return (404, json!({ "error": "not_found" }));
        }
        let body: Value = serde_json::from_str(&request.body).unwrap();
        if self.ways.flat && !body["text"].is_string() {
            return (422, json!({ "error": "no text" }));
        }
        if self.ways.throttle > 0 {
            self.ways.throttle -= 1;
            return (429, json!({}));
        }
        let text = body["text"].as_str().or(body["body"]["text"].as_str());
        let text = text.unwrap().to_owned();
        self.asked.push(body["id"].as_str().unwrap().to_owned());
        let list = match text.as_str() {
            "tree" => self.tree(),
            _ => {
                let input = self.id();
                vec![self.say(&input, "text/plain", &format!("echo: {text}"))]
            }
        };
        (200, json!({ "results": list }))
    }
}

async fn connection(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut rest = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut rest).await {
        if let Some(key) = request.header("sec-websocket-key") {
            let refusal = {
                let state = state.lock().unwrap();
                match state.ways.sockets {
                    Sockets::Everybody => None,
                    Sockets::Nobody => Some(404),
                    Sockets::Refused(status) => Some(status),
                    Sockets::Bearers => (!state.may(&request)).then_some(401),
                }
            };
            state.lock().unwrap().requests.push("socket".to_owned());
            if let Some(status) = refusal {
                http::answer(&mut stream, status, "text/plain\r\nretry-after: 1", "no").await;
                return;
            }
            let accept = derive_accept_key(key.as_bytes());
            http::switch_protocols(&mut stream, &accept, None).await;
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            return converse(socket, state).await;
        }
        let (status, body) = state.lock().unwrap().reply(&request);
        let kind = match status {
            429 => "application/json\r\nretry-after: 1",
            _ => "application/json",
        };
        http::answer(&mut stream, status, kind, &body.to_string()).await;
    }
}

async fn converse(mut socket: WebSocketStream<TcpStream>, state: Arc<Mutex<State>>) {
    let operator = state.lock().unwrap().ways.operator;
    if let Some(words) = operator {
        let word =
            json!({ "messageId": state.lock().unwrap().id(), "uri": "out/text", "body": words });
        let _ = socket.send(Message::text(word.to_string())).await;
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let (replies, close) = state.lock().unwrap().hear(&frame);
        let _ = socket.send(Message::Ping(Vec::new().into())).await;
        let _ = socket.send(Message::text(" ")).await;
        for reply in replies {
            let _ = socket.send(Message::text(reply.to_string())).await;
        }
        if let Some(code) = close {
            let reason = CloseFrame {
                code: code.into(),
                reason: "".into(),
            };
            let _ = socket.close(Some(reason)).await;
            while let Some(Ok(_)) = socket.next().await {}
            return;
        }
    }
}

impl State {
    /// What is said to a frame, and how the socket closes after it.
    fn hear(&mut self, frame: &Value) -> (Vec<Value>, Option<u16>) {
        let input = format!("their-{}", frame["id"].as_str().unwrap());
        if frame["uri"] == "in/hi" {
            let hello = json!({ "messageId": self.id(), "parent": input, "uri": "out/hi" });
            return (vec![hello], None);
        }
        let Some(text) = frame["body"]["text"].as_str() else {
            return (Vec::new(), None);
        };
        self.asked.push(frame["id"].as_str().unwrap().to_owned());
        let is_first = self.repeated.insert(input.clone());
        let part = |n: u32| {
            json!({ "messageId": format!("{input}-{n}"), "parent": input, "uri": "out/text",
                "body": { "aspect": "text/plain", "text": format!("{text} {n}") } })
        };
        match text {
            "tree" => (self.tree(), None),
            // Closes in the middle, and says it all again.
            "again" if is_first => (vec![part(1)], Some(1011)),
            "again" => (vec![part(1), part(2)], None),
            // Closes in the middle, and does not say it again.
            "once" if is_first => (vec![part(1)], Some(1001)),
            "once" => (Vec::new(), None),
            // Too large for it.
            "large" => (Vec::new(), Some(1009)),
            _ => {
                let echo = format!("echo: {text}");
                (vec![self.say(&input, "text/plain", &echo)], None)
            }
        }
    }
}
