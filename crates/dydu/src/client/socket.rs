//! The websocket as a transport for talk: `docs/protocols/dydu.md#71-connection`.
//!
//! Frames have no ids and turns no end: an answer is what comes after a question, and its turn is
//! over when the engine has been silent for a moment after it. An answer that pauses for longer
//! in the middle is therefore split: its rest counts as unasked. If no server takes the socket
//! the leg goes on by REST, as the widget does.

use std::collections::VecDeque;
use std::time::Duration;

use http::Request;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use serde_json::{Map, Value};
use switchboard_core::dialect::{Cx, Effect, HandoverState, LegOutput};
use switchboard_core::model::{BotEvent, MessageId, Timestamp, TurnOutcome, Typing};

use super::flight::{Held, outcome};
use super::leg::DyduLeg;
use crate::error;
use crate::wire::envelope::{self, Received};
use crate::wire::path::Endpoint;
use crate::wire::{Frame, TalkRequest, b64, frame};

/// How often to send a sign of life, as the widget does.
const PING_EVERY: Duration = Duration::from_secs(55);
/// Frames that wait for the socket.
const QUEUE_LIMIT: usize = 64;

/// The leg's socket.
#[derive(Debug, Default)]
pub(super) struct Socket {
    stage: Stage,
    /// Frames that wait until the socket is open.
    queue: VecDeque<String>,
    turn: Option<Turn>,
    ping_at: Option<Timestamp>,
    reopen_at: Option<Timestamp>,
    /// No server took the socket.
    pub(super) refused: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Closed,
    /// Being opened, for the how-manieth time.
    Opening(u32),
    Open,
}

/// The turn that waits for its end.
#[derive(Debug)]
struct Turn {
    id: MessageId,
    /// What is being said, and what is said after it.
    requests: VecDeque<TalkRequest>,
    /// When the engine has been silent for long enough after an answer.
    silent_at: Option<Timestamp>,
    /// A survey of the answer is being fetched; the turn waits for it.
    asking: bool,
}

impl Turn {
    /// When it is taken to be over.
    fn over_at(&self) -> Option<Timestamp> {
        self.silent_at.filter(|_| !self.asking)
    }
}

impl Socket {
    pub(super) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(self.stage, Stage::Opening(_))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stage == Stage::Closed && self.turn.is_none()
    }

    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let silent_at = self.turn.as_ref().and_then(Turn::over_at);
        [silent_at, self.ping_at, self.reopen_at]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn abandon(&mut self, turn: MessageId) {
        if self
            .turn
            .as_ref()
            .is_some_and(|under_way| under_way.id == turn)
        {
            self.turn = None;
        }
    }

    pub(super) fn close(&mut self, output: &mut LegOutput) {
        if self.stage != Stage::Closed {
            output.effects.push(Effect::CloseSocket { code: 1000 });
        }
        *self = Self {
            refused: self.refused,
            ..Self::default()
        };
    }
}

impl DyduLeg {
    /// Says something that opens a turn.
    pub(super) fn say_in_turn(
        &mut self,
        turn: MessageId,
        requests: VecDeque<TalkRequest>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let first = requests.front().cloned();
        self.socket.turn = Some(Turn {
            id: turn,
            requests,
            silent_at: None,
            asking: false,
        });
        match first {
            Some(request) => self.say(&request, cx, output),
            None => self.finish_turn(TurnOutcome::Done, cx, output),
        }
    }

    /// Sends a talk frame.
    pub(super) fn say(&mut self, request: &TalkRequest, cx: &Cx<'_>, output: &mut LegOutput) {
        let mut parameters = self.common(request.client_id.as_deref());
        parameters.extend(request.to_frame());
        // Only a REST request says how its answer is wanted.
        parameters.remove("mode");
        parameters
            .entry("doNotRegisterInteraction")
            .or_insert(Value::Bool(false));
        for (name, value) in [
            ("contextType", b64::encode("Web").into()),
            ("useServerCookieForContext", false.into()),
            ("disableLanguageDetection", false.into()),
            ("timestamp", cx.now.as_millis().into()),
        ] {
            parameters.entry(name).or_insert(value);
        }
        self.push_frame("talk", parameters, output);
    }

    /// Sends a sign of life.
    pub(super) fn sign<const N: usize>(
        &mut self,
        kind: &str,
        parameters: [(&str, Value); N],
        _cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !self.socket.is_open() {
            return;
        }
        let mut all = self.common(None);
        for (name, mut value) in parameters {
            b64::encode_deep(&mut value);
            all.insert(name.to_owned(), value);
        }
        self.push_frame(kind, all, output);
    }

    fn common(&self, user: Option<&str>) -> Map<String, Value> {
        let user = user.map_or_else(|| self.state.conversation.to_string(), str::to_owned);
        let mut common = Map::new();
        for (name, text) in [
            (
                "contextId",
                self.state.context.as_deref().unwrap_or_default(),
            ),
            ("botId", &self.settings.bot),
            ("space", &self.space),
            ("clientId", &user),
            ("language", &self.language),
            ("solutionUsed", "ASSISTANT"),
        ] {
            common.insert(name.to_owned(), b64::encode(text).into());
        }
        common.insert("saml2_info".into(), Value::Null);
        common
    }

    fn push_frame(&mut self, kind: &str, parameters: Map<String, Value>, output: &mut LegOutput) {
        let frame = Frame {
            kind: kind.to_owned(),
            parameters,
        };
        if self.socket.is_open() {
            output.effects.push(Effect::SendText(frame.to_text()));
            return;
        }
        if self.socket.queue.len() < QUEUE_LIMIT {
            self.socket.queue.push_back(frame.to_text());
        }
        if !self.socket.is_opening() {
            self.open_socket(1, output);
        }
    }

