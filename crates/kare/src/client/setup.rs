use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, LegOutput, TransportFault};
use switchboard_core::model::TurnOutcome;

use super::leg::{KareLeg, MAX_ATTEMPTS, Purpose};
use super::requests;
use crate::error::decode_fault;
use crate::wire::conversation::Started;

/// Token and conversation: what comes before any input.
impl KareLeg {
    /// Starts the conversation at the engine.
    pub(super) fn start(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let is_starting = self
            .calls
            .iter()
            .any(|(_, purpose)| matches!(purpose, Purpose::Start { .. }));
        if is_starting {
            return;
        }
        let Some(bearer) = self.bearer(cx, output) else {
            return;
        };
        let request = requests::start(&self.shared.engine, &bearer, &self.state);
        let timeout = self.shared.engine.options.setup_timeout;
        self.call(Purpose::Start { bearer }, request, timeout, output);
    }

    /// What shows the application's token, or a request for one.
    pub(super) fn bearer(&mut self, cx: &Cx<'_>, output: &mut LegOutput) -> Option<HeaderValue> {
        let bearer = self.shared.access.bearer(cx.now);
        if bearer.is_some() {
            return bearer;
        }
        let is_asked = self
            .calls
            .iter()
            .any(|(_, purpose)| matches!(purpose, Purpose::Token));
        if !is_asked {
            let request = requests::fetch_token(&self.shared.engine);
            let timeout = self.shared.engine.options.setup_timeout;
            self.call(Purpose::Token, request, timeout, output);
        }
        None
    }

    pub(super) fn started(&mut self, body: &Bytes, cx: &Cx<'_>, output: &mut LegOutput) {
        let Some(started) = Started::decode(body) else {
            tracing::warn!("the engine's answer names no conversation");
            self.fail(TurnOutcome::Unreachable, output);
            return;
        };
        self.state.key = Some(started.conversation_id);
        self.setup_attempts = 0;
        let greeted = self.state.turns.front().filter(|turn| turn.is_hello());
        let greeted = greeted.map(|turn| turn.id);
        for envelope in started.messages.into_iter().flatten() {
            self.receive(envelope, greeted, cx, output);
        }
    }

    pub(super) fn setup_failed(
        &mut self,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let (fault, put_off) = match result {
            Ok(response) => {
                tracing::warn!(
                    status = response.status().as_u16(),
                    "the engine refused a token or a conversation"
                );
                match decode_fault(&response) {
                    Fault::RateLimited { retry_after } => {
                        let doubling = Duration::from_secs(2 << self.setup_attempts.min(4));
                        let wait = retry_after.unwrap_or(doubling);
                        (Fault::BackendUnavailable, Some(wait))
                    }
                    fault => (fault, None),
                }
            }
            Err(TransportFault::Timeout) => (Fault::TimedOut, None),
            Err(error) => {
                tracing::warn!(%error, "the engine cannot be reached");
                let wait = (self.setup_attempts == 0).then_some(Duration::from_secs(1));
                (Fault::BackendUnavailable, wait)
            }
        };
        match put_off {
            Some(wait) if self.setup_attempts < MAX_ATTEMPTS => {
                self.setup_attempts += 1;
                self.put_off = Some(cx.now.after(wait));
            }
            _ => {
                let outcome = match fault {
                    Fault::TimedOut => TurnOutcome::TimedOut,
                    _ => TurnOutcome::Unreachable,
                };
                self.fail(outcome, output);
            }
        }
    }
}
