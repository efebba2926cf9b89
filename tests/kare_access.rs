//! Kare's applications at runtime, through the real binary: created, used, revoked, and found again
//! by the next process.

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

use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use process::{Gateway, root};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use clients::{Socket, connect, next_text, send_json};
use upstream::front::{Got, send};
use upstream::{Mood, Upstream, Vendor};

/// An application of the configuration file.
const CONFIGURED: &str = "00000000-0000-4000-8000-00000000cafe";
const SECRET: &str = "a-secret-of-sixteen-and-more";
const PATIENCE: Duration = Duration::from_secs(5);

/// A gateway's configuration: a Kare frontend of this name before the demo's bot.
fn config(name: &str, store: &str) -> String {
    let script = root().join("config/demo-bot.toml");
    before(
        name,
        store,
        &format!("dialect = \"script\"\nscript = \"{}\"\n", script.display()),
    )
}

/// The same before another engine.
fn before(name: &str, store: &str, engine: &str) -> String {
    let store = match store {
        "" => String::new(),
        url => format!("[store]\nurl = \"{url}\"\n"),
    };
    format!(
        "[server]\nsigning_key = \"0123456789abcdef0123456789abcdef\"\n\
         {store}\
         [[frontends]]\nname = \"{name}\"\ndialect = \"kare\"\npath = \"/kare\"\nroute = \"main\"\n\
         apps = [{{ app_id = \"{CONFIGURED}\", name = \"configured\" }}]\n\
         oauth_clients = [{{ client_id = \"admin\", client_secret = \"{SECRET}\", \
         permissions = [\"settings:write\"] }}]\n\
         [[backends]]\nname = \"engine\"\n{engine}\n\
         [[routes]]\nname = \"main\"\nbackend = \"engine\"\n"
    )
}

/// An administrator of a gateway.
struct Admin {
    http: Client,
    base: String,
    token: String,
}

