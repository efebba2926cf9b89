//! Frontends over real connections: mounts, limits, CORS, TLS and the way to the end.

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
use std::time::{Duration, Instant};

use http::{Method, Request};
use support::{Server, Setup, dialer, send, start, text};
use switchboard_exchange::Dialer;
use switchboard_net::dial::NetDialer;
use switchboard_net::host::{Limits, Serves};
use switchboard_net::tls::{ClientTls, ServerTls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn post(server: &Server, path: &str) -> http::request::Builder {
    Request::post(format!("http://{}{path}", server.address))
}

fn get(server: &Server, path: &str) -> http::request::Builder {
    Request::get(format!("http://{}{path}", server.address))
}

#[tokio::test]
async fn a_request_reaches_its_frontend_and_is_answered() {
    let server = start(Setup::default()).await;
    let dialer = dialer();
    for path in ["/lines/say?a", "/lines//say/?a", "//lines/say?a"] {
        let answer = send(&dialer, post(&server, path), "echo hi").await;
        assert_eq!(
            (answer.status().as_u16(), text(&answer)),
            (200, "hi"),
            "{path}"
        );
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    }
    let answer = send(&dialer, post(&server, "/lines/nowhere"), "").await;
    assert_eq!(
        (answer.status().as_u16(), text(&answer)),
        (404, "not_found")
    );
    let answer = send(&dialer, post(&server, "/elsewhere"), "").await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn health_and_metrics_keep_their_places() {
    let server = start(Setup::default()).await;
    let dialer = dialer();
    for (path, expected) in [
        ("/healthz", "ok\n"),
        ("/readyz", "ready\n"),
        ("/metrics", "metrics\n"),
    ] {
        let answer = send(&dialer, get(&server, path), "").await;
        assert_eq!((answer.status().as_u16(), text(&answer)), (200, expected));
    }
    server.exchange.shut_down(Duration::ZERO).await;
    let answer = send(&dialer, get(&server, "/readyz"), "").await;
    assert_eq!(answer.status(), 503);
}

#[tokio::test]
async fn listeners_serve_what_they_are_for() {
    let dialer = dialer();
    let public = start(Setup {
        serves: Serves::Frontends,
        ..Setup::default()
    })
    .await;
    assert_eq!(
        send(&dialer, get(&public, "/metrics"), "").await.status(),
        404
    );
    assert_eq!(
        send(&dialer, post(&public, "/lines/say?a"), "echo x")
            .await
            .status(),
        200
    );
    let admin = start(Setup {
        serves: Serves::Operations,
        ..Setup::default()
    })
    .await;
    assert_eq!(
        send(&dialer, get(&admin, "/metrics"), "").await.status(),
        200
    );
    assert_eq!(
        send(&dialer, post(&admin, "/lines/say?a"), "echo x")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_the_dialects_words() {
    let server = start(Setup::default()).await;
    let body = "x".repeat(2_000_000);
    let answer = send(&dialer(), post(&server, "/lines/say?a"), body).await;
    assert_eq!(
        (answer.status().as_u16(), text(&answer)),
        (413, "too_large")
    );
}

#[tokio::test]
async fn a_slow_body_is_not_waited_for() {
    let limits = Limits {
        body_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = start(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"POST /lines/say?a HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nech")
        .await
        .unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_preflight_is_answered_before_the_frontend_is_asked() {
    let origins = vec!["https://a.example".to_owned()];
    let server = start(Setup {
        origins,
        ..Setup::default()
    })
    .await;
    let preflight = |origin| {
        get(&server, "/lines/say")
            .method(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type, x-other")
    };
    let dialer = dialer();
    let granted = send(&dialer, preflight("https://a.example"), "").await;
    assert_eq!(granted.status(), 204);
    assert_eq!(
        granted.headers()["access-control-allow-origin"],
        "https://a.example"
    );
    assert_eq!(
        granted.headers()["access-control-allow-headers"],
        "content-type"
    );
    let foreign = send(&dialer, preflight("https://b.example"), "").await;
    assert_eq!(foreign.status(), 204);
    assert!(
        !foreign
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let request = post(&server, "/lines/nowhere").header("origin", "https://a.example");
    let error = send(&dialer, request, "").await;
    assert_eq!(error.status(), 404);
    assert_eq!(
        error.headers()["access-control-allow-origin"],
        "https://a.example"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let limits = Limits {
        idle_timeout: Duration::from_millis(150),
        ..Limits::default()
    };
    let server = start(Setup {
        limits,
        takes: Duration::from_millis(500),
        ..Setup::default()
    })
    .await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /heal").await.unwrap();
    let began = Instant::now();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty() && began.elapsed() < Duration::from_secs(2));
    let answer = send(&dialer(), post(&server, "/lines/say?a"), "ask hi").await;
    assert_eq!(text(&answer), "hi");
}

#[tokio::test]
async fn requests_under_way_are_finished_before_the_host_ends() {
    let server = start(Setup::default()).await;
    let request = post(&server, "/lines/say?a").body("ask hi".into()).unwrap();
    let under_way = tokio::spawn(dialer().http(&"x".into(), request, Duration::from_secs(5)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.running.drain();
    server.exchange.shut_down(Duration::from_secs(5)).await;
    assert!(server.running.close(Duration::from_secs(5)).await);
    assert_eq!(text(&under_way.await.unwrap().unwrap()), "hi");
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_self_signed_host_speaks_tls_and_plain_http_on_one_port() {
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
    let dialer = NetDialer::new([("engine".to_owned(), insecure)]).unwrap();
    let https = Request::post(format!("https://{}/lines/say?a", server.address));
    let answer = send(&dialer, https, "echo encrypted").await;
    assert_eq!(text(&answer), "encrypted");
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let answer = send(&dialer, post(&server, "/lines/say?a"), "echo plain").await;
    assert_eq!(text(&answer), "plain");

    let strict = NetDialer::new([]).unwrap();
    let https = Request::get(format!("https://{}/healthz", server.address));
    let request = https.body("".into()).unwrap();
    let refused = strict
        .http(&"engine".into(), request, Duration::from_secs(5))
        .await;
    assert!(refused.is_err());
}
