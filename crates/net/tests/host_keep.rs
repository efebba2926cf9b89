//! Values that a frontend keeps and finds again: how many steps that may take, a store that fails,
//! and what is forgotten.

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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use serde_json::Value;
use support::{Server, Setup, dialer, send, start, text};
use switchboard_core::dialect::KeptValue;
use switchboard_core::model::Timestamp;
use switchboard_net::dial::NetDialer;
use switchboard_net::tls::{ClientTls, ServerTls};
use switchboard_store::{MemoryValues, StoreError, ValueStore};
use tokio::sync::Semaphore;

/// A store that is full until something is forgotten, or that fails.
struct Moody {
    kept: MemoryValues,
    full: AtomicBool,
    fails: bool,
    /// One for each time that something was to be forgotten.
    forgotten: Semaphore,
    asked: AtomicUsize,
}

impl Moody {
    fn new(full: bool, fails: bool) -> Arc<Self> {
        Arc::new(Self {
            kept: MemoryValues::new(),
            full: AtomicBool::new(full),
            fails,
            forgotten: Semaphore::new(0),
            asked: AtomicUsize::new(0),
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.fails {
            return Err(StoreError::Unavailable("no disk".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl ValueStore for Moody {
    async fn keep(&self, frontend: &str, values: &[KeptValue]) -> Result<(), StoreError> {
        self.check()?;
        if self.full.load(Ordering::Relaxed) {
            return Err(StoreError::Full);
        }
        self.kept.keep(frontend, values).await
    }

    async fn get(
        &self,
        frontend: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Value>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.check()?;
        self.kept.get(frontend, key, now).await
    }

    async fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        self.check()?;
        self.kept.forget(now).await?;
        self.forgotten.add_permits(1);
        Ok(())
    }
}

async fn serving(values: Arc<Moody>) -> Server {
    start(Setup {
        values,
        ..Setup::default()
    })
    .await
}

async fn keep(server: &Server, key: &str, value: &str) -> (u16, String) {
    let url = format!("http://{}/lines/keep?{key}", server.address);
    let response = send(&dialer(), Request::post(url), value.to_owned()).await;
    (response.status().as_u16(), text(&response).to_owned())
}

async fn kept(server: &Server, keys: &str) -> (u16, String) {
    let url = format!("http://{}/lines/kept?{keys}", server.address);
    let response = send(&dialer(), Request::get(url), "").await;
    (response.status().as_u16(), text(&response).to_owned())
}

#[tokio::test]
async fn what_is_kept_is_found_by_later_requests() {
    let values = Moody::new(false, false);
    let server = serving(values.clone()).await;
    assert_eq!(keep(&server, "a", "one").await, (200, "kept".to_owned()));
    assert_eq!(keep(&server, "b", "two").await.0, 200);
    let found = kept(&server, "a,c,b").await;
    assert_eq!(found, (200, "one;-;two;".to_owned()));
    // The fourth is the last one that a request may ask for.
    assert_eq!(kept(&server, "a,a,a,a").await.0, 200);
    let before = values.asked.load(Ordering::Relaxed);
    assert_eq!(
        kept(&server, "a,a,a,a,a,a,a").await,
        (400, "internal".to_owned())
    );
    assert_eq!(values.asked.load(Ordering::Relaxed), before + 4);
}

#[tokio::test]
async fn a_failing_store_keeps_and_finds_nothing() {
    let server = serving(Moody::new(false, true)).await;
    let unavailable = (400, "store_unavailable".to_owned());
    assert_eq!(keep(&server, "a", "one").await, unavailable);
    assert_eq!(kept(&server, "a").await, unavailable);
}

#[tokio::test]
async fn what_is_over_is_forgotten_at_the_start_and_when_there_is_no_place() {
    let values = Moody::new(true, false);
    let over = KeptValue {
        key: "over".to_owned(),
        value: Value::from("x"),
        until: Timestamp(1),
    };
    values.kept.keep("web", &[over]).await.unwrap();
    let server = serving(values.clone()).await;
    let patience = Duration::from_secs(30);
    let swept = tokio::time::timeout(patience, values.forgotten.acquire()).await;
    swept.expect("nothing is forgotten").unwrap().forget();
    let found = values.kept.get("web", "over", Timestamp(0)).await.unwrap();
    assert_eq!(found, None);

    assert_eq!(
        keep(&server, "a", "one").await,
        (400, "store_unavailable".to_owned())
    );
    let again = values.forgotten.try_acquire();
    again.expect("no place was made").forget();
    values.full.store(false, Ordering::Relaxed);
    assert_eq!(keep(&server, "a", "one").await.0, 200);
}

#[tokio::test]
async fn a_frontend_knows_whether_a_request_was_encrypted() {
    let plain = start(Setup::default()).await;
    let url = format!("http://{}/lines/scheme", plain.address);
    assert_eq!(text(&send(&dialer(), Request::get(url), "").await), "http");
    let tls = Some(Arc::new(ServerTls::self_signed().unwrap()));
    let both = start(Setup {
        tls,
        ..Setup::default()
    })
    .await;
    let insecure = ClientTls {
        insecure: true,
        ca: None,
    };
    let trusting = NetDialer::new([("engine".to_owned(), insecure)]).unwrap();
    let url = format!("https://{}/lines/scheme", both.address);
    assert_eq!(text(&send(&trusting, Request::get(url), "").await), "https");
    // The development certificate takes plain connections on the same port.
    let url = format!("http://{}/lines/scheme", both.address);
    assert_eq!(text(&send(&dialer(), Request::get(url), "").await), "http");
}
