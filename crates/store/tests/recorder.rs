//! Recording lines while the store works, fails, or cannot keep up, under a paused clock.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusBuilder;
use parking_lot::Mutex;
use switchboard_core::dialect::{Entry, Item, TranscriptPage, TranscriptQuery};
use switchboard_core::model::{ConversationId, EndReason, Profile, Timestamp};
use switchboard_store::{
    ConversationFacts, Erasure, NewLine, StoreError, TranscriptStore, Transcripts, retain,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Remembers the sizes of the batches that it was given; refuses the first ones.
#[derive(Default)]
struct Batches {
    refusals: AtomicUsize,
    /// Takes no more lines than that at once; any number if it is zero.
    most: usize,
    sizes: Mutex<Vec<usize>>,
    forgotten: Mutex<Vec<Timestamp>>,
}

impl Batches {
    fn after(refusals: usize) -> Arc<Self> {
        Arc::new(Self {
            refusals: AtomicUsize::new(refusals),
            ..Self::default()
        })
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().clone()
    }
}

#[async_trait]
impl TranscriptStore for Batches {
    async fn append(&self, lines: &[NewLine]) -> Result<(), StoreError> {
        let refusals = &self.refusals;
        if self.most > 0 && lines.len() > self.most {
            return Err(StoreError::Unavailable("too slow".into()));
        }
        let one_less = |left: usize| left.checked_sub(1);
        if refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            return Err(StoreError::Unavailable("no disk".into()));
        }
        self.sizes.lock().push(lines.len());
        Ok(())
    }

    async fn query(&self, _: &TranscriptQuery) -> Result<TranscriptPage, StoreError> {
        Ok(TranscriptPage::default())
    }

    async fn erase(&self, _: &Erasure) -> Result<u64, StoreError> {
        Ok(1)
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.forgotten.lock().push(before);
        Ok(0)
    }
}

fn record(transcripts: &Transcripts, lines: u64) {
    let conversation = Arc::new(ConversationFacts {
        id: ConversationId(Uuid::nil()),
        frontend: "web".into(),
        backend: "engine".into(),
        key: "k".into(),
        scope: "app".into(),
        begun: Timestamp(0),
    });
    for seq in 1..=lines {
        transcripts.record(NewLine {
            conversation: Arc::clone(&conversation),
            profile: Arc::new(Profile::default()),
            entry: Arc::new(Entry {
                seq,
                at: Timestamp(1),
                turn: None,
                index: 0,
                last: false,
                unrecorded: false,
                item: Item::Ended {
                    reason: EndReason::Idle,
                },
            }),
        });
    }
}

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn lines_are_gathered_into_batches() {
    let store = Batches::after(0);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 3);
    record(&transcripts, 2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(store.sizes(), [5], "without being asked for");
    record(&transcripts, 300);
    transcripts.flush(SOON).await.unwrap();
    assert_eq!(store.sizes(), [5, 256, 44]);
    transcripts.flush(SOON).await.unwrap();
    assert_eq!(store.sizes().len(), 3, "nothing new");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_kept_until_the_store_takes_it() {
    let store = Batches::after(4);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 2);
    sleep(Duration::from_secs(3)).await;
    record(&transcripts, 1);
    assert_eq!(store.sizes(), [] as [usize; 0]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(store.sizes(), [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_at_once_is_written_in_smaller_batches() {
    let store = Arc::new(Batches {
        most: 100,
        ..Batches::default()
    });
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 300);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(store.sizes().iter().sum::<usize>(), 300);
}

#[tokio::test(start_paused = true)]
async fn who_asks_is_told_at_once_that_the_store_fails() {
    let store = Batches::after(2);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 1);
    let begun = Instant::now();
    let query = TranscriptQuery::default();
    for _ in 0..2 {
        let found = transcripts.query(&query).await;
        assert!(matches!(found, Err(StoreError::Unavailable(_))));
    }
    assert!(begun.elapsed() < Duration::from_secs(1));
    transcripts.query(&query).await.unwrap();
    assert_eq!(store.sizes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_erased_before_everything_is_written() {
    let store = Batches::after(1);
    let transcripts = Transcripts::recorded(store.clone());
    let erasure = Erasure {
        frontend: "web".into(),
        scope: String::new(),
        user_id: "jane".to_owned(),
        keys: Vec::new(),
    };
    record(&transcripts, 1);
    assert!(transcripts.erase(&erasure).await.is_err());
    assert_eq!(transcripts.erase(&erasure).await.unwrap(), 1);
    assert_eq!(store.sizes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_end_is_written() {
    let store = Batches::after(3);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 7);
    assert!(transcripts.finish(SOON).await);
    assert_eq!(store.sizes(), [7]);
    store.refusals.store(usize::MAX, Ordering::Relaxed);
    record(&transcripts, 1);
    let begun = Instant::now();
    assert!(!transcripts.finish(SOON).await);
    assert!(begun.elapsed() < 2 * SOON);
}

#[tokio::test(start_paused = true)]
async fn the_writer_ends_with_the_last_handle_and_writes_what_is_there() {
    let store = Batches::after(0);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 2);
    drop(transcripts);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(store.sizes(), [2]);
    assert_eq!(Arc::strong_count(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn lines_that_find_no_room_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = Batches::after(0);
    let transcripts = Transcripts::recorded(store.clone());
    record(&transcripts, 10_003);
    transcripts.flush(SOON).await.unwrap();
    assert_eq!(store.sizes().iter().sum::<usize>(), 10_000);
    let rendered = recorder.handle().render();
    for line in [
        "switchboard_transcript_lines_total{frontend=\"web\"} 10000",
        "switchboard_transcript_lines_lost_total{frontend=\"web\"} 3",
    ] {
        assert!(rendered.contains(line), "{rendered}");
    }
}

#[tokio::test(start_paused = true)]
async fn old_lines_are_forgotten_at_the_start_and_every_hour() {
    let store = Batches::after(0);
    let begun = Instant::now();
    let now = move || {
        let passed = i64::try_from(begun.elapsed().as_secs()).unwrap();
        Timestamp(1_000_000 + passed)
    };
    let weak = Arc::downgrade(&store);
    let retained = tokio::spawn(retain(weak, Duration::from_secs(1), now));
    sleep(Duration::from_secs(7_201)).await;
    let moments = [999_000, 1_002_600, 1_006_200].map(Timestamp);
    assert_eq!(*store.forgotten.lock(), moments);
    drop(store);
    retained.await.unwrap();
}
