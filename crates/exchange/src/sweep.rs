//! Ends and puts away conversations that nothing happens in.

use std::collections::HashMap;
use std::sync::Arc;

use switchboard_core::model::{EndReason, Timestamp};

use crate::conversation::Conversation;
use crate::exchange::{FrontendState, Inner};
use crate::repetition::REMEMBER_RETRIES;

pub(crate) async fn sweep(inner: &Arc<Inner>, frontends: &HashMap<String, Arc<FrontendState>>) {
    let now = inner.clock.now();
    for frontend in frontends.values() {
        frontend.begun.lock().retain(|_, (conversation, at)| {
            now.since(*at) < REMEMBER_RETRIES && conversation.strong_count() > 0
        });
        frontend.absent.forget_those_back();
        for index in 0..frontend.conversations.count() {
            for conversation in frontend.conversations.of_shard(index) {
                visit(inner, frontend, &conversation, now).await;
            }
            tokio::task::yield_now().await;
        }
    }
    match inner.store.expire(now).await {
        Ok(expired) => {
            for (frontend, _) in expired {
                if let Some(frontend) = frontends.get(&frontend) {
                    frontend.meters.conversation_over();
                }
            }
        }
        Err(error) => tracing::warn!(%error, "cannot expire stored conversations"),
    }
}

async fn visit(
    inner: &Arc<Inner>,
    frontend: &Arc<FrontendState>,
    conversation: &Arc<Conversation>,
    now: Timestamp,
) {
    if conversation.has_company() {
        // Who waits for a human, or listens to one, may be silent for long.
        conversation.touch(now);
        return;
    }
    let idle = now.since(conversation.last_used());
    if idle >= frontend.frontend.idle_timeout() {
        expire(inner, frontend, conversation).await;
    } else if idle >= inner.limits.put_away_after {
        put_away(inner, frontend, conversation).await;
    }
}

async fn expire(
    inner: &Arc<Inner>,
    frontend: &Arc<FrontendState>,
    conversation: &Arc<Conversation>,
) {
    {
        let mut state = conversation.state.lock();
        // Used again, meanwhile or still.
        let idle = inner.clock.now().since(conversation.last_used());
        if idle < frontend.frontend.idle_timeout() || state.turns.iter().any(|turn| !turn.is_over())
        {
            return;
        }
        conversation.dismiss(inner, &mut state, EndReason::Idle);
    }
    frontend.conversations.remove_if(conversation, || true);
    if let Err(error) = inner.store.remove(&frontend.name, &conversation.key).await {
        tracing::warn!(%error, "cannot remove an expired conversation from the store");
    }
}

async fn put_away(
    inner: &Arc<Inner>,
    frontend: &Arc<FrontendState>,
    conversation: &Arc<Conversation>,
) {
    let Some((stored, version)) = conversation.to_stored() else {
        return;
    };
    if let Err(error) = inner.store.save(stored).await {
        tracing::warn!(%error, "cannot put a conversation away");
        return;
    }
    let is_away = frontend.conversations.remove_if(conversation, || {
        let mut state = conversation.state.lock();
        let unchanged = state.version == version
            && state.attached == 0
            && !state.turns.iter().any(|turn| !turn.is_over());
        state.gone |= unchanged;
        unchanged
    });
    // Used again, or erased, meanwhile: the copy must not outlive it.
    if !is_away && let Err(error) = inner.store.remove(&frontend.name, &conversation.key).await {
        tracing::warn!(%error, "cannot remove a stale copy of a conversation");
    }
}
