//! What is kept of a user: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.8 and 3.3.27.

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Answer, Item, Operation, Outcome, Record, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{EndReason, Profile, UserEvent};
use switchboard_store::{Erasure, StoreError, StoredConversation};
use tokio::time::timeout;

use crate::answer::recorded;
use crate::conversation::{Conversation, Slot, State};
use crate::exchange::FrontendHandle;
use crate::find::in_scope;
use crate::perform::{Attempt, Begun};

/// How long to wait while another user's records are being looked for, and when to try again then.
const BUSY: Duration = Duration::from_secs(2);

/// How many entries are given out together; of the older conversations less than all then.
const MOST_ENTRIES: usize = 5_000;

/// A conversation that is taken up or put away while it is looked for is found another time.
const PASSES: usize = 3;

impl FrontendHandle {
    /// Performs [`Operation::Records`] and [`Operation::Erase`].
    pub(crate) async fn personal(
        &self,
        target: &Target,
        profile: Profile,
        operation: Operation,
    ) -> Result<Outcome, Fault> {
        let Ok(Ok(_one)) = timeout(BUSY, self.state.personal.acquire()).await else {
            return Err(Fault::RateLimited {
                retry_after: Some(BUSY),
            });
        };
        let (records, event) = match operation {
            Operation::Records {
                user_id,
                limit,
                event,
            } => (self.records(target, &user_id, limit).await?, event),
            Operation::Erase { user_id, event } => (self.erase(target, &user_id).await?, event),
            _ => return Err(Fault::Internal),
        };
        let conversation = self.detached(&target.scope);
        if let Some(event) = event {
            self.tell(&conversation, profile, event);
            conversation.keep_until_done();
        }
        let view = {
            let state = conversation.state.lock();
            conversation.view(&state, true, false)
        };
        let answer = Answer {
            records,
            ..Answer::default()
        };
        Ok(Outcome { view, answer })
    }

    /// Tells the engine, without waiting for it.
    fn tell(&self, conversation: &Arc<Conversation>, profile: Profile, event: Box<UserEvent>) {
        let operation = Operation::Input {
            event,
            wait: Wait::Accepted,
            unknown_choice: UnknownChoice::Pass,
        };
        let attempt = Attempt { profile, operation };
        if let Ok(Begun::Over(Err(fault))) = self.begin(conversation, true, attempt, None) {
            tracing::warn!(%fault, "the engine could not be told what a user wants");
        }
    }

    async fn records(
        &self,
        target: &Target,
        user_id: &str,
        limit: usize,
    ) -> Result<Vec<Record>, Fault> {
        let mut records: Vec<Record> = Vec::new();
        for conversation in self.live_of(target, user_id).await {
            let state = conversation.state.lock();
            if !state.gone {
                records.push(conversation.record(&state, limit));
            }
        }
        for stored in self.stored_of(target, user_id).await? {
            if !records.iter().any(|record| *record.key == *stored.key) {
                records.push(record_of(stored, limit));
            }
        }
        records.sort_by_key(|record| std::cmp::Reverse(record.last_used));
        let mut left = MOST_ENTRIES;
        for record in &mut records {
            let skipped = record.entries.len().saturating_sub(left);
            record.entries.drain(..skipped);
            left -= record.entries.len();
        }
        Ok(records)
    }

    async fn erase(&self, target: &Target, user_id: &str) -> Result<Vec<Record>, Fault> {
        let mut erased: Vec<Record> = Vec::new();
        for _ in 0..PASSES {
            let before = erased.len();
            for conversation in self.live_of(target, user_id).await {
                erased.extend(self.erase_live(&conversation));
            }
            for stored in self.stored_of(target, user_id).await? {
                let removed = self.inner.store.remove(&self.state.name, &stored.key);
                removed.await.map_err(unreachable_store)?;
                if !stored.ended {
                    self.state.meters.conversation_over();
                }
                erased.push(record_of(stored, 0));
            }
            if erased.len() == before {
                break;
            }
        }
        let transcripts = self.erase_transcripts(target, user_id, &erased).await?;
        tracing::info!(
            conversations = erased.len(),
            transcripts,
            "a user's conversations were erased"
        );
        Ok(erased)
    }

    /// After the conversations: nothing is said in them any more.
    async fn erase_transcripts(
        &self,
        target: &Target,
        user_id: &str,
        erased: &[Record],
    ) -> Result<u64, Fault> {
        let erasure = Erasure {
            frontend: Arc::clone(&self.state.name),
            scope: target.scope.clone(),
            user_id: user_id.to_owned(),
            keys: erased.iter().map(|record| record.key.clone()).collect(),
        };
        let gone = self.inner.transcripts.erase(&erasure).await;
        gone.map_err(|error| {
            tracing::error!(%error, "a user's transcripts cannot be erased");
            Fault::StoreUnavailable
        })
    }

    fn erase_live(&self, conversation: &Arc<Conversation>) -> Option<Record> {
        let record = {
            let mut state = conversation.state.lock();
            if state.gone {
                return None;
            }
            let record = conversation.record(&state, 0);
            conversation.dismiss(&self.inner, &mut state, erased());
            // What remains to be told to whoever is attached.
            let is_end = |slot: &Slot| matches!(slot.entry.item, Item::Ended { .. });
            state.log.retain(is_end);
            state.profile = Arc::default();
            record
        };
        self.state.conversations.remove_if(conversation, || true);
        Some(record)
    }

    async fn live_of(&self, target: &Target, user_id: &str) -> Vec<Arc<Conversation>> {
        let mut found = Vec::new();
        for index in 0..self.state.conversations.count() {
            let all = self.state.conversations.of_shard(index);
            found.extend(all.into_iter().filter(|conversation| {
                in_scope(&conversation.scope, &target.scope)
                    && is_of(&conversation.state.lock().profile, user_id)
            }));
            tokio::task::yield_now().await;
        }
        found
    }

    async fn stored_of(
        &self,
        target: &Target,
        user_id: &str,
    ) -> Result<Vec<StoredConversation>, Fault> {
        let stored = self.inner.store.of_user(&self.state.name, user_id);
        let mut stored = stored.await.map_err(unreachable_store)?;
        stored.retain(|stored| in_scope(&stored.scope, &target.scope));
        Ok(stored)
    }
}

impl Conversation {
    /// What is kept of it, with its newest entries.
    fn record(&self, state: &State, limit: usize) -> Record {
        Record {
            key: self.key.clone(),
            begun: self.begun,
            last_used: self.last_used(),
            ended: state.ended,
            entries: recorded(state, limit),
        }
    }
}

/// Why a conversation ends whose user is to be forgotten.
pub(crate) fn erased() -> EndReason {
    EndReason::Other("erased".to_owned())
}

fn is_of(profile: &Profile, user_id: &str) -> bool {
    profile.user_id.as_deref() == Some(user_id)
}

fn unreachable_store(error: StoreError) -> Fault {
    tracing::error!(%error, "cannot look for a user's conversations");
    Fault::Internal
}

fn record_of(stored: StoredConversation, limit: usize) -> Record {
    let skipped = stored.log.len().saturating_sub(limit);
    let entries = stored.log.into_iter().map(|slot| slot.entry);
    Record {
        key: stored.key.into(),
        begun: stored.begun,
        last_used: stored.last_used,
        ended: stored.ended,
        entries: entries
            .skip(skipped)
            .filter(|entry| !entry.unrecorded && !entry.is_transient())
            .collect(),
    }
}
