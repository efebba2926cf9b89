//! Questions to the transcripts: what was said a moment ago, a store that fails, and too many
//! questions at a time.

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

use async_trait::async_trait;
use http::Request;
use support::{Server, Setup, dialer, send, start, text};
use switchboard_core::dialect::{TranscriptPage, TranscriptQuery};
use switchboard_core::model::Timestamp;
use switchboard_store::{
    Erasure, MemoryTranscripts, NewLine, StoreError, TranscriptStore, Transcripts,
};
use tokio::sync::Semaphore;

/// A store that finds nothing, and that only as often as it is allowed to, or fails at once.
struct Slow {
    fails: bool,
    asked: Semaphore,
    allowed: Semaphore,
}

impl Slow {
    fn new(fails: bool) -> Arc<Self> {
        Arc::new(Self {
            fails,
            asked: Semaphore::new(0),
            allowed: Semaphore::new(0),
        })
    }
}

#[async_trait]
impl TranscriptStore for Slow {
    async fn append(&self, _: &[NewLine]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn query(&self, _: &TranscriptQuery) -> Result<TranscriptPage, StoreError> {
        if self.fails {
            return Err(StoreError::Unavailable("no disk".into()));
        }
        self.asked.add_permits(1);
        self.allowed.acquire().await.unwrap().forget();
        Ok(TranscriptPage::default())
    }

    async fn erase(&self, _: &Erasure) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn forget(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}

async fn serve(transcripts: Transcripts) -> Server {
    start(Setup {
        transcripts,
        ..Setup::default()
    })
    .await
}

/// The status and the answer of a question.
async fn ask(server: &Server, user: &str) -> (u16, String) {
    let url = format!("http://{}/lines/said?{user}", server.address);
    let response = send(&dialer(), Request::get(url), "").await;
    (response.status().as_u16(), text(&response).to_owned())
}

#[tokio::test]
async fn what_was_said_a_moment_ago_is_found() {
    let store = Arc::new(MemoryTranscripts::new(100));
    let server = serve(Transcripts::recorded(store)).await;
    assert_eq!(ask(&server, "").await, (200, String::new()));
    for key in ["a", "b"] {
        let url = format!("http://{}/lines/say?{key}", server.address);
        send(&dialer(), Request::post(url), "echo hi").await;
    }
    let both = "a: 2 lines;b: 2 lines;".to_owned();
    assert_eq!(ask(&server, "").await, (200, both));
    assert_eq!(ask(&server, "b").await, (200, "b: 2 lines;".to_owned()));
}

#[tokio::test]
async fn a_store_of_transcripts_that_fails_is_told_as_the_frontend_tells_it() {
    let server = serve(Transcripts::kept(Slow::new(true))).await;
    assert_eq!(ask(&server, "").await.1, "store_unavailable");
}

#[tokio::test]
async fn only_a_few_questions_are_worked_on_at_a_time() {
    let store = Slow::new(false);
    let server = Arc::new(serve(Transcripts::kept(store.clone())).await);
    let under_way: Vec<_> = (0..3)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { ask(&server, "").await })
        })
        .collect();
    store.asked.acquire_many(3).await.unwrap().forget();
    assert_eq!(ask(&server, "").await, (429, "rate_limited".to_owned()));
    assert_eq!(store.asked.available_permits(), 0);
    store.allowed.add_permits(4);
    for asked in under_way {
        assert_eq!(asked.await.unwrap(), (200, String::new()));
    }
    assert_eq!(ask(&server, "").await, (200, String::new()));
}
