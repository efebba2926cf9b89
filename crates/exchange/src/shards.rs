//! The live conversations of one frontend, by key, in shards so that no lock is contended.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::conversation::Conversation;

const SHARDS: usize = 64;

type Shard = HashMap<Arc<str>, Arc<Conversation>>;

pub(crate) struct Shards {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl Shards {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Conversation>> {
        self.lock(key).get(key).cloned()
    }

    /// Puts a conversation in place, unless a live one with the same key is there: then that one
    /// is returned.
    pub(crate) fn insert(&self, conversation: &Arc<Conversation>) -> Arc<Conversation> {
        let mut shard = self.lock(&conversation.key);
        if let Some(present) = shard.get(&conversation.key)
            && !present.is_over()
        {
            return present.clone();
        }
        shard.insert(conversation.key.clone(), conversation.clone());
        conversation.clone()
    }

    /// Removes this very conversation if `really` still says so while nobody can find it.
    pub(crate) fn remove_if(
        &self,
        conversation: &Arc<Conversation>,
        really: impl FnOnce() -> bool,
    ) -> bool {
        let mut shard = self.lock(&conversation.key);
        let present = shard
            .get(&conversation.key)
            .is_some_and(|found| Arc::ptr_eq(found, conversation));
        if present && really() {
            shard.remove(&conversation.key);
            return true;
        }
        false
    }

    /// Every conversation of one shard.
    pub(crate) fn of_shard(&self, index: usize) -> Vec<Arc<Conversation>> {
        self.shards
            .get(index)
            .map(|shard| shard.lock().values().cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.shards.len()
    }

    fn lock(&self, key: &str) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(self.hasher.hash_one(key)).unwrap_or_default() % SHARDS;
        #[expect(
            clippy::indexing_slicing,
            reason = "the index is taken modulo the length"
        )]
        self.shards[index].lock()
    }
}
