//! Takes lines without making anybody wait, and writes them in batches.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, counter};
use parking_lot::Mutex;
use tokio::select;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::{NewLine, TranscriptStore};
use crate::StoreError;

/// How many lines may wait while as many are being written.
const WAITING: usize = 10_000;

/// How many lines are written together, unless that fails.
const BATCH: usize = 256;

/// How long the first line of a batch waits for more.
const GATHERING: Duration = Duration::from_millis(50);

/// How long a store that fails is left in peace: at first, and at the most.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One in so many lost lines is told of in the log.
const TELL_EVERY: u64 = 1_000;

/// The queue of lines to be written, and the end of the task that writes them.
pub(super) struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn TranscriptStore>,
    queue: Mutex<Queue>,
    /// There is something to do.
    something: Notify,
    /// And somebody waits for it.
    urgent: Notify,
    lost: AtomicU64,
}

#[derive(Default)]
struct Queue {
    lines: Vec<NewLine>,
    /// Told once all lines that were there before are written; dropped if they cannot be.
    markers: Vec<oneshot::Sender<()>>,
    is_closed: bool,
}

impl Recorder {
    pub(super) fn start(store: Arc<dyn TranscriptStore>) -> Self {
        let shared = Arc::new(Shared {
            store,
            queue: Mutex::default(),
            something: Notify::new(),
            urgent: Notify::new(),
            lost: AtomicU64::new(0),
        });
        tokio::spawn(Arc::clone(&shared).write_all());
        Self { shared }
    }

    pub(super) fn record(&self, line: NewLine) {
        let mut queue = self.shared.queue.lock();
        if queue.lines.len() >= WAITING {
            drop(queue);
            return self.shared.lose(&line);
        }
        queue.lines.push(line);
        let is_first = queue.lines.len() == 1;
        drop(queue);
        // The writer comes once for all that gather.
        if is_first {
            self.shared.something.notify_one();
        }
    }

    pub(super) async fn flush(&self, patience: Duration) -> Result<(), StoreError> {
        let (marker, written) = oneshot::channel();
        self.shared.queue.lock().markers.push(marker);
        self.shared.something.notify_one();
        self.shared.urgent.notify_one();
        match timeout(patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failed)) => Err(StoreError::Unavailable(failed.into())),
            Err(late) => Err(StoreError::Unavailable(late.into())),
        }
    }

    pub(super) async fn finish(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if self.flush(left).await.is_ok() {
                return true;
            }
            if left <= PAUSE {
                let lines = self.shared.queue.lock().lines.len();
                warn!(lines, "ending before all transcripts are written");
                return false;
            }
            sleep(PAUSE).await;
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.queue.lock().is_closed = true;
        self.shared.something.notify_one();
        self.shared.urgent.notify_one();
    }
}

impl Shared {
    async fn write_all(self: Arc<Self>) {
        let mut meters = Meters::default();
        loop {
            self.something.notified().await;
            select! {
                () = sleep(GATHERING) => {}
                () = self.urgent.notified() => {}
            }
            let mut taken = self.take();
            self.write(&mut taken, &mut meters).await;
            for marker in taken.markers {
                // Whoever waited may have gone.
                let _ = marker.send(());
            }
            if taken.is_closed {
                return;
            }
        }
    }

    fn take(&self) -> Queue {
        let mut queue = self.queue.lock();
        let is_closed = queue.is_closed;
        let empty = Queue {
            is_closed,
            ..Queue::default()
        };
        std::mem::replace(&mut queue, empty)
    }

    /// Writes lines, and tries again until it works, or until nobody is left who records.
    async fn write(&self, taken: &mut Queue, meters: &mut Meters) {
        let (mut pause, mut most) = (PAUSE, BATCH);
        let mut left = taken.lines.as_slice();
        while !left.is_empty() {
            let (batch, rest) = left.split_at(most.min(left.len()));
            let Err(error) = self.store.append(batch).await else {
                meters.written(batch);
                left = rest;
                (pause, most) = (PAUSE, BATCH.min(most * 2));
                continue;
            };
            // Dropped, they tell whoever waits that it does not work now.
            taken.markers.clear();
            if !self.goes_on_after(&error) {
                return;
            }
            select! {
                () = sleep(pause) => {}
                () = self.urgent.notified() => {}
            }
            // Lines may be so long that fewer can be written in time.
            (pause, most) = (LONGEST_PAUSE.min(pause * 2), (most / 2).max(1));
        }
    }

    /// Tells everybody who has come meanwhile that it does not work. Whether it is worth trying
    /// again.
    fn goes_on_after(&self, error: &StoreError) -> bool {
        let reason = std::error::Error::source(error).map(tracing::field::display);
        let mut queue = self.queue.lock();
        let waiting = queue.lines.len();
        warn!(%error, reason, waiting, "transcripts cannot be written yet");
        queue.markers.clear();
        !queue.is_closed
    }

    fn lose(&self, line: &NewLine) {
        lost(&line.conversation.frontend).increment(1);
        let before = self.lost.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(TELL_EVERY) {
            let frontend = &*line.conversation.frontend;
            warn!(
                frontend,
                lost = before + 1,
                "lines of transcripts are lost: the store does not keep up"
            );
        }
    }
}

/// What was written, by frontend.
#[derive(Default)]
struct Meters(HashMap<Arc<str>, Counter>);

impl Meters {
    fn written(&mut self, lines: &[NewLine]) {
        for line in lines {
            let frontend = &line.conversation.frontend;
            if let Some(counter) = self.0.get(frontend) {
                counter.increment(1);
                continue;
            }
            let counter =
                counter!("switchboard_transcript_lines_total", "frontend" => Arc::clone(frontend));
            counter.increment(1);
            // So that it is there before it counts.
            lost(frontend).increment(0);
            self.0.insert(Arc::clone(frontend), counter);
        }
    }
}

fn lost(frontend: &Arc<str>) -> Counter {
    counter!("switchboard_transcript_lines_lost_total", "frontend" => Arc::clone(frontend))
}
