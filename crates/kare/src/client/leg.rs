use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use serde_json::Value;
use std::time::Duration;
use switchboard_core::Fault;
use switchboard_core::dialect::{CallId, Cx, Effect, Leg, LegInput, LegOutput, TransportFault};
use switchboard_core::model::{
    BotEvent, MessageId, Profile, Timestamp, TurnOutcome, UserEvent, UserInput,
};

use super::Shared;
use super::link::Link;
use super::requests;
use super::state::State;
use super::turn::Turn;
use crate::convert::event;
use crate::error::decode_fault;
use crate::wire::list::decode_list;
use crate::wire::query::Query;
use crate::wire::token::Token;
use crate::wire::{Body, Envelope, Uri};

/// How often a request is put off when the engine asks for patience.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// One conversation at a Kare engine.
///
/// Every input may move it on: `advance` looks at what is wanted (turns to post, a socket to
/// open) and at what is there (token, conversation, connection), and does the next step.
pub(super) struct KareLeg {
    pub(super) shared: Arc<Shared>,
    pub(super) state: State,
    pub(super) link: Link,
    pub(super) calls: Vec<(CallId, Purpose)>,
    next_call: u32,
    /// Nothing is requested before this moment.
    pub(super) put_off: Option<Timestamp>,
    /// How often setting up was put off or tried again in a row.
    pub(super) setup_attempts: u32,
    /// A hello was repeated on a new socket; what hangs below these ids is no news.
    pub(super) echoes: Vec<MessageId>,
}

/// What an HTTP exchange is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    Token,
    Start {
        bearer: HeaderValue,
    },
    Input {
        turn: MessageId,
        bearer: HeaderValue,
    },
    Loose,
}

impl KareLeg {
    pub(super) fn new(shared: Arc<Shared>, state: State) -> Self {
        Self {
            shared,
            state,
            link: Link::default(),
            calls: Vec::new(),
            next_call: 0,
            put_off: None,
            setup_attempts: 0,
            echoes: Vec::new(),
        }
    }

    /// A leg that another process had. What it had posted is posted again: the engine knows the
    /// ids and does not run it twice.
    pub(super) fn resume(shared: Arc<Shared>, state: State, now: Timestamp) -> Self {
        let mut leg = Self::new(shared, state);
        let is_wanted = leg.state.connected || !leg.state.turns.is_empty();
        leg.state.connected = false;
        if is_wanted {
            leg.link.wait(now);
        }
        leg
    }

    fn on_event(
        &mut self,
        event: &UserEvent,
        profile: &Profile,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if self.state.profile != *profile {
            self.state.profile = profile.clone();
        }
        self.state.remember(event.id);
        if matches!(event.input, UserInput::Open { .. }) && self.state.used {
            self.restart(output);
        }
        match &event.input {
            UserInput::Typing { .. } | UserInput::Read | UserInput::Connection { .. } => return,
            UserInput::LinkClick { .. } | UserInput::Custom { .. } => {
                if let Some(envelope) = self.envelope(event) {
                    self.state.push_loose(envelope);
                }
            }
            UserInput::End => {
                self.hang_up(output);
                self.state.forget_conversation();
            }
            input => {
                if let Some(frame) = self.envelope(event) {
                    let mut turn = Turn::new(event.id, frame);
                    turn.optional = matches!(input, UserInput::Feedback(_));
                    if let UserInput::Open {
                        query: Some(text), ..
                    } = input
                    {
                        let body = Body::Query(Query::new(text));
                        turn.then = Some(Envelope::new(cx.message_id(), Uri::InQuery, body));
                    }
                    self.state.turns.push_back(turn);
                    self.hurry(cx);
                    return;
                }
            }
        }
        // Kare answers these by nothing, or has no message for them.
        output.publish(Some(event.id), BotEvent::TurnEnded(TurnOutcome::Done));
    }

    /// What to post for an event, with the engine's own ids and targets.
    fn envelope(&self, event: &UserEvent) -> Option<Envelope> {
        let mut envelope = event::from_model(event)?;
        if let Some(parent) = envelope.parent_id.as_ref().and_then(|id| id.uuid()) {
            envelope.parent_id = Some(self.state.wire_id(parent));
        }
        if let UserInput::Feedback(feedback) = &event.input
            && let Some(own) = self.state.rating_target(feedback)
            && let Body::Click(click) = &mut envelope.body
        {
            let given = std::mem::replace(&mut click.target, own);
            click.target.text = given.text.or(click.target.text.take());
            click.target.extra.extend(given.extra);
        }
        Some(envelope)
    }

    /// Does the next step towards whatever is wanted.
    pub(super) fn advance(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.put_off.is_some_and(|until| until <= cx.now) {
            self.put_off = None;
        }
        let has_input =
            self.state.turns.iter().any(|turn| !turn.sent) || !self.state.loose.is_empty();
        if !has_input && !self.link.is_waiting() {
            return;
        }
        if self.put_off.is_some() {
            return;
        }
        if self.state.key.is_none() {
            self.start(cx, output);
            return;
        }
        self.connect(cx, output);
        if self.link.is_open() {
            self.flush(cx, output);
        } else if self.link.is_rest() {
            self.post_next(cx, output);
        }
    }

