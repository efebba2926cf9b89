use std::time::Duration;

use switchboard_core::dialect::{Cx, Effect, LegOutput};
use switchboard_core::model::TurnOutcome;

use super::leg::KareLeg;
use super::link::{Credential, Link};
use super::requests::{self, Proof};
use super::turn::{Patience, Way};
use crate::options::TransportKind;
use crate::wire::hello::Hello;
use crate::wire::{Body, Envelope, Uri};

/// How long the rest of an answer may take that broke off with its socket. The engine may have
/// said it into the void, and need not say it again.
const REST_OF_ANSWER: Duration = Duration::from_secs(5);

/// However long an engine asks for patience at its socket, it is tried again after this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Close codes: `docs/protocols/kare.md#33-frames`.
const NORMAL: u16 = 1000;
const POLICY: u16 = 1008;
const TOO_LARGE: u16 = 1009;
const TRY_LATER: u16 = 1013;

/// The socket: `docs/protocols/kare.md#3-websocket`.
impl KareLeg {
    /// Opens a socket if one is wanted and it is time.
    pub(super) fn connect(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.shared.engine.options.transport == TransportKind::Rest {
            return self.link.rest_only();
        }
        if !self.link.is_due(!self.state.turns.is_empty(), cx) {
            return;
        }
        let Ok(proof) = self.proof(cx, output) else {
            return;
        };
        let Some(key) = self.state.key.as_deref() else {
            return;
        };
        match requests::socket(&self.shared.engine, key, proof, &self.state) {
            Ok(request) => {
                let until = cx.now.after(self.shared.engine.options.setup_timeout);
                self.link.opening(until);
                output.effects.push(Effect::OpenSocket(request));
            }
            Err(error) => {
                tracing::error!(%error, "the socket's address cannot be written");
                self.fail(TurnOutcome::Unreachable, output);
            }
        }
    }

    /// What the socket shows of the token. An error: the token must be fetched first.
    fn proof(&mut self, cx: &Cx<'_>, output: &mut LegOutput) -> Result<Option<Proof>, ()> {
        let options = &self.shared.engine.options;
        let place = match self.link.credential() {
            Credential::Configured | Credential::Shown(_) => options.socket_auth.place(),
            Credential::Token { .. } | Credential::Refused => {
                Some(options.socket_auth.place().unwrap_or(options.token_place))
            }
        };
        let Some(place) = place else {
            return Ok(None);
        };
        let pass = self.pass(cx, output).ok_or(())?;
        match self.link.credential() {
            Credential::Token { shown, .. } => *shown = Some(pass.clone()),
            credential => *credential = Credential::Shown(pass.clone()),
        }
        Ok(Some(Proof { pass, place }))
    }

    pub(super) fn socket_opened(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.link.opened(cx.now);
        self.forget_echoes();
        // The engine does not replay what was missed; a repeated id tells it what is under way.
        let hails = self
            .state
            .turns
            .iter()
            .any(|turn| !turn.is_posted() && turn.is_hello());
        let wants_hello = self.state.hailed || self.shared.engine.options.hello_first;
        if wants_hello && !hails {
            self.state.hailed = true;
            let id = cx.message_id();
            self.add_echo(id);
            let hello = Envelope::new(id, Uri::InHi, Body::Hello(Hello::default()));
            let text = self.shared.engine.spelling.encode_text(&hello);
            output.effects.push(Effect::SendText(text));
        }
    }

    /// Posts everything that waits.
    pub(super) fn flush(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let engine = &self.shared.engine;
        let options = &engine.options;
        for turn in &mut self.state.turns {
            if turn.is_posted() {
                continue;
            }
            turn.way = Way::Socket;
            turn.posts += 1;
            let patience = match turn.patience {
                _ if turn.is_half_answered() => REST_OF_ANSWER.min(options.reply_timeout),
                Patience::Reply => options.reply_timeout,
                Patience::Click => options.click_timeout,
                Patience::Feedback => options.feedback_timeout,
            };
            turn.deadline.get_or_insert(cx.now.after(patience));
            self.state.hailed |= turn.is_hello();
            self.state.used = true;
            self.link.sent(Some(turn.id));
            let text = engine.spelling.encode_text(&turn.frame);
            output.effects.push(Effect::SendText(text));
        }
        for envelope in self.state.loose.drain(..) {
            self.link.sent(None);
            let text = engine.spelling.encode_text(&envelope);
            output.effects.push(Effect::SendText(text));
        }
    }

    /// The socket is closed, or the handshake was refused with an HTTP status.
    pub(super) fn socket_closed(
        &mut self,
        code: u16,
        retry_after: Option<Duration>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let was_open = self.link.is_open();
        for turn in &mut self.state.turns {
            turn.lose_socket();
        }
        let has_turns = !self.state.turns.is_empty();
        match code {
            NORMAL if !has_turns => self.link.stay_down(),
            TOO_LARGE if was_open => self.too_large(cx, output),
            TRY_LATER => self.link.come_later(None, cx),
            // The engine may let a socket in that shows a token, or another one, and REST in any
            // case.
            POLICY | 401 | 403 => {
                if let Some(pass) = self.link.refused(code == 403, cx.now) {
                    self.shared.access.forget(&pass);
                }
            }
            // Over REST the engine says itself whether it knows the conversation; there may be no
            // socket at all.
            404 if !was_open && !self.link.is_rest() => self.gone(cx, output),
            429 => {
                let wait = retry_after.map(|wait| wait.min(LONGEST_WAIT));
                self.link.come_later(wait, cx);
            }
            _ => self.link.broke(has_turns, cx),
        }
    }

    /// What was sent last is too large for the engine. The conversation goes on without it.
    fn too_large(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let turn = self.link.last_sent();
        match turn.and_then(|turn| self.turn_at(turn)) {
            Some(at) => self.end_turn(at, TurnOutcome::Refused, output),
            None => tracing::warn!("an event to log is too large for the engine"),
        }
        self.link.pause(cx);
    }

    /// The engine does not know the conversation: another one is started, once for each turn.
    fn gone(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.state.turns.iter().any(|turn| turn.renewed) {
            return self.link.come_later(None, cx);
        }
        for turn in &mut self.state.turns {
            turn.renewed = true;
        }
        self.renew(cx, output);
    }

    pub(super) fn hurry(&mut self, cx: &Cx<'_>) {
        self.link.hurry(cx.now);
    }

    /// Closes the socket on our side, for good.
    pub(super) fn hang_up(&mut self, output: &mut LegOutput) {
        if self.link.is_up() {
            output.effects.push(Effect::CloseSocket { code: NORMAL });
        }
        self.link = Link::default();
        self.forget_echoes();
    }
}
