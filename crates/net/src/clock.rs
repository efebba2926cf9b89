//! The time, and fresh ids: the only ones outside tests.

use std::time::{SystemTime, UNIX_EPOCH};

use switchboard_core::dialect::IdSource;
use switchboard_core::model::Timestamp;
use switchboard_exchange::Clock;
use uuid::Uuid;

/// The system's clock, and random ids from a generator that is seeded by the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl IdSource for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one source of ids")]
    fn fresh(&self) -> Uuid {
        Uuid::new_v4()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
