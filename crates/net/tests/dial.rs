//! Engines over real connections.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use support::{Setup, dialer, start};
use switchboard_core::dialect::TransportFault;
use switchboard_exchange::{Dialer, SocketCommand, SocketEvent};
use switchboard_net::dial::NetDialer;
use switchboard_net::tls::{ClientTls, ServerTls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const BACKEND: &str = "engine";

/// An engine that answers every connection with these bytes and closes it.
async fn engine(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = tcp.read(&mut [0; 1024]).await;
                let _ = tcp.write_all(&answer).await;
            });
        }
    });
    format!("http://{address}/")
}

async fn fetch(url: &str, timeout: Duration) -> Result<http::Response<Bytes>, TransportFault> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    dialer().http(&BACKEND.into(), request, timeout).await
}

#[tokio::test]
async fn faults_are_told_apart() {
    let second = Duration::from_secs(1);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", closed.local_addr().unwrap());
    let silent = fetch(&address, Duration::from_millis(100)).await;
    assert_eq!(silent.unwrap_err(), TransportFault::Timeout);
    drop(closed);
    assert_eq!(
        fetch(&address, second).await.unwrap_err(),
        TransportFault::Connect
    );

    let broken = engine(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec()).await;
    assert_eq!(
        fetch(&broken, second).await.unwrap_err(),
        TransportFault::Broken
    );
    let nonsense = engine(b"hello\r\n\r\n".to_vec()).await;
    assert_eq!(
        fetch(&nonsense, second).await.unwrap_err(),
        TransportFault::Broken
    );

    let announced = engine(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec()).await;
    assert_eq!(
        fetch(&announced, second).await.unwrap_err(),
        TransportFault::TooLarge
    );
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(5 * 1024 * 1024, b'x');
    let endless = engine(endless).await;
    assert_eq!(
        fetch(&endless, Duration::from_secs(5)).await.unwrap_err(),
        TransportFault::TooLarge
    );
}

#[tokio::test]
async fn a_dialer_may_take_larger_answers() {
    let mut large = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    large.resize(5 * 1024 * 1024, b'x');
    let url = engine(large).await;
    let dialer = dialer().with_answer_limit(6 * 1024 * 1024);
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let answer = dialer
        .http(&BACKEND.into(), request, Duration::from_secs(5))
        .await;
    assert!(answer.unwrap().body().len() > 4 * 1024 * 1024);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url =
        engine(b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let answer = fetch(&url, Duration::from_secs(1)).await.unwrap();
    assert_eq!(answer.status(), 302);
}

struct Leg {
    events: mpsc::Receiver<SocketEvent>,
    commands: mpsc::Sender<SocketCommand>,
}

fn dial(dialer: &NetDialer, url: &str) -> Leg {
    let (event_sender, events) = mpsc::channel(4);
    let (commands, command_receiver) = mpsc::channel(4);
    let request = Request::get(url)
        .header("sec-websocket-protocol", "lines")
        .body(())
        .unwrap();
    dialer.open_socket(&BACKEND.into(), request, event_sender, command_receiver);
    Leg { events, commands }
}

impl Leg {
    async fn hear(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(5), self.events.recv());
        match next.await.expect("in time") {
            Some(SocketEvent::Text(text)) => text,
            other => format!("{other:?}"),
        }
    }

    async fn say(&self, text: &str) {
        self.commands
            .send(SocketCommand::Text(text.to_owned()))
            .await
            .unwrap();
    }
}

async fn talk(dialer: &NetDialer, url: &str) {
    let mut leg = dial(dialer, url);
    assert_eq!(leg.hear().await, "Some(Opened)");
    assert_eq!(leg.hear().await, "attached a");
    leg.say("twice hi").await;
    assert_eq!(leg.hear().await, "hi");
    assert_eq!(leg.hear().await, "hi");
    leg.say("quit enough").await;
    assert_eq!(
        leg.hear().await,
        r#"Some(Closed { code: 4000, reason: "enough", retry_after: None })"#
    );
    assert_eq!(leg.hear().await, "None");
}

#[tokio::test]
async fn a_leg_talks_over_a_websocket() {
    let server = start(Setup::default()).await;
    talk(&dialer(), &format!("ws://{}/lines/ws?a", server.address)).await;
}

#[tokio::test]
async fn a_leg_talks_over_an_encrypted_websocket() {
    let tls = Some(Arc::new(ServerTls::self_signed().unwrap()));
    let server = start(Setup {
        tls,
        ..Setup::default()
    })
    .await;
    let insecure = ClientTls {
        insecure: true,
        ca: None,
    };
    let dialer = NetDialer::new([(BACKEND.to_owned(), insecure)]).unwrap();
    talk(&dialer, &format!("wss://{}/lines/ws?a", server.address)).await;
}

#[tokio::test]
async fn a_refused_handshake_tells_its_status() {
    let server = start(Setup::default()).await;
    let url = format!("ws://{}/lines/lost", server.address);
    let mut leg = dial(&dialer(), &url);
    let heard = leg.hear().await;
    assert!(heard.starts_with("Some(Closed { code: 410,"), "{heard}");
}

#[tokio::test]
async fn a_refused_handshake_tells_how_long_to_wait() {
    for (header, wait) in [
        ("retry-after: 20\r\n", "Some(20s)"),
        ("retry-after: Sun, 22 Nov 2026 05:00:00 GMT\r\n", "None"),
        ("", "None"),
    ] {
        let answer = format!("HTTP/1.1 429 Slow\r\n{header}content-length: 0\r\n\r\n");
        let url = engine(answer.into_bytes()).await.replacen("http", "ws", 1);
        let heard = dial(&dialer(), &url).hear().await;
        assert!(heard.starts_with("Some(Closed { code: 429,"), "{heard}");
        assert!(
            heard.ends_with(&format!("retry_after: {wait} }})")),
            "{heard}"
        );
    }
}

#[tokio::test]
async fn a_dropped_leg_closes_its_socket() {
    let server = start(Setup::default()).await;
    let mut leg = dial(&dialer(), &format!("ws://{}/lines/ws?a", server.address));
    assert_eq!(leg.hear().await, "Some(Opened)");
    drop(leg);
    server.running.drain();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(server.running.close(Duration::from_secs(1)).await);
}

#[tokio::test]
async fn a_leg_that_does_not_listen_can_still_speak() {
    let server = start(Setup::default()).await;
    let mut leg = dial(&dialer(), &format!("ws://{}/lines/ws?a", server.address));
    assert_eq!(leg.hear().await, "Some(Opened)");
    for number in 0..40 {
        leg.say(&format!("echo {number}")).await;
    }
    assert_eq!(leg.hear().await, "attached a");
    for number in 0..40 {
        assert_eq!(leg.hear().await, number.to_string());
    }
}
