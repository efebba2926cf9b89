//! Where conversations are kept while nothing happens in them.
//!
//! The exchange works on live conversations in memory. One that has gone quiet is put away as a
//! [`StoredConversation`], a plain value, and taken up again when its client comes back, by this
//! process or another. [`MemoryStore`] keeps them in the process; a store that replicas share
//! implements the same trait.
//!
//! What frontends change at runtime is kept in a [`DocumentStore`]: in the process
//! ([`MemoryDocuments`]), in SQLite or in PostgreSQL ([`SqlStore`]).
//!
//! What was said is recorded in a [`TranscriptStore`], in the process ([`MemoryTranscripts`]) or in
//! the same database, and asked for through [`Transcripts`].

mod documents;
mod memory;
mod sql;
mod transcripts;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use switchboard_core::dialect::{Entry, HandoverState};
use switchboard_core::model::{ConversationId, Profile, Timestamp};

pub use documents::{Document, DocumentStore, MemoryDocuments, next_version};
pub use memory::MemoryStore;
pub use sql::{SqlStore, check_url};
pub use transcripts::{
    ConversationFacts, Erasure, MemoryTranscripts, NewLine, TranscriptStore, Transcripts, retain,
};

/// A conversation at rest: no turn under way, no client connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredConversation {
    /// Switchboard's id of it.
    pub id: ConversationId,
    /// The frontend it is held through.
    pub frontend: String,
    /// The vendor's id of it, unique within the frontend.
    pub key: String,
    /// What it belongs to (app, bot, key).
    pub scope: String,
    /// What is known of the user.
    pub profile: Arc<Profile>,
    /// The newest entries of its log, oldest first.
    pub log: Vec<StoredEntry>,
    /// The place of the newest entry.
    pub last_seq: u64,
    /// Whether a human is involved.
    pub handover: HandoverState,
    /// The user has done something in it.
    pub used: bool,
    /// It is over.
    pub ended: bool,
    /// The backend of its leg, and the leg's state; absent before the first input.
    pub leg: Option<(String, serde_json::Value)>,
    /// When it began.
    pub begun: Timestamp,
    /// When a client last did something.
    pub last_used: Timestamp,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// A log entry and whether a client has received it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// The entry.
    pub entry: Arc<Entry>,
    /// A client has received it.
    pub delivered: bool,
}

/// Why a store could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached; a later try may succeed.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read")]
    Corrupt(#[source] serde_json::Error),
}

/// Keeps conversations at rest.
#[async_trait]
pub trait ConversationStore: Send + Sync + 'static {
    /// The conversation with this key, if it is kept.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn load(
        &self,
        frontend: &str,
        key: &str,
    ) -> Result<Option<StoredConversation>, StoreError>;

    /// Keeps a conversation, in place of an earlier state of it.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn save(&self, conversation: StoredConversation) -> Result<(), StoreError>;

    /// Forgets a conversation; whether there was one.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn remove(&self, frontend: &str, key: &str) -> Result<bool, StoreError>;

    /// The kept conversations of a user: those whose profile names this id.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn of_user(
        &self,
        frontend: &str,
        user_id: &str,
    ) -> Result<Vec<StoredConversation>, StoreError>;

    /// Forgets every conversation that expires at or before `now`; returns the frontend and the
    /// key of each that had not ended.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn expire(&self, now: Timestamp) -> Result<Vec<(String, String)>, StoreError>;

    /// Whether the store can be reached.
    ///
    /// # Errors
    /// It cannot.
    async fn ping(&self) -> Result<(), StoreError>;
}
