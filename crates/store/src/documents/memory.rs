use std::collections::HashMap;
use std::sync::Once;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::Value;
use switchboard_core::model::Timestamp;

use super::{Document, DocumentStore, next_version};
use crate::StoreError;

/// Keeps documents in the process; they are gone when it ends, and the first change says so in
/// the log.
#[derive(Debug)]
pub struct MemoryDocuments {
    documents: Mutex<HashMap<String, Document>>,
    said: Once,
}

impl MemoryDocuments {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            documents: Mutex::default(),
            said: Once::new(),
        }
    }
}

impl Default for MemoryDocuments {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl DocumentStore for MemoryDocuments {
    async fn load(&self, name: &str) -> Result<Option<Document>, StoreError> {
        Ok(self.documents.lock().get(name).cloned())
    }

    async fn newer(&self, name: &str, than: i64) -> Result<Option<Document>, StoreError> {
        let documents = self.documents.lock();
        let found = documents.get(name).filter(|it| it.version > than);
        Ok(found.cloned())
    }

    async fn swap(
        &self,
        name: &str,
        expected: Option<i64>,
        value: &Value,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut documents = self.documents.lock();
        if documents.get(name).map(|document| document.version) != expected {
            return Ok(false);
        }
        let document = Document {
            version: next_version(expected),
            value: value.clone(),
        };
        documents.insert(name.to_owned(), document);
        drop(documents);
        self.said.call_once(|| {
            tracing::warn!(
                frontend = name,
                "what was changed at runtime is lost when the process ends: \
                 set `url` in the section [store] to keep it"
            );
        });
        Ok(true)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
