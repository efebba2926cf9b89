//! What a frontend changes at runtime, one document for each, swapped as a whole.

mod memory;
mod sql;

use async_trait::async_trait;
use serde_json::Value;
use switchboard_core::model::Timestamp;

use crate::StoreError;

pub use memory::MemoryDocuments;

/// A kept document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Which state of it this is: 1, 2, 3, without gaps.
    pub version: i64,
    /// What is in it.
    pub value: Value,
}

/// Keeps documents by name. Who changes one says which version the change is of, so that two
/// processes cannot undo each other's changes.
#[async_trait]
pub trait DocumentStore: Send + Sync + 'static {
    /// The document with this name, if it is kept.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn load(&self, name: &str) -> Result<Option<Document>, StoreError>;

    /// The same, if it has changed since this version.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn newer(&self, name: &str, than: i64) -> Result<Option<Document>, StoreError>;

    /// Puts a document in the place of its version `expected`, or keeps it as the first one if
    /// there is none to expect. Whether it did: `false` if another change came first.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn swap(
        &self,
        name: &str,
        expected: Option<i64>,
        value: &Value,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// It cannot.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// The version that follows `expected`.
pub const fn next_version(expected: Option<i64>) -> i64 {
    match expected {
        Some(version) => version + 1,
        None => 1,
    }
}
