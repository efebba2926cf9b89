use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, LegOutput, TransportFault};
use switchboard_core::model::TurnOutcome;

use super::access::Pass;
use super::calls::Purpose;
use super::leg::{KareLeg, MAX_ATTEMPTS};
use super::requests;
use crate::error::decode_fault;
use crate::wire::conversation::Started;

/// Token and conversation: what comes before any input.
impl KareLeg {
    /// Starts the conversation at the engine.
    pub(super) fn start(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.calls.has_start() {
            return;
        }
        let Some(pass) = self.pass(cx, output) else {
            return;
        };
        let request = requests::start(&self.shared.engine, &pass, &self.state);
        let timeout = self.shared.engine.options.setup_timeout;
        self.call(Purpose::Start { pass }, request, timeout, output);
    }

    /// The token, or a request for one.
    pub(super) fn pass(&mut self, cx: &Cx<'_>, output: &mut LegOutput) -> Option<Arc<Pass>> {
        let pass = self.shared.access.pass(cx.now);
        if pass.is_some() {
            return pass;
        }
        if !self.calls.has_token() {
            let request = match &self.shared.engine.options.oauth {
                Some(oauth) => requests::grant(&self.shared.engine, oauth),
                None => requests::fetch_token(&self.shared.engine),
            };
            let timeout = self.shared.engine.options.setup_timeout;
            self.call(Purpose::Token, request, timeout, output);
        }
        None
    }

    pub(super) fn started(&mut self, body: &Bytes, cx: &Cx<'_>, output: &mut LegOutput) {
        let Some(started) = Started::decode(&self.shared.engine.spelling, body) else {
            tracing::warn!("the engine's answer names no conversation");
            self.fail(TurnOutcome::Unreachable, output);
            return;
        };
        self.state.key = Some(started.conversation_id);
        self.setup_attempts = 0;
        let greeted = self.state.turns.front().filter(|turn| turn.is_hello());
        let greeted = greeted.map(|turn| turn.id);
        self.receive_list(started.messages, greeted, cx, output);
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
                let reply_timeout = self.shared.engine.options.reply_timeout;
                match decode_fault(&response) {
                    // Nobody waits for so long.
                    Fault::RateLimited {
                        retry_after: Some(wait),
                    } if wait > reply_timeout => (Fault::BackendUnavailable, None),
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
            // Only the socket wanted it.
            _ if self.state.key.is_some()
                && self.state.turns.is_empty()
                && self.state.loose.is_empty() =>
            {
                self.setup_attempts = 0;
                self.link.pause(cx);
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
