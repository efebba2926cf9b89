//! Applications at runtime, stronger credentials, and what each credential allows.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use support::{
    ADMIN_KEY, APP, CONVERSATION, Ids, assert_same, fixture, frontend, now, outcome, view,
};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Frontend, Handled, ServerSession, SessionAction, Upgrade};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::Timestamp;

const SECRET: &str = "s3cr3t-example-of-a-client";

fn options() -> Value {
    json!({
        "apps": [{"app_id": APP, "name": "Public help centre"}],
        "admin_keys": [ADMIN_KEY],
        "oauth_clients": [
            {"client_id": "acme-admin", "client_secret": SECRET, "permissions": ["settings:write"]},
            {
                "client_id": "acme loader", "client_secret": "p%2B:ss w0rd of a loader",
                "permissions": ["knowledge:read"], "lifetime": "5m",
            },
            {
                "client_id": "both", "client_secret": SECRET,
                "permissions": ["knowledge:read", "settings:write"],
            },
        ],
    })
}

/// A frontend, and the host that keeps what is changed.
struct Server {
    frontend: Arc<dyn Frontend>,
    kept: RefCell<Option<Value>>,
    ids: Ids,
    now: Timestamp,
}

impl Server {
    fn new() -> Self {
        Self::with(options())
    }

    fn with(options: Value) -> Self {
        Self {
            frontend: frontend(options),
            kept: RefCell::default(),
            ids: Ids::default(),
            now: now(),
        }
    }

    /// Another process that finds what this one has kept.
    fn restarted(self) -> Self {
        let server = Self::new();
        let kept = self.kept.into_inner().unwrap();
        server.frontend.adopt(&kept).unwrap();
        server.kept.replace(Some(kept));
        server
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.now,
            ids: &self.ids,
        }
    }

    fn handle(&self, request: http::request::Builder, body: &str) -> Handled {
        let request: Request<Bytes> = request.body(Bytes::from(body.to_owned())).unwrap();
        let path = request.uri().path().to_owned();
        self.frontend.handle(request, &path, &self.cx())
    }

    fn send(&self, token: &str, method: &str, path: &str, body: &str) -> Handled {
        let request = Request::builder().method(method).uri(path);
        self.handle(
            request.header("Authorization", format!("Bearer {token}")),
            body,
        )
    }

    /// What comes of it in the end: the status and the body.
    fn end(&self, handled: Handled) -> (u16, Value) {
        let response = match handled {
            Handled::Reply(response) | Handled::Refuse(_, response) => response,
            Handled::Amend(amend) => {
                let kept = self.kept.borrow().clone();
                match amend(kept, &self.cx()) {
                    Ok(amended) => {
                        self.frontend.adopt(&amended.document).unwrap();
                        self.kept.replace(Some(amended.document));
                        amended.response
                    }
                    Err((_, response)) => response,
                }
            }
            Handled::Call(call) => (call.finish)(Ok(outcome(Vec::new(), None)), &self.cx()),
            _ => return (101, Value::Null),
        };
        (response.status().as_u16(), body(&response))
    }

    fn ask(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.end(self.send(token, method, path, body))
    }

    fn admin(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.ask(ADMIN_KEY, method, path, body)
    }

    /// A new application's id.
    fn create(&self, name: &str) -> String {
        let request = json!({ "name": name }).to_string();
        let (status, body) = self.admin("POST", "/settings/application", &request);
        assert_eq!(status, 201, "{body}");
        body["app_id"].as_str().unwrap().to_owned()
    }

    fn shut_off(&self, app: &str) {
        let path = format!("/settings/application/{app}");
        let (status, body) = self.admin("PUT", &path, r#"{"enabled":false}"#);
        assert_eq!((status, &body["enabled"]), (200, &json!(false)));
    }

    fn token(&self, app: &str) -> String {
        let path = format!("/apps/token?app_id={app}");
        let (status, body) = self.end(self.handle(Request::builder().uri(path), ""));
        assert_eq!(status, 200, "{body}");
        body["token"].as_str().unwrap().to_owned()
    }

    fn grant(&self, content_type: &str, basic: Option<&str>, body: &str) -> Response<Bytes> {
        let mut request = Request::builder().method("POST").uri("/oauth/token");
        request = request.header("Content-Type", content_type);
        if let Some(basic) = basic {
            request = request.header("Authorization", format!("Basic {}", STANDARD.encode(basic)));
        }
        match self.handle(request, body) {
            Handled::Reply(response) | Handled::Refuse(_, response) => response,
            other => panic!("{other:?}"),
        }
    }

    fn granted(&self, client: &str, secret: &str) -> String {
        let request = json!({
            "client_id": client, "client_secret": secret, "grant_type": "client_credentials",
        });
        let response = self.grant("application/json", None, &request.to_string());
        assert_eq!(response.status(), 200, "{response:?}");
        body(&response)["access_token"].as_str().unwrap().to_owned()
    }

    fn socket(&self, app: &str) -> Box<dyn ServerSession> {
        let path = format!("/ws?app_id={app}");
        let Handled::Upgrade(Upgrade { mut session, .. }) =
            self.handle(Request::builder().uri(path), "")
        else {
            panic!("no socket for {app}");
        };
        assert!(session.attached(&view(), &self.cx()).is_empty());
        session
    }
}

