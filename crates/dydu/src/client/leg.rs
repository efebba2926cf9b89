//! The leg: one conversation at a dydu server.
//!
//! `handle` takes the inputs; what is due later is told by `wake_at`. Polls are in `poll.rs`, the
//! websocket in `socket.rs`, what a livechat needs in `livechat.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use switchboard_core::dialect::{
    CallId, Cx, Effect, HandoverState, Leg, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, MessageId, Profile, Timestamp, TurnOutcome, UserEvent, UserInput,
};

use super::Settings;
use super::echo::Echo;
use super::flight::{Failure, Flight, Purpose, body};
use super::frames::Surroundings;
use super::livechat::Spoken;
use super::request::Outgoing;
use super::socket::Socket;
use super::state::State;
use crate::convert::say::{self, Saying};
use crate::options::Transport;
use crate::wire::{TalkRequest, feedback, words};

/// One conversation at a dydu server.
pub(super) struct DyduLeg {
    pub(super) settings: Arc<Settings>,
    pub(super) state: State,
    flights: BTreeMap<CallId, Flight>,
    /// Requests that failed and are going to be tried again, and when.
    retries: Vec<(Timestamp, Flight)>,
    last_call: u32,
    /// When to ask for news, soonest first.
    pub(super) polls: VecDeque<Timestamp>,
    /// How many polls in a row have brought something.
    pub(super) burst: u32,
    pub(super) socket: Socket,
    pub(super) echo: Echo,
    /// What is to be said in the livechat, in order.
    pub(super) speech: VecDeque<Spoken>,
    /// What the operator is told of a client that is lost, as soon as there is an operator.
    pub(super) notice: Option<TalkRequest>,
    /// A livechat was on after the last input.
    pub(super) was_livechat: bool,
    /// The context was given up by the engine; the next one needs the variables.
    pub(super) is_revoked: bool,
    /// Space and language of the last request, for polls and comparisons.
    pub(super) space: String,
    pub(super) language: String,
    /// What frames say about the user.
    pub(super) surroundings: Surroundings,
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
            retries: Vec::new(),
            last_call: 0,
            polls: VecDeque::new(),
            burst: 0,
            socket: Socket::default(),
            echo: Echo::default(),
            speech: VecDeque::new(),
            notice: None,
            was_livechat: false,
            is_revoked: false,
            surroundings: Surroundings::default(),
            space,
            language,
        }
    }

    /// Talk outside of a livechat goes by the socket: chosen, and not refused by all servers.
    pub(super) fn uses_socket(&self) -> bool {
        self.settings.transport == Transport::Websocket && !self.socket.refused
    }

    /// A human is there, or awaited.
    pub(super) fn is_livechat(&self) -> bool {
        self.state.handover != HandoverState::None
    }

    fn event(&mut self, event: &UserEvent, profile: &Profile, cx: &Cx<'_>, output: &mut LegOutput) {
        let user = self.state.conversation.to_string();
        say::language(profile, &self.settings.voice).clone_into(&mut self.language);
        say::space(profile, &self.settings.voice).clone_into(&mut self.space);
        self.surroundings = Surroundings::of(profile);
        let announced = self.as_announced(event);
        let event = announced.as_ref().unwrap_or(event);
        let saying = say::saying(
            event,
            profile,
            &self.settings.voice,
            &user,
            self.state.handover,
        );
        let turn = event.id;
        match saying {
            Saying::Talk(_) if self.is_said_with_file(event) => {
                self.end_turn(turn, TurnOutcome::Done, cx, output);
            }
            Saying::Talk(mut requests) => {
                self.tell_deleted(&mut requests);
                self.state.variables = say::variables(profile);
                let leaves = event.input == UserInput::LeaveHandover;
                self.talk(turn, requests.into(), leaves, cx, output);
            }
            Saying::Upload(file, mut request) => {
                self.tell_deleted(std::slice::from_mut(&mut *request));
                self.state.variables = say::variables(profile);
                self.upload(turn, file, *request, cx, output);
            }
            Saying::Report(mut request) => {
                self.name_own_context(&mut request.user_input);
                // The widget reports no links while a livechat is polled.
                if self.socket.is_open() || (self.uses_socket() && !self.is_livechat()) {
                    self.say(&request, cx, output);
                } else if !self.is_livechat() {
                    let request = self.talk_request(*request);
                    self.send(request, Purpose::Report, cx, output);
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
            Saying::Survey(answers, reword) => {
                self.answer_survey(turn, answers, *reword, cx, output);
            }
            Saying::Variables => {
                let requests = self.changed_variables(say::variables(profile));
                self.sides(turn, requests, TurnOutcome::Done, cx, output);
            }
            Saying::Query(query) => self.query(turn, query, profile, cx, output),
            Saying::ClientError(error) => self.client_error(turn, error, profile, cx, output),
            Saying::Lost(notice) => self.lost(notice.map(|notice| *notice), cx, output),
            Saying::Back(notice) => self.back(notice.map(|notice| *notice)),
            Saying::Typing(active, text) => self.typing(active, text, cx, output),
            Saying::Read => self.read(cx, output),
            Saying::Nothing => self.end_turn(turn, TurnOutcome::Done, cx, output),
        }
    }

    /// Says something. During a livechat a turn ends as soon as it is said, because whoever
    /// answers does so when he likes.
    pub(super) fn talk(
        &mut self,
        turn: MessageId,
        requests: VecDeque<TalkRequest>,
        leaves: bool,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if self.is_livechat() && !requests.is_empty() {
            let last = requests.len() - 1;
            let all = requests.into_iter().enumerate();
            self.speech.extend(all.map(|(place, request)| Spoken {
                turn: (place == last).then_some(turn),
                leaves,
                request,
            }));
        } else if self.uses_socket() {
            self.say_in_turn(turn, requests, cx, output);
        } else {
            self.next_talk(turn, requests, cx, output);
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
                self.send(request, Purpose::Talk(turn, requests), cx, output);
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
            Some(request) => self.send(request, Purpose::Side(turn, requests), cx, output),
            None => self.end_turn(turn, outcome, cx, output),
        }
    }

    pub(super) fn send(
        &mut self,
        request: Outgoing,
        purpose: Purpose,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let flight = Flight {
            request,
            purpose,
            context: self.state.context.clone(),
            server: self.state.server,
            tries: 0,
            since: cx.now,
            heard_by: Vec::new(),
        };
        self.launch(flight, cx, output);
    }

    fn launch(&mut self, mut flight: Flight, cx: &Cx<'_>, output: &mut LegOutput) {
        let Some(request) = flight.request.at(&self.settings, flight.server) else {
            // Options are checked, so this is a server index of another configuration.
            if flight.server != 0 {
                flight.server = 0;
                self.launch(flight, cx, output);
            } else if let Some(turn) = flight.purpose.turn() {
                output.publish(Some(turn), BotEvent::TurnEnded(TurnOutcome::Unreachable));
            }
            return;
        };
        let timeout = flight.timeout(cx.now);
        flight.tries += 1;
        self.last_call = self.last_call.wrapping_add(1);
        let call = CallId(self.last_call);
        output.effects.push(Effect::Http {
            call,
            request,
            timeout,
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
        let failure = match body(result) {
            Ok(body) => {
                self.state.server = flight.server;
                return self.landed(flight.purpose, flight.context, &body, cx, output);
            }
            Err(failure) => failure,
        };
        let Some(retry) = flight.retry(&failure, &self.settings, cx.now) else {
            // The last server was out of reach, but one before it may have heard.
            let failure = if flight.heard_by.is_empty() {
                failure
            } else {
                Failure::Transport(TransportFault::Broken)
            };
            return self.failed(flight.purpose, &failure, cx, output);
        };
        tracing::debug!(%failure, server = retry.server, "going to try again");
        flight.server = retry.server;
        if retry.at <= cx.now {
            self.launch(flight, cx, output);
        } else {
            self.retries.push((retry.at, flight));
        }
    }

    fn retry_timer(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let due = |(at, _): &mut (Timestamp, Flight)| *at <= cx.now;
        let due: Vec<_> = self.retries.extract_if(.., due).collect();
        for (_, flight) in due {
            self.launch(flight, cx, output);
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

    /// Whether a request of this kind is under way, or is going to be tried again.
    pub(super) fn is_under_way(&self, is: fn(&Purpose) -> bool) -> bool {
        let retries = self.retries.iter().map(|(_, flight)| flight);
        self.flights
            .values()
            .chain(retries)
            .any(|flight| is(&flight.purpose))
    }

    fn abandon(&mut self, turn: MessageId, cx: &Cx<'_>, output: &mut LegOutput) {
        let is_file = |flight: &Flight| matches!(&flight.purpose, Purpose::Upload(upload) if upload.turn == turn);
        if self.flights.values().any(is_file) {
            self.tell_failed_upload(None, TurnOutcome::TimedOut, cx, output);
        }
        // What comes after all is published as unasked.
        for flight in self.flights.values_mut() {
            match &mut flight.purpose {
                Purpose::Talk(asked, _) if *asked == turn => flight.purpose = Purpose::Late(None),
                Purpose::Survey(held) if held.turn == Some(turn) => {
                    held.turn = None;
                    held.more = None;
                    held.events.iter_mut().for_each(|event| event.turn = None);
                }
                _ => {}
            }
        }
        let stays = |flight: &Flight| flight.purpose.turn() != Some(turn);
        self.flights.retain(|_, flight| stays(flight));
        self.retries.retain(|(_, flight)| stays(flight));
        self.speech.retain(|spoken| spoken.turn != Some(turn));
        self.socket.abandon(turn);
    }

    fn close(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.is_livechat() {
            let request = TalkRequest {
                user_input: words::INPUT_END_LIVECHAT.to_owned(),
                language: Some(self.language.clone()),
                space: Some(self.space.clone()),
                client_id: Some(self.user()),
                solution_used: Some("ASSISTANT".to_owned()),
                ..TalkRequest::default()
            };
            if self.socket.is_open() {
                self.say(&request, cx, output);
            } else {
                let request = self.talk_request(request);
                self.send(request, Purpose::Report, cx, output);
            }
            self.state.handover = HandoverState::None;
        }
        self.polls.clear();
        self.retries.clear();
        self.speech.clear();
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
            LegInput::SocketClosed { code, reason, .. } => {
                tracing::debug!(code, reason, "the engine's socket is closed");
                self.socket_closed(cx, output);
            }
            LegInput::Timer => {
                self.retry_timer(cx, output);
                self.socket_timer(cx, output);
                self.poll_timer(cx, output);
            }
            LegInput::Abandon { turn } => self.abandon(turn, cx, output),
            LegInput::Close => return self.close(cx, output),
        }
        self.settle(cx, output);
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let retry = self.retries.iter().map(|(at, _)| *at).min();
        [self.next_poll(), self.socket.wake_at(), retry]
            .into_iter()
            .flatten()
            .min()
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.flights.is_empty()
            && self.retries.is_empty()
            && self.polls.is_empty()
            && !self.is_livechat()
            && self.socket.is_closed()
    }
}
