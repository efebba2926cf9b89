//! The websocket: `docs/protocols/dydu.md#71-connection`.
//!
//! A leg has one during a livechat, or all the time where the operator chose it as the transport.
//! Frames have no ids and turns no end: an answer is what comes after a question, and its turn is
//! over when the engine has been silent for a moment after it. An answer that pauses for longer
//! in the middle is therefore split: its rest counts as unasked.
//!
//! If no server takes the socket the leg goes on by REST, as the widget does. A socket that is
//! lost during a livechat is opened again, with growing pauses, and polls bring what it missed.

use std::collections::VecDeque;
use std::time::Duration;

use http::Request;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use switchboard_core::dialect::{Cx, Effect, LegOutput};
use switchboard_core::model::{BotEvent, MessageId, Timestamp, TurnOutcome, Typing};

use super::echo;
use super::flight::outcome;
use super::leg::DyduLeg;
use super::livechat::{Asked, Spoken};
use super::survey::AskedSurvey;
use crate::error;
use crate::wire::context::AvailabilityValues;
use crate::wire::envelope::{self, Envelope, Received};
use crate::wire::path::Endpoint;
use crate::wire::{TalkRequest, frame, words};

/// How often to send a sign of life, as the widget does.
const PING_EVERY: Duration = Duration::from_secs(55);
/// Frames that wait for the socket.
const QUEUE_LIMIT: usize = 64;
/// Frames of the engine that wait for what was said before them.
const HELD_LIMIT: usize = 64;
/// The first pause before a lost socket is opened again; each is twice as long as the one before.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// The longest such pause.
const REOPEN_AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// A socket that has lived this long was a good one: the pauses begin anew.
const GOOD_AFTER_MS: i64 = 60_000;

/// The leg's socket.
#[derive(Debug, Default)]
pub(super) struct Socket {
    stage: Stage,
    /// Frames that wait until the socket is open.
    queue: VecDeque<String>,
    turn: Option<Turn>,
    /// Surveys whose questions were asked for.
    pub(super) asked: Vec<AskedSurvey>,
    ping_at: Option<Timestamp>,
    reopen_at: Option<Timestamp>,
    /// When it is closed, because the livechat is over.
    close_at: Option<Timestamp>,
    /// How often in a row it was lost during this livechat.
    losses: u32,
    /// The context that the engine was asked about.
    checked: Option<String>,
    /// Frames that wait until what was said before the socket was open has been polled.
    held: Option<VecDeque<String>>,
    /// No server took the socket.
    pub(super) refused: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Closed,
    /// Being opened at this server, for the how-manieth time.
    Opening { server: usize, attempt: usize },
    /// Open since then.
    Open(Timestamp),
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

    /// The user leaves the operator or the queue.
    fn is_goodbye(&self) -> bool {
        self.requests.front().is_some_and(|request| {
            matches!(
                request.user_input.as_str(),
                words::INPUT_END_LIVECHAT | words::INPUT_LEAVE_QUEUE
            )
        })
    }
}