fn body(response: &Response<Bytes>) -> Value {
    if response.body().is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(response.body()).unwrap()
}

fn error((status, body): (u16, Value)) -> (u16, String) {
    (
        status,
        body["error"].as_str().unwrap_or_default().to_owned(),
    )
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn an_application_is_created_read_changed_and_deleted() {
    let server = Server::new();
    let example = fixture("02-settings-application-create");
    let request = &example["request"];
    let (status, created) = server.admin(
        request["method"].as_str().unwrap(),
        request["path"].as_str().unwrap(),
        &request["body"].to_string(),
    );
    assert_eq!(status, example["response"]["status"]);
    assert_same(&created, &example["response"]["body"]);
    assert_eq!(created["id"], created["app_id"]);
    assert_eq!(created["created_at"], "2021-07-02T10:15:00.000Z");

    let app = created["app_id"].as_str().unwrap();
    let path = format!("/v2.1/settings/application/{}", app.to_uppercase());
    assert_eq!(server.admin("GET", &path, ""), (200, created.clone()));
    assert_eq!(
        server.ask(&server.token(app), "GET", "/apps/config", "").0,
        200
    );

    // What is not named stays, and what nobody knows is kept.
    let (status, changed) = server.admin(
        "PUT",
        &path,
        r#"{"team":{"id":7},"name":"Portal","enabled":null}"#,
    );
    assert_eq!(status, 200);
    let mut expected = created.clone();
    expected["name"] = json!("Portal");
    expected["team"] = json!({"id": 7});
    assert_eq!(changed, expected);
    // What was read can be written back.
    assert_eq!(
        server.admin("PUT", &path, &changed.to_string()),
        (200, changed.clone())
    );
    let (_, config) = server.ask(&server.token(app), "GET", "/apps/config", "");
    assert_eq!(config["name"], "Portal");

    let (status, listed) = server.admin("GET", "/settings/application", "");
    assert_eq!(status, 200);
    let configured = json!({
        "id": APP, "app_id": APP, "name": "Public help centre", "enabled": true, "created_at": null,
    });
    assert_eq!(
        listed,
        json!({"entries": [configured, changed], "next_cursor": null})
    );

    let token = server.token(app);
    assert_eq!(server.admin("DELETE", &path, ""), (204, Value::Null));
    let unknown = refused(404, "not_found");
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(
            error(server.admin(method, &path, "{}")),
            unknown,
            "{method}"
        );
    }
    let unknown = refused(401, "unknown_app");
    assert_eq!(
        error(server.ask(&token, "GET", "/apps/config", "")),
        unknown
    );
    let path = format!("/apps/token?app_id={app}");
    assert_eq!(
        error(server.end(server.handle(Request::builder().uri(path), ""))),
        unknown
    );
}

