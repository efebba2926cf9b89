//! The client side: what an operator can set for a server that wants it otherwise.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::client::{Client, closed, hi, json_of};
use support::{APP, CONVERSATION};
use switchboard_core::dialect::{Dialect, LegInput};
use switchboard_core::model::{ChoiceMade, MessageId, TurnOutcome, UserInput};
use uuid::Uuid;

fn reply(n: u128, turn: MessageId, header: Value) -> Value {
    json!({"id": Uuid::from_u128(n), "parent_id": turn.to_string(), "uri": "out/text",
           "header": header, "body": {"text": "reply"}})
}

#[test]
fn the_token_goes_where_the_server_wants_it() {
    for name in ["token", "access_token"] {
        let mut client =
            Client::new(json!({"transport": "rest", "version": "", "token_place": name}));
        client.input(1, hi());
        client.respond(200, &json!("a b&c".replace(' ', "+")));
        let start = client.asked("/dialog/conversation");
        assert_eq!(start.uri().query(), Some(&*format!("{name}=a%2Bb%26c")));
        assert!(!start.headers().contains_key("authorization"));
        client.respond(200, &json!("C"));
        let query = client.asked("/dialog/query");
        let expected = format!("conversation_id=C&{name}=a%2Bb%26c");
        assert_eq!(query.uri().query(), Some(&*expected));
    }
}

#[test]
fn the_socket_proves_itself_as_the_server_wants_it() {
    for (auth, place, parameter) in [
        ("app_id", "header", None),
        ("header", "token", None),
        ("token", "header", Some("&token=T")),
        ("access_token", "header", Some("&access_token=T")),
    ] {
        let mut client = Client::new(json!({"socket_auth": auth, "token_place": place}));
        client.input(1, hi());
        client.respond(200, &json!("T"));
        client.respond(200, &json!("C"));
        let socket = &client.sockets[0];
        let query = socket.uri().query().unwrap();
        assert!(query.starts_with(&format!("app_id={APP}")), "{query}");
        match parameter {
            Some(parameter) => assert!(query.ends_with(parameter), "{query}"),
            None => assert!(!query.contains("token"), "{query}"),
        }
        let shown = socket.headers().contains_key("authorization");
        assert_eq!(shown, auth == "header");
    }
    // Where the application's id is refused, the token goes where tokens go.
    let mut client = Client::new(json!({"token_place": "token"}));
    client.input(1, hi());
    client.respond(200, &json!("T"));
    client.respond(200, &json!("C"));
    client.feed(closed(401));
    let query = client.sockets[1].uri().query().unwrap();
    assert!(query.ends_with("&token=T"), "{query}");
}

#[test]
fn stronger_credentials_replace_the_applications_token() {
    let mut client = Client::new(json!({
        "oauth": {"client_id": "gateway", "client_secret": "s3cret"}
    }));
    client.input(1, hi());
    let grant = client.asked("/oauth/token");
    assert_eq!(
        json_of(&grant),
        json!({"client_id": "gateway", "client_secret": "s3cret", "grant_type": "client_credentials"})
    );
    assert!(!grant.headers().contains_key("authorization"));
    client.respond(200, &json!({"access_token": "strong"}));
    let start = client.asked("/v2.1/dialog/conversation");
    assert_eq!(start.headers()["authorization"], "Bearer strong");
    client.respond(200, &json!("C"));
    // It lives for an hour if it does not say otherwise.
    client.feed(closed(502));
    client.now = client.now.after(Duration::from_secs(2879));
    client.feed(closed(502));
    client.asked("/v2.1/dialog/query");
    assert!(!client.backend.describe().contains("s3cret"));
}

#[test]
fn options_that_cannot_be_are_refused_without_telling_secrets() {
    for (options, wanted) in [
        (
            json!({"oauth": {"client_id": "", "client_secret": "s3cret"}}),
            "oauth",
        ),
        (
            json!({"oauth": {"client_id": "x", "client_secret": "s3cret", "more": 1}}),
            "more",
        ),
        (json!({"fields": {"txt": "q"}}), "there is no field txt"),
        (json!({"token_place": "cookie"}), "cookie"),
        (json!({"turn_end": "never"}), "never"),
        (json!({"hold": 0}), "hold"),
    ] {
        let mut all = json!({"url": "https://api.kare.example/", "app_id": APP});
        for (key, value) in options.as_object().unwrap() {
            all[key] = value.clone();
        }
        let error = support::build(|build| switchboard_kare::dialect().backend(all, build).err());
        let error = error.unwrap().to_string();
        assert!(
            error.contains(wanted) && !error.contains("s3cret"),
            "{error}"
        );
    }
}

#[test]
fn only_the_mark_ends_a_turn_where_that_is_wanted() {
    let mut client = Client::connected(json!({"turn_end": "final"}));
    let turn = client.input(2, hi());
    client.receive(&reply(1, turn, json!({})));
    client.wait(Duration::from_secs(29));
    assert!(client.ended().is_empty());
    client.receive(&reply(2, turn, json!({"final": true})));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    let turn = client.input(3, hi());
    client.receive(&reply(3, turn, json!({})));
    client.wait(Duration::from_secs(30));
    assert_eq!(client.ended().last(), Some(&(turn, TurnOutcome::Done)));
}

