//! Changes of what a frontend keeps: races, a store that fails, and who is told.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use serde_json::{Value, json};
use support::{Setup, dialer, send, start, text};
use switchboard_core::model::Timestamp;
use switchboard_store::{Document, DocumentStore, MemoryDocuments, StoreError};

/// A store in which somebody else is faster so many times, or which fails.
struct Rival {
    kept: MemoryDocuments,
    faster: AtomicUsize,
    fails: bool,
}

impl Rival {
    fn new(faster: usize, fails: bool) -> Arc<Self> {
        Arc::new(Self {
            kept: MemoryDocuments::new(),
            faster: AtomicUsize::new(faster),
            fails,
        })
    }

    async fn kept(&self) -> Option<Value> {
        let kept = self.kept.load("web").await.unwrap();
        kept.map(|kept| kept.value)
    }

    /// Adds a line behind everybody's back.
    async fn add(&self, line: &str) {
        let kept = self.kept.load("web").await.unwrap();
        let version = kept.as_ref().map(|kept| kept.version);
        let before = kept.map_or_else(String::new, |kept| kept.value.as_str().unwrap().to_owned());
        let swapped = self
            .kept
            .swap(
                "web",
                version,
                &json!(format!("{before}{line};")),
                Timestamp(0),
            )
            .await;
        assert!(swapped.unwrap());
    }
}

#[async_trait]
impl DocumentStore for Rival {
    async fn load(&self, name: &str) -> Result<Option<Document>, StoreError> {
        self.kept.load(name).await
    }

    async fn newer(&self, name: &str, than: i64) -> Result<Option<Document>, StoreError> {
        self.kept.newer(name, than).await
    }

    async fn swap(
        &self,
        name: &str,
        expected: Option<i64>,
        value: &Value,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.fails {
            return Err(StoreError::Unavailable("no disk".into()));
        }
        let rest = self
            .faster
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |rest| {
                rest.checked_sub(1)
            });
        if rest.is_ok() {
            self.add("rival").await;
        }
        self.kept.swap(name, expected, value, now).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The status and the answer of adding a line over HTTP.
async fn amend(server: &support::Server, line: &str) -> (u16, String) {
    let url = format!("http://{}/lines/amend", server.address);
    let response = send(&dialer(), Request::post(url), line.to_owned()).await;
    (response.status().as_u16(), text(&response).to_owned())
}

async fn in_force(server: &support::Server) -> String {
    let url = format!("http://{}/lines/amended", server.address);
    let response = send(&dialer(), Request::get(url), "").await;
    text(&response).to_owned()
}

#[tokio::test]
async fn a_change_is_made_of_the_latest_state() {
    let store = Rival::new(3, false);
    let server = start(Setup {
        documents: store.clone(),
        ..Setup::default()
    })
    .await;
    let all = "rival;rival;rival;mine;";
    assert_eq!(amend(&server, "mine").await, (200, all.to_owned()));
    assert_eq!(in_force(&server).await, all);
    assert_eq!(store.kept().await, Some(json!(all)));
    // A refusal changes nothing.
    assert_eq!(amend(&server, "").await.0, 400);
    assert_eq!(store.kept().await, Some(json!(all)));
}

#[tokio::test]
async fn who_never_wins_is_told_to_wait() {
    let server = start(Setup {
        documents: Rival::new(usize::MAX, false),
        ..Setup::default()
    })
    .await;
    assert_eq!(
        amend(&server, "mine").await,
        (429, "rate_limited".to_owned())
    );
    assert_eq!(in_force(&server).await, "");
}

#[tokio::test]
async fn what_cannot_be_kept_does_not_come_into_force() {
    let server = start(Setup {
        documents: Rival::new(0, true),
        ..Setup::default()
    })
    .await;
    assert_eq!(amend(&server, "mine").await.1, "store_unavailable");
    assert_eq!(in_force(&server).await, "");
}

#[tokio::test]
async fn changes_of_other_processes_are_followed() {
    let store = Rival::new(0, false);
    store.add("before").await;
    let server = start(Setup {
        documents: store.clone(),
        follow: Some(Duration::from_millis(100)),
        ..Setup::default()
    })
    .await;
    // What was there at the start is in force from the start.
    assert_eq!(in_force(&server).await, "before;");
    store.add("after").await;
    let followed = async {
        while in_force(&server).await != "before;after;" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let followed = tokio::time::timeout(Duration::from_secs(30), followed).await;
    followed.expect("what was added is not followed");
}
