//! An engine that misbehaves on command, and clients that report a refusal instead of failing.
//!
//! The engine speaks the three vendors' protocols after `docs/protocols` and shares no code with
//! the gateway. Well, it answers every question with `echo: QUESTION`; what it does otherwise is
//! its [`Mood`], which a test may change at any time.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod dydu;
pub mod front;
pub mod http;
pub mod kare;
pub mod opendialog;
pub mod proxy;
pub mod recorded;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use http::Request;

/// Whose protocol the engine speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Kare,
    Dydu,
    OpenDialog,
}

/// How the engine behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// As it should, but this much later.
    Slow(Duration),
    /// Breaks the connection in the middle of each answer.
    Cut,
    /// Answers with an HTML page.
    Html,
    /// Answers with the first half of the JSON.
    Truncated,
    /// Answers with JSON of the wrong shape.
    WrongShape,
    /// A dydu engine that forgets to write its texts in base64.
    Plain,
    /// Answers with an error page of this status; closes sockets with 1011.
    Status(u16),
    /// Lets nobody open a socket.
    NoSocket,
}

/// A secret that an unwell engine tells; no widget may ever see it.
pub const INDISCRETION: &str = "stack-trace-of-the-engine";

/// An answer of a well engine.
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Reply {
    pub fn json(body: impl ToString) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            body: body.to_string(),
        }
    }
}

/// What the engine knows.
pub struct State {
    vendor: Vendor,
    mood: Mutex<Mood>,
    heard: Mutex<BTreeMap<String, usize>>,
    requests: Mutex<Vec<String>>,
}

impl State {
    pub fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    /// A user's words arrived.
    pub fn hear(&self, text: &str) {
        *self
            .heard
            .lock()
            .unwrap()
            .entry(text.to_owned())
            .or_default() += 1;
    }
}

/// A running engine.
pub struct Upstream {
    pub address: SocketAddr,
    state: Arc<State>,
    serving: Mutex<Option<AbortHandle>>,
}

impl Upstream {
    pub async fn start(vendor: Vendor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(State {
                vendor,
                mood: Mutex::new(Mood::Well),
                heard: Mutex::default(),
                requests: Mutex::default(),
            }),
            serving: Mutex::new(None),
        };
        upstream.serve(listener);
        upstream
    }

    /// Changes how it behaves from the next request or frame on. Sockets that are open stay open,
    /// except where none may be.
    pub async fn set(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
        if mood == Mood::NoSocket {
            self.down().await;
            self.up().await;
        }
    }

    /// Breaks all connections and refuses new ones.
    pub async fn down(&self) {
        if let Some(serving) = self.serving.lock().unwrap().take() {
            serving.abort();
        }
        while TcpStream::connect(self.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Accepts connections again, at the same address.
    pub async fn up(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    /// How often these words of a user arrived.
    pub fn heard(&self, text: &str) -> usize {
        self.state
            .heard
            .lock()
            .unwrap()
            .get(text)
            .copied()
            .unwrap_or_default()
    }

    /// Waits until these words have arrived.
    pub async fn has_heard(&self, text: &str) {
        for _ in 0..500 {
            if self.heard(text) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the engine never heard {text:?}, but {:?}", self.requests());
    }

    /// Method and path of every request, and the words `frame …` for every socket message.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    fn serve(&self, listener: TcpListener) {
        let state = self.state.clone();
        let serving = tokio::spawn(async move {
            // Aborted with this task, and with it every connection.
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                connections.spawn(connection(stream, state.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        *self.serving.lock().unwrap() = Some(serving.abort_handle());
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.lock().unwrap().take() {
            serving.abort();
        }
    }
}

async fn connection(mut stream: TcpStream, state: Arc<State>) {
    let mut rest = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut rest).await {
        let line = format!("{} {}", request.method, request.target);
        state.requests.lock().unwrap().push(line);
        if let Some(key) = request.header("sec-websocket-key") {
            if state.mood() == Mood::NoSocket {
                http::answer(&mut stream, 503, "text/plain", INDISCRETION).await;
                return;
            }
            let accept = derive_accept_key(key.as_bytes());
            let protocol = request.header("sec-websocket-protocol");
            http::switch_protocols(&mut stream, &accept, protocol).await;
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            return converse(socket, request, state).await;
        }
        let reply = match state.vendor {
            Vendor::Kare => kare::reply(&request, &state),
            Vendor::Dydu => dydu::reply(&request, &state),
            Vendor::OpenDialog => opendialog::reply(&request, &state),
        };
        if !respond(&mut stream, reply, &state).await {
            return;
        }
    }
}

/// Answers as the mood wants it; whether the connection can be used further.
async fn respond(stream: &mut TcpStream, reply: Reply, state: &State) -> bool {
    match state.mood() {
        Mood::Well | Mood::NoSocket | Mood::Plain => {
            http::answer(stream, reply.status, reply.content_type, &reply.body).await;
        }
        Mood::Slow(delay) => {
            tokio::time::sleep(delay).await;
            http::answer(stream, reply.status, reply.content_type, &reply.body).await;
        }
        Mood::Cut => {
            http::answer_half(stream, reply.content_type, &reply.body).await;
            return false;
        }
        Mood::Html => {
            let page = format!("<html><body>{INDISCRETION}</body></html>");
            http::answer(stream, 200, "text/html", &page).await;
        }
        Mood::Truncated => {
            let half = half(&reply.body);
            http::answer(stream, reply.status, reply.content_type, half).await;
        }
        Mood::WrongShape => {
            let wrong = wrong_shape(state.vendor);
            http::answer(stream, reply.status, reply.content_type, wrong).await;
        }
        Mood::Status(status) => {
            let page = format!("<html><body>{INDISCRETION}</body></html>");
            http::answer(stream, status, "text/html", &page).await;
        }
    }
    true
}

async fn converse(mut socket: WebSocketStream<TcpStream>, handshake: Request, state: Arc<State>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        state.requests.lock().unwrap().push(format!("frame {text}"));
        let replies = match state.vendor {
            Vendor::Kare => kare::frames(&text, &handshake, &state),
            Vendor::Dydu => dydu::frames(&text, &state),
            Vendor::OpenDialog => Vec::new(),
        };
        for reply in replies {
            let text = match state.mood() {
                Mood::Well | Mood::NoSocket | Mood::Plain => reply,
                Mood::Slow(delay) => {
                    tokio::time::sleep(delay).await;
                    reply
                }
                // No closing handshake.
                Mood::Cut => return,
                Mood::Html => format!("<html><body>{INDISCRETION}</body></html>"),
                Mood::Truncated => half(&reply).to_owned(),
                Mood::WrongShape => wrong_shape(state.vendor).to_owned(),
                Mood::Status(_) => {
                    let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame {
                        code: 1011.into(),
                        reason: INDISCRETION.into(),
                    };
                    let _ = socket.close(Some(frame)).await;
                    while let Some(Ok(_)) = socket.next().await {}
                    return;
                }
            };
            if socket.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    }
}

fn half(text: &str) -> &str {
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Valid JSON that is no answer of this vendor's.
fn wrong_shape(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Kare => r#"{"messages": 17, "access_token": {}, "conversation_id": []}"#,
        Vendor::Dydu => r#"{"type": 3, "values": "stack-trace-of-the-engine"}"#,
        Vendor::OpenDialog => r#"{"author": 1, "type": [], "data": "stack-trace-of-the-engine"}"#,
    }
}
