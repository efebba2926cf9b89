//! The dydu chatbox 5.37: `docs/protocols/dydu.md#11-what-the-unmodified-chatbox-does-on-start-up`
//! and `docs/protocols/dydu.md#131-server-for-the-unmodified-chatbox`. One test for each scenario
//! of the recording.

#[path = "dydu/engine.rs"]
mod engine;
#[path = "dydu/livechat.rs"]
mod livechat;
#[path = "dydu/page.rs"]
mod page;
#[path = "dydu/polling.rs"]
mod polling;
#[path = "dydu/queue.rs"]
mod queue;
#[path = "dydu/servers.rs"]
mod servers;
#[path = "dydu/visit.rs"]
mod visit;
#[path = "dydu/widget.rs"]
mod widget;

use std::time::Duration;

use serde_json::Value;

use crate::process::{Gateway, root};
use crate::{assert_nothing_refused, recording};
use page::{Page, Played};
use widget::{shown, top_questions};

/// A gateway with this backend behind a dydu frontend at `/dydu`.
fn config(backend: &str) -> String {
    format!(
        "[[frontends]]\nname = \"chatbox\"\ndialect = \"dydu\"\npath = \"/dydu\"\n\
         route = \"main\"\n\
         bots = [{{ bot_id = \"00000000-0000-4000-8000-0000000d7d00\", languages = [\"fr\"] }}]\n\n\
         [[backends]]\nname = \"engine\"\n{backend}\n\
         [[routes]]\nname = \"main\"\nbackend = \"engine\"\n"
    )
}

/// A gateway with the recording's bot behind it.
async fn gateway() -> Gateway {
    let bot = root().join("tests/recordings/dydu/bot.toml");
    let backend = format!("dialect = \"script\"\nscript = \"{}\"\n", bot.display());
    Gateway::start(&config(&backend)).await
}

/// The scenario of this letter on a page of its own.
fn page(scenario: &str, gateway: &Gateway) -> Page {
    Page::new(scenario, &[gateway.url("/dydu")])
}

/// What a visitor sees who comes for the first time.
fn assert_greeted(played: &Played) {
    let languages = played.of("account/dydubox/bots/language");
    assert_eq!(
        *languages,
        serde_json::json!([{ "id": "fr", "isAvailable": true }])
    );
    assert_eq!(
        top_questions(played.of("topknowledge")),
        [
            "Quels sont vos horaires ?",
            "Où êtes-vous ?",
            "Comment payer ?"
        ],
        "as many as were asked for"
    );
    assert!(shown(played.talk()).starts_with("Bonjour, je suis le bot."));
    let history = played.of("history");
    assert_eq!(history["interactions"], Value::Array(Vec::new()));
}

#[test]
fn every_scenario_of_the_recording_is_known() {
    let letters: std::collections::BTreeSet<char> = recording("dydu-chatbox.jsonl")
        .iter()
        .map(|line| line.note.chars().next().unwrap())
        .collect();
    assert_eq!(letters, "ABCDEF".chars().collect());
}

#[tokio::test]
async fn a_visit_with_everything() {
    let gateway = gateway().await;
    let mut page = page("A", &gateway);
    visit::first_visit(&mut page).await;
    visit::surveys_and_files(&mut page).await;
    visit::coming_back(&mut page).await;
    livechat::with_an_operator(&mut page).await;
    livechat::ended_by_the_user(&mut page).await;
    queue::left(&mut page).await;
    queue::waited_in(&mut page).await;
    while gateway
        .count("switchboard_websockets", &[("side", "frontend")])
        .await
        > 0.0
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    queue::overheard(&mut page).await;
    page.end();
    visit::deleted(&mut page).await;
    assert_eq!(page.failures, 0);
    assert_nothing_refused(&gateway).await;
}

#[tokio::test]
async fn a_server_that_is_no_localhost() {
    let gateway = gateway().await;
    let mut page = page("B", &gateway);
    livechat::behind_servlet(&mut page).await;
    page.end();
    assert_eq!(page.failures, 0);
    assert_nothing_refused(&gateway).await;
}

#[tokio::test]
async fn a_refused_websocket_is_replaced_by_polls() {
    let gateway = gateway().await;
    let mut page = page("C", &gateway);
    page.polls = true;
    polling::livechat(&mut page).await;
    page.end();
    assert_eq!(page.failures, 0);
    assert_nothing_refused(&gateway).await;
}
