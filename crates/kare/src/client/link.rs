use std::sync::Arc;
use std::time::Duration;

use switchboard_core::dialect::Cx;
use switchboard_core::model::{MessageId, Timestamp};

use super::access::Pass;

/// After so many failed attempts in a row, input goes over REST.
const MAX_FAILURES: u32 = 2;
/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// A socket that has lived this long was a good one: the pauses begin anew.
const GOOD_AFTER: Duration = Duration::from_secs(30);

/// A leg's connection to its engine.
#[derive(Default)]
pub(super) struct Link {
    stage: Stage,
    /// Input goes over REST until a socket is open.
    rest: bool,
    /// Sockets in a row that did not open or brought nothing.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    /// Something arrived on the open socket.
    heard: bool,
    /// The turn of what was sent last on the open socket.
    last_sent: Option<MessageId>,
    credential: Credential,
}

#[derive(Default)]
enum Stage {
    /// Nothing is open and nothing is wanted.
    #[default]
    Down,
    /// A socket is wanted, but not before this moment.
    Waiting(Timestamp),
    /// A socket is being opened; given up at this moment.
    Opening(Timestamp),
    /// Since this moment.
    Open(Timestamp),
}

/// How far the leg has got in proving who it is. A refusal leads one step on.
#[derive(Default)]
pub(super) enum Credential {
    /// As configured.
    #[default]
    Configured,
    /// The token went along.
    Shown(Arc<Pass>),
    /// By another token than the one that was refused, or by one where none was shown.
    Token {
        /// A token was refused already.
        renewed: bool,
        shown: Option<Arc<Pass>>,
    },
    /// Nothing helps: the socket is left alone.
    Refused,
}

impl Link {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_) | Stage::Opening(_))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    pub(super) fn is_rest(&self) -> bool {
        self.rest && !self.is_open()
    }

    /// Open, or about to be.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Opening(_) | Stage::Open(_))
    }

    /// A socket is there or on its way.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_waiting() || self.is_open()
    }

    /// When the next attempt is due.
    pub(super) fn next_attempt(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Waiting(until) => Some(until),
            _ => None,
        }
    }

    /// When an attempt under way is given up.
    pub(super) fn attempt_ends(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Opening(until) => Some(until),
            _ => None,
        }
    }

    /// Whether it is time for an attempt. `has_turns`: somebody waits for what comes of it.
    pub(super) fn is_due(&mut self, has_turns: bool, cx: &Cx<'_>) -> bool {
        match self.stage {
            Stage::Open(_) => false,
            Stage::Waiting(until) | Stage::Opening(until) if cx.now < until => false,
            Stage::Opening(_) => {
                self.attempt_failed(has_turns, cx);
                false
            }
            Stage::Down | Stage::Waiting(_) => !matches!(self.credential, Credential::Refused),
        }
    }

    /// A socket is wanted, but not before this moment; never if nothing lets us in.
    pub(super) fn wait(&mut self, until: Timestamp) {
        self.stage = match self.credential {
            Credential::Refused => Stage::Down,
            _ => Stage::Waiting(until),
        };
    }

    pub(super) fn opening(&mut self, until: Timestamp) {
        self.stage = Stage::Opening(until);
    }

    pub(super) fn opened(&mut self, now: Timestamp) {
        self.stage = Stage::Open(now);
        self.rest = false;
        self.heard = false;
        self.last_sent = None;
    }

    /// A frame arrived: the connection works.
    pub(super) fn heard(&mut self) {
        self.heard = true;
        self.failures = 0;
    }

    /// Something was sent; `turn` if it was a turn's.
    pub(super) fn sent(&mut self, turn: Option<MessageId>) {
        self.last_sent = turn;
    }

    /// The turn of what was sent last.
    pub(super) fn last_sent(&mut self) -> Option<MessageId> {
        self.last_sent.take()
    }

    /// The socket broke, or never came to be; another one is tried after a pause.
    pub(super) fn broke(&mut self, has_turns: bool, cx: &Cx<'_>) {
        if self.was_good(cx.now) {
            self.pauses = 0;
            self.failures = 0;
        }
        if self.is_open() && self.heard {
            self.pause(cx);
        } else {
            self.attempt_failed(has_turns, cx);
        }
    }

    fn was_good(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Open(since) if now.since(since) >= GOOD_AFTER)
    }

    fn attempt_failed(&mut self, has_turns: bool, cx: &Cx<'_>) {
        self.failures += 1;
        if has_turns && self.failures >= MAX_FAILURES {
            self.use_rest();
        }
        self.pause(cx);
    }

    /// The server asks for patience. Input does not wait for the socket.
    pub(super) fn come_later(&mut self, wait: Option<Duration>, cx: &Cx<'_>) {
        self.use_rest();
        match wait {
            Some(wait) => self.wait(cx.now.after(wait)),
            None => self.pause(cx),
        }
    }

    /// Input goes over REST until a socket is open.
    pub(super) fn use_rest(&mut self) {
        if !self.rest {
            tracing::warn!("the engine's socket is out of reach; input goes over REST");
        }
        self.rest = true;
    }

    /// Input goes over REST, and no socket is wanted.
    pub(super) fn rest_only(&mut self) {
        self.rest = true;
        self.stage = Stage::Down;
    }

    pub(super) fn credential(&mut self) -> &mut Credential {
        &mut self.credential
    }

    /// The server does not let us in with what was shown. Tells which token is no good.
    pub(super) fn refused(&mut self, is_final: bool, now: Timestamp) -> Option<Arc<Pass>> {
        // A token that has opened a good socket was no wrong one, even if it is worth nothing now.
        let was_good = self.was_good(now);
        let (refused, is_last) = match std::mem::take(&mut self.credential) {
            Credential::Configured => (None, false),
            Credential::Shown(pass) => (Some(pass), is_final),
            Credential::Token { renewed, shown } => (shown, is_final || renewed && !was_good),
            Credential::Refused => (None, true),
        };
        if is_last {
            self.credential = Credential::Refused;
            self.use_rest();
            self.stage = Stage::Down;
            return None;
        }
        self.credential = Credential::Token {
            renewed: refused.is_some(),
            shown: None,
        };
        self.wait(now);
        refused
    }

    /// A user waits now: the next attempt is not put off any longer, unless input goes over REST
    /// anyway. If it fails as those before it, REST is the way.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        if matches!(self.stage, Stage::Waiting(_)) && !self.rest {
            self.wait(now);
        }
    }

    /// The server closed it and nothing is under way.
    pub(super) fn stay_down(&mut self) {
        self.stage = Stage::Down;
    }

    /// Stops trying; an open socket stays open.
    pub(super) fn give_up(&mut self) {
        if !self.is_open() {
            self.stage = Stage::Down;
            // Who is refused for good has nothing but REST.
            self.rest = matches!(self.credential, Credential::Refused);
        }
    }

    /// 1, 2, 4 ... 30 s, and up to a quarter more so that clients do not come back all at once.
    pub(super) fn pause(&mut self, cx: &Cx<'_>) {
        let base = Duration::from_secs(1 << self.pauses.min(5)).min(MAX_PAUSE);
        self.pauses += 1;
        let [byte, ..] = *cx.ids.fresh().as_bytes();
        self.wait(cx.now.after(base + base * u32::from(byte) / 1024));
    }
}
