use std::sync::atomic::{AtomicU64, Ordering};

use switchboard_core::dialect::IdSource;
use switchboard_core::model::Timestamp;
use switchboard_exchange::Clock;
use uuid::Uuid;

/// A clock that follows tokio's, so that a paused runtime pauses it, and ids that count up.
#[derive(Debug)]
pub struct TestClock {
    begun: tokio::time::Instant,
    next: AtomicU64,
}

impl TestClock {
    /// A clock that starts at 2021-07-20T09:15:02Z. Must be made within a tokio runtime.
    pub fn new() -> Self {
        Self {
            begun: tokio::time::Instant::now(),
            next: AtomicU64::new(1),
        }
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl IdSource for TestClock {
    fn fresh(&self) -> Uuid {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 | u128::from(number))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_626_772_502_000).after(self.begun.elapsed())
    }
}
