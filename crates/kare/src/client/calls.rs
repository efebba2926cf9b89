use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use switchboard_core::dialect::{CallId, Cx, Effect, LegOutput, TransportFault};
use switchboard_core::model::{MessageId, TurnOutcome};

use super::access::Pass;
use super::leg::KareLeg;
use crate::wire::token::{DEFAULT_LIFETIME, OAUTH_LIFETIME, Token};

/// What an HTTP exchange is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    Token,
    Start {
        pass: Arc<Pass>,
    },
    Input {
        turn: MessageId,
        pass: Arc<Pass>,
        flat: bool,
    },
    /// An input that was given up: what it still brings comes unasked.
    Late,
    Loose,
}

/// HTTP exchanges under way.
#[derive(Default)]
pub(super) struct Calls {
    under_way: Vec<(CallId, Purpose)>,
    next: u32,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.under_way.clear();
    }

    pub(super) fn has_token(&self) -> bool {
        self.any(|purpose| matches!(purpose, Purpose::Token))
    }

    pub(super) fn has_start(&self) -> bool {
        self.any(|purpose| matches!(purpose, Purpose::Start { .. }))
    }

    pub(super) fn has_input(&self) -> bool {
        self.any(|purpose| matches!(purpose, Purpose::Input { .. }))
    }

    fn any(&self, is: impl Fn(&Purpose) -> bool) -> bool {
        self.under_way.iter().any(|(_, purpose)| is(purpose))
    }

    /// The answers of all inputs no longer matter.
    pub(super) fn drop_inputs(&mut self) {
        self.under_way
            .retain(|(_, purpose)| !matches!(purpose, Purpose::Input { .. }));
    }

    /// Nobody waits for the answer of this input any more.
    pub(super) fn give_up_input(&mut self, id: MessageId) {
        for (_, purpose) in &mut self.under_way {
            if matches!(purpose, Purpose::Input { turn, .. } if *turn == id) {
                *purpose = Purpose::Late;
            }
        }
    }

    fn enter(&mut self, purpose: Purpose) -> CallId {
        let call = CallId(self.next);
        self.next = self.next.wrapping_add(1);
        self.under_way.push((call, purpose));
        call
    }

    fn take(&mut self, call: CallId) -> Option<Purpose> {
        let at = self.under_way.iter().position(|(id, _)| *id == call)?;
        Some(self.under_way.swap_remove(at).1)
    }
}

impl KareLeg {
    pub(super) fn call(
        &mut self,
        purpose: Purpose,
        request: Result<Request<Bytes>, http::Error>,
        timeout: Duration,
        output: &mut LegOutput,
    ) {
        match request {
            Ok(request) => {
                let call = self.calls.enter(purpose);
                output.effects.push(Effect::Http {
                    call,
                    request,
                    timeout,
                });
            }
            Err(error) => {
                tracing::error!(%error, "a request to the engine cannot be written");
                self.fail(TurnOutcome::Unavailable, output);
            }
        }
    }

    pub(super) fn on_response(
        &mut self,
        call: CallId,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        // An answer to something that was given up since.
        let Some(purpose) = self.calls.take(call) else {
            return;
        };
        let is_success = matches!(&result, Ok(response) if response.status().is_success());
        match (purpose, result) {
            (Purpose::Token, Ok(response)) if is_success => {
                self.token_came(response.body(), cx, output);
            }
            (Purpose::Start { .. }, Ok(response)) if is_success => {
                self.started(response.body(), cx, output);
            }
            (Purpose::Input { turn, flat, .. }, Ok(response)) if is_success => {
                self.shared.access.prove(flat);
                self.answered(turn, response.body(), cx, output);
            }
            (Purpose::Input { turn, pass, flat }, result) => {
                self.input_failed(turn, (&pass, flat), result, cx, output);
            }
            (Purpose::Late, Ok(response)) if is_success => {
                self.late(response.body(), cx, output);
            }
            (Purpose::Late, _) => tracing::warn!("an input that was given up brought nothing"),
            (Purpose::Loose, Ok(response)) if !is_success => {
                let status = response.status().as_u16();
                tracing::warn!(status, "the engine refused an event to log");
            }
            (Purpose::Loose, Err(error)) => {
                tracing::warn!(%error, "an event to log did not reach the engine");
            }
            (Purpose::Loose, Ok(_)) => {}
            (Purpose::Start { pass }, Ok(response))
                if response.status() == 401 && self.setup_attempts == 0 =>
            {
                self.shared.access.forget(&pass);
                self.setup_attempts = 1;
            }
            (_, result) => self.setup_failed(result, cx, output),
        }
    }

    fn token_came(&mut self, body: &Bytes, cx: &Cx<'_>, output: &mut LegOutput) {
        let lifetime = match self.shared.engine.options.oauth {
            Some(_) => OAUTH_LIFETIME,
            None => DEFAULT_LIFETIME,
        };
        let is_held = Token::decode(lifetime, body, cx.now)
            .is_some_and(|token| self.shared.access.hold(token, cx.now));
        if !is_held {
            tracing::warn!("the engine's answer holds no usable token");
            self.fail(TurnOutcome::Unreachable, output);
        } else if self.state.key.is_some() {
            // Before that it is the conversation's start that tells.
            self.setup_attempts = 0;
        }
    }
}
