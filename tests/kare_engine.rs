//! The Kare client side at an engine of somebody else, which does much otherwise than ours.

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

#[path = "kare_engine/engine.rs"]
mod engine;

use std::time::{Duration, Instant};

use clients::kare::Kare;
use clients::{Client, Visitor};
use engine::{Foreign, Sockets, Ways};
use process::{Gateway, frontends};
use serde_json::Value;

/// An engine, and a gateway in front of it with these keys of its own.
async fn start(ways: Ways, keys: &str) -> (Foreign, Gateway) {
    let engine = Foreign::start(ways).await;
    let config = frontends("", "main")
        + &format!(
            "[[backends]]\nname = \"kare\"\ndialect = \"kare\"\nurl = \"http://{}\"\n\
             app_id = \"foreign\"\n{keys}\n\n[[routes]]\nname = \"main\"\nbackend = \"kare\"\n",
            engine.address
        );
    let gateway = Gateway::start(&config).await;
    (engine, gateway)
}

fn rest(gateway: &Gateway) -> Kare {
    Kare::rest(&gateway.url("/kare"), Visitor::new("ann"))
}

fn websocket(gateway: &Gateway) -> Kare {
    Kare::websocket(&gateway.url("/kare"), Visitor::new("ann"))
}

/// The texts of an answer tree, which must hang together.
fn check_tree(received: &[Value]) {
    let [node, second, first] = received else {
        panic!("{received:#?}");
    };
    assert_eq!(node["body"]["aspect"], "resolution/answer");
    assert!(uuid::Uuid::parse_str(node["parent_id"].as_str().unwrap()).is_ok());
    for part in [second, first] {
        assert_eq!(part["parent_id"], node["id"]);
    }
    assert_eq!(second["body"]["text"], "second part");
    assert_eq!(first["body"]["text"], "first part");
}

#[tokio::test]
async fn ids_of_its_own_and_children_before_parents_are_put_right() {
    // So that waiting for a parent that never comes could not be missed.
    let (_engine, gateway) = start(Ways::default(), "hold = \"20s\"").await;
    let mut client = websocket(&gateway);
    client.open().await;
    for _ in 0..2 {
        client.received.clear();
        client.say("tree").await;
        check_tree(&client.received);
    }
    // A plain reply hangs below an id that never comes: nobody waits for it again and again.
    client.say("hello").await.says("plain", "echo: hello");
    let asked = Instant::now();
    let mut other = rest(&gateway);
    other.open().await;
    other.say("hello").await.says("REST", "echo: hello");
    assert!(asked.elapsed() < Duration::from_secs(12), "silence alone");
}

#[tokio::test]
async fn an_answer_broken_off_by_the_engine_comes_once_and_whole() {
    let (engine, gateway) = start(Ways::default(), "").await;
    let mut client = rest(&gateway);
    client.open().await;
    let seen = client.say("again").await;
    assert_eq!(seen.texts, ["again 1", "again 2"]);
    let asked = engine.asked();
    assert!(asked.len() == 2 && asked[0] == asked[1], "{asked:?}");
    // It need not say it again.
    let begun = Instant::now();
    assert_eq!(client.say("once").await.texts, ["once 1"]);
    assert!(begun.elapsed() < Duration::from_secs(12));
}

#[tokio::test]
async fn a_question_too_large_for_the_engine_ends_no_conversation() {
    let (engine, gateway) = start(Ways::default(), "").await;
    let mut client = rest(&gateway);
    client.open().await;
    client.say("hello").await;
    let refused = reqwest::Client::new()
        .post(gateway.url("/kare/dialog/query"))
        .bearer_auth(client.token())
        .body(format!(
            r#"{{"conversation_id":"{}","text":"large"}}"#,
            client.conversation
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    client
        .say("smaller")
        .await
        .says("after it", "echo: smaller");
    let starts = |requests: Vec<String>| {
        let is_start = |line: &&String| line.ends_with("/dialog/conversation");
        requests.iter().filter(is_start).count()
    };
    assert_eq!(starts(engine.requests()), 1);
}

#[tokio::test]
async fn only_rest_flat_bodies_and_a_token_in_the_address() {
    let ways = Ways {
        sockets: Sockets::Nobody,
        flat: true,
        token_in_address: true,
        throttle: 1,
        ..Ways::default()
    };
    let (engine, gateway) = start(ways, "token_place = \"token\"").await;
    let mut client = rest(&gateway);
    client.open().await;
    client.say("hello").await.says("first", "echo: hello");
    engine.expire();
    client
        .say("again")
        .await
        .says("with a new token", "echo: again");
    client.received.clear();
    client.say("tree").await;
    check_tree(&client.received);
    assert_eq!(engine.asked().len(), 3, "each question was asked once");
}

#[tokio::test]
async fn a_socket_that_wants_a_bearer_gets_one_after_the_old_has_expired() {
    let ways = Ways {
        sockets: Sockets::Bearers,
        ..Ways::default()
    };
    let (engine, gateway) = start(ways, "").await;
    let mut client = rest(&gateway);
    client.open().await;
    client.say("hello").await.says("first", "echo: hello");
    engine.expire();
    // Another conversation begins with the old token.
    let mut other = rest(&gateway);
    other.open().await;
    other.say("hello").await.says("second", "echo: hello");
    let queries = engine.requests();
    assert!(
        queries.iter().all(|line| !line.ends_with("/query")),
        "{queries:?}"
    );
}

#[tokio::test]
async fn an_operators_late_answer_comes_once_the_socket_is_back() {
    for status in [503, 429] {
        let ways = Ways {
            sockets: Sockets::Refused(status),
            ..Ways::default()
        };
        let (engine, gateway) = start(ways, "").await;
        let mut client = websocket(&gateway);
        client.open().await;
        client.say("hello").await.says("over REST", "echo: hello");
        engine.change(|ways| {
            ways.sockets = Sockets::Everybody;
            ways.operator = Some("Ann here");
        });
        let seen = client.unasked(Duration::from_secs(6)).await;
        seen.says("late", "Ann here");
        client
            .say("thanks")
            .await
            .says("over the socket", "echo: thanks");
        let queries = engine.requests();
        let over_rest = queries.iter().filter(|line| line.ends_with("/query"));
        assert_eq!(over_rest.count(), 1, "{queries:?}");
    }
}
