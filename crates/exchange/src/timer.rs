//! One timer for all conversations.
//!
//! A conversation is entered at most once, for its earliest moment; a later one is entered when
//! that fires. So a busy conversation costs no timer work per turn.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use switchboard_core::model::Timestamp;
use tokio::sync::Notify;

use crate::conversation::Conversation;

const RESOLUTION_MS: i64 = 10;

#[derive(Default)]
pub(crate) struct Timer {
    slots: Mutex<BTreeMap<i64, Vec<Weak<Conversation>>>>,
    earlier: Notify,
}

impl Timer {
    /// Calls [`Conversation::tick`] at or shortly after `at`.
    pub(crate) fn enter(&self, at: Timestamp, conversation: &Arc<Conversation>) {
        // Rounded up: a tick that comes early would only have to be entered again.
        let slot = at
            .as_millis()
            .saturating_add(RESOLUTION_MS - 1)
            .div_euclid(RESOLUTION_MS);
        let mut slots = self.slots.lock();
        let first = slots
            .first_key_value()
            .is_none_or(|(earliest, _)| slot < *earliest);
        slots
            .entry(slot)
            .or_default()
            .push(Arc::downgrade(conversation));
        drop(slots);
        if first {
            self.earlier.notify_one();
        }
    }

    /// The conversations whose moment has come.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Arc<Conversation>> {
        let now_slot = now.as_millis().div_euclid(RESOLUTION_MS);
        let mut slots = self.slots.lock();
        let later = slots.split_off(&(now_slot + 1));
        let due = std::mem::replace(&mut *slots, later);
        drop(slots);
        due.into_values()
            .flatten()
            .filter_map(|weak| weak.upgrade())
            .collect()
    }

    /// Waits until something may be due.
    pub(crate) async fn wait(&self, now: Timestamp) {
        let earliest = self.slots.lock().first_key_value().map(|(slot, _)| *slot);
        match earliest {
            None => self.earlier.notified().await,
            Some(slot) => {
                let wait = Timestamp(slot.saturating_mul(RESOLUTION_MS)).since(now);
                tokio::select! {
                    () = tokio::time::sleep(wait.max(Duration::from_millis(1))) => {}
                    () = self.earlier.notified() => {}
                }
            }
        }
    }
}