    /// Posts the next input over REST; one at a time, so that order is kept.
    fn post_next(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let is_posting = self
            .calls
            .iter()
            .any(|(_, purpose)| matches!(purpose, Purpose::Input { .. }));
        if is_posting {
            return;
        }
        self.skip_hellos(output);
        let next = self.state.turns.iter().position(|turn| !turn.sent);
        if next.is_none() && self.state.loose.is_empty() {
            return;
        }
        let Some(bearer) = self.bearer(cx, output) else {
            return;
        };
        let Some(key) = self.state.key.clone() else {
            return;
        };
        let timeout = self.shared.engine.options.request_timeout;
        for envelope in std::mem::take(&mut self.state.loose) {
            let request = requests::input(&self.shared, &bearer, &key, &envelope);
            self.call(Purpose::Loose, request, timeout, output);
        }
        if let Some(turn) = next.and_then(|next| self.state.turns.get_mut(next)) {
            turn.sent = true;
            turn.deadline = None;
            self.state.used = true;
            let request = requests::input(&self.shared, &bearer, &key, &turn.frame);
            let purpose = Purpose::Input {
                turn: turn.id,
                bearer,
            };
            self.call(purpose, request, timeout, output);
        }
    }

    /// REST has no hello and yields no greeting.
    fn skip_hellos(&mut self, output: &mut LegOutput) {
        for turn in &mut self.state.turns {
            if turn.is_hello() && !turn.sent {
                turn.go_on();
            }
        }
        while let Some(at) = self
            .state
            .turns
            .iter()
            .position(|turn| turn.is_hello() && !turn.sent)
        {
            self.end_turn(at, TurnOutcome::Done, output);
        }
    }

