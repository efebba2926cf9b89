//! What was said in every conversation of every frontend, for those who ask later.

mod memory;
mod recorder;
mod retention;
mod sql;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use switchboard_core::dialect::{Entry, Item, TranscriptPage, TranscriptQuery};
use switchboard_core::model::{ConversationId, Profile, Timestamp};
use uuid::Uuid;

use crate::StoreError;

pub use memory::MemoryTranscripts;
pub use retention::retain;

use recorder::Recorder;

/// How long who asks, or erases, waits until what was said before is written down.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest id of a user in bytes, of which every database can make an index.
const LONGEST_ID: usize = 255;

/// What does not change of a conversation, as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationFacts {
    /// Switchboard's id of it.
    pub id: ConversationId,
    /// The frontend it is held through.
    pub frontend: Arc<str>,
    /// The backend that answers.
    pub backend: Arc<str>,
    /// The vendor's id of it.
    pub key: Arc<str>,
    /// What it belongs to (app, bot, key).
    pub scope: Arc<str>,
    /// When it began.
    pub begun: Timestamp,
}

/// A line to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLine {
    /// The conversation that it stands in.
    pub conversation: Arc<ConversationFacts>,
    /// What was known of the user when it was written.
    pub profile: Arc<Profile>,
    /// What happened.
    pub entry: Arc<Entry>,
}

impl NewLine {
    /// Whose it is, see [`switchboard_core::dialect::UserTranscript::user_id`], as it is kept.
    fn user_id(&self) -> String {
        let named = self.profile.user_id.as_deref();
        kept_id(
            named
                .filter(|id| !id.is_empty())
                .unwrap_or(&self.conversation.key),
        )
    }
}

fn is_user(entry: &Entry) -> bool {
    matches!(entry.item, Item::User(_))
}

/// An id as it is kept: without the character that PostgreSQL cannot keep, and of a very long one
/// the beginning and a digest.
fn kept_id(id: &str) -> String {
    let short = without_nul(id);
    if short.len() <= LONGEST_ID {
        return short;
    }
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()).simple();
    let end = short.floor_char_boundary(LONGEST_ID / 2);
    format!("{}…{digest}", short.get(..end).unwrap_or_default())
}

/// PostgreSQL keeps no text with this character.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// Whose transcripts are to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Of conversations that were held through this frontend.
    pub frontend: Arc<str>,
    /// Of conversations that belong to this; to anything if it is empty.
    pub scope: String,
    /// Every conversation of this user.
    pub user_id: String,
    /// And these conversations, by the vendor's ids, whoever they are of.
    pub keys: Vec<Arc<str>>,
}

/// Keeps transcripts of conversations.
#[async_trait]
pub trait TranscriptStore: Send + Sync + 'static {
    /// Keeps lines, all or none of them. A line that is kept already is left as it is. Whose a
    /// conversation is, and what is known of the user, is what its latest line says.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn append(&self, lines: &[NewLine]) -> Result<(), StoreError>;

    /// What was said.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    async fn query(&self, query: &TranscriptQuery) -> Result<TranscriptPage, StoreError>;

    /// Forgets a user; how many conversations were forgotten.
    ///
    /// # Errors
    /// The store cannot be reached.
    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError>;

    /// Forgets every line that is older than this; how many there were.
    ///
    /// # Errors
    /// The store cannot be reached; some may be forgotten.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// The transcripts of a process: where they are kept, and what writes them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Transcripts {
    store: Option<Arc<dyn TranscriptStore>>,
    recorder: Option<Arc<Recorder>>,
}

impl Transcripts {
    /// None: nothing is recorded, and nothing was.
    pub fn none() -> Self {
        Self::default()
    }

    /// What is kept can be asked for and erased, but nothing is recorded.
    pub fn kept(store: Arc<dyn TranscriptStore>) -> Self {
        Self {
            store: Some(store),
            recorder: None,
        }
    }

    /// What is said is recorded. Must be called within a tokio runtime: it starts the task that
    /// writes, which ends when the last clone is dropped.
    pub fn recorded(store: Arc<dyn TranscriptStore>) -> Self {
        Self {
            recorder: Some(Arc::new(Recorder::start(Arc::clone(&store)))),
            store: Some(store),
        }
    }

    /// Whether anything is recorded.
    pub fn is_recording(&self) -> bool {
        self.recorder.is_some()
    }

    /// Takes a line to be written soon, without waiting. If the store has not kept up for long the
    /// line is lost and counted.
    pub fn record(&self, line: NewLine) {
        if let Some(recorder) = &self.recorder {
            recorder.record(line);
        }
    }

    /// Waits until everything that was recorded before is written down.
    ///
    /// # Errors
    /// It cannot be written now, or not in so short a time.
    pub async fn flush(&self, patience: Duration) -> Result<(), StoreError> {
        match &self.recorder {
            Some(recorder) => recorder.flush(patience).await,
            None => Ok(()),
        }
    }

    /// Writes what is left, at the end of a process, and tries again until this much time is over.
    /// Whether all was written.
    pub async fn finish(&self, patience: Duration) -> bool {
        match &self.recorder {
            Some(recorder) => recorder.finish(patience).await,
            None => true,
        }
    }

    /// What was said, up to now.
    ///
    /// # Errors
    /// The store cannot be reached, or what it keeps cannot be read.
    pub async fn query(&self, query: &TranscriptQuery) -> Result<TranscriptPage, StoreError> {
        let Some(store) = &self.store else {
            return Ok(TranscriptPage::default());
        };
        self.flush(PATIENCE).await?;
        store.query(query).await
    }

    /// Forgets what was said, up to now; how many conversations were forgotten.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let Some(store) = &self.store else {
            return Ok(0);
        };
        // What is still to be written would come back afterwards.
        self.flush(PATIENCE).await?;
        store.erase(erasure).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_short_enough_for_an_index_and_stay_different() {
        for id in ["", "jane", "é\u{1F600}'; --", &"x".repeat(LONGEST_ID)] {
            assert_eq!(kept_id(id), id);
        }
        assert_eq!(kept_id("a\0b"), "a\u{FFFD}b");
        let long = |last| format!("{}{last}", "\0é".repeat(200));
        assert_ne!(kept_id(&long("a")), kept_id(&long("b")));
        assert!(kept_id(&long("a")).len() <= LONGEST_ID);
    }
}
