use std::collections::HashMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use switchboard_core::model::Timestamp;

use crate::{ConversationStore, StoreError, StoredConversation};

/// Keeps conversations in the process; they are gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    conversations: Mutex<HashMap<(String, String), StoredConversation>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many conversations it keeps.
    pub fn len(&self) -> usize {
        self.conversations.lock().len()
    }

    /// Whether it keeps none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn load(
        &self,
        frontend: &str,
        key: &str,
    ) -> Result<Option<StoredConversation>, StoreError> {
        let conversations = self.conversations.lock();
        if conversations.is_empty() {
            return Ok(None);
        }
        Ok(conversations
            .get(&(frontend.to_owned(), key.to_owned()))
            .cloned())
    }

    async fn save(&self, conversation: StoredConversation) -> Result<(), StoreError> {
        let key = (conversation.frontend.clone(), conversation.key.clone());
        self.conversations.lock().insert(key, conversation);
        Ok(())
    }

    async fn remove(&self, frontend: &str, key: &str) -> Result<bool, StoreError> {
        let key = (frontend.to_owned(), key.to_owned());
        Ok(self.conversations.lock().remove(&key).is_some())
    }

    async fn of_user(
        &self,
        frontend: &str,
        user_id: &str,
    ) -> Result<Vec<StoredConversation>, StoreError> {
        let conversations = self.conversations.lock();
        let own = conversations.values().filter(|conversation| {
            conversation.frontend == frontend
                && conversation.profile.user_id.as_deref() == Some(user_id)
        });
        Ok(own.cloned().collect())
    }

    async fn expire(&self, now: Timestamp) -> Result<Vec<(String, String)>, StoreError> {
        let mut conversations = self.conversations.lock();
        Ok(conversations
            .extract_if(|_, conversation| conversation.expires_at <= now)
            .filter(|(_, conversation)| !conversation.ended)
            .map(|(key, _)| key)
            .collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
