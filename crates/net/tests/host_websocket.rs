//! Websockets of clients over real connections.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use support::{Server, Setup, dialer, send, start, text};
use switchboard_net::host::Limits;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

async fn connect(server: &Server, path: &str, origin: Option<&str>) -> Result<Client, u16> {
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let url = format!("ws://{}{path}", server.address);
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "lines".parse().unwrap());
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    match client_async(request, tcp).await {
        Ok((client, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "lines");
            Ok(client)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn open(server: &Server, path: &str) -> Client {
    connect(server, path, None).await.unwrap()
}

async fn say(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.unwrap();
}

async fn hear(client: &mut Client) -> String {
    let next = tokio::time::timeout(Duration::from_secs(5), client.next());
    match next.await.expect("in time") {
        Some(Ok(Message::Text(text))) => text.to_string(),
        Some(Ok(Message::Close(Some(frame)))) => format!("close {}", u16::from(frame.code)),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_socket_says_and_hears() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines//ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    say(&mut client, "twice hi").await;
    assert_eq!(hear(&mut client).await, "hi");
    assert_eq!(hear(&mut client).await, "hi");
    client
        .send(Message::Binary(vec![1, 2, 3].into()))
        .await
        .unwrap();
    assert_eq!(hear(&mut client).await, "3 bytes");
    say(&mut client, "quit enough").await;
    assert_eq!(hear(&mut client).await, "close 4000");
}

#[tokio::test]
async fn what_was_not_received_comes_with_the_next_socket_and_only_once() {
    let server = start(Setup::default()).await;
    let mut first = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut first).await, "attached a");
    say(&mut first, "echo one").await;
    assert_eq!(hear(&mut first).await, "one");
    say(&mut first, "later 200 two").await;
    first.close(None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut second = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut second).await, "attached a");
    assert_eq!(hear(&mut second).await, "two");
}

#[tokio::test]
async fn frames_can_name_the_conversation() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws").await;
    say(&mut client, "attach b").await;
    assert_eq!(hear(&mut client).await, "attached b");
    say(&mut client, "echo hi").await;
    assert_eq!(hear(&mut client).await, "hi");
}

#[tokio::test]
async fn a_call_holds_up_what_follows_it_but_not_what_is_published() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    say(&mut client, "turn ask slow").await;
    say(&mut client, "turn echo fast").await;
    let mut heard = Vec::new();
    for _ in 0..6 {
        heard.push(hear(&mut client).await);
    }
    let own: Vec<_> = heard
        .iter()
        .filter(|line| line.starts_with("turn") || *line == "after")
        .collect();
    assert_eq!(own, ["turn slow", "after", "turn fast", "after"]);
    assert!(heard.contains(&"slow".to_owned()) && heard.contains(&"fast".to_owned()));
}

#[tokio::test]
async fn refused_handshakes_are_answered_as_http() {
    let origins = vec!["https://a.example".to_owned()];
    let limits = Limits {
        websockets: 1,
        ..Limits::default()
    };
    let server = start(Setup {
        origins,
        limits,
        ..Setup::default()
    })
    .await;
    let foreign = connect(&server, "/lines/ws?a", Some("https://b.example")).await;
    assert_eq!(foreign.err(), Some(403));
    assert_eq!(connect(&server, "/lines/lost", None).await.err(), Some(410));
    assert_eq!(
        connect(&server, "/lines/nowhere", None).await.err(),
        Some(404)
    );
    let own = connect(&server, "/lines/ws?a", Some("https://a.example")).await;
    assert!(own.is_ok());
    assert_eq!(connect(&server, "/lines/ws?b", None).await.err(), Some(429));
    let plain = http::Request::get(format!("http://{}/lines/ws?c", server.address));
    let answer = send(&dialer(), plain, "").await;
    assert_eq!(
        (answer.status().as_u16(), text(&answer)),
        (400, "bad_input")
    );
    assert_eq!(answer.headers()["sec-websocket-version"], "13");
}

#[tokio::test]
async fn an_oversized_message_closes_with_1009() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    say(&mut client, &"x".repeat(1_000_000)).await;
    assert_eq!(hear(&mut client).await, "close 1009");
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    client.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(hear(&mut client).await, "close 1007");
}

#[tokio::test]
async fn the_end_of_the_host_closes_with_1001() {
    let server = start(Setup::default()).await;
    let mut attached = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut attached).await, "attached a");
    let mut free = open(&server, "/lines/ws").await;
    server.running.drain();
    say(&mut attached, "turn ask still").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.exchange.shut_down(Duration::from_secs(5)).await;
    let closed = tokio::spawn(async move { server.running.close(Duration::from_secs(5)).await });
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(hear(&mut attached).await);
    }
    assert!(heard.contains(&"still".to_owned()), "{heard:?}");
    assert!(heard.contains(&"close 1001".to_owned()), "{heard:?}");
    assert_eq!(hear(&mut free).await, "close 1001");
    drop((attached, free));
    assert!(closed.await.unwrap());
}

/// Reads what the server still sends, without answering, until it closes the connection.
async fn read_to_end(client: &mut Client) -> usize {
    let mut rest = Vec::new();
    let _ = client.get_mut().read_to_end(&mut rest).await;
    rest.len()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_silent_is_asked_and_then_dropped() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    let began = Instant::now();
    let ping = 2;
    assert_eq!(read_to_end(&mut client).await, 2 * ping);
    assert_eq!(began.elapsed().as_secs(), 90);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_closed() {
    let server = start(Setup::default()).await;
    let mut client = open(&server, "/lines/ws?a").await;
    assert_eq!(hear(&mut client).await, "attached a");
    say(&mut client, "flood").await;
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let read = read_to_end(&mut client).await;
    assert!(read < 100_000 * 1024, "{read}");
    assert_eq!(began.elapsed().as_secs(), 20);
}

/// `pong` alone does not keep a socket open that has not said what it is for.
#[tokio::test]
async fn a_socket_must_say_what_it_is_for() {
    let limits = Limits {
        websocket_silence: Duration::from_millis(300),
        ..Limits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let server = start(setup).await;
    let begun = Instant::now();
    let mut silent = open(&server, "/lines/ws").await;
    let mut attached = open(&server, "/lines/ws").await;
    say(&mut attached, "attach a").await;
    assert_eq!(hear(&mut attached).await, "attached a");
    assert_eq!(hear(&mut silent).await, "close 1008");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    // Who belongs to a conversation may be silent.
    let deadline = tokio::time::timeout(Duration::from_millis(900), attached.next());
    assert!(deadline.await.is_err());
    say(&mut attached, "echo still here").await;
    assert_eq!(hear(&mut attached).await, "still here");
}
