//! The gateway is told to stop.

use std::time::{Duration, Instant};

use crate::process::Gateway;
use crate::upstream::front::{Front, send};
use crate::upstream::{Mood, Upstream};
use crate::{Patience, WAYS, route};

/// How long the engine takes.
const DELAY: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_under_way_is_finished_first() {
    let mut stops = tokio::task::JoinSet::new();
    for way in WAYS {
        stops.spawn(async move {
            let engine = Upstream::start(way.vendor).await;
            let mut gateway = Gateway::start(&route(way, &engine, Patience::Default)).await;
            let base = gateway.url(&format!("/{}", way.name));
            let fronts = Front::all(&base, "stopped").await;
            engine.set(Mood::Slow(DELAY)).await;
            let mut turns = tokio::task::JoinSet::new();
            for mut front in fronts {
                turns.spawn(async move {
                    let text = format!("last words of {}", front.name());
                    let answer = front.say(&text).await;
                    (text, answer)
                });
            }
            for name in ["kare-rest", "kare-ws", "dydu-rest", "opendialog"] {
                engine.has_heard(&format!("last words of {name}")).await;
            }
            let begun = Instant::now();
            let address = gateway.address.clone();
            let exit = tokio::task::spawn_blocking(move || gateway.stop());
            while let Some(turn) = turns.join_next().await {
                let (text, answer) = turn.unwrap();
                let answer =
                    answer.unwrap_or_else(|refusal| panic!("{} {text}: {refusal:?}", way.name));
                assert!(
                    answer.contains(&format!("echo: {text}")),
                    "{}: {answer}",
                    way.name
                );
            }
            let status = exit.await.unwrap();
            assert_eq!(status.code(), Some(0), "{}: {status:?}", way.name);
            assert!(
                begun.elapsed() < Duration::from_secs(12),
                "{}: {:?}",
                way.name,
                begun.elapsed()
            );
            assert!(
                tokio::net::TcpStream::connect(&address).await.is_err(),
                "still listening"
            );
        });
    }
    while let Some(stop) = stops.join_next().await {
        if let Err(error) = stop {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

#[tokio::test]
async fn without_turns_it_stops_at_once() {
    let engine = Upstream::start(WAYS[0].vendor).await;
    let mut gateway = Gateway::start(&route(WAYS[0], &engine, Patience::Default)).await;
    let http = reqwest::Client::new();
    assert_eq!(send(http.get(gateway.url("/readyz"))).await.status, 200);
    // An idle socket and an idle connection do not hold it up.
    let fronts = Front::all(&gateway.url("/kare"), "idle").await;
    let begun = Instant::now();
    let status = tokio::task::spawn_blocking(move || gateway.stop())
        .await
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    drop(fronts);
}