    fn open_socket(&mut self, attempt: u32, output: &mut LegOutput) {
        self.socket.reopen_at = None;
        let server = self.state.server % self.settings.servers.len().max(1);
        let address = self.settings.servers.get(server).and_then(|base| {
            let rest = base.strip_prefix("http")?;
            Some(format!("ws{rest}{}", Endpoint::ChatWs.path()))
        });
        let request = address.and_then(|address| Request::get(address).body(()).ok());
        if let Some(mut request) = request {
            request.headers_mut().insert(
                SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(frame::SUBPROTOCOL),
            );
            self.socket.stage = Stage::Opening(attempt);
            output.effects.push(Effect::OpenSocket(request));
        }
    }

    pub(super) fn socket_opened(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.socket.stage = Stage::Open;
        self.socket.ping_at = Some(cx.now.after(PING_EVERY));
        self.polls.clear();
        if self.state.context.is_some() {
            let parameters = self.common(None);
            self.push_frame("checkContextAvailability", parameters, output);
        }
        for frame in std::mem::take(&mut self.socket.queue) {
            output.effects.push(Effect::SendText(frame));
        }
    }

    pub(super) fn socket_closed(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let stage = std::mem::take(&mut self.socket.stage);
        self.socket.ping_at = None;
        let servers = self.settings.servers.len().max(1);
        let most = u32::try_from(servers)
            .unwrap_or(u32::MAX)
            .saturating_mul(self.settings.rounds);
        match stage {
            Stage::Opening(attempt) if attempt < most => {
                self.state.server = (self.state.server + 1) % servers;
                self.open_socket(attempt + 1, output);
            }
            Stage::Opening(_) => {
                // Nothing of the turn has been said yet, so it can be said by REST.
                tracing::warn!("no server takes the websocket, going on by REST");
                self.socket.refused = true;
                self.socket.queue.clear();
                match self.socket.turn.take() {
                    Some(turn) => self.next_talk(turn.id, turn.requests, cx, output),
                    None => self.schedule_polls(cx),
                }
            }
            Stage::Open | Stage::Closed => {
                self.finish_turn(TurnOutcome::Unavailable, cx, output);
                if self.state.handover != HandoverState::None {
                    self.socket.reopen_at = Some(cx.now.after(self.settings.livechat_poll));
                }
            }
        }
    }

    pub(super) fn socket_text(&mut self, text: &str, cx: &Cx<'_>, output: &mut LegOutput) {
        if text.trim() == frame::PONG {
            return;
        }
        let Ok(answer) = Received::of(text) else {
            tracing::debug!("a frame of the engine cannot be read");
            return;
        };
        self.adopt_context(&answer);
        match answer.kind.as_ref() {
            envelope::ERROR => {
                let fault = error::decode_fault(http::StatusCode::OK, text.as_bytes());
                tracing::warn!(%fault, "the engine refused a frame");
                self.finish_turn(outcome(&fault), cx, output);
            }
            envelope::TALK | envelope::NOTIFICATION => self.heard(answer, cx, output),
            _ => {}
        }
    }

    fn heard(&mut self, answer: Received<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        self.state.seen_until(answer.time);
        let turn = self.socket.turn.as_ref().map(|turn| turn.id);
        let is_talk = answer.kind == envelope::TALK;
        let Ok(heard) = self.hear(answer, turn, cx) else {
            tracing::debug!("an answer of the engine cannot be read");
            return;
        };
        if let Some(under_way) = &mut self.socket.turn {
            let says = |event: &BotEvent| matches!(event, BotEvent::Message(_));
            let types =
                |event: &BotEvent| matches!(event, BotEvent::Typing(Typing { active: true, .. }));
            if is_talk || heard.events.iter().any(says) {
                under_way.silent_at = Some(cx.now.after(self.settings.silence));
            } else if heard.events.iter().any(types) {
                // Who is typing has not said everything.
                under_way.silent_at = None;
            }
            under_way.asking |= heard.survey.is_some();
        }
        match heard.survey {
            Some(survey) => {
                let held = Held {
                    turn,
                    events: heard.events,
                    more: None,
                };
                self.ask_survey(&survey, held, output);
            }
            None => {
                for event in heard.events {
                    output.publish(turn, event);
                }
            }
        }
    }

    /// The survey that a turn waited for is there.
    pub(super) fn survey_came(&mut self, turn: MessageId, cx: &Cx<'_>) {
        let silent_at = cx.now.after(self.settings.silence);
        if let Some(under_way) = self.socket.turn.as_mut().filter(|known| known.id == turn) {
            under_way.asking = false;
            under_way.silent_at = Some(silent_at);
        }
    }

    pub(super) fn socket_timer(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= cx.now);
        if due(self.socket.turn.as_ref().and_then(Turn::over_at)) {
            self.finish_turn(TurnOutcome::Done, cx, output);
        }
        if due(self.socket.ping_at) {
            self.socket.ping_at = Some(cx.now.after(PING_EVERY));
            output
                .effects
                .push(Effect::SendText(frame::PING.to_owned()));
        }
        if due(self.socket.reopen_at) {
            self.open_socket(1, output);
        }
    }

    /// Says the next thing of the turn under way, or ends it.
    fn finish_turn(&mut self, outcome: TurnOutcome, cx: &Cx<'_>, output: &mut LegOutput) {
        let Some(mut turn) = self.socket.turn.take() else {
            return;
        };
        turn.requests.pop_front();
        if outcome == TurnOutcome::Done && !turn.requests.is_empty() {
            return self.say_in_turn(turn.id, turn.requests, cx, output);
        }
        self.end_turn(turn.id, outcome, cx, output);
    }
}
