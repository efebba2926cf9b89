use std::sync::Arc;

use serde_json::Value;
use switchboard_core::dialect::{Cx, Leg, LegInput, LegOutput};
use switchboard_core::model::{MessageId, Timestamp};

use super::Shared;
use super::calls::Calls;
use super::link::Link;
use super::state::State;

/// How often a request is put off when the engine asks for patience.
pub(super) const MAX_ATTEMPTS: u32 = 3;
/// How many ids below a repeated hello are remembered.
const MAX_ECHOES: usize = 64;

/// One conversation at a Kare engine.
///
/// Every input may move it on: `advance` looks at what is wanted (turns to post, a socket to
/// open) and at what is there (token, conversation, connection), and does the next step.
pub(super) struct KareLeg {
    pub(super) shared: Arc<Shared>,
    pub(super) state: State,
    pub(super) link: Link,
    pub(super) calls: Calls,
    /// Nothing is requested before this moment.
    pub(super) put_off: Option<Timestamp>,
    /// How often setting up was put off or tried again in a row.
    pub(super) setup_attempts: u32,
    /// A hello was repeated on a new socket; these ids are its own and hang below it.
    echoes: Vec<MessageId>,
}

impl KareLeg {
    pub(super) fn new(shared: Arc<Shared>, state: State) -> Self {
        Self {
            shared,
            state,
            link: Link::default(),
            calls: Calls::default(),
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
        for turn in &mut leg.state.turns {
            turn.lose_connection();
        }
        if is_wanted {
            leg.link.wait(now);
        }
        leg
    }

    /// Does the next step towards whatever is wanted.
    fn advance(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.put_off.take_if(|until| *until <= cx.now);
        let has_input =
            self.state.turns.iter().any(|turn| !turn.is_posted()) || !self.state.loose.is_empty();
        if !has_input && !self.link.is_waiting() || self.put_off.is_some() {
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

    pub(super) fn is_echo(&self, id: MessageId) -> bool {
        self.echoes.contains(&id)
    }

    pub(super) fn has_echoes(&self) -> bool {
        !self.echoes.is_empty()
    }

    pub(super) fn add_echo(&mut self, id: MessageId) {
        if self.echoes.len() < MAX_ECHOES {
            self.echoes.push(id);
        }
    }

    pub(super) fn forget_echoes(&mut self) {
        self.echoes.clear();
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
            LegInput::SocketClosed {
                code,
                reason,
                retry_after,
            } => {
                tracing::info!(code, reason, "the engine's socket closed");
                self.socket_closed(code, retry_after, cx, output);
            }
            LegInput::Timer => {}
            LegInput::Abandon { turn } => {
                if let Some(at) = self.turn_at(turn) {
                    self.drop_turn(at);
                }
                self.calls.give_up_input(turn);
            }
            LegInput::Close => {
                self.hang_up(output);
                self.calls.clear();
                self.state.turns.clear();
                self.state.loose.clear();
                self.state.forest.clear();
                return;
            }
        }
        self.release_due(cx, output);
        self.end_complete(output);
        self.expire(cx.now, output);
        self.advance(cx, output);
        self.state.connected = self.link.is_wanted();
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let forest = &self.state.forest;
        let deadlines = self
            .state
            .turns
            .iter()
            .filter(|turn| !forest.holds_for(turn.id))
            .filter_map(|turn| turn.deadline);
        // While requests are put off or under way, only their end brings the leg on.
        let is_setting_up = self.calls.has_token() || self.calls.has_start();
        let next_attempt = self
            .link
            .next_attempt()
            .filter(|_| !is_setting_up && self.put_off.is_none());
        deadlines
            .chain(self.put_off)
            .chain(next_attempt)
            .chain(self.link.attempt_ends())
            .chain(forest.next_release())
            .min()
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.state.turns.is_empty()
            && self.state.loose.is_empty()
            && self.state.forest.is_settled()
            && self.calls.is_empty()
            && !self.link.is_wanted()
    }
}
