//! The server side, driven by the fixtures: requests in, operations out, outcomes in, answers out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{
    ADMIN_KEY, APP, CONVERSATION, Ids, assert_same, entries, envelope, fixture, frontend, id, now,
    outcome, published, view,
};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Collect, Cx, Entry, Find, Frontend, Handled, Item, Operation, ServerSession,
    SessionAction, UnknownChoice, Upgrade, Wait,
};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::{
    Action, Author, Choices, Content, EndReason, FeedbackRequest, Handover, HandoverPhase, Media,
    Message, MessageId, Notice, Profile, Quote, RichText, Timestamp, Typing, UserEvent, UserInput,
};
use switchboard_kare::convert::message;

fn options() -> Value {
    json!({
        "apps": [{"app_id": APP.to_uppercase(), "name": "Public help centre"}],
        "admin_keys": [ADMIN_KEY],
        "config": {
            "locales": ["en-GB", "de-DE"],
            "escalation": {"enabled": true, "type": "custom", "titlebar": true},
            "theme": {"title": "Help", "colour": "#336699"},
        },
    })
}

struct Server {
    frontend: Arc<dyn Frontend>,
    ids: Ids,
    token: String,
    now: Timestamp,
}

impl Server {
    fn new(options: Value) -> Self {
        let mut server = Self {
            frontend: frontend(options),
            ids: Ids::default(),
            token: String::new(),
            now: now(),
        };
        if let Handled::Reply(response) = server.send("GET", "/apps/token", &[("app_id", APP)], "")
        {
            server.token = body(&response)["access_token"].as_str().unwrap().to_owned();
        }
        server
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.now,
            ids: &self.ids,
        }
    }

    fn handle(&self, request: Request<Bytes>) -> Handled {
        let path = request.uri().path().to_owned();
        self.frontend.handle(request, &path, &self.cx())
    }

    fn send(&self, method: &str, path: &str, query: &[(&str, &str)], body: &str) -> Handled {
        let mut uri = path.to_owned();
        if !query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(query)
                .finish();
            uri = format!("{uri}?{query}");
        }
        let mut request = Request::builder().method(method).uri(uri);
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        self.handle(request.body(Bytes::from(body.to_owned())).unwrap())
    }

    /// Sends a fixture's request, with a real token for the example's.
    fn fixture(&self, name: &str) -> Handled {
        let fixture = fixture(name);
        let request = &fixture["request"];
        let request = if request["connect"].is_object() {
            let connect = &request["connect"];
            json!({"method": "GET", "path": "/ws", "query": connect["query"], "headers": connect["headers"]})
        } else {
            request.clone()
        };
        let query = request["query"].as_object().unwrap();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                query
                    .iter()
                    .map(|(name, value)| (name, value.as_str().unwrap())),
            )
            .finish();
        let mut built = Request::builder()
            .method(request["method"].as_str().unwrap())
            .uri(format!("{}?{query}", request["path"].as_str().unwrap()));
        for (name, value) in request["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            built = built.header(name, value.replace("app.tok.7f3c9a51", &self.token));
        }
        let body = match request.get("body") {
            Some(body) => body.to_string(),
            None => String::new(),
        };
        self.handle(built.body(Bytes::from(body)).unwrap())
    }

    fn upgrade(&self, query: &[(&str, &str)]) -> Upgrade {
        match self.send("GET", "/ws", query, "") {
            Handled::Upgrade(upgrade) => upgrade,
            other => panic!("{other:?}"),
        }
    }

    fn session(&self) -> Box<dyn ServerSession> {
        let mut session = self.upgrade(&[("app_id", APP)]).session;
        assert!(session.attached(&view(), &self.cx()).is_empty());
        session
    }
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[track_caller]
fn reply(handled: Handled) -> Response<Bytes> {
    match handled {
        Handled::Reply(response) => response,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refusal(handled: Handled) -> (Fault, Response<Bytes>) {
    match handled {
        Handled::Refuse(fault, response) => (fault, response),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn call(handled: Handled) -> Call<Response<Bytes>> {
    match handled {
        Handled::Call(call) => *call,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_response(response: &Response<Bytes>, name: &str) {
    let expected = &fixture(name)["response"];
    let expected = expected.get("handshake").unwrap_or(expected);
    assert_eq!(response.status().as_u16(), expected["status"], "{name}");
    for (header, value) in expected["headers"].as_object().unwrap() {
        assert_eq!(
            response.headers()[header.as_str()],
            value.as_str().unwrap(),
            "{name}"
        );
    }
    assert_same(&body(response), &expected["body"]);
}

fn event_of(operation: &Operation) -> &UserEvent {
    match operation {
        Operation::Input { event, .. } | Operation::Greet { event, .. } => event,
        other => panic!("{other:?}"),
    }
}

/// The messages of a fixture as a Kare engine's leg publishes them.
fn native(frames: &Value, hi: Option<MessageId>) -> Vec<Item> {
    let mut hello = None;
    let mut items = Vec::new();
    for frame in frames.as_array().unwrap() {
        let wire = envelope(frame);
        match wire.uri.as_str() {
            "out/hi" => hello = wire.id.map(|id| id.to_model()),
            "out/error" => {}
            uri => {
                let ends = uri == "out/bye";
                let reason = frame["body"]["reason"].as_str().map(EndReason::from_word);
                let mut message = message::to_model(wire, id(CONVERSATION), now());
                if message.parent.is_some() && message.parent == hello {
                    message.parent = hi;
                }
                items.push(published(message));
                if ends {
                    items.push(Item::Ended {
                        reason: reason.unwrap(),
                    });
                }
            }
        }
    }
    items
}

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
    // Applications are the operator's: fixture 02's creation is refused with the reason.
    let (fault, response) = refusal(server.fixture("02-settings-application-create"));
    assert_eq!(fault, Fault::MethodNotAllowed);
    assert_eq!(response.status(), 405);
    assert!(
        body(&response)["message"]
            .as_str()
            .unwrap()
            .contains("configuration file")
    );
}

#[test]
fn unknown_places_and_methods() {
    let server = Server::new(options());
    for path in [
        "/",
        "/apps",
        "/v2.1",
        "/v9/apps/token",
        "/oauth/token",
        "/v2.1ws",
    ] {
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
        ("GET", "/settings/application/x"),
    ] {
        let (_, response) = refusal(server.send(method, path, &[], ""));
        assert_eq!(response.status(), 405, "{path}");
        assert!(response.headers().contains_key("allow"));
    }
}

#[test]
fn a_conversation_starts() {
    let server = Server::new(options());
    let call = call(server.fixture("08-conversation-start"));
    assert_eq!(call.target.find, Find::New);
    assert_eq!(call.target.scope, APP);
    assert_eq!(call.operation, Operation::Touch);
    let profile = &call.profile;
    assert_eq!(profile.user_id.as_deref(), Some("customer-4711"));
    assert_eq!(profile.locales.host.as_deref(), Some("en-SG"));
    assert_eq!(profile.locales.selected, None);
    assert_eq!(profile.tags, ["returning", "web"]);
    assert_eq!(profile.metadata["plan"], "gold");
    assert_eq!(profile.metadata["cart"], "3");
    assert_eq!(profile.app.as_deref(), Some(APP));
    let response = (call.finish)(Ok(outcome(Vec::new(), None)), &server.cx());
    assert_response(&response, "08-conversation-start");
}

/// What a Kare engine answers comes out of REST as it went in.
#[test]
fn queries_and_clicks_answered_by_a_kare_engine() {
    for name in [
        "10-query-answer-tree",
        "11-query-missing-flat-body",
        "17-click-choice",
        "18-click-custom-event-no-reply",
    ] {
        let server = Server::new(options());
        let call = call(server.fixture(name));
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        let event = event_of(&call.operation).clone();
        assert!(matches!(
            call.operation,
            Operation::Input {
                wait: Wait::Turn(Collect::Turn),
                unknown_choice: UnknownChoice::Ignore,
                ..
            }
        ));
        let fixture = fixture(name);
        assert_eq!(
            event.id,
            id(fixture["request"]["body"]["id"].as_str().unwrap())
        );
        let items = native(&fixture["response"]["body"], None);
        let response = (call.finish)(
            Ok(outcome(entries(Some(event.id), items), Some(event.id))),
            &server.cx(),
        );
        assert_response(&response, name);
    }
}

#[test]
fn bad_queries() {
    let server = Server::new(options());
    let (_, response) = refusal(server.fixture("13-query-bad-request"));
    assert_response(&response, "13-query-bad-request");
    let post = |body: &str| {
        let (_, response) = refusal(server.send("POST", "/dialog/query", &[], body));
        let error = self::body(&response);
        (
            response.status().as_u16(),
            error["error"].as_str().unwrap().to_owned(),
        )
    };
    let with = |rest: &str| format!("{{\"conversation_id\":\"{CONVERSATION}\",{rest}}}");
    assert_eq!(post("{"), (400, "invalid_json".to_owned()));
    assert_eq!(post("[1]"), (400, "invalid_json".to_owned()));
    assert_eq!(
        post("{\"text\":\"x\"}"),
        (400, "missing_parameter".to_owned())
    );
    assert_eq!(
        post(&with("\"text\":\"  \"")),
        (400, "invalid_message".to_owned())
    );
    assert_eq!(
        post(&with("\"uri\":\"in/click\",\"text\":\"x\"")),
        (422, "invalid_message".to_owned())
    );
    let long = format!("\"text\":\"{}\"", "é".repeat(4001));
    assert_eq!(post(&with(&long)), (413, "too_large".to_owned()));
    let fits = with(&format!("\"text\":\"{}\"", "é".repeat(4000)));
    call(server.send("POST", "/dialog/query", &[], &fits));
    let (_, response) = refusal(server.send(
        "POST",
        "/dialog/query",
        &[("conversation_id", APP)],
        &with("\"text\":\"x\""),
    ));
    assert_eq!(response.status(), 400);
    let (_, response) = refusal(server.send("POST", "/dialog/click", &[], &with("\"x\":1")));
    assert_eq!(body(&response)["field"], "body.target");
    let form = Request::post("/dialog/query")
        .header("Authorization", format!("Bearer {}", server.token))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Bytes::from("text=x"))
        .unwrap();
    let (fault, response) = refusal(server.handle(form));
    assert_eq!(
        (fault, response.status().as_u16()),
        (Fault::UnsupportedMedia, 415)
    );
}

#[test]
fn faults_of_a_query() {
    let server = Server::new(options());
    for (name, fault) in [
        ("14-query-unknown-conversation", Fault::UnknownConversation),
        (
            "15-query-rate-limited",
            Fault::RateLimited {
                retry_after: Some(std::time::Duration::from_millis(1500)),
            },
        ),
        ("16-query-engine-timeout", Fault::TimedOut),
    ] {
        let call = call(server.fixture(name));
        let response = (call.finish)(Err(fault), &server.cx());
        assert_response(&response, name);
    }
    for (fault, status, code) in [
        (Fault::ConversationEnded, 409, "conversation_closed"),
        (Fault::BackendUnavailable, 502, "engine_unavailable"),
        (Fault::TooLarge { limit: 1 }, 413, "too_large"),
        (Fault::Internal, 500, "internal_error"),
    ] {
        let response = server.frontend.encode_fault(&fault);
        assert_eq!(response.status(), status);
        assert_eq!(body(&response)["error"], code);
        assert_eq!(body(&response)["status"], status);
    }
}

#[test]
fn a_query_in_other_words() {
    let server = Server::new(options());
    for text in [
        "\"text\":\"hi\"",
        "\"query\":\"hi\"",
        "\"q\":\"hi\"",
        "\"message\":\"hi\"",
        "\"body\":\"hi\"",
        "\"body\":{\"query\":\"hi\"}",
        "\"uri\":\"/IN/query\",\"body\":{\"text\":\"hi\"}",
    ] {
        for conversation in [
            format!("\"conversationId\":\"{}\"", CONVERSATION.to_uppercase()),
            format!("\"conversation\":{{\"id\":\"{CONVERSATION}\"}}"),
        ] {
            let body = format!("{{{conversation},{text}}}");
            let call = call(server.send("POST", "/v2.1/dialog/query", &[], &body));
            assert_eq!(
                call.target.find,
                Find::Existing(CONVERSATION.to_owned()),
                "{body}"
            );
            assert_eq!(
                event_of(&call.operation).input,
                UserInput::text("hi"),
                "{body}"
            );
        }
    }
}

#[test]
fn history() {
    let server = Server::new(options());
    let (fault, response) = refusal(server.fixture("20-activity-events-refused-to-app-token"));
    assert_eq!(fault, Fault::Forbidden);
    assert_response(&response, "20-activity-events-refused-to-app-token");
    let name = "19-activity-events-authorised";
    let finish = |query: &[(&str, &str)]| {
        let mut admin = Server::new(options());
        admin.token = ADMIN_KEY.to_owned();
        let path = format!("/v2.1/activity/conversations/{CONVERSATION}/events");
        let call = call(admin.send("GET", &path, query, ""));
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        assert_eq!(call.target.scope, APP);
        let listed = fixture(name)["response"]["body"]["entries"].clone();
        let query = listed[0].clone();
        let event = switchboard_kare::convert::event::to_model(
            envelope(&query),
            id(APP),
            Timestamp::from_rfc3339(query["created_at"].as_str().unwrap()).unwrap(),
        )
        .unwrap();
        let rest = Value::from(listed.as_array().unwrap()[1..].to_vec());
        let turn = event.id;
        let mut items = vec![Item::User(event.into())];
        items.extend(native(&rest, None));
        (call.finish)(Ok(outcome(entries(Some(turn), items), None)), &admin.cx())
    };
    assert_response(&finish(&[]), name);
    let page = body(&finish(&[("limit", "3")]));
    assert_eq!(page["entries"].as_array().unwrap().len(), 3);
    assert_eq!(page["next_cursor"], "3");
    let page = body(&finish(&[("limit", "3"), ("cursor", "3")]));
    assert_eq!(
        page["entries"][0]["body"]["aspect"],
        "resolution/answer/quote"
    );
    assert_eq!(page["entries"][0]["header"]["seq"], 2);
    let page = body(&finish(&[("cursor", "6"), ("limit", "3")]));
    assert_eq!(page["next_cursor"], Value::Null);
}

#[test]
fn handshakes() {
    let server = Server::new(options());
    for name in [
        "21-ws-connect-app-id",
        "22-ws-connect-bearer",
        "23-ws-connect-metadata-both-prefixes",
    ] {
        let Handled::Upgrade(upgrade) = server.fixture(name) else {
            panic!("{name}");
        };
        let attach = upgrade.attach.unwrap();
        assert_eq!(attach.target.find, Find::Existing(CONVERSATION.to_owned()));
        assert_eq!(attach.target.scope, APP);
        assert_eq!(attach.profile.locales.browser.as_deref(), Some("en-GB"));
        let user = (!name.starts_with("21")).then_some("customer-4711");
        assert_eq!(attach.profile.user_id.as_deref(), user);
        if name.starts_with("23") {
            let logged = &fixture(name)["response"]["logged_metadata"];
            assert_eq!(
                &serde_json::to_value(&attach.profile.metadata).unwrap(),
                logged
            );
        }
    }
    let (_, response) = refusal(server.fixture("24-ws-connect-refused"));
    assert_response(&response, "24-ws-connect-refused");
    assert_eq!(
        server
            .upgrade(&[("app_id", APP), ("conversation_id", "")])
            .attach
            .unwrap()
            .target
            .find,
        Find::New
    );
    let (_, response) = refusal(server.send("GET", "/ws", &[("app_id", CONVERSATION)], ""));
    assert_eq!(
        body(&response)["error"],
        "invalid_token",
        "the token decides"
    );
    let off = Server::new(json!({"apps": [{"app_id": APP, "enabled": false}]}));
    let (fault, _) = refusal(off.send("GET", "/ws", &[("app_id", APP)], ""));
    assert_eq!(fault, Fault::Disabled);
}

#[test]
fn metadata_by_both_prefixes() {
    let server = Server::new(options());
    let attach = server
        .upgrade(&[
            ("app_id", APP),
            ("dialpad-meta-plan", "new"),
            ("kare-meta-PLAN", "old"),
            ("kare-meta-a", "1"),
            ("kare-meta-a", "2 3"),
            ("kare-meta-long", &"x".repeat(2049)),
            ("user_profile_tags", "a,b"),
            ("user_profile_tags", "c"),
        ])
        .attach
        .unwrap();
    let metadata: Vec<_> = attach.profile.metadata.iter().collect();
    assert_eq!(
        metadata,
        [
            (&"a".to_owned(), &"2 3".to_owned()),
            (&"plan".to_owned(), &"new".to_owned())
        ]
    );
    assert!(!attach.profile.extras.is_empty(), "the raw pairs are kept");
    assert_eq!(attach.profile.tags, ["a", "b", "c"]);
}

#[test]
fn a_query_brings_what_its_address_tells() {
    let server = Server::new(options());
    let body = format!("{{\"conversation_id\":\"{CONVERSATION}\",\"text\":\"hi\"}}");
    let query = [
        ("kare-meta-page", "/help"),
        ("user_id", "customer-4711"),
        ("user_profile_tags", "late"),
    ];
    let call = call(server.send("POST", "/v2.1/dialog/query", &query, &body));
    assert_eq!(call.profile.metadata["page"], "/help");
    assert_eq!(call.profile.user_id.as_deref(), Some("customer-4711"));
    assert!(call.profile.tags.is_empty(), "bound at the start");
}

#[test]
fn tags_are_bound_once() {
    for (bound, expected) in [(vec![], vec!["late"]), (vec!["web".to_owned()], vec![])] {
        let server = Server::new(options());
        let mut session = server.upgrade(&[("app_id", APP)]).session;
        let mut view = view();
        view.profile = Arc::new(Profile {
            tags: bound,
            ..Profile::default()
        });
        session.attached(&view, &server.cx());
        let hi = json!({"uri": "in/hi", "body": {"user_profile_tags": ["late"]}});
        let actions = session.handle_text(&hi.to_string(), &server.cx());
        let Some(SessionAction::Call(call)) = actions.into_iter().nth(1) else {
            panic!("no greeting");
        };
        assert_eq!(call.profile.tags, expected);
    }
}

/// A socket and what it has sent.
struct Socket {
    server: Server,
    session: Box<dyn ServerSession>,
    sent: Vec<Value>,
    calls: Vec<Call<Vec<SessionAction>>>,
    refused: Vec<Fault>,
    closed: Option<(u16, String)>,
}

impl Socket {
    fn open() -> Self {
        let server = Server::new(options());
        let session = server.session();
        Self {
            server,
            session,
            sent: Vec::new(),
            calls: Vec::new(),
            refused: Vec::new(),
            closed: None,
        }
    }

    fn take(&mut self, actions: Vec<SessionAction>) {
        for action in actions {
            match action {
                SessionAction::Send(text) => self.sent.push(serde_json::from_str(&text).unwrap()),
                SessionAction::Call(call) => self.calls.push(*call),
                SessionAction::Refused(fault) => self.refused.push(fault),
                SessionAction::Close { code, reason } => self.closed = Some((code, reason)),
                SessionAction::Attach(_) => panic!("attached by the handshake"),
            }
        }
    }

    fn text(&mut self, text: &str) {
        let actions = self.session.handle_text(text, &self.server.cx());
        self.take(actions);
    }

    fn deliver(&mut self, entries: &[Entry]) {
        for entry in entries {
            let actions = self.session.deliver(entry, &view(), &self.server.cx());
            self.take(actions);
        }
    }

    /// The call that the last message brought, performed.
    fn operation(&mut self) -> Operation {
        let call = self.calls.remove(0);
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        let actions = (call.finish)(Ok(outcome(Vec::new(), None)), &self.server.cx());
        self.take(actions);
        call.operation
    }

    fn fail(&mut self, fault: Fault) {
        let call = self.calls.remove(0);
        let actions = (call.finish)(Err(fault), &self.server.cx());
        self.take(actions);
    }

    fn turn(&mut self, frame: &Value) -> UserEvent {
        self.text(&frame.to_string());
        event_of(&self.operation()).clone()
    }

    fn sent(&mut self) -> Value {
        Value::from(std::mem::take(&mut self.sent))
    }
}

/// The socket's fixtures with a Kare engine behind.
#[test]
fn dialogs_with_a_kare_engine() {
    for name in [
        "25-ws-open-hi",
        "26-ws-open-welcome-response",
        "27-ws-query-choice",
        "28-ws-click-choice",
        "29-ws-custom-event-open-link",
        "30-ws-query-invalid-id",
        "31-ws-missing-escalate-click",
        "32-ws-handover",
        "33-ws-titlebar-escalation",
        "34-ws-disambiguation",
        "35-ws-language-unsupported",
        "36-ws-language-unknown",
        "37-ws-feedback-click",
    ] {
        let fixture = fixture(name);
        let mut socket = Socket::open();
        let event = socket.turn(&fixture["request"]["frames"][0]);
        let mut expected = fixture["response"]["frames"].clone();
        if name.starts_with("30") {
            // The server assigned the parent.
            for frame in expected.as_array_mut().unwrap() {
                frame["parent_id"] = event.id.to_string().into();
            }
        }
        let items = native(&expected, Some(event.id));
        socket.deliver(&entries(Some(event.id), items));
        let sent = socket.sent();
        if name.starts_with("31") {
            assert_eq!(socket.closed, Some((1000, "escalated".to_owned())));
        }
        assert_same(&sent, &expected);
    }
}

#[test]
fn an_unasked_goodbye() {
    let mut socket = Socket::open();
    let name = "38-ws-server-bye";
    let fixture = fixture(name);
    let items = native(&fixture["response"]["frames"], None);
    socket.deliver(&entries(None, items));
    assert_same(&socket.sent(), &fixture["response"]["frames"]);
    assert_eq!(socket.closed, Some((1000, "idle".to_owned())));
    // Another engine's goodbye has no words of its own.
    let mut socket = Socket::open();
    socket.deliver(&entries(
        None,
        vec![Item::Ended {
            reason: EndReason::Idle,
        }],
    ));
    let sent = socket.sent();
    assert_eq!(sent[0]["uri"], "out/bye");
    assert_eq!(sent[0]["body"], json!({"reason": "idle"}));
    assert_eq!(socket.closed, Some((1000, "idle".to_owned())));
}

#[test]
fn unusable_frames() {
    let mut socket = Socket::open();
    let fixture = fixture("39-ws-error-frame");
    socket.text(&fixture["request"]["frames"][0].to_string());
    assert_same(&socket.sent(), &fixture["response"]["frames"]);
    assert_eq!(socket.refused.len(), 1);
    socket.text("{\"uri\":\"in/dance\",\"id\":\"0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10\"}");
    assert_eq!(socket.sent()[0]["body"]["error"], "unknown_uri");
    for blank in ["", " \n"] {
        socket.text(blank);
        assert_eq!(socket.sent(), json!([]));
    }
    for _ in 0..9 {
        socket.text("{nonsense");
    }
    assert_eq!(socket.closed, None);
    socket.text("{\"body\":{}}");
    assert_eq!(socket.sent()[9]["body"]["field"], "uri");
    assert_eq!(socket.closed.take().unwrap().0, 1008);
    assert!(socket.calls.is_empty());
}

#[test]
fn odd_frames_are_taken() {
    let mut socket = Socket::open();
    let frame = json!([
        {"uri": "in/text", "body": "one"},
        {"uri": "/in/query", "text": "two"},
        {"event": {"type": "IN/QUERY", "payload": {"message": "three"}}},
    ]);
    let actions = socket
        .session
        .handle_binary(frame.to_string().as_bytes(), &socket.server.cx());
    socket.take(actions);
    let words: Vec<UserInput> = (0..3)
        .map(|_| event_of(&socket.operation()).input.clone())
        .collect();
    assert_eq!(words, ["one", "two", "three"].map(UserInput::text));
    socket.text("{\"uri\":\"in/bye\"}");
    assert!(matches!(
        socket.operation(),
        Operation::End {
            reason: EndReason::Ended
        }
    ));
    let actions = socket
        .session
        .handle_binary(&[0xff, 0xfe], &socket.server.cx());
    socket.take(actions);
    assert_eq!(socket.sent()[0]["body"]["error"], "invalid_json");
}

#[test]
fn hello_again() {
    let mut socket = Socket::open();
    let hi = json!({"uri": "in/hi", "body": {"query": "orders", "host_locale": "fr-FR"}});
    socket.text(&hi.to_string());
    let Operation::Greet { event, wait } = socket.operation() else {
        panic!("the greeting comes first");
    };
    assert_eq!(wait, Wait::Accepted);
    assert!(matches!(
        event.input,
        UserInput::Open {
            welcome: None,
            query: None
        }
    ));
    assert_eq!(
        event_of(&socket.operation()).input,
        UserInput::text("orders")
    );
    let first = socket.sent();
    assert_eq!(first[0]["header"]["final"], false);
    assert_eq!(first[0]["body"]["locale"], "fr-FR");
    socket.text(&hi.to_string());
    assert!(socket.calls.is_empty(), "nobody is greeted twice");
    let second = socket.sent();
    assert_eq!(second[0]["uri"], "out/hi");
    assert_eq!(second[0]["header"]["final"], true);
    // Input before any hello is processed at once; the hello is only acknowledged then.
    let mut socket = Socket::open();
    socket.turn(&json!({"uri": "in/query", "body": {"text": "orders"}}));
    socket.text("{\"uri\":\"in/hi\"}");
    assert_eq!(socket.sent()[0]["header"]["final"], true);
}

#[test]
fn the_address_may_name_the_welcome() {
    let server = Server::new(options());
    let mut session = server
        .upgrade(&[("app_id", APP), ("welcomeId", "node_1")])
        .session;
    session.attached(&view(), &server.cx());
    let actions = session.handle_text("{\"uri\":\"in/hi\"}", &server.cx());
    let Some(SessionAction::Call(call)) = actions.into_iter().nth(1) else {
        panic!("no greeting");
    };
    assert!(matches!(&event_of(&call.operation).input,
        UserInput::Open { welcome: Some(id), .. } if id == "node_1"));
}

fn flat(n: u128, turn: Option<MessageId>, content: Content) -> Message {
    Message::bot(
        MessageId(uuid::Uuid::from_u128(0xB000 + n)),
        turn,
        now(),
        content,
    )
}

fn text(n: u128, turn: Option<MessageId>, words: &str) -> Message {
    flat(n, turn, Content::text(RichText::markdown(words)))
}

/// What a flat engine answers becomes the trees of the fixtures.
#[test]
fn flat_answers_become_trees() {
    // A greeting: text below out/hi.
    let mut socket = Socket::open();
    let greeting = fixture("25-ws-open-hi");
    let turn = Some(socket.turn(&greeting["request"]["frames"][0]).id);
    let words = "Hello! Ask me anything about your order.";
    socket.deliver(&entries(turn, vec![published(text(1, turn, words))]));
    assert_same(&socket.sent(), &greeting["response"]["frames"]);

    // A welcome response: an answer below out/hi.
    let mut socket = Socket::open();
    let welcome = fixture("26-ws-open-welcome-response");
    let turn = Some(socket.turn(&welcome["request"]["frames"][0]).id);
    let words = "Billing runs on the first of the month.";
    socket.deliver(&entries(turn, vec![published(text(1, turn, words))]));
    let mut expected = welcome["response"]["frames"].clone();
    expected[1]["body"]
        .as_object_mut()
        .unwrap()
        .remove("response_id");
    assert_same(&socket.sent(), &expected);

    // An answer with a choice.
    let mut socket = Socket::open();
    let choice = fixture("27-ws-query-choice");
    let turn = Some(socket.turn(&choice["request"]["frames"][0]).id);
    let options = flat(
        2,
        turn,
        Content::Choices(Choices {
            text: RichText::markdown("What would you like to do?"),
            ..Choices::default()
        }),
    )
    .with_actions(vec![
        Action::choice("track", "Track an order"),
        Action::choice("cancel", "Cancel an order"),
    ]);
    let answer = entries(
        turn,
        vec![
            published(text(1, turn, "I can help with orders.")),
            Item::Typing(Typing {
                author: Author::Bot,
                active: false,
            }),
            published(options),
        ],
    );
    socket.deliver(&answer);
    assert_same(&socket.sent(), &choice["response"]["frames"]);

    // A word on feedback.
    let mut socket = Socket::open();
    let feedback = fixture("37-ws-feedback-click");
    let turn = Some(socket.turn(&feedback["request"]["frames"][0]).id);
    socket.deliver(&entries(turn, vec![published(text(1, turn, "Thank you."))]));
    assert_same(&socket.sent(), &feedback["response"]["frames"]);
}

/// The whole of fixture 10 out of a flat engine's messages.
#[test]
fn a_flat_answer_over_rest() {
    let server = Server::new(options());
    let name = "10-query-answer-tree";
    let call = call(server.fixture(name));
    let turn = Some(event_of(&call.operation).id);
    let media = |url: &str, alt: &str| Media::new(url, Some(alt.to_owned()));
    let contents = [
        Content::text(RichText::markdown(
            "You can return an item within **30 days**.",
        )),
        Content::Quote(Quote {
            text: RichText::markdown("Items must be unused."),
            title: Some("Returns policy".to_owned()),
            url: Some("https://shop.example/returns".to_owned()),
        }),
        Content::Image(media(
            "https://shop.example/img/label.png",
            "Where the label goes",
        )),
        Content::Video(media(
            "https://shop.example/v/returns.mp4",
            "Packing a return",
        )),
        Content::FeedbackRequest(FeedbackRequest {
            text: RichText::markdown("Was this useful?"),
            reasons: Vec::new(),
        }),
    ];
    let items = contents
        .into_iter()
        .enumerate()
        .map(|(n, content)| published(flat(n as u128, turn, content)))
        .collect();
    let response = (call.finish)(Ok(outcome(entries(turn, items), turn)), &server.cx());
    assert_response(&response, name);
}

#[test]
fn what_nobody_asked_for() {
    let mut socket = Socket::open();
    let event = socket.turn(&json!({"uri": "in/query", "body": {"text": "a person"}}));
    let operator = Message {
        author: Author::Operator {
            id: None,
            name: Some("Ann".to_owned()),
        },
        ..text(1, None, "Hello from Ann")
    };
    let waiting = flat(
        2,
        None,
        Content::Handover(Handover {
            phase: HandoverPhase::Waiting {
                position: Some(2),
                wait_seconds: None,
            },
            text: RichText::markdown("Please wait."),
            ..Handover::default()
        }),
    );
    let notice = Item::Notice(Notice {
        code: "OperatorBusy".to_owned(),
        text: RichText::markdown("All are busy."),
        extras: Default::default(),
    });
    let picture = flat(
        3,
        None,
        Content::Image(Media::new("https://x.example/a.png", None)),
    );
    let items = vec![
        published(waiting),
        published(operator),
        notice,
        published(picture),
    ];
    socket.deliver(&entries(None, items));
    let sent = socket.sent();
    let seen: Vec<_> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["body"]["aspect"].as_str().unwrap(),
                it["body"]["text"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("text/plain", "Please wait."),
            ("text/plain", "Hello from Ann"),
            ("text/plain", "All are busy."),
            ("resolution/answer", ""),
            ("resolution/answer/image", "https://x.example/a.png"),
        ]
    );
    for at in 0..4 {
        assert_eq!(
            sent[at]["parent_id"],
            event.id.to_string(),
            "the last input"
        );
        assert!(sent[at]["header"].get("in_reply_to").is_none());
    }
    assert_eq!(sent[1]["header"]["author"]["name"], "Ann");
    assert_eq!(sent[4]["parent_id"], sent[3]["id"]);
}

#[test]
fn failures_are_told() {
    let mut socket = Socket::open();
    socket.text(
        "{\"uri\":\"in/query\",\"id\":\"0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10\",\"text\":\"x\"}",
    );
    socket.fail(Fault::RateLimited { retry_after: None });
    let sent = socket.sent();
    assert_eq!(sent[0]["body"]["error"], "rate_limited");
    assert_eq!(sent[0]["parent_id"], "0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10");
    assert_eq!(socket.closed, None);
    socket.text("{\"uri\":\"in/query\",\"text\":\"x\"}");
    socket.fail(Fault::ConversationEnded);
    assert_eq!(socket.sent()[0]["body"]["error"], "conversation_closed");
    assert_eq!(socket.closed.take().unwrap().0, 1000);
    let actions = socket
        .session
        .turn_failed(id(APP), &Fault::TimedOut, &socket.server.cx());
    socket.take(actions);
    assert_eq!(socket.sent()[0]["body"]["error"], "engine_timeout");
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
        (json!({}), ""),
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
        let error = support::build(|build| {
            switchboard_kare::dialect()
                .frontend(options.clone(), build)
                .err()
                .unwrap()
        });
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