impl Admin {
    async fn of(gateway: &Gateway) -> Self {
        let http = Client::new();
        let base = gateway.url("/kare");
        let body = json!({
            "client_id": "admin", "client_secret": SECRET, "grant_type": "client_credentials",
        });
        let request = http.post(format!("{base}/oauth/token"));
        let request = request.header("content-type", "application/json");
        let granted = send(request.body(body.to_string())).await;
        assert_eq!(granted.status, 200, "{granted:?}");
        let token = granted.json()["access_token"].as_str().unwrap().to_owned();
        Self { http, base, token }
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> Got {
        let url = format!("{}/settings/application{path}", self.base);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        send(request.body(body.to_owned())).await
    }

    async fn create(&self, name: &str) -> String {
        let body = json!({"name": name, "team": name}).to_string();
        let got = self.ask(Method::POST, "", &body).await;
        assert_eq!(got.status, 201, "{got:?}");
        got.json()["app_id"].as_str().unwrap().to_owned()
    }

    async fn shut_off(&self, app: &str) {
        let got = self
            .ask(Method::PUT, &format!("/{app}"), r#"{"enabled":false}"#)
            .await;
        assert_eq!((got.status, &got.json()["enabled"]), (200, &json!(false)));
    }

    /// The names of all applications and whether they are let in.
    async fn list(&self) -> Vec<(String, bool)> {
        let got = self.ask(Method::GET, "", "").await;
        let entries = got.json()["entries"].as_array().unwrap().clone();
        let mut names: Vec<_> = entries
            .iter()
            .map(|app| {
                let name = app["name"].as_str().unwrap().to_owned();
                (name, app["enabled"].as_bool().unwrap())
            })
            .collect();
        names.sort();
        names
    }
}

/// An application that asks over REST.
#[derive(Clone)]
struct App {
    http: Client,
    base: String,
    id: String,
    token: String,
}

impl App {
    async fn new(gateway: &Gateway, id: &str) -> Self {
        let (http, base) = (Client::new(), gateway.url("/kare"));
        let got = Self::ask_token(&http, &base, id).await;
        assert_eq!(got.status, 200, "{got:?}");
        let token = got.json()["token"].as_str().unwrap().to_owned();
        let id = id.to_owned();
        Self {
            http,
            base,
            id,
            token,
        }
    }

    async fn ask_token(http: &Client, base: &str, id: &str) -> Got {
        send(http.get(format!("{base}/apps/token?app_id={id}"))).await
    }

    async fn config(&self) -> Got {
        let request = self.http.get(format!("{}/apps/config", self.base));
        send(request.bearer_auth(&self.token)).await
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        let request = self.http.post(format!("{}/{path}", self.base));
        send(request.bearer_auth(&self.token).body(body.to_string())).await
    }

    async fn say(&self, text: &str) -> Got {
        let started = self.post("dialog/conversation", json!({})).await;
        assert_eq!(started.status, 201, "{started:?}");
        let conversation = &started.json()["conversation_id"];
        let query = json!({"conversation_id": conversation, "text": text});
        self.post("dialog/query", query).await
    }

    async fn socket(&self) -> Socket {
        let base = self.base.replacen("http", "ws", 1);
        let mut socket = connect(&format!("{base}/ws?app_id={}", self.id), None).await;
        hello(&mut socket).await;
        socket
    }
}

/// Says hello and waits for the answer.
async fn hello(socket: &mut Socket) {
    send_json(
        socket,
        &json!({"id": Uuid::new_v4(), "uri": "in/hi", "body": {}}),
    )
    .await;
    let frame = frame(socket).await;
    assert_eq!(frame["uri"], "out/hi", "{frame}");
}

async fn frame(socket: &mut Socket) -> Value {
    let text = next_text(socket, PATIENCE).await.expect("no frame");
    serde_json::from_str(&text).unwrap()
}

fn error(got: &Got) -> (u16, String) {
    let code = got.json()["error"].as_str().unwrap_or_default().to_owned();
    (got.status, code)
}

#[tokio::test]
async fn a_revoked_application_is_cut_off_at_once() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let keys = format!(
        "dialect = \"dydu\"\nurl = \"http://{}\"\nbot_id = \"{}\"\n",
        engine.address,
        clients::dydu::BOT
    );
    let gateway = Gateway::start(&before("revocation", "", &keys)).await;
    let admin = Admin::of(&gateway).await;
    let app = App::new(&gateway, &admin.create("mine").await).await;
    let other = App::new(&gateway, CONFIGURED).await;
    let got = app.say("quick").await;
    assert_eq!(got.status, 200, "{got:?}");
    let (mut socket, mut others) = (app.socket().await, other.socket().await);

    engine.set(Mood::Slow(Duration::from_secs(6))).await;
    let slow = |app: &App| {
        let app = app.clone();
        let text = format!("slow of {}", app.id);
        tokio::spawn(async move { app.say(&text).await })
    };
    let under_way = [slow(&app), slow(&other)];
    for app in [&app, &other] {
        engine.has_heard(&format!("slow of {}", app.id)).await;
    }
    admin.shut_off(&app.id).await;

    // Long before the engine answers.
    let quick = Duration::from_secs(2);
    let goodbye = loop {
        let text = next_text(&mut socket, quick).await.expect("no goodbye");
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["uri"] == "out/bye" {
            break frame;
        }
    };
    assert_eq!(goodbye["body"], json!({"reason": "revoked"}));
    match tokio::time::timeout(quick, socket.next()).await {
        Ok(Some(Ok(Message::Close(Some(close))))) => assert_eq!(u16::from(close.code), 1008),
        other => panic!("{other:?}"),
    }

    let refused = |status: u16, code: &str| (status, code.to_owned());
    let got = App::ask_token(&app.http, &app.base, &app.id).await;
    assert_eq!(error(&got), refused(403, "app_disabled"));
    assert_eq!(error(&app.config().await), refused(401, "invalid_token"));
    let [revoked, going_on] = under_way;
    assert_eq!(
        error(&revoked.await.unwrap()),
        refused(401, "invalid_token")
    );
    assert_eq!(going_on.await.unwrap().status, 200);

    engine.set(Mood::Well).await;
    let query = json!({"id": Uuid::new_v4(), "uri": "in/query", "body": {"text": "still here"}});
    send_json(&mut others, &query).await;
    engine.has_heard("still here").await;
    assert_ne!(frame(&mut others).await["uri"], "out/bye");

    // Deleted, it is as if it never was.
    let path = format!("/{}", app.id);
    assert_eq!(admin.ask(Method::DELETE, &path, "").await.status, 204);
    let got = App::ask_token(&app.http, &app.base, &app.id).await;
    assert_eq!(error(&got), refused(401, "unknown_app"));
    assert_eq!(admin.ask(Method::GET, &path, "").await.status, 404);
    assert_eq!(admin.list().await, [("configured".to_owned(), true)]);
}

/// What one process does is found by the next one, and two at once do not undo each other's doing.
async fn is_found_again(name: &str, url: &str) {
    let text = config(name, url);
    let mut first = Gateway::start(&text).await;
    let admin = Admin::of(&first).await;
    let (kept, shut) = (admin.create("kept").await, admin.create("shut").await);
    let gone = admin.create("gone").await;
    let app = App::new(&first, &kept).await;
    assert_eq!(app.say("hello").await.status, 200);
    admin.shut_off(&shut).await;
    admin.ask(Method::DELETE, &format!("/{gone}"), "").await;
    admin
        .ask(Method::DELETE, &format!("/{CONFIGURED}"), "")
        .await;
    first.stop();

    let mut second = Gateway::start(&text).await;
    let admin = Admin::of(&second).await;
    let mut expected = vec![("kept".to_owned(), true), ("shut".to_owned(), false)];
    assert_eq!(admin.list().await, expected);
    let read = admin.ask(Method::GET, &format!("/{kept}"), "").await.json();
    assert_eq!((&read["team"], &read["id"]), (&json!("kept"), &json!(kept)));
    // Its token too is still good.
    let app = App {
        base: second.url("/kare"),
        ..app
    };
    assert_eq!(app.config().await.status, 200);
    assert_eq!(app.say("hello").await.status, 200);
    app.socket().await;

    let beside = Gateway::start(&text).await;
    let admins = [admin, Admin::of(&beside).await];
    let creations = (0..20).map(|number| {
        let admin = &admins[number % 2];
        expected.push((format!("number {number:02}"), true));
        async move { admin.create(&format!("number {number:02}")).await }
    });
    futures_util::future::join_all(creations.collect::<Vec<_>>()).await;
    // What one revokes, the other revokes a moment later.
    let app = App::new(&beside, &kept).await;
    let mut socket = app.socket().await;
    admins[0].shut_off(&kept).await;
    while frame(&mut socket).await["uri"] != "out/bye" {}
    assert_eq!(app.config().await.status, 401);
    expected[0].1 = false;
    second.stop();
    let third = Gateway::start(&text).await;
    expected.sort();
    assert_eq!(Admin::of(&third).await.list().await, expected);
}

/// A database file, removed in the end.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

#[tokio::test]
async fn applications_are_found_again_in_sqlite() {
    let file = File(std::env::temp_dir().join(format!("switchboard-{}.db", Uuid::new_v4())));
    is_found_again("website", &format!("sqlite:{}", file.0.display())).await;
}

/// The tests' PostgreSQL; none if it is not there, which is said loudly.
async fn postgres() -> Option<String> {
    sqlx::any::install_default_drivers();
    let url = std::env::var("SWITCHBOARD_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
    match AnyConnection::connect(&url).await {
        Ok(_) => Some(url),
        Err(error) => {
            eprintln!("SKIPPED: NO POSTGRESQL, set SWITCHBOARD_TEST_POSTGRES: {error}");
            None
        }
    }
}

/// Removes what a frontend has left.
async fn forget(url: &str, name: &str) {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let forget = sqlx::query("DELETE FROM documents WHERE name = $1").bind(name);
    assert_eq!(
        forget
            .execute(&mut connection)
            .await
            .unwrap()
            .rows_affected(),
        1
    );
}

#[tokio::test]
async fn applications_are_found_again_in_postgres() {
    let Some(url) = postgres().await else { return };
    let name = format!("test-{}", Uuid::new_v4());
    is_found_again(&name, &url).await;
    forget(&url, &name).await;
}

/// A way to a server that can be cut.
struct Wire {
    port: u16,
    to: String,
    open: Option<AbortHandle>,
}

impl Wire {
    async fn new(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut wire = Self {
            port: listener.local_addr().unwrap().port(),
            to: to.to_owned(),
            open: None,
        };
        wire.serve(listener);
        wire
    }

    fn serve(&mut self, listener: TcpListener) {
        let to = self.to.clone();
        let serving = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                open.spawn(async move {
                    let mut far = TcpStream::connect(to).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        self.open = Some(serving.abort_handle());
    }

    async fn cut(&mut self) {
        self.open.take().unwrap().abort();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn mend(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.serve(listener);
    }
}

#[tokio::test]
async fn a_lost_store_stops_changes_but_no_conversation() {
    let Some(direct) = postgres().await else {
        return;
    };
    let address = url::Url::parse(&direct).unwrap();
    let far = format!(
        "{}:{}",
        address.host_str().unwrap(),
        address.port().unwrap_or(5432)
    );
    let mut wire = Wire::new(&far).await;
    let mut through = address.clone();
    through.set_host(Some("127.0.0.1")).unwrap();
    through.set_port(Some(wire.port)).unwrap();
    let name = format!("test-{}", Uuid::new_v4());
    let gateway = Gateway::start(&config(&name, through.as_str())).await;
    let admin = Admin::of(&gateway).await;
    let mine = admin.create("mine").await;
    let app = App::new(&gateway, &mine).await;
    let ready = || async { send(Client::new().get(gateway.url("/readyz"))).await.status };
    assert_eq!(ready().await, 200);

    wire.cut().await;
    for (method, path, body) in [
        (Method::POST, String::new(), r#"{"name":"another"}"#),
        (Method::PUT, format!("/{mine}"), r#"{"enabled":false}"#),
        (Method::DELETE, format!("/{mine}"), ""),
    ] {
        let got = admin.ask(method, &path, body).await;
        assert_eq!(error(&got), (503, "store_unavailable".to_owned()));
    }
    assert_eq!(ready().await, 503);
    // What is in force needs no store.
    assert_eq!(admin.list().await.len(), 2);
    assert_eq!(app.say("hello").await.status, 200);

    wire.mend().await;
    assert_eq!(ready().await, 200);
    admin.shut_off(&mine).await;
    assert_eq!(app.config().await.status, 401);
    forget(&direct, &name).await;
}

#[tokio::test]
async fn changes_that_are_not_kept_are_told_of_once() {
    let gateway = Gateway::start_logged(&config("website", "")).await;
    let admin = Admin::of(&gateway).await;
    let told = || {
        gateway
            .log()
            .matches("is lost when the process ends")
            .count()
    };
    admin.list().await;
    assert_eq!(told(), 0);
    admin.create("one").await;
    admin.create("two").await;
    assert_eq!(told(), 1);
    for secret in [SECRET, &admin.token] {
        assert!(!gateway.log().contains(secret));
    }
}
