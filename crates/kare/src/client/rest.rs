use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, LegOutput, TransportFault};
use switchboard_core::model::{MessageId, TurnOutcome};

use super::access::Pass;
use super::calls::Purpose;
use super::leg::KareLeg;
use super::receive::Source;
use super::requests;
use super::turn::Way;
use crate::error::decode_fault;
use crate::wire::list::decode_list;
use crate::wire::{Envelope, EnvelopeError};

/// Input over REST: `docs/protocols/kare.md#210-synchronous-semantics`.
impl KareLeg {
    /// Posts the next input; one at a time, so that order is kept.
    pub(super) fn post_next(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.calls.has_input() {
            return;
        }
        self.skip_hellos(output);
        let next = self.state.turns.iter().position(|turn| !turn.is_posted());
        if next.is_none() && self.state.loose.is_empty() {
            return;
        }
        let Some(pass) = self.pass(cx, output) else {
            return;
        };
        let Some(key) = self.state.key.clone() else {
            return;
        };
        let timeout = self.shared.engine.options.request_timeout;
        let flat = self.shared.access.is_flat();
        for envelope in std::mem::take(&mut self.state.loose) {
            let request = requests::input(&self.shared, &pass, flat, &key, &envelope);
            self.call(Purpose::Loose, request, timeout, output);
        }
        if let Some(turn) = next.and_then(|next| self.state.turns.get_mut(next)) {
            turn.way = Way::Rest;
            turn.posts += 1;
            turn.deadline = None;
            self.state.used = true;
            let request = requests::input(&self.shared, &pass, flat, &key, &turn.frame);
            let turn = turn.id;
            self.call(
                Purpose::Input { turn, pass, flat },
                request,
                timeout,
                output,
            );
        }
    }

    /// REST has no hello and yields no greeting.
    fn skip_hellos(&mut self, output: &mut LegOutput) {
        let mut at = 0;
        while let Some(turn) = self.state.turns.get_mut(at) {
            if !turn.is_posted() && turn.is_hello() && !turn.go_on() {
                self.end_turn(at, TurnOutcome::Done, output);
            } else {
                at += 1;
            }
        }
    }

    /// A REST answer is complete by itself.
    pub(super) fn answered(
        &mut self,
        turn: MessageId,
        body: &Bytes,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let outcome = match decode_list(&self.shared.engine.spelling, body) {
            Ok(envelopes) if !envelopes.is_empty() && envelopes.iter().all(Result::is_err) => {
                tracing::warn!("nothing in the engine's answer is a message");
                TurnOutcome::Unavailable
            }
            Ok(envelopes) => {
                self.receive_list(envelopes, Some(turn), cx, output);
                TurnOutcome::Done
            }
            Err(error) => {
                tracing::warn!(%error, "the engine's answer is no list of messages");
                TurnOutcome::Unavailable
            }
        };
        if let Some(turn) = self.state.turns.iter_mut().find(|it| it.id == turn) {
            turn.complete = Some(outcome);
        }
    }

    /// The answer to an input that was given up.
    pub(super) fn late(&mut self, body: &Bytes, cx: &Cx<'_>, output: &mut LegOutput) {
        match decode_list(&self.shared.engine.spelling, body) {
            Ok(envelopes) => self.receive_list(envelopes, None, cx, output),
            Err(error) => tracing::warn!(%error, "a late answer is no list of messages"),
        }
    }

    pub(super) fn receive_list(
        &mut self,
        envelopes: Vec<Result<Envelope, EnvelopeError>>,
        turn: Option<MessageId>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        for envelope in envelopes {
            match envelope {
                Ok(envelope) => self.receive(envelope, Source::List(turn), cx, output),
                Err(error) => tracing::warn!(%error, "an item of the engine's list is no envelope"),
            }
        }
        self.release_list(cx, output);
    }

    pub(super) fn input_failed(
        &mut self,
        id: MessageId,
        (pass, flat): (&Pass, bool),
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let Some(at) = self.turn_at(id) else {
            return;
        };
        let Some(turn) = self.state.turns.get_mut(at) else {
            return;
        };
        let fault = match result {
            // The engine knows the id and does not run the input twice.
            Err(TransportFault::Connect | TransportFault::Broken) if turn.attempts == 0 => {
                turn.attempts += 1;
                turn.withdraw();
                return;
            }
            Err(TransportFault::Timeout) => Fault::TimedOut,
            Err(_) => Fault::BackendUnavailable,
            Ok(response) => {
                tracing::warn!(
                    status = response.status().as_u16(),
                    "the engine refused an input"
                );
                decode_fault(&response)
            }
        };
        match fault {
            Fault::Unauthorised(_) if !turn.reauthorised => {
                turn.reauthorised = true;
                turn.withdraw();
                self.shared.access.forget(pass);
            }
            Fault::BadInput { .. } if self.shared.access.try_flat(flat) => turn.withdraw(),
            fault @ Fault::BadInput { .. } => {
                self.shared.access.settle();
                self.turn_failed(at, &fault, cx, output);
            }
            fault => self.turn_failed(at, &fault, cx, output),
        }
    }
}
