use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use switchboard_core::dialect::Secret;
use switchboard_core::model::Timestamp;

use crate::wire::token::Token;

/// What the legs at one engine have learned together: the token, which form of REST body the
/// engine takes, and what it calls our inputs.
pub(super) struct Access {
    held: Mutex<Option<(Arc<Pass>, Timestamp)>>,
    configured_flat: bool,
    flat: AtomicBool,
    /// A body of the current form was taken once.
    proven: AtomicBool,
    naming: AtomicU8,
}

/// A token, as it is shown.
#[derive(Debug)]
pub(super) struct Pass {
    /// In the `Authorization` header.
    pub header: HeaderValue,
    /// In a parameter.
    pub value: Secret,
}

/// What an engine calls our inputs in the parents of its replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// Not known yet.
    Unknown,
    /// By the ids that they have.
    Ours,
    /// By ids of its own; the parts of an answer hang below the answer.
    Theirs,
    /// By ids of its own, and everything hangs below the input.
    TheirsFlat,
}

const NAMINGS: [Naming; 4] = [
    Naming::Unknown,
    Naming::Ours,
    Naming::Theirs,
    Naming::TheirsFlat,
];

impl Access {
    pub(super) fn new(flat: bool) -> Self {
        Self {
            held: Mutex::new(None),
            configured_flat: flat,
            flat: AtomicBool::new(flat),
            proven: AtomicBool::new(false),
            naming: AtomicU8::new(0),
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<(Arc<Pass>, Timestamp)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token, unless it is time for the next one.
    pub(super) fn pass(&self, now: Timestamp) -> Option<Arc<Pass>> {
        self.held()
            .as_ref()
            .filter(|(_, refresh_at)| now < *refresh_at)
            .map(|(pass, _)| Arc::clone(pass))
    }

    /// Holds a token until 80 % of its lifetime have passed. Tells whether it can be held: not if no
    /// header can show it.
    pub(super) fn hold(&self, token: Token, now: Timestamp) -> bool {
        let Ok(mut header) = HeaderValue::try_from(format!("Bearer {}", token.value)) else {
            return false;
        };
        header.set_sensitive(true);
        let pass = Pass {
            header,
            value: Secret::new(token.value),
        };
        *self.held() = Some((Arc::new(pass), now.after(token.lifetime * 4 / 5)));
        true
    }

    /// Forgets a token that was refused, unless another leg has a newer one already.
    pub(super) fn forget(&self, refused: &Pass) {
        self.held()
            .take_if(|(pass, _)| pass.value.reveal() == refused.value.reveal());
    }

    pub(super) fn is_flat(&self) -> bool {
        self.flat.load(Ordering::Relaxed)
    }

    /// A body was taken: its form is the right one.
    pub(super) fn prove(&self, flat: bool) {
        if !self.proven.swap(true, Ordering::Relaxed) {
            self.flat.store(flat, Ordering::Relaxed);
        }
    }

    /// A body was refused. Tells whether the flat form is worth a try: not if it was the refused
    /// one, and not if the engine has taken envelopes before.
    pub(super) fn try_flat(&self, refused_flat: bool) -> bool {
        if refused_flat {
            return false;
        }
        if !self.proven.load(Ordering::Relaxed) {
            self.flat.store(true, Ordering::Relaxed);
        }
        self.is_flat()
    }

    /// Neither form was taken, so that the input is to blame and nothing was learned.
    pub(super) fn settle(&self) {
        if !self.proven.load(Ordering::Relaxed) {
            self.flat.store(self.configured_flat, Ordering::Relaxed);
        }
    }

    pub(super) fn naming(&self) -> Naming {
        let at = usize::from(self.naming.load(Ordering::Relaxed));
        NAMINGS.get(at).copied().unwrap_or(Naming::Unknown)
    }

    pub(super) fn learn(&self, naming: Naming) {
        if self.naming() != naming {
            self.naming.store(naming as u8, Ordering::Relaxed);
        }
    }
}
