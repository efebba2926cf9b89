//! Clients of the three vendors, written from the protocol references alone and sharing no code
//! with the gateway: what they see is what a vendor's widget would see.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod dydu;
pub mod forest;
pub mod kare;
pub mod opendialog;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What a person in front of the widget sees of one answer.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Seen {
    /// Words, markup removed where the widget would interpret it.
    pub texts: Vec<String>,
    /// Labels of what can be clicked.
    pub choices: Vec<String>,
    /// Addresses of pictures.
    pub images: Vec<String>,
    /// Addresses of links.
    pub links: Vec<String>,
    /// Asked for a verdict.
    pub feedback: bool,
    /// Names of the fields of forms.
    pub fields: Vec<String>,
    /// The server said that the conversation is over.
    pub ended: bool,
}

impl Seen {
    /// All words and labels in one line.
    pub fn all(&self) -> String {
        [&self.texts[..], &self.choices[..]].concat().join(" | ")
    }

    pub fn add(&mut self, other: Seen) {
        self.texts.extend(other.texts);
        self.choices.extend(other.choices);
        self.images.extend(other.images);
        self.links.extend(other.links);
        self.fields.extend(other.fields);
        self.feedback |= other.feedback;
        self.ended |= other.ended;
    }

    #[track_caller]
    pub fn says(&self, label: &str, words: &str) -> &Self {
        let all = self.all().to_lowercase();
        assert!(
            all.contains(&words.to_lowercase()),
            "{label}: {words:?} is not in {self:#?}"
        );
        self
    }
}

/// A vendor's client that holds one conversation.
pub trait Client {
    /// Opens the conversation and returns the greeting.
    async fn open(&mut self) -> Seen;
    /// Says something and returns the answer.
    async fn say(&mut self, text: &str) -> Seen;
    /// Clicks the choice with this label, of the latest answer that has it.
    async fn click(&mut self, label: &str) -> Seen;
    /// What comes within this time without having been asked for, by the means that the vendor's
    /// widget has.
    async fn unasked(&mut self, within: Duration) -> Seen;
    /// Says that the latest answer helped, by the vendor's means.
    async fn rate(&mut self) -> Seen;
    /// Leaves the queue for an operator, by the vendor's means or with a word.
    async fn leave(&mut self) -> Seen {
        self.say("goodbye").await
    }
    /// Answers the latest form or survey, label by label: by the vendor's means, or by typing a
    /// line for each where it was shown as text.
    async fn fill(&mut self, answers: &[(&str, &str)]) -> Seen;
}

/// Answers to a form as somebody types them.
pub fn typed_lines(answers: &[(&str, &str)]) -> String {
    let lines = answers
        .iter()
        .map(|(label, value)| format!("{label}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Who the client says that it is.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub user_id: String,
    pub locale: &'static str,
    pub metadata: (&'static str, &'static str),
}

impl Visitor {
    pub fn new(user_id: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            locale: "en",
            metadata: ("basket", "three-items"),
        }
    }
}

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a websocket; `subprotocol` is offered if given.
pub async fn connect(url: &str, subprotocol: Option<&str>) -> Socket {
    let protocol = subprotocol.map(|protocol| ("sec-websocket-protocol", protocol));
    connect_with(url, protocol.as_slice()).await
}

/// Opens a websocket; the handshake has these headers.
pub async fn connect_with(url: &str, headers: &[(&'static str, &str)]) -> Socket {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    tokio_tungstenite::connect_async(request).await.unwrap().0
}

/// The next text frame, if one comes in time; control frames are passed over.
pub async fn next_text(socket: &mut Socket, within: Duration) -> Option<String> {
    let deadline = tokio::time::Instant::now() + within;
    loop {
        match tokio::time::timeout_at(deadline, socket.next())
            .await
            .ok()??
        {
            Ok(Message::Text(text)) => return Some(text.to_string()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

pub async fn send_json(socket: &mut Socket, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// Text without tags, entities decoded: what a browser shows of an HTML fragment.
pub fn visible(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let text = unescape(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Entities decoded, those that anybody writes.
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// Values of an attribute in an HTML fragment.
pub fn attributes(html: &str, tag: &str, name: &str) -> Vec<String> {
    html.split(&format!("<{tag} "))
        .skip(1)
        .filter_map(|rest| {
            let rest = &rest[..rest.find('>').unwrap_or(rest.len())];
            let value = rest.split(&format!("{name}=\"")).nth(1)?;
            Some(value[..value.find('"')?].replace("&amp;", "&"))
        })
        .collect()
}
