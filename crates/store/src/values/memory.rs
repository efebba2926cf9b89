use std::collections::HashMap;
use std::sync::Once;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::Value;
use switchboard_core::dialect::KeptValue;
use switchboard_core::model::Timestamp;

use super::{ValueStore, by_digest, digest};
use crate::StoreError;

/// Most values at the same time. Further ones are refused: whoever was promised that a value is
/// kept must not lose it to somebody else's.
const MOST: usize = 100_000;

/// Keeps values in the process; they are gone when it ends, and the first ones to be kept say so
/// in the log.
#[derive(Debug)]
pub struct MemoryValues {
    values: Mutex<HashMap<String, Kept>>,
    said: Once,
}

#[derive(Debug)]
struct Kept {
    value: Value,
    until: Timestamp,
}

impl MemoryValues {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            values: Mutex::default(),
            said: Once::new(),
        }
    }
}

impl Default for MemoryValues {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl ValueStore for MemoryValues {
    async fn keep(&self, frontend: &str, values: &[KeptValue]) -> Result<(), StoreError> {
        let new = by_digest(frontend, values);
        let mut kept = self.values.lock();
        let more = new.keys().filter(|it| !kept.contains_key(*it)).count();
        if kept.len().saturating_add(more) > MOST {
            return Err(StoreError::Full);
        }
        kept.extend(new.into_iter().map(|(digest, new)| {
            let value = new.value.clone();
            let until = new.until;
            (digest, Kept { value, until })
        }));
        drop(kept);
        self.said.call_once(|| {
            tracing::warn!(
                frontend,
                "what is kept, such as links, is lost when the process ends: \
                 set `url` in the section [store] to keep it"
            );
        });
        Ok(())
    }

    async fn get(
        &self,
        frontend: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Value>, StoreError> {
        let values = self.values.lock();
        let found = values.get(&digest(frontend, key));
        Ok(found
            .filter(|kept| kept.until > now)
            .map(|kept| kept.value.clone()))
    }

    async fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut values = self.values.lock();
        values.retain(|_, kept| kept.until > now);
        values.shrink_to_fit();
        Ok(())
    }
}
