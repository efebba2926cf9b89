//! The server side: access, settings, places and options.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use support::server::{Server, assert_response, body, options, refusal, reply};
use support::{ADMIN_KEY, APP, now};
use switchboard_core::Fault;
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::Timestamp;

#[test]
fn tokens() {
    let server = Server::new(options());
    assert_response(&reply(server.fixture("04-apps-token")), "04-apps-token");
    let (fault, response) = refusal(server.fixture("05-apps-token-unknown-app"));
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::UnknownApp));
    assert_response(&response, "05-apps-token-unknown-app");
    let off = Server::new(json!({"apps": [{"app_id": APP, "enabled": false}]}));
    let (fault, response) = refusal(off.fixture("06-apps-token-revoked-app"));
    assert_eq!(fault, Fault::Disabled);
    assert_response(&response, "06-apps-token-revoked-app");
    let (_, response) = refusal(server.send("GET", "/v3.1/apps/token", &[], ""));
    assert_eq!(body(&response)["error"], "missing_parameter");
    assert_eq!(response.status(), 400);
    let by_header = Request::get("/v2.2/apps/token").header("App-Id", APP);
    reply(server.handle(by_header.body(Bytes::new()).unwrap()));
}

#[test]
fn tokens_expire_and_cannot_be_forged() {
    let mut server = Server::new(options());
    let ask = |server: &Server| server.send("GET", "/apps/config", &[], "");
    reply(ask(&server));
    server.now = Timestamp(now().0 + 899_000);
    reply(ask(&server));
    server.now = Timestamp(now().0 + 900_000);
    let (fault, response) = refusal(server.fixture("09-conversation-start-expired-token"));
    assert_eq!(
        fault,
        Fault::Unauthorised(AuthProblem::Invalid),
        "a forged one"
    );
    assert_eq!(body(&response)["error"], "invalid_token");
    let (fault, response) = refusal(ask(&server));
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::Expired));
    assert_response(&response, "09-conversation-start-expired-token");
    // The token of another installation.
    let mut stranger = Server::new(options());
    stranger.frontend = support::build_with([8; 32], |build| {
        use switchboard_core::dialect::Dialect;
        switchboard_kare::dialect()
            .frontend(options(), build)
            .unwrap()
    });
    let (fault, _) = refusal(ask(&stranger));
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::Invalid));
    // Shutting an application off kills its tokens.
    let mut off = Server::new(json!({"apps": [{"app_id": APP, "enabled": false}]}));
    off.token = Server::new(options()).token;
    let (fault, _) = refusal(ask(&off));
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::Invalid));
    // The three ways to show one.
    let token = std::mem::take(&mut server.token);
    server.now = now();
    for name in ["token", "access_token"] {
        reply(server.send("GET", "/apps/config", &[(name, &token)], ""));
    }
    let (fault, response) = refusal(ask(&server));
    assert_eq!(fault, Fault::Unauthorised(AuthProblem::Missing));
    assert_eq!(response.status(), 401);
}

#[test]
fn settings() {
    let server = Server::new(options());
    let response = reply(server.fixture("07-apps-config"));
    assert_response(&response, "07-apps-config");
    let mut nameless = Server::new(options());
    nameless.token.clear();
    reply(nameless.send("GET", "/apps/config", &[("app_id", APP)], ""));
    let (fault, response) = refusal(server.fixture("03-settings-application-refused-to-app-token"));
    assert_eq!(fault, Fault::Forbidden);
    assert_response(&response, "03-settings-application-refused-to-app-token");
}

#[test]
fn unknown_places_and_methods() {
    let server = Server::new(options());
    for path in ["/", "/apps", "/v2.1", "/v9/apps/token", "/v2.1ws"] {
        let (_, response) = refusal(server.send("GET", path, &[], ""));
        assert_eq!(body(&response)["error"], "not_found", "{path}");
        assert_eq!(response.status(), 404);
    }
    for (method, path) in [
        ("POST", "/apps/token"),
        ("GET", "/dialog/query"),
        ("DELETE", "/dialog/click"),
        ("POST", "/ws"),
        ("PUT", "/activity/conversations/x/events"),
        ("PATCH", "/settings/application/x"),
        ("PUT", "/settings/application"),
        ("GET", "/oauth/token"),
    ] {
        let (_, response) = refusal(server.send(method, path, &[], ""));
        assert_eq!(response.status(), 405, "{path}");
        assert!(response.headers().contains_key("allow"));
    }
}

#[test]
fn examples_and_description() {
    let server = Server::new(options());
    let examples = server.frontend.examples("http://127.0.0.1:8080/kare");
    assert!(examples[0].contains("curl") && examples[0].contains(APP));
    assert!(examples[1].contains("ws://127.0.0.1:8080/kare/ws"));
    let lines = server.frontend.describe();
    assert_eq!(lines[0], format!("app {APP} (Public help centre)"));
    assert!(!lines.join(" ").contains(ADMIN_KEY));
}

#[test]
fn mistakes_in_the_options_are_named() {
    use switchboard_core::dialect::Dialect;
    for (options, path) in [
        (json!({}), "apps"),
        (json!({"apps": []}), "apps"),
        (json!({"apps": [{"app_id": " "}]}), "apps[0].app_id"),
        (
            json!({"apps": [{"app_id": APP}, {"app_id": APP.to_uppercase()}]}),
            "apps[1].app_id",
        ),
        (
            json!({"apps": [{"app_id": APP, "colour": 1}]}),
            "apps[0].colour",
        ),
        (
            json!({"apps": [{"app_id": APP}], "admin_keys": ["short"]}),
            "admin_keys[0]",
        ),
        (
            json!({"apps": [{"app_id": APP}], "token_lifetime": -1}),
            "token_lifetime",
        ),
    ] {
        let error = support::refused_options(&options);
        assert_eq!(error.path, path, "{options}: {error}");
    }
    for (options, path) in [
        (json!({"url": "ftp://x", "app_id": "a"}), "url"),
        (json!({"url": "http://x", "app_id": ""}), "app_id"),
        (
            json!({"url": "http://x", "app_id": "a", "websocket_url": "http://x"}),
            "websocket_url",
        ),
        (
            json!({"url": "http://x", "app_id": "a", "transport": "pigeon"}),
            "transport",
        ),
    ] {
        let error = support::build(|build| {
            switchboard_kare::dialect()
                .backend(options.clone(), build)
                .err()
                .unwrap()
        });
        assert_eq!(error.path, path, "{options}: {error}");
    }
}
