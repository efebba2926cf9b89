use std::sync::{Arc, Weak};
use std::time::Duration;

use switchboard_core::model::Timestamp;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::TranscriptStore;

/// How often it is looked for what is too old.
const EVERY: Duration = Duration::from_secs(3600);

/// How soon again after it did not work.
const AGAIN: Duration = Duration::from_secs(60);

/// Forgets what is older than `keep`: now and every hour, until the store is dropped.
pub async fn retain(
    store: Weak<dyn TranscriptStore>,
    keep: Duration,
    now: impl Fn() -> Timestamp + Send,
) {
    loop {
        let Some(held) = store.upgrade() else { return };
        let pause = forget(&held, oldest(now(), keep)).await;
        drop(held);
        sleep(pause).await;
    }
}

async fn forget(store: &Arc<dyn TranscriptStore>, before: Timestamp) -> Duration {
    match store.forget(before).await {
        Ok(lines) => {
            debug!(lines, "old transcripts were forgotten");
            EVERY
        }
        Err(error) => {
            warn!(%error, "old transcripts cannot be forgotten yet");
            AGAIN
        }
    }
}

fn oldest(now: Timestamp, keep: Duration) -> Timestamp {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now.as_millis().saturating_sub(keep))
}
