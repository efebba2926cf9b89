//! Finds or makes the conversation that a call is about: live, in the store, or new.

use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{Find, Retry, Target};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::ConversationId;

use crate::conversation::Conversation;
use crate::exchange::FrontendHandle;
use crate::log::Facts;
use crate::records::erased;
use crate::repetition::{REMEMBER_RETRIES, is_same_beginning};

impl FrontendHandle {
    /// Finds or makes the conversation that a call is about; the flag says whether it is new.
    pub(crate) async fn find(&self, target: &Target) -> Result<(Arc<Conversation>, bool), Fault> {
        match &target.find {
            Find::New => Ok(self.make(None, &target.scope)),
            Find::Existing(key) => match self.look_up(key, &target.scope).await? {
                Some(found) => Ok((found, false)),
                None => Err(Fault::UnknownConversation),
            },
            Find::Continue(key) => match self.look_up(key, &target.scope).await? {
                Some(found) if !found.is_over() => Ok((found, false)),
                _ => Ok(self.make(Some(key), &target.scope)),
            },
            Find::Unclaimed(key) => {
                let made = match self.look_up(key, &target.scope).await {
                    Ok(None) => self.make(Some(key), &target.scope),
                    // One of another scope is nobody else's to take either.
                    Ok(Some(_)) | Err(Fault::UnknownConversation) => return Err(claimed()),
                    Err(fault) => return Err(fault),
                };
                // Somebody else may have made one at the same time.
                if made.1 { Ok(made) } else { Err(claimed()) }
            }
            Find::Renew(key) => {
                let known = match key {
                    Some(key) => self.look_up(key, &target.scope).await,
                    None => Ok(None),
                };
                match known {
                    Ok(Some(found)) if !found.is_over() => Ok((found, false)),
                    // Another bot's context is as good as none.
                    Ok(_) | Err(Fault::UnknownConversation) => Ok(self.renew(target)),
                    Err(fault) => Err(fault),
                }
            }
            Find::Detached => Ok((self.detached(&target.scope), true)),
        }
    }

    /// A new conversation for a request that names none or one that is over; a repetition of the
    /// request finds the conversation that the first one made.
    fn renew(&self, target: &Target) -> (Arc<Conversation>, bool) {
        let Some(Retry { digest, .. }) = target.retry else {
            return self.make(None, &target.scope);
        };
        let now = self.inner.clock.now();
        let mut begun = self.state.begun.lock();
        if let Some((conversation, at)) = begun.get(&digest)
            && now.since(*at) < REMEMBER_RETRIES
            && let Some(conversation) = conversation.upgrade()
            && *conversation.scope == *target.scope
            && is_same_beginning(&mut conversation.state.lock(), target.retry, now)
        {
            return (conversation, false);
        }
        let (conversation, created) = self.make(None, &target.scope);
        begun.insert(digest, (Arc::downgrade(&conversation), now));
        (conversation, created)
    }

    async fn look_up(&self, key: &str, scope: &str) -> Result<Option<Arc<Conversation>>, Fault> {
        let live = self.state.conversations.get(key);
        if let Some(found) = live.filter(|found| !found.state.lock().gone) {
            return if in_scope(&found.scope, scope) {
                Ok(Some(found))
            } else {
                Err(Fault::UnknownConversation)
            };
        }
        let stored = self
            .inner
            .store
            .load(&self.state.name, key)
            .await
            .map_err(|error| {
                tracing::error!(%error, "cannot load a conversation");
                Fault::Internal
            })?;
        let Some(stored) = stored.filter(|stored| stored.expires_at > self.inner.clock.now())
        else {
            return Ok(None);
        };
        if !in_scope(&stored.scope, scope) {
            return Err(Fault::UnknownConversation);
        }
        let conversation = Conversation::from_stored(stored, self.state.clone(), &self.inner)?;
        // First in place, then out of the store: whoever looks meanwhile finds one or the other.
        let own = Arc::new(conversation);
        let conversation = self.state.conversations.insert(&own);
        if !Arc::ptr_eq(&own, &conversation) {
            // Somebody else has taken it up at the same time.
            return Ok(Some(conversation));
        }
        // From here on the live one is the truth; a copy would expire behind its back.
        match self.inner.store.remove(&self.state.name, key).await {
            Ok(true) => {}
            Ok(false) => {
                // Erased between being loaded and being put in place: not even its end is written
                // down, which would bring its user back.
                conversation.facts.hide();
                conversation.dismiss(&self.inner, &mut conversation.state.lock(), erased());
                self.state.conversations.remove_if(&conversation, || true);
                return Ok(None);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot remove a conversation that was taken up from the store");
            }
        }
        Ok(Some(conversation))
    }

    /// A conversation that nobody can find.
    pub(crate) fn detached(&self, scope: &str) -> Arc<Conversation> {
        let id = self.inner.fresh_conversation_id();
        let mut conversation = self.conversation(id, id.to_string().into(), scope);
        conversation.facts = Facts::private();
        Arc::new(conversation)
    }

    fn make(&self, key: Option<&str>, scope: &str) -> (Arc<Conversation>, bool) {
        let id = self.inner.fresh_conversation_id();
        let key = key.map_or_else(|| id.to_string().into(), Arc::from);
        let conversation = Arc::new(self.conversation(id, key, scope));
        let present = self.state.conversations.insert(&conversation);
        let created = Arc::ptr_eq(&present, &conversation);
        if created {
            self.state.meters.conversation_begun();
        }
        (present, created)
    }

    fn conversation(&self, id: ConversationId, key: Arc<str>, scope: &str) -> Conversation {
        let now = self.inner.clock.now();
        Conversation::new(id, key, scope.into(), self.state.clone(), now)
    }
}

fn claimed() -> Fault {
    Fault::Unauthorised(AuthProblem::Missing)
}

/// A request that cannot tell its scope finds its conversation by the key alone.
pub(crate) fn in_scope(own: &str, asked: &str) -> bool {
    asked.is_empty() || own == asked
}
