//! The leg: one conversation at a dydu server.
//!
//! `handle` takes the inputs; what is due later is told by `wake_at`. Polls are in `poll.rs`, the
//! websocket in `socket.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use switchboard_core::dialect::{
    CallId, Cx, Effect, HandoverState, Leg, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, MessageId, Profile, Query, Timestamp, TurnOutcome, UserEvent, UserInput,
};

use super::Settings;
use super::flight::{Flight, Purpose, body};
use super::request::Outgoing;
use super::socket::Socket;
use super::state::State;
use crate::convert::say::{self, Saying};
use crate::options::Transport;
use crate::wire::path::Endpoint;
use crate::wire::talk::Mode;
use crate::wire::{TalkRequest, feedback, words};

/// One conversation at a dydu server.
pub(super) struct DyduLeg {
    pub(super) settings: Arc<Settings>,
    pub(super) state: State,
    flights: BTreeMap<CallId, Flight>,
    last_call: u32,
    /// When to ask for news, soonest first.
    pub(super) polls: VecDeque<Timestamp>,
    /// How many polls in a row have brought something.
    pub(super) burst: u32,
    pub(super) socket: Socket,
    /// Space and language of the last request, for polls and comparisons.
    pub(super) space: String,
    pub(super) language: String,
}

impl DyduLeg {
    pub(super) fn new(settings: Arc<Settings>, state: State) -> Self {
        let (space, language) = (
            settings.voice.space.clone(),
            settings.voice.language.clone(),
        );
        Self {
            settings,
            state,
            flights: BTreeMap::new(),
            last_call: 0,
            polls: VecDeque::new(),
            burst: 0,
            socket: Socket::default(),
            space,
            language,
        }
    }

    /// Talk goes by the socket: chosen, and not refused by all servers.
    pub(super) fn uses_socket(&self) -> bool {
        self.settings.transport == Transport::Websocket && !self.socket.refused
    }

    fn event(&mut self, event: &UserEvent, profile: &Profile, cx: &Cx<'_>, output: &mut LegOutput) {
        let user = self.state.conversation.to_string();
        say::language(profile, &self.settings.voice).clone_into(&mut self.language);
        say::space(profile, &self.settings.voice).clone_into(&mut self.space);
        let saying = say::saying(
            event,
            profile,
            &self.settings.voice,
            &user,
            self.state.handover,
        );
        let turn = event.id;
        match saying {
            Saying::Talk(requests) => {
                self.state.variables = say::variables(profile);
                let leaves = event.input == UserInput::LeaveHandover;
                self.talk(turn, requests.into(), leaves, cx, output);
            }
            Saying::Report(mut request) => {
                self.name_own_context(&mut request.user_input);
                // The widget reports no links while a livechat is polled.
                if self.uses_socket() {
                    self.say(&request, cx, output);
                } else if self.state.handover == HandoverState::None {
                    let request = self.talk_request(*request);
                    self.send(request, Purpose::Report, output);
                }
                self.end_turn(turn, TurnOutcome::Done, cx, output);
            }
            Saying::Feedback(parts) => {
                let requests = parts
                    .iter()
                    .filter_map(|(endpoint, name, value)| {
                        let context = self.state.context.as_deref()?;
                        let body = feedback::body(name, value, context);
                        Some(self.side(*endpoint, body.to_form()))
                    })
                    .collect();
                self.sides(turn, requests, TurnOutcome::Done, cx, output);
            }
            Saying::Survey(answers) => {
                let request = self
                    .state
                    .context
                    .as_deref()
                    .map(|context| self.side(Endpoint::Survey, answers.to_body(context)));
                self.sides(
                    turn,
                    request.into_iter().collect(),
                    TurnOutcome::Done,
                    cx,
                    output,
                );
            }
            Saying::Variables => {
                let requests = self.changed_variables(say::variables(profile));
                self.sides(turn, requests, TurnOutcome::Done, cx, output);
            }
            Saying::Query(Query::TopQuestions(asked)) => {
                let request = self.top_questions(asked);
                self.send(request, Purpose::TopQuestions(turn), output);
            }
            Saying::Query(_) => self.end_turn(turn, TurnOutcome::Done, cx, output),
            Saying::Typing(active, text) => self.typing(active, text, cx, output),
            Saying::Read => self.read(cx, output),
            Saying::Nothing => self.end_turn(turn, TurnOutcome::Done, cx, output),
        }
    }

    /// Says something. During a livechat a turn ends as soon as it is said, because whoever
    /// answers does so when he likes.
    fn talk(
        &mut self,
        turn: MessageId,
        mut requests: VecDeque<TalkRequest>,
        leaves: bool,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let is_livechat = self.state.handover != HandoverState::None;
        if self.uses_socket() {
            if is_livechat && !leaves {
                for request in &requests {
                    self.say(request, cx, output);
                }
                return self.end_turn(turn, TurnOutcome::Done, cx, output);
            }
            return self.say_in_turn(turn, requests, cx, output);
        }
        if !is_livechat {
            return self.next_talk(turn, requests, cx, output);
        }
        if !leaves {
            self.end_turn(turn, TurnOutcome::Done, cx, output);
        }
        for mut request in requests.drain(..) {
            request.mode = Some(Mode::Polling);
            let request = self.talk_request(request);
            let purpose = Purpose::Livechat(leaves.then_some(turn));
            self.send(request, purpose, output);
        }
    }

