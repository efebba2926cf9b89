//! Where a gateway keeps what must outlast a call.

use std::sync::Arc;

use anyhow::Context;
use switchboard_exchange::Clock;
use switchboard_net::clock::SystemClock;
use switchboard_store::{
    DocumentStore, MemoryDocuments, MemoryTranscripts, SqlStore, TranscriptStore, Transcripts,
    retain,
};

use crate::commands::shown;
use crate::config::Config;

/// Where a gateway keeps what must outlast a call.
pub(crate) struct Stores {
    /// What is changed at runtime.
    pub(crate) documents: Arc<dyn DocumentStore>,
    /// What was said.
    transcripts: Arc<dyn TranscriptStore>,
}

impl Stores {
    /// What the configuration says: one database for everything, or memory.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.store.url else {
            return Ok(Self {
                documents: Arc::new(MemoryDocuments::new()),
                transcripts: Arc::new(MemoryTranscripts::new(config.transcripts.memory_lines)),
            });
        };
        let store = SqlStore::connect(url.reveal())
            .await
            .with_context(|| format!("cannot use the store {}", shown(url)))?;
        Ok(Self {
            documents: Arc::new(store.clone()),
            transcripts: Arc::new(store),
        })
    }

    /// Starts to record, if that is wanted, and to forget what is too old.
    pub(crate) fn transcripts(&self, config: &Config) -> Transcripts {
        let store = Arc::downgrade(&self.transcripts);
        tokio::spawn(retain(store, config.transcripts.keep, || SystemClock.now()));
        let store = Arc::clone(&self.transcripts);
        if config.transcripts.record {
            Transcripts::recorded(store)
        } else {
            Transcripts::kept(store)
        }
    }
}
