use std::time::Duration;

use switchboard_core::dialect::{Cx, Effect, LegOutput};
use switchboard_core::model::{Timestamp, TurnOutcome};

use super::leg::KareLeg;
use super::requests;
use crate::options::TransportKind;
use crate::wire::hello::Hello;
use crate::wire::{Body, Envelope, Uri, encode_text};

/// After so many failed attempts in a row, input goes over REST.
const MAX_FAILURES: u32 = 2;
/// How long the socket is then left alone.
const REST_FOR: Duration = Duration::from_secs(300);
/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// RFC 6455: normal.
const NORMAL: u16 = 1000;
/// RFC 6455: policy violation. Coming back with the same credential is no use.
const POLICY: u16 = 1008;

/// A leg's connection to its engine.
#[derive(Default)]
pub(super) struct Link {
    stage: Stage,
    /// Attempts in a row that did not bring an open socket.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    /// The application's id alone was refused; the token goes along.
    needs_token: bool,
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
    Open,
    /// Input goes over REST until this moment.
    Rest(Option<Timestamp>),
}

impl Link {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_) | Stage::Opening(_))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    pub(super) fn is_rest(&self) -> bool {
        matches!(self.stage, Stage::Rest(_))
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

    pub(super) fn wait(&mut self, until: Timestamp) {
        self.stage = Stage::Waiting(until);
    }

    /// Stops trying; an open socket stays open.
    pub(super) fn give_up(&mut self) {
        if !self.is_open() {
            self.stage = Stage::Down;
        }
    }

    /// 1, 2, 4 ... 30 s, and up to a quarter more so that clients do not come back all at once.
    fn pause(&mut self, cx: &Cx<'_>) {
        let base = Duration::from_secs(1 << self.pauses.min(5)).min(MAX_PAUSE);
        self.pauses += 1;
        let [byte, ..] = *cx.ids.fresh().as_bytes();
        self.stage = Stage::Waiting(cx.now.after(base + base * u32::from(byte) / 1024));
    }
}

impl KareLeg {
    /// Opens a socket if one is wanted and it is time.
    pub(super) fn connect(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        match self.link.stage {
            Stage::Open => return,
            Stage::Waiting(until) if cx.now < until => return,
            Stage::Opening(until) if cx.now < until => return,
            Stage::Opening(_) => {
                self.attempt_failed(cx);
                if self.link.is_waiting() || self.link.is_rest() {
                    return;
                }
            }
            Stage::Rest(Some(until)) if cx.now >= until => self.link.failures = 0,
            Stage::Rest(_) => return,
            Stage::Down | Stage::Waiting(_) => {}
        }
        if self.shared.engine.options.transport == TransportKind::Rest {
            self.link.stage = Stage::Rest(None);
            return;
        }
        let bearer = if self.link.needs_token {
            match self.bearer(cx, output) {
                Some(bearer) => Some(bearer),
                None => return,
            }
        } else {
            None
        };
        let Some(key) = self.state.key.as_deref() else {
            return;
        };
        match requests::socket(&self.shared.engine, key, bearer, &self.state) {
            Ok(request) => {
                let until = cx.now.after(self.shared.engine.options.setup_timeout);
                self.link.stage = Stage::Opening(until);
                output.effects.push(Effect::OpenSocket(request));
            }
            Err(error) => {
                tracing::error!(%error, "the socket's address cannot be written");
                self.fail(TurnOutcome::Unreachable, output);
            }
        }
    }

    pub(super) fn socket_opened(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.link.stage = Stage::Open;
        self.link.failures = 0;
        self.echoes.clear();
        // The engine does not replay what was missed; a repeated id tells it what is under way.
        for turn in &mut self.state.turns {
            turn.sent = false;
        }
        let hails = self.state.turns.iter().any(|turn| turn.is_hello());
        if self.state.hailed && !hails {
            let id = cx.message_id();
            self.echoes.push(id);
            let hello = Envelope::new(id, Uri::InHi, Body::Hello(Hello::default()));
            output.effects.push(Effect::SendText(encode_text(&hello)));
        }
    }

    /// Posts everything that waits.
    pub(super) fn flush(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let options = &self.shared.engine.options;
        for turn in &mut self.state.turns {
            if turn.sent {
                continue;
            }
            let patience = if turn.optional {
                options.feedback_timeout
            } else {
                options.reply_timeout
            };
            turn.sent = true;
            turn.deadline.get_or_insert(cx.now.after(patience));
            self.state.hailed |= turn.is_hello();
            self.state.used = true;
            output
                .effects
                .push(Effect::SendText(encode_text(&turn.frame)));
        }
        for envelope in self.state.loose.drain(..) {
            output
                .effects
                .push(Effect::SendText(encode_text(&envelope)));
        }
    }

    /// The socket is closed, or the handshake was refused with an HTTP status.
    pub(super) fn socket_closed(
        &mut self,
        code: u16,
        reason: &str,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let was_open = self.link.is_open();
        tracing::info!(code, reason, was_open, "the engine's socket closed");
        for turn in &mut self.state.turns {
            turn.sent = false;
        }
        match code {
            NORMAL if self.state.turns.is_empty() => self.link.stage = Stage::Down,
            // The engine may let a socket in that shows a token, and REST in any case.
            POLICY | 401 | 403 if !self.link.needs_token => {
                self.link.needs_token = true;
                self.link.stage = Stage::Waiting(cx.now);
            }
            POLICY | 401 | 403 => self.rest_for_a_while(cx),
            404 if !was_open && self.state.key.is_some() => {
                let mut renewed = self.state.turns.iter_mut();
                let is_first = renewed.all(|turn| !std::mem::replace(&mut turn.renewed, true));
                if is_first {
                    self.renew(output);
                } else {
                    self.rest_for_a_while(cx);
                }
            }
            _ if was_open => self.link.pause(cx),
            _ => self.attempt_failed(cx),
        }
    }

    fn attempt_failed(&mut self, cx: &Cx<'_>) {
        self.link.failures += 1;
        let has_turns = !self.state.turns.is_empty();
        if has_turns && self.link.failures >= MAX_FAILURES {
            self.rest_for_a_while(cx);
        } else {
            self.link.pause(cx);
        }
    }

    /// A user waits now: the next attempt is not put off any longer. If it fails as those before it,
    /// REST is the way.
    pub(super) fn hurry(&mut self, cx: &Cx<'_>) {
        if matches!(self.link.stage, Stage::Waiting(_)) {
            self.link.stage = Stage::Waiting(cx.now);
        }
    }

    fn rest_for_a_while(&mut self, cx: &Cx<'_>) {
        tracing::warn!("the engine's socket is out of reach; input goes over REST");
        self.link.stage = Stage::Rest(Some(cx.now.after(REST_FOR)));
    }

    /// A frame arrived: the connection works.
    pub(super) fn link_works(&mut self) {
        self.link.pauses = 0;
    }

    /// Closes the socket on our side.
    pub(super) fn hang_up(&mut self, output: &mut LegOutput) {
        if matches!(self.link.stage, Stage::Open | Stage::Opening(_)) {
            output.effects.push(Effect::CloseSocket { code: NORMAL });
        }
        if !self.link.is_rest() {
            self.link.stage = Stage::Down;
        }
        self.echoes.clear();
    }
}