    pub(super) fn call(
        &mut self,
        purpose: Purpose,
        request: Result<Request<Bytes>, http::Error>,
        timeout: Duration,
        output: &mut LegOutput,
    ) {
        match request {
            Ok(request) => {
                let call = CallId(self.next_call);
                self.next_call = self.next_call.wrapping_add(1);
                self.calls.push((call, purpose));
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

    fn on_response(
        &mut self,
        call: CallId,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        // An answer to something that was given up since.
        let Some(at) = self.calls.iter().position(|(id, _)| *id == call) else {
            return;
        };
        let (_, purpose) = self.calls.swap_remove(at);
        let is_success = matches!(&result, Ok(response) if response.status().is_success());
        match (purpose, result) {
            (Purpose::Token, Ok(response)) if is_success => {
                let is_held = Token::decode(response.body(), cx.now)
                    .is_some_and(|token| self.shared.access.hold(&token, cx.now));
                if !is_held {
                    tracing::warn!("the engine's answer holds no usable token");
                    self.fail(TurnOutcome::Unreachable, output);
                }
            }
            (Purpose::Start { .. }, Ok(response)) if is_success => {
                self.started(response.body(), cx, output);
            }
            (Purpose::Input { turn, .. }, Ok(response)) if is_success => {
                self.shared.access.prove();
                self.answered(turn, response.body(), cx, output);
            }
            (Purpose::Input { turn, bearer }, result) => {
                self.input_failed(turn, &bearer, result, cx, output);
            }
            (Purpose::Loose, _) => {}
            (Purpose::Start { bearer }, Ok(response))
                if response.status() == 401 && self.setup_attempts == 0 =>
            {
                self.shared.access.forget(&bearer);
                self.setup_attempts = 1;
            }
            (_, result) => self.setup_failed(result, cx, output),
        }
    }

    /// A REST answer is complete by itself.
    fn answered(&mut self, turn: MessageId, body: &Bytes, cx: &Cx<'_>, output: &mut LegOutput) {
        let outcome = match decode_list(body) {
            Ok(envelopes) if !envelopes.is_empty() && envelopes.iter().all(Result::is_err) => {
                tracing::warn!("nothing in the engine's answer is a message");
                TurnOutcome::Unavailable
            }
            Ok(envelopes) => {
                for envelope in envelopes.into_iter().flatten() {
                    self.receive(envelope, Some(turn), cx, output);
                }
                TurnOutcome::Done
            }
            Err(error) => {
                tracing::warn!(%error, "the engine's answer is no list of messages");
                TurnOutcome::Unavailable
            }
        };
        if let Some(at) = self.turn_at(turn) {
            self.end_turn(at, outcome, output);
        }
    }

    fn input_failed(
        &mut self,
        id: MessageId,
        bearer: &HeaderValue,
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
                turn.sent = false;
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
                turn.sent = false;
                self.shared.access.forget(bearer);
            }
            Fault::BadInput { .. } if self.shared.access.try_flat() => turn.sent = false,
            fault @ Fault::BadInput { .. } => {
                self.shared.access.settle();
                self.turn_failed(at, &fault, cx, output);
            }
            fault => self.turn_failed(at, &fault, cx, output),
        }
    }

    /// The engine refused a turn, over REST or over the socket.
    pub(super) fn turn_failed(
        &mut self,
        at: usize,
        fault: &Fault,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let Some(turn) = self.state.turns.get_mut(at) else {
            return;
        };
        match fault {
            Fault::RateLimited { retry_after } if turn.attempts < MAX_ATTEMPTS => {
                let doubling = Duration::from_secs(2 << turn.attempts);
                turn.attempts += 1;
                turn.sent = false;
                turn.deadline = None;
                self.put_off = Some(cx.now.after(retry_after.unwrap_or(doubling)));
            }
            Fault::UnknownConversation | Fault::ConversationEnded if !turn.renewed => {
                turn.renewed = true;
                self.renew(output);
            }
            fault => self.end_turn(at, outcome_of(fault), output),
        }
    }

    /// The engine does not know the conversation any more: another one is started, and what is
    /// under way is posted again.
    pub(super) fn renew(&mut self, output: &mut LegOutput) {
        self.hang_up(output);
        self.state.forget_conversation();
        for turn in &mut self.state.turns {
            turn.sent = false;
            turn.deadline = None;
        }
    }

    /// A used conversation is opened again. The engine greets only once, so another one is started;
    /// nobody waits for the answers of the one before.
    fn restart(&mut self, output: &mut LegOutput) {
        self.hang_up(output);
        self.state.forget_conversation();
        self.calls
            .retain(|(_, purpose)| !matches!(purpose, Purpose::Input { .. }));
        while !self.state.turns.is_empty() {
            self.end_turn(0, TurnOutcome::Done, output);
        }
    }

    /// Nothing that is under way can be done. The next input begins from the beginning.
    pub(super) fn fail(&mut self, outcome: TurnOutcome, output: &mut LegOutput) {
        self.setup_attempts = 0;
        self.link.give_up();
        self.state.loose.clear();
        while !self.state.turns.is_empty() {
            self.end_turn(0, outcome, output);
        }
    }

    pub(super) fn turn_at(&self, id: MessageId) -> Option<usize> {
        self.state.turns.iter().position(|turn| turn.id == id)
    }

    pub(super) fn end_turn(&mut self, at: usize, outcome: TurnOutcome, output: &mut LegOutput) {
        if let Some(turn) = self.state.turns.remove(at) {
            output.publish(Some(turn.id), BotEvent::TurnEnded(outcome));
        }
    }

    /// Ends turns whose time is up.
    fn expire(&mut self, now: Timestamp, output: &mut LegOutput) {
        while let Some(at) = self
            .state
            .turns
            .iter()
            .position(|turn| turn.deadline.is_some_and(|deadline| deadline <= now))
        {
            let outcome = self
                .state
                .turns
                .get(at)
                .map_or(TurnOutcome::Done, Turn::outcome_of_silence);
            self.end_turn(at, outcome, output);
        }
    }
}

fn outcome_of(fault: &Fault) -> TurnOutcome {
    match fault {
        Fault::TimedOut => TurnOutcome::TimedOut,
        Fault::BadInput { .. } | Fault::TooLarge { .. } | Fault::UnsupportedMedia => {
            TurnOutcome::Refused
        }
        _ => TurnOutcome::Unavailable,
    }
}

impl Leg for KareLeg {
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        match input {
            LegInput::Event { event, profile } => self.on_event(event, profile, cx, output),
            LegInput::Response { call, result } => self.on_response(call, result, cx, output),
            LegInput::SocketOpened => self.socket_opened(cx, output),
            LegInput::SocketText(text) => self.on_frame(text.as_bytes(), cx, output),
            LegInput::SocketBinary(data) => self.on_frame(data, cx, output),
            LegInput::SocketClosed { code, reason } => {
                self.socket_closed(code, reason, cx, output);
            }
            LegInput::Timer => {}
            LegInput::Abandon { turn } => {
                if let Some(at) = self.turn_at(turn) {
                    self.state.turns.remove(at);
                }
                self.calls.retain(
                    |(_, purpose)| !matches!(purpose, Purpose::Input { turn: it, .. } if *it == turn),
                );
            }
            LegInput::Close => {
                self.hang_up(output);
                self.calls.clear();
                self.state.turns.clear();
                self.state.loose.clear();
                return;
            }
        }
        self.expire(cx.now, output);
        self.advance(cx, output);
        self.state.connected = self.link.is_wanted();
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let deadlines = self.state.turns.iter().filter_map(|turn| turn.deadline);
        // While requests are put off or under way, only their end brings the leg on.
        let is_setting_up = self
            .calls
            .iter()
            .any(|(_, purpose)| matches!(purpose, Purpose::Token | Purpose::Start { .. }));
        let next_attempt = self
            .link
            .next_attempt()
            .filter(|_| !is_setting_up && self.put_off.is_none());
        deadlines
            .chain(self.put_off)
            .chain(next_attempt)
            .chain(self.link.attempt_ends())
            .min()
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.state.turns.is_empty()
            && self.state.loose.is_empty()
            && self.calls.is_empty()
            && !self.link.is_wanted()
    }
}