impl Socket {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(self.stage, Stage::Opening { .. })
    }

    /// Neither open nor about to be.
    pub(super) fn is_off(&self) -> bool {
        self.stage == Stage::Closed
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_off() && self.turn.is_none() && self.asked.is_empty()
    }

    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let silent_at = self.turn.as_ref().and_then(Turn::over_at);
        let asked = self.asked.iter().map(|asked| asked.until);
        [silent_at, self.ping_at, self.reopen_at, self.close_at]
            .into_iter()
            .flatten()
            .chain(asked)
            .min()
    }

    pub(super) fn abandon(&mut self, turn: MessageId) {
        self.turn.take_if(|under_way| under_way.id == turn);
    }

    /// A livechat begins: what was tried before it does not count.
    pub(super) fn livechat_begins(&mut self) {
        self.refused = false;
        self.losses = 0;
        self.close_at = None;
    }

    /// The livechat is over: the socket is closed once nothing more comes.
    pub(super) fn linger(&mut self, until: Timestamp) {
        self.reopen_at = None;
        self.close_at = (!self.is_off()).then_some(until);
    }

    /// Keeps a frame until the socket is open. Tells whether there was room for it.
    pub(super) fn keep(&mut self, frame: String) -> bool {
        let has_room = self.queue.len() < QUEUE_LIMIT;
        if has_room {
            self.queue.push_back(frame);
        } else {
            tracing::warn!("a frame was dropped: too many wait for the socket to open");
        }
        has_room
    }

    pub(super) fn close(&mut self, output: &mut LegOutput) {
        if !self.is_off() {
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
        let before = self.socket.turn.replace(Turn {
            id: turn,
            requests,
            silent_at: None,
            asking: false,
        });
        if let Some(before) = before.filter(|before| before.id != turn) {
            self.end_turn(before.id, TurnOutcome::Done, cx, output);
        }
        match first {
            Some(request) => {
                if !self.say(&request, cx, output) {
                    self.finish_turn(TurnOutcome::Unavailable, cx, output);
                }
            }
            None => self.finish_turn(TurnOutcome::Done, cx, output),
        }
    }

    /// A livechat needs the socket: opens it, unless that is under way or hopeless.
    pub(super) fn keep_socket(&mut self, output: &mut LegOutput) {
        if self.socket.is_off() && !self.socket.refused && self.socket.reopen_at.is_none() {
            self.open_socket(output);
        }
    }

    pub(super) fn open_socket(&mut self, output: &mut LegOutput) {
        let server = self.state.server % self.settings.servers.len().max(1);
        self.open_socket_at(server, 1, output);
    }

    fn open_socket_at(&mut self, server: usize, attempt: usize, output: &mut LegOutput) {
        self.socket.reopen_at = None;
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
            self.socket.stage = Stage::Opening { server, attempt };
            output.effects.push(Effect::OpenSocket(request));
        }
    }

    pub(super) fn socket_opened(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if let Stage::Opening { server, .. } = self.socket.stage {
            self.state.server = server;
        }
        self.socket.stage = Stage::Open(cx.now);
        self.socket.ping_at = Some(cx.now.after(PING_EVERY));
        if self.is_livechat() {
            // What was said between the last answer and now may not be pushed, and comes first.
            self.poll_now(cx);
            let can_poll = self.state.context.is_some() && self.state.last_poll.is_some();
            self.socket.held = (can_poll && self.next_poll().is_some()).then(VecDeque::new);
        } else {
            self.polls.clear();
        }
        if self.state.context.is_some() {
            self.socket.checked.clone_from(&self.state.context);
            self.send_frame("checkContextAvailability", [], output);
        }
        for frame in std::mem::take(&mut self.socket.queue) {
            output.effects.push(Effect::SendText(frame));
        }
    }

    pub(super) fn socket_closed(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.release_frames(cx, output);
        let stage = std::mem::take(&mut self.socket.stage);
        self.socket.ping_at = None;
        self.socket.close_at = None;
        let servers = self.settings.servers.len().max(1);
        match stage {
            Stage::Opening { server, attempt } if attempt < servers => {
                self.open_socket_at((server + 1) % servers, attempt + 1, output);
            }
            Stage::Opening { .. } if self.is_livechat() && self.socket.losses > 0 => {
                self.reopen_later(cx);
            }
            Stage::Opening { .. } => {
                // Nothing of the turn has been said yet, so it can be said by REST.
                tracing::warn!("no server takes the websocket, going on by REST");
                self.socket.refused = true;
                self.socket.queue.clear();
                match self.socket.turn.take() {
                    Some(turn) => self.next_talk(turn.id, turn.requests, cx, output),
                    None => self.schedule_polls(cx),
                }
            }
            Stage::Open(since) => {
                if cx.now.as_millis() - since.as_millis() >= GOOD_AFTER_MS {
                    self.socket.losses = 0;
                }
                self.lost_socket(cx, output);
            }
            Stage::Closed => self.finish_turn(TurnOutcome::Unreachable, cx, output),
        }
    }

    fn lost_socket(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.ask_surveys_otherwise(cx, output);
        // To leave twice does no harm, to stay would.
        let goodbye = self.socket.turn.take_if(|turn| turn.is_goodbye());
        self.speech.extend(goodbye.and_then(|mut turn| {
            Some(Spoken {
                turn: Some(turn.id),
                leaves: true,
                request: turn.requests.pop_front()?,
            })
        }));
        self.finish_turn(TurnOutcome::Unavailable, cx, output);
        if self.is_livechat() {
            tracing::debug!("the socket was lost during a livechat");
            self.poll_now(cx);
            self.reopen_later(cx);
        }
    }

    fn reopen_later(&mut self, cx: &Cx<'_>) {
        let pause = REOPEN_AFTER.saturating_mul(1 << self.socket.losses.min(10));
        self.socket.reopen_at = Some(cx.now.after(pause.min(REOPEN_AT_LEAST_EVERY)));
        self.socket.losses += 1;
    }

    pub(super) fn socket_text(&mut self, text: &str, cx: &Cx<'_>, output: &mut LegOutput) {
        if text.trim() == frame::PONG {
            return;
        }
        let Ok(answer) = Received::of(text) else {
            tracing::debug!("a frame of the engine cannot be read");
            return;
        };
        if let Some(held) = &mut self.socket.held
            && self.socket.turn.is_none()
            && matches!(
                answer.kind.as_ref(),
                envelope::TALK | envelope::NOTIFICATION
            )
        {
            held.push_back(text.to_owned());
            if held.len() > HELD_LIMIT {
                self.release_frames(cx, output);
            }
            return;
        }
        self.adopt_context(&answer, &Asked::Frames, cx, output);
        match answer.kind.as_ref() {
            envelope::ERROR => {
                let fault = error::decode_fault(http::StatusCode::OK, text.as_bytes());
                tracing::warn!(%fault, "the engine refused a frame");
                self.finish_turn(outcome(&fault), cx, output);
            }
            envelope::TALK | envelope::NOTIFICATION => self.heard(answer, cx, output),
            envelope::AVAILABILITY => self.context_checked(text, cx, output),
            envelope::SURVEY_CONFIGURATION => self.survey_frame(text, cx, output),
            envelope::SURVEY_CONFIGURATION_ERROR => self.no_survey(cx, output),
            // Receipts, and answers to what is never asked.
            _ => {}
        }
    }

    /// What was said before has been polled, or cannot be.
    pub(super) fn release_frames(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        for text in self.socket.held.take().into_iter().flatten() {
            self.socket_text(&text, cx, output);
        }
    }

    fn context_checked(&mut self, text: &str, cx: &Cx<'_>, output: &mut LegOutput) {
        let lives = serde_json::from_str::<Envelope<'_, AvailabilityValues>>(text)
            .is_ok_and(|answer| answer.values.is_context_still_available);
        let checked = self.socket.checked.take();
        if !lives && checked.is_some() && checked == self.state.context {
            self.revoke(cx, output);
        }
    }

    fn heard(&mut self, answer: Received<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        let values = answer.values.as_ref().ok();
        let date = values.and_then(|values| values.poll_updated_interaction_date);
        let date = date.or(answer.time);
        if let Some(values) = values.filter(|values| values.code_word() != words::WRITING)
            && self.is_livechat()
            && !self.echo.hear(echo::digest(values), date, cx.now)
        {
            self.state.seen_until(date);
            return;
        }
        self.state.seen_until(date);
        let turn = self.socket.turn.as_ref().map(|turn| turn.id);
        let is_talk = answer.kind == envelope::TALK;
        let Ok(heard) = self.hear(answer, turn, cx) else {
            tracing::debug!("an answer of the engine cannot be read");
            return;
        };
        if self.socket.close_at.is_some() {
            self.socket.close_at = Some(cx.now.after(self.settings.silence));
        }
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
        self.publish_or_ask(heard, turn, cx, output);
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
        self.late_surveys(cx, output);
        if due(self.socket.turn.as_ref().and_then(Turn::over_at)) {
            self.finish_turn(TurnOutcome::Done, cx, output);
        }
        if due(self.socket.close_at) {
            self.ask_surveys_otherwise(cx, output);
            self.finish_turn(TurnOutcome::Done, cx, output);
            self.socket.close(output);
        }
        if due(self.socket.ping_at) {
            self.socket.ping_at = Some(cx.now.after(PING_EVERY));
            output
                .effects
                .push(Effect::SendText(frame::PING.to_owned()));
        }
        if due(self.socket.reopen_at) {
            self.open_socket(output);
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
