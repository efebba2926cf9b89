//! What frontends keep until a moment, to be found again by a key.

mod memory;
mod sql;

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use serde_json::Value;
use switchboard_core::dialect::KeptValue;
use switchboard_core::model::Timestamp;

use crate::StoreError;

pub use memory::MemoryValues;

/// Keeps values by frontend and key. Of the keys only digests are kept: a key may be a secret that
/// opens something, and who reads the store must not be able to open it.
#[async_trait]
pub trait ValueStore: Send + Sync + 'static {
    /// Keeps values, all of them or none. A later value takes the place of an earlier one of the
    /// same frontend and key.
    ///
    /// # Errors
    /// The store cannot be reached, or has no place for all of them.
    async fn keep(&self, frontend: &str, values: &[KeptValue]) -> Result<(), StoreError>;

    /// The value of a key, if it is kept and its time is not over at `now`.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn get(
        &self,
        frontend: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Value>, StoreError>;

    /// Forgets every value whose time is over at `now`.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn forget(&self, now: Timestamp) -> Result<(), StoreError>;
}

/// What a value is kept under.
fn digest(frontend: &str, key: &str) -> String {
    let mut context = Context::new(&SHA256);
    // With the length before it, no frontend and key read like another frontend and key.
    context.update(&(frontend.len() as u64).to_be_bytes());
    context.update(frontend.as_bytes());
    context.update(key.as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// The values by what they are kept under: each key once, with its last value, and always in the
/// same order, so that two writers do not wait for each other.
fn by_digest<'a>(frontend: &str, values: &'a [KeptValue]) -> BTreeMap<String, &'a KeptValue> {
    let values = values.iter();
    values
        .map(|value| (digest(frontend, &value.key), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_frontends_and_keys_apart() {
        let one = digest("web", "key");
        assert_eq!(one, digest("web", "key"));
        assert_eq!(one.len(), 43);
        for (frontend, key) in [
            ("web", "kez"),
            ("wek", "key"),
            ("webk", "ey"),
            ("we", "bkey"),
        ] {
            assert_ne!(digest(frontend, key), one, "{frontend} {key}");
        }
    }
}
