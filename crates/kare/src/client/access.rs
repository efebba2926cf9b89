use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use switchboard_core::model::Timestamp;

use crate::wire::token::Token;

/// What the legs at one engine have learned together: the application's token, and which form of
/// REST body the engine takes.
pub(super) struct Access {
    token: Mutex<Option<Held>>,
    configured_flat: bool,
    flat: AtomicBool,
    /// A body of the current form was taken once.
    proven: AtomicBool,
}

struct Held {
    value: String,
    refresh_at: Timestamp,
}

impl Access {
    pub(super) fn new(flat: bool) -> Self {
        Self {
            token: Mutex::new(None),
            configured_flat: flat,
            flat: AtomicBool::new(flat),
            proven: AtomicBool::new(false),
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token, unless it is time for the next one.
    pub(super) fn token(&self, now: Timestamp) -> Option<String> {
        self.held()
            .as_ref()
            .filter(|held| now < held.refresh_at)
            .map(|held| held.value.clone())
    }

    /// Holds a token until 80 % of its lifetime have passed.
    pub(super) fn hold(&self, token: Token, now: Timestamp) {
        *self.held() = Some(Held {
            value: token.value,
            refresh_at: now.after(token.lifetime * 4 / 5),
        });
    }

    /// Forgets a token that was refused, unless another leg has a newer one already.
    pub(super) fn forget(&self, refused: &str) {
        let mut held = self.held();
        if held.as_ref().is_some_and(|held| held.value == refused) {
            *held = None;
        }
    }

    pub(super) fn is_flat(&self) -> bool {
        self.flat.load(Ordering::Relaxed)
    }

    /// A body was taken: its form is the right one.
    pub(super) fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// An enveloped body was refused. Tells whether the flat form is worth a try: not if it was
    /// the refused one, and not if the engine has taken envelopes before.
    pub(super) fn try_flat(&self) -> bool {
        if self.proven.load(Ordering::Relaxed) {
            return false;
        }
        !self.flat.swap(true, Ordering::Relaxed)
    }

    /// Neither form was taken, so that the input is to blame and nothing was learned.
    pub(super) fn settle(&self) {
        if !self.proven.load(Ordering::Relaxed) {
            self.flat.store(self.configured_flat, Ordering::Relaxed);
        }
    }
}
