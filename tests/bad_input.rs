//! Bad input against the real binary: every dialect answers in its own words, the connection
//! survives where the protocol lets it, the conversation goes on, the metrics count it, and no
//! error or log tells a secret or a user's words.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own ids"
)]

mod clients;
mod process;
mod upstream;

#[path = "bad_input/dydu.rs"]
mod dydu;
#[path = "bad_input/dydu_socket.rs"]
mod dydu_socket;
#[path = "bad_input/edges.rs"]
mod edges;
#[path = "bad_input/kare.rs"]
mod kare;
#[path = "bad_input/kare_access.rs"]
mod kare_access;
#[path = "bad_input/kare_socket.rs"]
mod kare_socket;
#[path = "bad_input/opendialog.rs"]
mod opendialog;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::RequestBuilder;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use clients::Socket;
use process::{Gateway, engine_config};
use upstream::front::{Got, send};

/// Words that a user might say and that nobody but the engine should read.
const PRIVATE_WORDS: &str = "my-bank-account-is-4711";

/// Starts a gateway with the embedded engine that logs everything.
async fn start() -> Gateway {
    Gateway::start_logged(&engine_config()).await
}

/// Sends a request that must be refused with this status and count as this reason.
async fn refused(
    gateway: &Gateway,
    label: &str,
    (frontend, reason): (&str, &str),
    status: u16,
    request: RequestBuilder,
) -> Got {
    let labels = [("frontend", frontend), ("reason", reason)];
    let before = gateway.count("switchboard_rejected_total", &labels).await;
    let got = send(request).await;
    assert_eq!(got.status, status, "{label}: {got:?}");
    let after = gateway.count("switchboard_rejected_total", &labels).await;
    assert_eq!(
        after,
        before + 1.0,
        "{label}: not counted as {reason}: {got:?}"
    );
    got
}

/// JSON so deep that a recursive parser would run out of stack.
fn absurdly_deep(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

/// Sends a text frame that is not UTF-8.
async fn send_broken_text(socket: &mut Socket) {
    let frame = Frame::message(vec![0xff, 0xfe, 0x41], OpCode::Data(Data::Text), true);
    socket.send(Message::Frame(frame)).await.unwrap();
}

/// The code with which the server closes the socket.
async fn close_code(socket: &mut Socket) -> u16 {
    let reading = async {
        while let Some(message) = socket.next().await {
            if let Ok(Message::Close(Some(frame))) = message {
                return frame.code.into();
            }
        }
        1006
    };
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("the socket stays open")
}

/// The status with which a websocket handshake is refused, and the answer's body.
async fn handshake_refusal(url: &str) -> (u16, String) {
    use tokio_tungstenite::tungstenite::Error;
    match tokio_tungstenite::connect_async(url).await {
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (
                response.status().as_u16(),
                String::from_utf8_lossy(body).into_owned(),
            )
        }
        Err(other) => panic!("{url}: {other}"),
        Ok(_) => panic!("{url}: a socket was opened"),
    }
}

/// Nothing that was logged tells one of these secrets.
#[track_caller]
fn assert_discreet(gateway: &Gateway, secrets: &[&str]) {
    let log = gateway.log();
    assert!(!log.is_empty(), "a trace log cannot be empty");
    for secret in secrets {
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            panic!("{secret:?} was logged: {line}");
        }
    }
}
