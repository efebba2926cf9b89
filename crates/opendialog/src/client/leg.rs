//! A conversation's counterpart at an OpenDialog server.

mod renew;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_core::dialect::{CallId, Cx, Effect, Leg, LegInput, LegOutput, TransportFault};
use switchboard_core::model::{
    BotEvent, ConversationId, MessageId, Profile, Timestamp, TurnOutcome, UserEvent, UserInput,
};

use super::memory::Memory;
use super::plan::{Plan, plan};
use super::request::{Cookies, Site, Speaker};
use super::watch::Watch;
use crate::convert::{self, user};
use crate::error::{DialectError, decode_fault};
use crate::options::Generation;
use crate::wire::history::Row;
use crate::wire::message::{Answer, Kind};
use crate::wire::outbound::Outbound;
use renew::Spare;

/// How long a look at the history may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// What a leg keeps, so that another process can go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    conversation: ConversationId,
    /// The conversation's key at the engine; once used it stays.
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    cookies: Cookies,
    #[serde(default)]
    calls: u32,
    #[serde(default)]
    memory: Memory,
    #[serde(default)]
    watch: Watch,
}

impl State {
    pub(super) fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            user_id: None,
            cookies: Cookies::default(),
            calls: 0,
            memory: Memory::default(),
            watch: Watch::default(),
        }
    }
}

/// A request to the chat that is under way.
#[derive(Debug)]
struct Pending {
    call: CallId,
    /// The turn that it belongs to; none once that was given up.
    turn: Option<MessageId>,
    /// It is part of the dialogue: it has a row in the history and an answer.
    dialogue: bool,
    /// What is repeated if the engine wants a fresh token first.
    spare: Spare,
}

/// The leg.
pub(super) struct OpenDialogLeg {
    site: Arc<Site>,
    state: State,
    pending: Vec<Pending>,
    /// The look at the history that is under way; there are never two.
    look: Option<CallId>,
    /// Events that wait for the end of a look: what it brings belongs before them.
    waiting: VecDeque<(UserEvent, Profile)>,
}

impl OpenDialogLeg {
    pub(super) fn new(site: Arc<Site>, state: State) -> Self {
        Self {
            site,
            state,
            pending: Vec::new(),
            look: None,
            waiting: VecDeque::new(),
        }
    }

    fn tell(&mut self, event: &UserEvent, profile: &Profile, output: &mut LegOutput) {
        let turn = event.id;
        let State {
            conversation,
            user_id,
            cookies,
            memory,
            ..
        } = &mut self.state;
        if matches!(event.input, UserInput::LeaveHandover) {
            memory.human = false;
        }
        let plan = plan(event, profile, memory, &self.site.options);
        let speaker = Speaker {
            site: &self.site,
            user_id: user_id.get_or_insert_with(|| key(profile, *conversation)),
            cookies,
        };
        let (request, dialogue) = match plan {
            Plan::Say(mut content) => {
                let dialogue = content.kind != Kind::UrlClick;
                content.user = Some(user::write(profile, self.site.options.scenario.as_deref()));
                (speaker.say(event.id, content), dialogue)
            }
            Plan::Rate(rating) => (speaker.rate(&rating), false),
            Plan::Nothing(outcome) => {
                return output.publish(Some(turn), BotEvent::TurnEnded(outcome));
            }
        };
        let Ok(request) = request else {
            // Only a user id that cannot stand in a header leads here.
            tracing::error!("the user id cannot be sent to the engine");
            return output.publish(Some(turn), BotEvent::TurnEnded(TurnOutcome::Refused));
        };
        if dialogue {
            self.state.watch.stop();
        }
        // The generations before have no tokens.
        let spare = if self.site.options.generation == Generation::Three {
            Spare::Unused(Box::new(request.clone()))
        } else {
            Spare::None
        };
        let call = self.call(request, self.site.options.timeout, output);
        self.pending.push(Pending {
            call,
            turn: Some(turn),
            dialogue,
            spare,
        });
    }

    fn call(
        &mut self,
        request: Request<Bytes>,
        timeout: Duration,
        output: &mut LegOutput,
    ) -> CallId {
        self.state.calls = self.state.calls.wrapping_add(1);
        let call = CallId(self.state.calls);
        // There is hardly ever a second one.
        output.effects.reserve_exact(1);
        output.effects.push(Effect::Http {
            call,
            request,
            timeout,
        });
        call
    }

    fn answered(
        &mut self,
        pending: &Pending,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let outcome = match self.read_answer(result, pending.dialogue) {
            Ok(messages) => {
                self.publish_answer(messages, pending, cx, output);
                TurnOutcome::Done
            }
            Err(outcome) => outcome,
        };
        if let Some(turn) = pending.turn {
            output.publish(Some(turn), BotEvent::TurnEnded(outcome));
        }
    }

    fn read_answer(
        &mut self,
        result: Result<Response<Bytes>, TransportFault>,
        dialogue: bool,
    ) -> Result<Vec<Outbound>, TurnOutcome> {
        let response = match result {
            Ok(response) => response,
            Err(fault) => {
                tracing::warn!(%fault, "the engine did not answer");
                return Err(match fault {
                    TransportFault::Timeout => TurnOutcome::TimedOut,
                    TransportFault::Connect => TurnOutcome::Unreachable,
                    _ => TurnOutcome::Unavailable,
                });
            }
        };
        self.state.cookies.keep(response.headers());
        let answer = if response.status().is_success() {
            if !dialogue {
                return Ok(Vec::new());
            }
            Answer::decode(response.body()).map_err(DialectError::from)
        } else {
            Err(decode_fault(&response))
        };
        answer.map(Answer::into_messages).map_err(|error| {
            report(&error);
            error.outcome()
        })
    }

