//! The server side's sockets: handshakes, hellos, frames of every kind.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use support::server::{Server, Socket, assert_response, body, event_of, native, options, refusal};
use support::{APP, CONVERSATION, assert_same, entries, fixture, id, view};
use switchboard_core::Fault;
use switchboard_core::dialect::{Attach, Find, Handled, Item, Operation, SessionAction, Wait};
use switchboard_core::model::{EndReason, Profile, UserInput};

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

/// An upgrade by this address and with these headers.
fn attach(query: &str, headers: &[(&str, &str)]) -> Attach {
    let server = Server::new(options());
    let mut request = Request::get(format!("/v2.1/ws?app_id={APP}&{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match server.handle(request.body(Bytes::new()).unwrap()) {
        Handled::Upgrade(upgrade) => upgrade.attach.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn metadata_is_decoded_and_has_limits() {
    let name = |length: usize| "n".repeat(length);
    let long = "v".repeat(2048);
    let query = format!(
        "Kare-Meta-Plan=a+b%26c&KARE-META-plan=last&dialpad-meta-{}=1&kare-meta-{}=2&\
         kare-meta-long={long}&kare-meta-longer={long}v&kare-meta-=nameless&kare-metaplan=x",
        name(256),
        name(257),
    );
    let metadata = attach(&query, &[]).profile.metadata;
    let names: Vec<&str> = metadata.keys().map(String::as_str).collect();
    assert_eq!(names, ["long", &name(256), "plan"]);
    assert_eq!(metadata["plan"], "last");
    let spaced = attach("kare-meta-plan=a+b%26c", &[]).profile.metadata;
    assert_eq!(spaced["plan"], "a b&c");
    // The 65th name is dropped; what is named already may still change.
    let mut query: String = (0..65).map(|n| format!("kare-meta-n{n:02}=x&")).collect();
    query.push_str("kare-meta-n00=y");
    let metadata = attach(&query, &[]).profile.metadata;
    assert_eq!((metadata.len(), &*metadata["n00"]), (64, "y"));
    assert!(!metadata.contains_key("n64"));
}

#[test]
fn locales_are_taken_in_their_order_and_only_if_they_are_some() {
    let content = ("Kare-Content-Locale", "fr-FR");
    let accept = ("Accept-Language", "*, x@y, de-DE;q=0.9, en");
    for (query, headers, expected) in [
        (
            "selected_locale=it&host_locale=en-SG",
            vec![content, accept],
            "it",
        ),
        (
            "selected_locale=&host_locale=en-SG",
            vec![content, accept],
            "en-SG",
        ),
        (
            "selected_locale=%20&host_locale=no!",
            vec![content, accept],
            "fr-FR",
        ),
        (
            "host_locale=",
            vec![("Kare-Content-Locale", "!"), accept],
            "de-DE",
        ),
        ("", vec![], "en-GB"),
    ] {
        let attach = attach(query, &headers);
        let mut view = view();
        view.profile = Arc::new(attach.profile);
        let mut socket = Socket::at(&view);
        socket.text("{\"uri\":\"in/hi\"}");
        assert_eq!(socket.sent()[0]["body"]["locale"], expected, "{query}");
    }
}

#[test]
fn a_frame_of_too_many_messages_is_cut() {
    let mut socket = Socket::open();
    let frame = vec![json!({"uri": "in/query", "text": "x"}); 300];
    socket.text(&serde_json::Value::from(frame).to_string());
    assert_eq!(socket.calls.len(), 256);
    let sent = socket.sent();
    assert_eq!(sent.as_array().unwrap().len(), 1);
    assert_eq!(sent[0]["body"]["error"], "invalid_message");
    // Noise without end is answered up to the end only.
    socket.text(&serde_json::Value::from(vec![0; 30_000]).to_string());
    assert_eq!(socket.sent().as_array().unwrap().len(), 10);
    assert_eq!(socket.closed.take().unwrap().0, 1008);
}

#[test]
fn ids_are_read_in_every_form_and_never_their_own_parents() {
    let mut socket = Socket::open();
    let id = "0C6C9C6E-1E0B-4C1B-8A6E-2F3F0C1F7A10";
    for text in [id, &id.replace('-', ""), &format!(" {id} ")] {
        let event = socket.turn(&json!({"uri": "in/query", "id": text, "text": "x"}));
        assert_eq!(event.id.to_string(), id.to_lowercase());
    }
    let nil = "00000000-0000-0000-0000-000000000000";
    let click = json!({"aspect": "resolution/answer/choice", "text": "x"});
    for (text, parent) in [(nil, ""), ("17", ""), ("", ""), (id, id)] {
        let frame = json!({"uri": "in/click", "id": text, "parent": {"id": parent},
            "body": {"target": click}});
        let event = socket.turn(&frame);
        assert_eq!(event.id.0.get_version_num(), 4);
        assert_ne!(event.id.to_string(), id.to_lowercase());
    }
}