    /// Says the next thing of a turn, or ends it.
    pub(super) fn next_talk(
        &mut self,
        turn: MessageId,
        mut requests: VecDeque<TalkRequest>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        match requests.pop_front() {
            Some(request) => {
                let request = self.talk_request(request);
                self.send(request, Purpose::Talk(turn, requests), output);
            }
            None => self.end_turn(turn, TurnOutcome::Done, cx, output),
        }
    }

    pub(super) fn sides(
        &mut self,
        turn: MessageId,
        mut requests: VecDeque<Outgoing>,
        outcome: TurnOutcome,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        match requests.pop_front() {
            Some(request) => self.send(request, Purpose::Side(turn, requests), output),
            None => self.end_turn(turn, outcome, cx, output),
        }
    }

    pub(super) fn send(&mut self, request: Outgoing, purpose: Purpose, output: &mut LegOutput) {
        let server = self.state.server;
        self.launch(
            Flight {
                request,
                purpose,
                server,
                tries: 0,
            },
            output,
        );
    }

    fn launch(&mut self, mut flight: Flight, output: &mut LegOutput) {
        let Some(request) = flight.request.at(&self.settings, flight.server) else {
            // Options are checked, so this is a server index of another configuration.
            if flight.server != 0 {
                flight.server = 0;
                self.launch(flight, output);
            } else if let Some(turn) = flight.purpose.turn() {
                output.publish(Some(turn), BotEvent::TurnEnded(TurnOutcome::Unavailable));
            }
            return;
        };
        flight.tries += 1;
        self.last_call = self.last_call.wrapping_add(1);
        let call = CallId(self.last_call);
        output.effects.push(Effect::Http {
            call,
            request,
            timeout: flight.request.timeout,
        });
        self.flights.insert(call, flight);
    }

    fn response(
        &mut self,
        call: CallId,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        // What belongs to a turn that was given up comes too late.
        let Some(mut flight) = self.flights.remove(&call) else {
            return;
        };
        match body(result) {
            Ok(body) => {
                self.state.server = flight.server;
                self.landed(flight.purpose, &body, cx, output);
            }
            Err(failure) => match flight.next_server(&failure, &self.settings) {
                Some(next) => {
                    tracing::debug!(%failure, server = next, "trying the next server");
                    flight.server = next;
                    self.launch(flight, output);
                }
                None => self.failed(flight.purpose, &failure, cx, output),
            },
        }
    }

    pub(super) fn end_turn(
        &mut self,
        turn: MessageId,
        outcome: TurnOutcome,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        output.publish(Some(turn), BotEvent::TurnEnded(outcome));
        self.schedule_polls(cx);
    }

    /// Whether a request of this kind is under way.
    pub(super) fn is_under_way(&self, is: fn(&Purpose) -> bool) -> bool {
        self.flights.values().any(|flight| is(&flight.purpose))
    }

    fn abandon(&mut self, turn: MessageId) {
        self.flights
            .retain(|_, flight| flight.purpose.turn() != Some(turn));
        self.socket.abandon(turn);
    }

    fn close(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.state.handover != HandoverState::None {
            let request = TalkRequest {
                user_input: words::INPUT_END_LIVECHAT.to_owned(),
                language: Some(self.language.clone()),
                space: Some(self.space.clone()),
                client_id: Some(self.state.conversation.to_string()),
                solution_used: Some("ASSISTANT".to_owned()),
                ..TalkRequest::default()
            };
            if self.socket.is_open() {
                self.say(&request, cx, output);
            } else {
                let request = self.talk_request(request);
                self.send(request, Purpose::Report, output);
            }
            self.state.handover = HandoverState::None;
        }
        self.polls.clear();
        self.socket.close(output);
    }
}

impl Leg for DyduLeg {
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        match input {
            LegInput::Event { event, profile } => self.event(event, profile, cx, output),
            LegInput::Response { call, result } => self.response(call, result, cx, output),
            LegInput::SocketOpened => self.socket_opened(cx, output),
            LegInput::SocketText(text) => self.socket_text(text, cx, output),
            LegInput::SocketBinary(data) => {
                if let Ok(text) = std::str::from_utf8(data) {
                    self.socket_text(text, cx, output);
                }
            }
            LegInput::SocketClosed { code, reason } => {
                tracing::debug!(code, reason, "the engine's socket is closed");
                self.socket_closed(cx, output);
            }
            LegInput::Timer => {
                self.socket_timer(cx, output);
                self.poll_timer(cx, output);
            }
            LegInput::Abandon { turn } => self.abandon(turn),
            LegInput::Close => self.close(cx, output),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        [self.next_poll(), self.socket.wake_at()]
            .into_iter()
            .flatten()
            .min()
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.flights.is_empty()
            && self.polls.is_empty()
            && self.state.handover == HandoverState::None
            && self.socket.is_closed()
    }
}
