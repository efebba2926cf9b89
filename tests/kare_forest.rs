//! The forest that a Kare client sees, over REST and over the socket, from every engine: script,
//! Kare, dydu and OpenDialog.

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

#[path = "kare_forest/checks.rs"]
mod checks;

use std::time::Duration;

use clients::kare::Kare;
use clients::{Client, Visitor};
use process::{Gateway, backends, engine_config, gateway_config};

/// Runs a walk of both Kare clients with every engine, all side by side.
macro_rules! with_every_engine {
    ($walk:ident) => {{
        let engine = Gateway::start(&engine_config()).await;
        let gateway = Gateway::start(&gateway_config(&engine.url(""))).await;
        let mut bases = vec![("script", engine.url("/kare"))];
        bases.extend(
            backends("")
                .into_iter()
                .map(|(name, _)| (name, gateway.url(&format!("/{name}/kare")))),
        );
        let mut walks = tokio::task::JoinSet::new();
        for (name, base) in bases {
            let visitor = |way: &str| Visitor::new(format!("{}-{way}-{name}", stringify!($walk)));
            for (way, mut client) in [
                ("rest", Kare::rest(&base, visitor("rest"))),
                ("ws", Kare::websocket(&base, visitor("ws"))),
            ] {
                walks.spawn(async move {
                    let label = format!("{way} -> {name}");
                    $walk(&label, &mut client).await;
                    client.forest.assert_well_formed(&label);
                    assert_ended(&label, &client);
                });
            }
        }
        let mut failures = Vec::new();
        while let Some(walk) = walks.join_next().await {
            failures.extend(walk.err().map(|error| error.into_panic()));
        }
        if let Some(first) = failures.into_iter().next() {
            std::panic::resume_unwind(first);
        }
    }};
}

/// Every reply has its end, as far as the engine tells in time that it has come.
#[track_caller]
fn assert_ended(label: &str, client: &Kare) {
    let unended = client.forest.unended();
    let untold = match label {
        // Only silence tells, when the last message has been passed on.
        "ws -> dydu-ws" => usize::MAX,
        // Over REST a Kare engine has no greeting, which our hello promised.
        "ws -> kare-rest" => 1,
        _ => 0,
    };
    assert!(unended.len() <= untold, "{label}: {unended:?} have no end");
}

/// All that the demo bot has to say, up to its goodbye.
async fn everything(label: &str, client: &mut Kare) {
    client.open().await;
    client.say("hello").await.says(label, "hello");
    client.say("menu").await;
    client.click("Track a parcel").await.says(label, "number");
    client.say("AB123456").await.says(label, "AB123456");
    for word in ["format", "picture", "video", "list", "carousel", "form"] {
        let seen = client.say(word).await;
        assert!(!seen.all().is_empty(), "{label}: {word}");
        // A question must not be left open by the form.
        client.say("hello").await.says(label, "hello");
    }
    client.say("feedback").await;
    client.rate().await;
    client.say("xyzzy plugh").await;
    client.say("later").await;
    client.unasked(Duration::from_secs(4)).await;
    client.say("bye").await;
    assert!(client.forest.count("resolution/answer") > 8, "{label}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_engine_grows_a_well_formed_forest() {
    with_every_engine!(everything);
}

/// An operator is waited for, talked to, and leaves.
async fn livechat(label: &str, client: &mut Kare) {
    client.open().await;
    client.say("human").await;
    client.unasked(Duration::from_secs(6)).await;
    client.say("Where is my parcel?").await;
    client.unasked(Duration::from_secs(2)).await;
    client.say("goodbye").await;
    client.unasked(Duration::from_secs(3)).await;
    let answer = client.say("hello").await;
    assert!(!answer.all().is_empty(), "{label}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_livechat_keeps_the_forest_well_formed() {
    with_every_engine!(livechat);
}