#[test]
fn a_hello_goes_before_a_first_question_where_that_is_wanted() {
    let mut client = Client::new(json!({"hello_first": true}));
    let turn = client.input(1, hi());
    client.set_up();
    client.feed(LegInput::SocketOpened);
    let uris: Vec<_> = client.frames.iter().map(|frame| &frame["uri"]).collect();
    assert_eq!(uris, ["in/hi", "in/query"]);
    let hello = client.frames[0]["id"].clone();
    let welcome = Uuid::from_u128(50);
    client.receive(&json!({"id": welcome, "parent_id": hello, "uri": "out/hi", "body": {}}));
    client.receive(
        &json!({"id": Uuid::from_u128(51), "parent_id": welcome, "uri": "out/text",
                "body": {"text": "Welcome!"}}),
    );
    assert!(client.ended().is_empty());
    client.receive(&reply(1, turn, json!({"final": true})));
    assert_eq!(client.messages().len(), 2);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    let turns: Vec<_> = client.events.iter().map(|event| event.turn).collect();
    assert_eq!(turns, [None, Some(turn), Some(turn)]);
}

#[test]
fn marks_do_not_count_where_silence_is_wanted() {
    let mut client = Client::connected(json!({"turn_end": "silence"}));
    let turn = client.input(2, hi());
    client.receive(&reply(1, turn, json!({"final": true})));
    client.receive(&reply(2, turn, json!({"final": false})));
    assert!(client.ended().is_empty());
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    assert_eq!(client.messages().len(), 2);
}

#[test]
fn a_click_that_is_only_logged_ends_in_time() {
    let click = || {
        UserInput::Choice(ChoiceMade {
            message: Some(MessageId(Uuid::from_u128(7))),
            id: Some("track".to_owned()),
            ..ChoiceMade::default()
        })
    };
    for (options, wait) in [(json!({}), 10), (json!({"click_timeout": "2s"}), 2)] {
        let mut client = Client::connected(options);
        let turn = client.input(2, click());
        client.wait(Duration::from_millis(wait * 1000 - 1));
        assert!(client.ended().is_empty());
        client.wait(Duration::from_millis(1));
        assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
        // A late answer is shown all the same.
        client.receive(&reply(1, turn, json!({})));
        assert_eq!(client.messages().len(), 1);
    }
}

#[test]
fn fields_have_the_servers_names_over_rest_and_the_socket() {
    let fields = json!({"conversation_id": "conversation", "id": "mid", "text": "question", "user_id": "user"});
    let mut client = Client::new(json!({"fields": fields}));
    let turn = client.input(1, hi());
    client.respond(200, &json!("T"));
    let start = json_of(&client.asked("/v2.1/dialog/conversation"));
    assert!(start["user"].is_string() && start.get("user_id").is_none());
    client.respond(200, &json!({"conversation": CONVERSATION}));
    let query = client.sockets[0].uri().query().unwrap();
    assert!(
        query.contains(&format!("conversation_id={CONVERSATION}")),
        "documented, and kept"
    );
    client.feed(LegInput::SocketOpened);
    let body = json!({"question": "orders"});
    assert_eq!(client.frames[0]["mid"], turn.to_string());
    assert_eq!(client.frames[0]["body"], body);
    client.receive(&json!({"mid": "m-1", "parent_id": turn.to_string(), "uri": "out/text", "body": {"question": "Which?"}}));
    client.receive(&json!({"mid": "m-1", "parent_id": turn.to_string(), "uri": "out/text", "body": {"question": "Which?"}}));
    assert_eq!(client.messages().len(), 1, "its id is read");
    let mut client =
        Client::new(json!({"fields": fields, "transport": "rest", "body_style": "flat"}));
    let turn = client.input(1, hi());
    client.respond(200, &json!("T"));
    client.respond(200, &json!({"conversation": "C"}));
    assert_eq!(
        json_of(&client.asked("/v2.1/dialog/query")),
        json!({"conversation": "C", "mid": turn.to_string(), "question": "orders"})
    );
    client.respond(
        200,
        &json!([{"mid": "m", "uri": "out/text", "body": {"question": "Which?"}}]),
    );
    assert_eq!(client.messages().len(), 1);
}

#[test]
fn nobody_waits_for_an_engine_that_asks_for_an_hour() {
    let mut client = support::client::rest();
    let turn = client.input(2, hi());
    let (call, _) = client.http.remove(0);
    let refusal = http::Response::builder()
        .status(429)
        .header("retry-after", "3600")
        .body(bytes::Bytes::new())
        .unwrap();
    client.feed(LegInput::Response {
        call,
        result: Ok(refusal),
    });
    assert_eq!(client.ended(), [(turn, TurnOutcome::Unavailable)]);
    client.input(3, hi());
    client.asked("/dialog/query");
}
