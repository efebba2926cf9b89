//! What happens before a dialect is asked: origins, paths, health, and abuse of HTTP itself.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::clients::dydu::BOT;
use crate::clients::kare::APP;
use crate::process::{Gateway, engine_config};
use crate::upstream::front::{Dydu, Front, KareRest, OpenDialog, send};
use crate::{handshake_refusal, start};

const LISTED: &str = "https://www.example.com";
const FOREIGN: &str = "https://evil.example.net";

/// A path of each dialect that needs a credential or a body, and the headers that its clients
/// send with it.
fn guarded() -> [(&'static str, String, &'static [&'static str]); 5] {
    [
        (
            "POST",
            "/kare/dialog/query".into(),
            &[
                "authorization",
                "content-type",
                "kare-meta-page",
                "dialpad-meta-page",
            ],
        ),
        (
            "GET",
            "/kare/activity/conversations/x/events".into(),
            &["authorization"],
        ),
        (
            "POST",
            format!("/dydu/servlet/api/chat/talk/{BOT}"),
            &["authorization", "oidcaccesstoken", "content-type"],
        ),
        (
            "POST",
            "/opendialog/incoming/webchat".into(),
            &["content-type", "x-requested-with", "x-csrf-token"],
        ),
        (
            "POST",
            "/opendialog/chat-api/message".into(),
            &[
                "authorization",
                "content-type",
                "opendialog-user-id",
                "opendialog-scenario-id",
            ],
        ),
    ]
}

#[tokio::test]
async fn a_preflight_is_answered_before_authentication() {
    let gateway = start().await;
    for (method, path, headers) in guarded() {
        let request = Client::new().request(Method::OPTIONS, gateway.url(&path));
        let request = request.header("origin", "https://anywhere.example.org");
        let request = request.header("access-control-request-method", method);
        let got = send(request.header("access-control-request-headers", headers.join(","))).await;
        assert!(matches!(got.status, 200 | 204), "{path}: {got:?}");
        assert_eq!(
            got.header("access-control-allow-origin"),
            Some("*"),
            "{path}: {got:?}"
        );
        let methods = got.header("access-control-allow-methods").unwrap();
        assert!(methods.contains(method), "{path}: {methods}");
        let allowed = got
            .header("access-control-allow-headers")
            .unwrap()
            .to_lowercase();
        for header in headers {
            let is_allowed = allowed.split(',').any(|name| name.trim() == *header);
            assert!(is_allowed, "{path}: {header} is not in {allowed}");
        }
    }
    let rejected = gateway.count("switchboard_rejected_total", &[]).await;
    assert_eq!(rejected, 0.0, "a preflight is no rejection");
}

#[tokio::test]
async fn a_foreign_origin_gets_no_cors_headers() {
    let origins = format!("origins = [\"{LISTED}\"]\nroute = \"main\"");
    let config = engine_config().replacen("route = \"main\"", &origins, 3);
    let gateway = Gateway::start(&config).await;
    let http = Client::new();
    for (method, path, _) in guarded() {
        for (origin, granted) in [(LISTED, true), (FOREIGN, false), ("null", false)] {
            let preflight = http
                .request(Method::OPTIONS, gateway.url(&path))
                .header("origin", origin)
                .header("access-control-request-method", method);
            // Refusals included.
            let plain = http.request(method.parse().unwrap(), gateway.url(&path));
            for request in [preflight, plain.header("origin", origin)] {
                let got = send(request).await;
                let allowed = got.header("access-control-allow-origin");
                assert_eq!(
                    allowed,
                    granted.then_some(origin),
                    "{path} from {origin}: {got:?}"
                );
                assert!(
                    got.header("vary")
                        .is_some_and(|vary| vary.contains("rigin")),
                    "{got:?}"
                );
            }
        }
    }
    // Browsers apply no CORS to websockets, so the server must.
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let url = format!(
        "{}/ws?app_id={APP}",
        gateway.url("/kare").replacen("http", "ws", 1)
    );
    for (origin, opened) in [(LISTED, true), (FOREIGN, false)] {
        let mut request = url.as_str().into_client_request().unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let socket = tokio_tungstenite::connect_async(request).await;
        assert_eq!(socket.is_ok(), opened, "{origin}");
    }
}

#[tokio::test]
async fn slashes_may_be_doubled_and_trail() {
    let gateway = start().await;
    let kare = KareRest::open(&gateway.url("//kare/")).await;
    for path in ["dialog//query", "dialog/query/", "//dialog/query//"] {
        let query = kare.query(Uuid::new_v4(), "hello").to_string();
        let got = kare.post(path, query).await;
        assert_eq!(got.status, 200, "{path}: {got:?}");
    }
    for path in [
        "/dydu/servlet//api/chat/talk",
        "/dydu//api//chat/talk",
        "/dydu/api/chat/talk/",
    ] {
        let url = format!("{}/{BOT}/", gateway.url(path));
        let got = send(Client::new().post(url).body(Dydu::question("hello"))).await;
        assert_eq!(
            (got.status, &got.json()["type"]),
            (200, &"talkResponse".into()),
            "{path}"
        );
    }
    for path in [
        "/opendialog//incoming/webchat/",
        "//opendialog/incoming//webchat",
    ] {
        let client = OpenDialog::new("", "slashes");
        let request = Client::new().post(gateway.url(path));
        let got = send(request.body(client.text("hello").to_string())).await;
        assert_eq!(got.status, 200, "{path}: {got:?}");
    }
    for (path, status) in [
        ("//healthz", 200),
        ("/healthz/", 200),
        ("/kare", 404),
        ("/karex", 404),
    ] {
        assert_eq!(
            send(Client::new().get(gateway.url(path))).await.status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn operators_see_health_and_metrics() {
    let gateway = start().await;
    let http = Client::new();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            send(http.get(gateway.url(path))).await.status,
            200,
            "{path}"
        );
        assert_eq!(
            send(http.post(gateway.url(path))).await.status,
            405,
            "{path}"
        );
    }
    KareRest::open(&gateway.url("/kare"))
        .await
        .say("hello")
        .await
        .unwrap();
    let got = send(http.get(gateway.url("/metrics"))).await;
    assert!(
        got.header("content-type")
            .unwrap()
            .starts_with("text/plain"),
        "{got:?}"
    );
    for name in [
        "switchboard_turns_total{",
        "switchboard_turn_seconds",
        "switchboard_conversations_active{",
        "switchboard_messages_total{",
        "process_resident_memory_bytes",
    ] {
        assert!(got.body.contains(name), "{name} is missing: {}", got.body);
    }
    for stage in ["engine", "gateway"] {
        assert!(
            got.body.contains(&format!("stage=\"{stage}\"")),
            "{stage}: {}",
            got.body
        );
    }
    let outcome = [
        ("frontend", "main-kare"),
        ("backend", "demo"),
        ("outcome", "done"),
    ];
    assert_eq!(
        gateway.count("switchboard_turns_total", &outcome).await,
        1.0
    );
    for path in ["/", "/nothing", "/healthz/x"] {
        assert_eq!(
            send(http.get(gateway.url(path))).await.status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let gateway = start().await;
    let floods = [
        (0..5_000)
            .map(|at| format!("x-flood-{at}: {at}\r\n"))
            .collect::<String>(),
        format!("x-flood: {}\r\n", "x".repeat(200_000)),
        format!("cookie: {}\r\n", "a=b; ".repeat(40_000)),
    ];
    for flood in floods {
        let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
        let head = format!("GET /kare/apps/config HTTP/1.1\r\nhost: x\r\n{flood}\r\n");
        // The server may hang up before it has read all of it.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = read_all(&mut stream, Duration::from_secs(10)).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 431");
        assert!(refused, "{answer}");
    }
    let many = format!("/kare/apps/config?app_id={APP}&{}", "a=b&".repeat(100_000));
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    let _ = stream
        .write_all(format!("GET {many} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await;
    let answer = read_all(&mut stream, Duration::from_secs(10)).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    still_serves(&gateway).await;
}

#[tokio::test]
async fn noise_instead_of_http() {
    let gateway = start().await;
    for noise in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"POST /kare/dialog/query HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /kare/dialog/query HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"POST /kare/dialog/query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
        stream.write_all(noise).await.unwrap();
        let answer = read_all(&mut stream, Duration::from_secs(10)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    still_serves(&gateway).await;
}

/// Requests that are never finished do not hold a connection for ever, nor keep others out.
#[tokio::test]
async fn a_connection_that_dawdles_is_dropped() {
    let limits = "[limits]\nidle_timeout = \"2s\"\nbody_timeout = \"1s\"\n\n";
    let gateway = Gateway::start(&format!("{limits}{}", engine_config())).await;
    let begun = Instant::now();
    let mut dawdlers = Vec::new();
    for start in [
        "GET /kare/apps/config HTTP/1.1\r\nhost: x\r\nx-slow: 1",
        "",
        "POST /kare/dialog/query HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"text\"",
        "POST /opendialog/incoming/webchat HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        dawdlers.push(stream);
    }
    still_serves(&gateway).await;
    for mut stream in dawdlers {
        let answer = read_all(&mut stream, Duration::from_secs(15)).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
    still_serves(&gateway).await;
}

#[tokio::test]
async fn a_handshake_needs_a_frontend_with_sockets() {
    let gateway = start().await;
    let base = gateway.url("").replacen("http", "ws", 1);
    for path in [
        "/opendialog/incoming/webchat",
        "/kare/dialog/query",
        "/nothing",
    ] {
        let (status, _) = handshake_refusal(&format!("{base}{path}")).await;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
}

async fn still_serves(gateway: &Gateway) {
    for mut front in Front::all(&gateway.url(""), "still-there").await {
        let answer = front.say("hello").await.unwrap();
        assert!(
            answer.to_lowercase().contains("hello"),
            "{}: {answer}",
            front.name()
        );
    }
}

/// What a server says until it hangs up.
async fn read_all(stream: &mut TcpStream, within: Duration) -> String {
    let mut answer = Vec::new();
    let reading = async {
        // A reset is a way of hanging up, too.
        while matches!(stream.read_buf(&mut answer).await, Ok(1..)) {}
    };
    let hung_up = tokio::time::timeout(within, reading).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(hung_up.is_ok(), "the connection is kept: {answer}");
    answer
}