#[test]
fn what_is_kept_lies_over_the_configuration() {
    let server = Server::new();
    let made = server.create("made");
    server.shut_off(APP);
    let server = server.restarted();
    let token = format!("/apps/token?app_id={APP}");
    let ask =
        |server: &Server| error(server.end(server.handle(Request::builder().uri(&token), "")));
    assert_eq!(ask(&server), refused(403, "app_disabled"));
    server.token(&made);

    let path = format!("/settings/application/{APP}");
    assert_eq!(server.admin("PUT", &path, r#"{"enabled":true}"#).0, 200);
    server.token(APP);
    assert_eq!(server.admin("DELETE", &path, "").0, 204);
    assert_eq!(ask(&server), refused(401, "unknown_app"));
    let server = server.restarted();
    assert_eq!(ask(&server), refused(401, "unknown_app"));
    let (_, listed) = server.admin("GET", "/settings/application", "");
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1);
    // The demonstration uses one that works.
    assert!(server.frontend.examples("http://x")[0].contains(&made));

    // What cannot be read does not come into force.
    let nonsense = json!({"applications": [{"app_id": 1}]});
    assert_eq!(server.frontend.adopt(&nonsense), Err(Fault::Internal));
    server.token(&made);
}

#[test]
fn fields_of_an_application_have_types() {
    let server = Server::new();
    let long = json!({"name": "x", "notes": "y".repeat(5000)}).to_string();
    let path = format!("/settings/application/{APP}");
    let cases = [
        ("POST", "{", 400, "invalid_json", None),
        ("POST", "[]", 400, "invalid_json", None),
        ("POST", "", 400, "missing_parameter", Some("name")),
        (
            "POST",
            r#"{"enabled":true}"#,
            400,
            "missing_parameter",
            Some("name"),
        ),
        (
            "POST",
            r#"{"name":7}"#,
            400,
            "invalid_message",
            Some("name"),
        ),
        (
            "POST",
            r#"{"name":" "}"#,
            400,
            "invalid_message",
            Some("name"),
        ),
        (
            "POST",
            r#"{"name":"x","enabled":"yes"}"#,
            400,
            "invalid_message",
            Some("enabled"),
        ),
        (
            "POST",
            r#"{"name":"x","app_id":"mine"}"#,
            422,
            "invalid_message",
            Some("app_id"),
        ),
        ("POST", &long, 413, "too_large", None),
        (
            "PUT",
            r#"{"name":["x"]}"#,
            400,
            "invalid_message",
            Some("name"),
        ),
        (
            "PUT",
            r#"{"enabled":0}"#,
            400,
            "invalid_message",
            Some("enabled"),
        ),
        (
            "PUT",
            r#"{"id":"other"}"#,
            422,
            "invalid_message",
            Some("app_id"),
        ),
        ("PUT", &long, 413, "too_large", None),
    ];
    for (method, text, status, code, field) in cases {
        let path = if method == "PUT" {
            &*path
        } else {
            "/settings/application"
        };
        let (got, body) = server.admin(method, path, text);
        assert_eq!(
            (got, body["error"].as_str()),
            (status, Some(code)),
            "{text}"
        );
        assert_eq!(body["field"].as_str(), field, "{text}: {body}");
    }
    assert_eq!(server.kept.take(), None, "a refusal changes nothing");
}

#[test]
fn applications_are_listed_in_pages() {
    let server = Server::new();
    for number in 0..5 {
        server.create(&format!("number {number}"));
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for expected in [4, 2] {
        let path = format!("/settings/application?limit=4&cursor={cursor}");
        let (_, page) = server.admin("GET", &path, "");
        let entries = page["entries"].as_array().unwrap();
        assert_eq!(entries.len(), expected);
        seen.extend(
            entries
                .iter()
                .map(|app| app["id"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        // One that goes meanwhile takes no other along.
        server.admin("DELETE", &format!("/settings/application/{cursor}"), "");
    }
    assert_eq!(cursor, "");
    assert_eq!(seen.len(), 6);
    assert!(seen.is_sorted());
    let (status, body) = server.admin("GET", "/settings/application?limit=many", "");
    assert_eq!((status, &body["field"]), (400, &json!("limit")));
}

#[test]
fn there_are_only_so_many_applications() {
    let server = Server::new();
    let app =
        |number: usize| json!({"app_id": format!("app-{number:05}"), "name": "", "enabled": true});
    // With the one of the configuration, one is still to be had.
    let apps: Vec<_> = (0..9_998).map(app).collect();
    server.kept.replace(Some(json!({ "applications": apps })));
    server.create("the last");
    let (status, body) = server.admin("POST", "/settings/application", r#"{"name":"another"}"#);
    assert_eq!(
        (status, body["error"].as_str()),
        (422, Some("invalid_message"))
    );
    let path = format!("/settings/application/{APP}");
    assert_eq!(server.admin("DELETE", &path, "").0, 204);
    server.create("in its stead");
}

#[test]
fn revocation_bites_at_once() {
    let server = Server::new();
    let query = json!({"conversation_id": CONVERSATION, "text": "hello"}).to_string();
    for delete in [false, true] {
        let (app, other) = (server.create("a"), server.create("b"));
        let (token, others) = (server.token(&app), server.token(&other));
        let mut sockets = [server.socket(&app), server.socket(&other)];
        let under_way =
            [&token, &others].map(|it| server.send(it, "POST", "/dialog/query", &query));
        let by_admin = format!("/dialog/query?app_id={app}");
        let by_admin = server.send(ADMIN_KEY, "POST", &by_admin, &query);
        for socket in &mut sockets {
            assert!(socket.settings_changed(&server.cx()).is_empty());
        }
        let (token_code, id_code) = if delete {
            server.admin("DELETE", &format!("/settings/application/{app}"), "");
            ("unknown_app", (401, "unknown_app"))
        } else {
            server.shut_off(&app);
            ("invalid_token", (403, "app_disabled"))
        };

        let [revoked, going_on] = under_way.map(|handled| server.end(handled));
        assert_eq!(error(revoked), refused(401, "invalid_token"));
        assert_eq!(going_on.0, 200);
        assert_eq!(server.end(by_admin).0, 401);
        let by_id = |path: &str| {
            let path = format!("{path}?app_id={app}");
            error(server.end(server.handle(Request::builder().uri(path), "")))
        };
        for path in ["/apps/token", "/apps/config", "/ws"] {
            assert_eq!(by_id(path), refused(id_code.0, id_code.1), "{path}");
        }
        for path in ["/apps/config", "/ws"] {
            let got = error(server.ask(&token, "GET", path, ""));
            assert_eq!(got, refused(401, token_code), "{path}");
            assert!(server.ask(&others, "GET", path, "").0 < 300, "{path}");
        }

        let [mut socket, mut going_on] = sockets;
        assert!(going_on.settings_changed(&server.cx()).is_empty());
        let actions = socket.settings_changed(&server.cx());
        let [
            SessionAction::Send(frame),
            SessionAction::Close { code: 1008, .. },
        ] = &*actions
        else {
            panic!("{actions:?}");
        };
        let frame: Value = serde_json::from_str(frame).unwrap();
        assert_eq!(frame["uri"], "out/bye");
        assert_eq!(frame["body"], json!({"reason": "revoked"}));
        assert_eq!(frame["conversation_id"], CONVERSATION);
    }
}

#[test]
fn sockets_of_before_are_closed_even_if_the_application_is_let_in_again() {
    let server = Server::new();
    let app = server.create("a");
    let mut before = server.socket(&app);
    server.shut_off(&app);
    let path = format!("/settings/application/{app}");
    server.admin("PUT", &path, r#"{"enabled":true}"#);
    let mut after = server.socket(&app);
    // Both changes came before the sockets were asked.
    let actions = before.settings_changed(&server.cx());
    let close = actions.last().unwrap();
    assert!(matches!(close, SessionAction::Close { code: 1008, .. }));
    assert!(after.settings_changed(&server.cx()).is_empty());
}

#[test]
fn an_application_of_any_size_can_be_shut_off() {
    let mut options = options();
    options["apps"][0]["name"] = json!("x".repeat(5000));
    let server = Server::with(options);
    server.shut_off(APP);
    let path = format!("/settings/application/{APP}");
    let got = server.admin("PUT", &path, r#"{"enabled":true,"more":1}"#);
    assert_eq!(got.0, 413);
}

#[test]
fn a_token_is_valid_for_as_long_as_was_said() {
    let mut server = Server::new();
    server.now = now().after(Duration::from_millis(999));
    let token = server.token(APP);
    let ask = |server: &Server| server.ask(&token, "GET", "/apps/config", "").0;
    server.now = server.now.after(Duration::from_millis(899_999));
    assert_eq!(ask(&server), 200);
    server.now = server.now.after(Duration::from_millis(1001));
    assert_eq!(ask(&server), 401);
}

#[test]
fn tokens_of_before_stay_dead() {
    let server = Server::new();
    let before = server.token(APP);
    assert_eq!(server.ask(&before, "GET", "/apps/config", "").0, 200);
    server.shut_off(APP);
    let path = format!("/settings/application/{APP}");
    server.admin("PUT", &path, r#"{"enabled":true}"#);
    let server = server.restarted();
    let got = error(server.ask(&before, "GET", "/apps/config", ""));
    assert_eq!(got, refused(401, "invalid_token"));
    assert_eq!(
        server.ask(&server.token(APP), "GET", "/apps/config", "").0,
        200
    );
}

/// More tokens than are known by heart, while applications come and go.
#[test]
fn tokens_are_told_apart_while_applications_change() {
    let server = Server::new();
    let app = |number: usize| json!({"app_id": format!("app-{number}"), "name": format!("{number}"), "enabled": true});
    let apps: Vec<_> = (0..1_500).map(app).collect();
    server
        .frontend
        .adopt(&json!({ "applications": apps }))
        .unwrap();
    let tokens: Vec<_> = (0..1_500)
        .map(|n| server.token(&format!("app-{n}")))
        .collect();
    for (number, token) in tokens.iter().enumerate() {
        let (_, config) = server.ask(token, "GET", "/apps/config", "");
        assert_eq!(config["name"], number.to_string());
    }
    server
        .frontend
        .adopt(&json!({ "applications": apps[750..] }))
        .unwrap();
    for (number, token) in tokens.iter().enumerate() {
        let status = server.ask(token, "GET", "/apps/config", "").0;
        assert_eq!(status, if number < 750 { 401 } else { 200 }, "{number}");
    }
}

#[test]
fn every_credential_has_its_rights() {
    let server = Server::new();
    let query = json!({"conversation_id": CONVERSATION, "text": "hello"}).to_string();
    let click = json!({"conversation_id": CONVERSATION, "target": {"aspect": "open/link"}});
    let click = click.to_string();
    let history = format!("/activity/conversations/{CONVERSATION}/events");
    let calls = [
        ("GET", "/apps/config", "", 200),
        ("POST", "/dialog/conversation", "", 201),
        ("POST", "/dialog/query", &query, 200),
        ("POST", "/dialog/click", &click, 200),
        ("GET", "/ws", "", 101),
        ("GET", &history, "", 200),
        ("GET", "/settings/application", "", 200),
    ];
    let app = server.token(APP);
    let writer = server.granted("acme-admin", SECRET);
    let reader = server.granted("acme loader", "p%2B:ss w0rd of a loader");
    let both = server.granted("both", SECRET);
    for (name, token, may_read, may_write) in [
        ("app", &*app, false, false),
        ("writer", &writer, false, true),
        ("reader", &reader, true, false),
        ("both", &both, true, true),
        ("admin", ADMIN_KEY, true, true),
    ] {
        for (method, path, body, done) in calls {
            let may = match path {
                _ if path == history => may_read,
                "/settings/application" => may_write,
                _ => true,
            };
            let got = server.ask(token, method, path, body);
            if may {
                assert_eq!(got.0, done, "{name} {path}: {}", got.1);
            } else {
                assert_eq!(error(got), refused(403, "forbidden"), "{name} {path}");
            }
        }
        for (method, body) in [("GET", ""), ("PUT", "{}"), ("DELETE", "")] {
            if !may_write {
                let path = "/settings/application/nobody";
                let got = error(server.ask(token, method, path, body));
                assert_eq!(got, refused(403, "forbidden"), "{name} {method}");
            }
        }
    }
    let example = fixture("03-settings-application-refused-to-app-token");
    let (status, body) = server.ask(&app, "POST", "/settings/application", r#"{"name":"x"}"#);
    assert_eq!(status, 403);
    assert_same(&body, &example["response"]["body"]);
}

#[test]
fn credentials_are_granted_in_three_ways() {
    let server = Server::new();
    let mut example = fixture("01-oauth-client-credentials")["request"]["body"].clone();
    example["client_secret"] = json!(SECRET);
    let form = "application/x-www-form-urlencoded";
    let grant = "grant_type=client_credentials";
    let loader = "p%2B:ss w0rd of a loader";
    for (content_type, basic, text) in [
        ("application/json", None, example.to_string()),
        (
            form,
            None,
            format!("{grant}&client_id=acme-admin&client_secret={SECRET}"),
        ),
        (form, Some(format!("acme-admin:{SECRET}")), grant.to_owned()),
        (
            "application/json",
            Some(format!("acme-admin:{SECRET}")),
            json!({"grant_type": "client_credentials"}).to_string(),
        ),
        // As it stands, and by the letter.
        (
            form,
            Some(format!("acme loader:{loader}")),
            grant.to_owned(),
        ),
        (
            form,
            Some("acme%20loader:p%252B%3Ass%20w0rd%20of%20a%20loader".to_owned()),
            grant.to_owned(),
        ),
    ] {
        let response = server.grant(content_type, basic.as_deref(), &text);
        let granted = body(&response);
        assert_eq!(response.status(), 200, "{text}: {granted}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(granted["token_type"], "Bearer");
        let is_loader =
            basic.is_some_and(|basic| basic.starts_with("acme loader") || basic.contains("%20"));
        assert_eq!(granted["expires_in"], if is_loader { 300 } else { 3600 });
        let right = if is_loader {
            "knowledge:read"
        } else {
            "settings:write"
        };
        assert!(
            granted["scope"].as_str().unwrap().ends_with(right),
            "{granted}"
        );
        let token = granted["access_token"].as_str().unwrap();
        assert_eq!(server.ask(token, "GET", "/apps/config", "").0, 200);
    }
    // Under a version too.
    let path = Request::builder().method("POST").uri("/v2.2/oauth/token");
    assert_eq!(server.end(server.handle(path, &example.to_string())).0, 200);
}

#[test]
fn refused_grants_say_why() {
    let server = Server::new();
    let form = "application/x-www-form-urlencoded";
    let with = |rest: &str| format!("grant_type=client_credentials&{rest}");
    let good = format!("client_id=acme-admin&client_secret={SECRET}");
    let near = format!("client_id=acme-admin&client_secret={SECRET}x");
    let cases = [
        (None, with(""), 401, "invalid_client"),
        (None, with("client_id=acme-admin"), 401, "invalid_client"),
        (
            None,
            with("client_id=acme-admin&client_secret="),
            401,
            "invalid_client",
        ),
        (None, with(&near), 401, "invalid_client"),
        (
            None,
            with(&format!("client_id=nobody&client_secret={SECRET}")),
            401,
            "invalid_client",
        ),
        (
            Some("acme-admin:wrong".to_owned()),
            with(""),
            401,
            "invalid_client",
        ),
        (Some("nonsense".to_owned()), with(""), 401, "invalid_client"),
        (
            Some(format!("acme-admin:{SECRET}")),
            with(&good),
            400,
            "invalid_request",
        ),
        (None, good.clone(), 400, "invalid_request"),
        (None, String::new(), 400, "invalid_request"),
        (None, "{".to_owned(), 400, "invalid_request"),
        (
            None,
            format!("grant_type=password&{good}"),
            400,
            "unsupported_grant_type",
        ),
        (
            None,
            with(&format!("{good}&scope=knowledge:read")),
            400,
            "invalid_scope",
        ),
        (
            None,
            with(&format!("{good}&scope=settings:write+all")),
            400,
            "invalid_scope",
        ),
    ];
    for (basic, text, status, code) in cases {
        let content_type = if text == "{" {
            "application/json"
        } else {
            form
        };
        let response = server.grant(content_type, basic.as_deref(), &text);
        let body = body(&response);
        assert_eq!(
            (response.status().as_u16(), body["error"].as_str()),
            (status, Some(code)),
            "{text}"
        );
        assert!(body["error_description"].is_string());
        assert_eq!(response.headers()["cache-control"], "no-store");
        let challenge = response.headers().get("www-authenticate");
        assert_eq!(challenge.is_some(), status == 401, "{text}");
        assert!(!body.to_string().contains(SECRET));
    }
    // Fewer rights than the client has are granted.
    let response = server.grant(form, None, &with(&format!("{good}&scope=config:read")));
    let granted = body(&response);
    assert_eq!(granted["scope"], "config:read");
    let token = granted["access_token"].as_str().unwrap();
    assert_eq!(server.ask(token, "GET", "/apps/config", "").0, 200);
    let got = error(server.ask(token, "GET", "/settings/application", ""));
    assert_eq!(got, refused(403, "forbidden"));
}

#[test]
fn granted_tokens_die_with_their_client() {
    let mut server = Server::new();
    let token = server.granted("acme loader", "p%2B:ss w0rd of a loader");
    let path = format!("/activity/conversations/{CONVERSATION}/events");
    let ask = |server: &Server| error(server.ask(&token, "GET", &path, ""));
    assert_eq!(ask(&server).0, 200);
    server.now = now().after(Duration::from_secs(300));
    assert_eq!(ask(&server), refused(401, "token_expired"));

    // Another process of the same installation knows it, but not without the client, with another
    // secret of it, or with fewer rights.
    let dead = refused(401, "invalid_token");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut options = options();
        change(&mut options["oauth_clients"]);
        ask(&Server::with(options))
    };
    assert_eq!(changed(&|_| ()).0, 200);
    assert_eq!(changed(&|clients| *clients = json!([])), dead);
    let other = |clients: &mut Value| clients[1]["client_secret"] = json!("another long secret");
    assert_eq!(changed(&other), dead);
    let fewer = |clients: &mut Value| clients[1]["permissions"] = json!(["settings:write"]);
    assert_eq!(changed(&fewer), refused(403, "forbidden"));

    let mut forged = token.clone();
    forged.insert(forged.len() - 6, 'A');
    let got = error(server.ask(&forged, "GET", &path, ""));
    assert_eq!(got, dead);
}

#[test]
fn a_store_that_cannot_be_reached_has_an_error_of_its_own() {
    let response = Server::new()
        .frontend
        .encode_fault(&Fault::StoreUnavailable);
    assert_eq!(response.status(), 503);
    assert_eq!(body(&response)["error"], "store_unavailable");
}

#[test]
fn mistakes_in_clients_are_named_and_secrets_are_not() {
    for (client, path) in [
        (json!({"client_id": " "}), "oauth_clients[1].client_id"),
        (json!({"client_id": "a"}), "oauth_clients[1].client_id"),
        (
            json!({"client_secret": "short"}),
            "oauth_clients[1].client_secret",
        ),
        (json!({"permissions": []}), "oauth_clients[1].permissions"),
        (
            json!({"permissions": ["all"]}),
            "oauth_clients[1].permissions[0]",
        ),
        (json!({"lifetime": "10ms"}), "oauth_clients[1].lifetime"),
        (json!({"colour": 1}), "oauth_clients[1].colour"),
    ] {
        let good =
            json!({"client_id": "b", "client_secret": SECRET, "permissions": ["knowledge:read"]});
        let mut first = good.clone();
        first["client_id"] = json!("a");
        let mut second = good.clone();
        second
            .as_object_mut()
            .unwrap()
            .extend(client.as_object().unwrap().clone());
        let options = json!({"apps": [{"app_id": APP}], "oauth_clients": [first, second]});
        let error = support::refused_options(&options);
        assert_eq!(error.path, path, "{client}: {error}");
        assert!(!error.to_string().contains(SECRET));
    }
    // Who may create applications needs none to begin with.
    let client =
        json!({"client_id": "a", "client_secret": SECRET, "permissions": ["settings:write"]});
    Server::with(json!({"oauth_clients": [client]})).granted("a", SECRET);
    let lines = Server::new().frontend.describe().join("\n");
    assert!(lines.contains("oauth client acme-admin"), "{lines}");
    assert!(!lines.contains(SECRET) && !lines.contains(ADMIN_KEY));
}

#[test]
fn a_missing_credential_is_asked_for() {
    let server = Server::new();
    let Handled::Refuse(fault, response) =
        server.handle(Request::builder().uri("/settings/application"), "")
    else {
        panic!("not refused");
    };
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::Missing));
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}