    fn publish_answer(
        &mut self,
        mut messages: Vec<Outbound>,
        pending: &Pending,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !pending.dialogue {
            return;
        }
        let State { watch, memory, .. } = &mut self.state;
        watch.answered(&mut messages, &self.site.options.history_poll, cx.now);
        memory.new_answer();
        // The end of the turn comes after them.
        output.events.reserve_exact(messages.len() + 1);
        for wire in messages {
            let message = convert::to_model(wire, cx.message_id(), pending.turn, cx.now);
            memory.note(&message);
            output.publish(pending.turn, BotEvent::Message(message));
        }
        watch.go_on(memory.human, cx.now);
    }

    fn look(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let is_due = self.state.watch.due().is_some_and(|due| due <= cx.now);
        if !is_due || self.look.is_some() || !self.pending.is_empty() {
            return;
        }
        let Some(user_id) = self.state.user_id.clone() else {
            return self.state.watch.stop();
        };
        self.state.watch.begin(cx.now);
        let speaker = Speaker {
            site: &self.site,
            user_id: &user_id,
            cookies: &self.state.cookies,
        };
        match speaker.history(self.state.watch.limit()) {
            Ok(request) => self.look = Some(self.call(request, LOOK_TIMEOUT, output)),
            Err(_) => self.state.watch.give_up(),
        }
    }

    fn looked(
        &mut self,
        result: Result<Response<Bytes>, TransportFault>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let State {
            watch,
            memory,
            cookies,
            user_id,
            ..
        } = &mut self.state;
        let user_id = user_id.as_deref().unwrap_or_default();
        match result {
            Ok(response) if response.status().is_success() => {
                cookies.keep(response.headers());
                match serde_json::from_slice::<Vec<Row>>(response.body()) {
                    Ok(rows) => {
                        for (row, wire) in watch.looked(rows, user_id, cx.now) {
                            let id = row.message_id.get().and_then(|id| id.parse().ok());
                            let id = id.unwrap_or_else(|| cx.message_id());
                            let message = convert::to_model(wire, id, None, cx.now);
                            memory.note(&message);
                            output.publish(None, BotEvent::Message(message));
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the engine's history cannot be read");
                        watch.give_up();
                    }
                }
            }
            Ok(response) if response.status().is_client_error() => {
                report(&decode_fault(&response));
                if response.status() != StatusCode::TOO_MANY_REQUESTS {
                    watch.give_up();
                }
            }
            Ok(response) => report(&decode_fault(&response)),
            Err(fault) => tracing::debug!(%fault, "the engine's history did not come"),
        }
        watch.go_on(memory.human, cx.now);
        while let Some((event, profile)) = self.waiting.pop_front() {
            self.tell(&event, &profile, output);
        }
    }
}

/// The conversation's key at the engine.
fn key(profile: &Profile, conversation: ConversationId) -> String {
    let given = profile.user_id.as_deref().map(str::trim);
    match given.filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => conversation.to_string(),
    }
}

/// Logs what an engine refused. Its words go no further.
fn report(error: &DialectError) {
    match error {
        DialectError::Refused { status, .. }
            if matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
        {
            tracing::error!(
                status = status.as_u16(),
                "the engine does not accept the app key"
            );
        }
        error => tracing::warn!(%error, "the engine refused"),
    }
}

impl Leg for OpenDialogLeg {
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        match input {
            LegInput::Event { event, profile } => {
                if !event.input.opens_turn() {
                    return;
                }
                if self.look.is_some() {
                    self.waiting.push_back((event.clone(), profile.clone()));
                } else {
                    self.tell(event, profile, output);
                }
            }
            LegInput::Response { call, result } => {
                if self.look == Some(call) {
                    self.look = None;
                    self.looked(result, cx, output);
                } else if let Some(place) = self.pending.iter().position(|it| it.call == call) {
                    let mut pending = self.pending.swap_remove(place);
                    if self.renew(&mut pending, &result, output) {
                        self.pending.push(pending);
                    } else {
                        self.answered(&pending, result, cx, output);
                    }
                }
            }
            LegInput::Timer => self.look(cx, output),
            LegInput::Abandon { turn } => {
                self.waiting.retain(|(event, _)| event.id != turn);
                // A late answer is still worth showing, as something that nobody asked for.
                for pending in &mut self.pending {
                    if pending.turn == Some(turn) {
                        pending.turn = None;
                    }
                }
            }
            LegInput::Close => {
                self.state.watch.stop();
                self.waiting.clear();
            }
            LegInput::SocketOpened
            | LegInput::SocketText(_)
            | LegInput::SocketBinary(_)
            | LegInput::SocketClosed { .. } => {}
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        if self.look.is_some() || !self.pending.is_empty() {
            return None;
        }
        self.state.watch.due()
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.pending.is_empty()
            && self.look.is_none()
            && self.waiting.is_empty()
            && self.state.watch.due().is_none()
    }
}
