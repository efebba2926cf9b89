use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
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
    /// The token as the `Authorization` header shows it.
    bearer: HeaderValue,
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

    /// What shows the token, unless it is time for the next one.
    pub(super) fn bearer(&self, now: Timestamp) -> Option<HeaderValue> {
        self.held()
            .as_ref()
            .filter(|held| now < held.refresh_at)
            .map(|held| held.bearer.clone())
    }

    /// Holds a token until 80 % of its lifetime have passed. Tells whether it can be held: not if no
    /// header can show it.
    pub(super) fn hold(&self, token: &Token, now: Timestamp) -> bool {
        let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {}", token.value)) else {
            return false;
        };
        bearer.set_sensitive(true);
        *self.held() = Some(Held {
            bearer,
            refresh_at: now.after(token.lifetime * 4 / 5),
        });
        true
    }

    /// Forgets a token that was refused, unless another leg has a newer one already.
    pub(super) fn forget(&self, refused: &HeaderValue) {
        let mut held = self.held();
        if held.as_ref().is_some_and(|held| held.bearer == refused) {
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
