//! Drives a conversation's leg: hands it inputs, publishes what it says, performs what it asks.
//!
//! The leg runs under the conversation's lock, for it never waits. What it wants from the network
//! is started under the lock and awaited outside of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::adapt::{Adapted, adapt};
use switchboard_core::dialect::{
    CallId, Effect, Item, LegEvent, LegInput, LegOutput, Published, TransportFault,
};
use switchboard_core::model::{
    BotEvent, Content, EndReason, MessageId, Timestamp, TurnOutcome, UserEvent,
};
use tokio::sync::mpsc;

use crate::conversation::{Conversation, LegSocket, Stage, State};
use crate::exchange::Inner;
use crate::{BoxFuture, SocketCommand, SocketEvent};

/// How much longer than a turn a conversation without a place is kept.
const KEEP_MARGIN: Duration = Duration::from_secs(5);

/// Messages that may wait for a leg's socket, each way.
const SOCKET_QUEUE: usize = 64;

/// An HTTP exchange that a leg asked for, not yet started.
pub(crate) struct Pending {
    call: CallId,
    answer: BoxFuture<Result<Response<Bytes>, TransportFault>>,
}

/// What a conversation's leg is to be told.
pub(crate) enum Feed<'a> {
    /// A user event, whose turn has been begun.
    Event(Arc<UserEvent>),
    /// Anything else.
    Input(LegInput<'a>),
    /// Nothing; only see whether a waiting event can go.
    Nothing,
}

impl Conversation {
    /// Tells the leg something and does everything that follows at once. What remains to be
    /// awaited is returned.
    #[must_use]
    pub(crate) fn feed(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        feed: Feed<'_>,
    ) -> Vec<Pending> {
        let mut pending = Vec::new();
        let arrived = Instant::now();
        let mut output = match feed {
            Feed::Event(event) => self.dispatch(inner, state, &event),
            Feed::Input(input) => {
                let mut output = LegOutput::default();
                if let Some(leg) = &mut state.leg {
                    leg.handle(input, &inner.cx(), &mut output);
                }
                output
            }
            Feed::Nothing => LegOutput::default(),
        };
        loop {
            self.publish(inner, state, output.events, arrived);
            self.start(inner, state, output.effects, &mut pending);
            if state.is_engaged() {
                break;
            }
            let Some(next) = state.waiting.pop_front() else {
                break;
            };
            if state.ended {
                self.end_turn(inner, state, next.id, TurnOutcome::Refused, arrived);
                output = LegOutput::default();
            } else {
                output = self.dispatch(inner, state, &next);
            }
        }
        let lost = std::mem::take(&mut state.lost);
        if lost > 0 {
            tracing::debug!(conversation.id = %self.id, lost, "entries nobody came for made room");
            self.frontend.meters.lost(lost);
        }
        self.set_timer(inner, state);
        self.changed.notify_waiters();
        pending
    }

    fn dispatch(&self, inner: &Inner, state: &mut State, event: &UserEvent) -> LegOutput {
        let cx = inner.cx();
        let mut output = LegOutput::default();
        let deadline = cx.now.after(self.frontend.turn_timeout);
        if let Some(turn) = state.turn(event.id) {
            turn.stage = Stage::Running;
            turn.deadline = deadline;
            turn.begun = Instant::now();
            turn.engine_since = Some(turn.begun);
        }
        state.version += 1;
        let leg = state
            .leg
            .get_or_insert_with(|| self.frontend.backend.backend.open(self.id, &cx));
        leg.handle(
            LegInput::Event {
                event,
                profile: &state.profile,
            },
            &cx,
            &mut output,
        );
        output
    }

    fn publish(&self, inner: &Inner, state: &mut State, events: Vec<LegEvent>, arrived: Instant) {
        let mut events = events.into_iter();
        while let Some(LegEvent { turn, event }) = events.next() {
            match event {
                BotEvent::Message(_) | BotEvent::Typing(_) | BotEvent::Notice(_) if state.ended => {
                    tracing::warn!(conversation.id = %self.id, "the engine spoke after the end");
                }
                BotEvent::Message(message) => {
                    let last = is_last(turn, events.as_slice());
                    let (index, unrecorded) = match turn.and_then(|turn| state.turn(turn)) {
                        Some(turn) => {
                            turn.published += 1;
                            (turn.published - 1, turn.unrecorded)
                        }
                        None => (0, false),
                    };
                    if let Content::Handover(handover) = &message.content {
                        state.hand_over(handover.phase);
                    }
                    let meters = &self.frontend.meters;
                    meters.published(message.content.kind());
                    let published = match adapt(&message, &self.frontend.capabilities) {
                        Adapted::AsIs => Published::as_is(message),
                        Adapted::Instead { messages, notes } => {
                            meters.adapted(&notes);
                            Published {
                                message,
                                instead: Some(messages),
                            }
                        }
                    };
                    let item = Item::Message(Box::new(published));
                    self.log(inner, state, turn, (index, last), unrecorded, item);
                }
                BotEvent::Typing(typing) if state.repeats(&typing) => {}
                BotEvent::Typing(typing) => {
                    self.log(inner, state, turn, (0, false), true, Item::Typing(typing));
                }
                BotEvent::Notice(notice) => {
                    self.log(inner, state, turn, (0, false), false, Item::Notice(notice));
                }
                BotEvent::Profile(change) => state.merge(*change),
                BotEvent::Answered(answer) => {
                    if let Some(turn) = turn.and_then(|turn| state.turn(turn)) {
                        turn.queried = Some(answer);
                    }
                }
                BotEvent::TurnEnded(outcome) => {
                    if let Some(turn) = turn {
                        self.end_turn(inner, state, turn, outcome, arrived);
                    }
                }
                BotEvent::ConversationEnded { reason } => self.end(inner, state, turn, reason),
            }
        }
    }

    /// Ends it for good: its leg says goodbye, its clients are told, and nobody finds it again once
    /// the caller has taken it out of its place.
    pub(crate) fn dismiss(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        reason: EndReason,
    ) {
        self.end(inner, state, None, reason);
        let pending = self.feed(inner, state, Feed::Input(LegInput::Close));
        self.refuse_turns(inner, state);
        state.socket = None;
        state.gone = true;
        self.spawn_all(inner, pending);
        self.changed.notify_waiters();
    }

    /// Ends every turn of an ended conversation that its leg has left open.
    pub(crate) fn refuse_turns(&self, inner: &Inner, state: &mut State) {
        let open: Vec<MessageId> = state
            .turns
            .iter()
            .filter(|turn| !turn.is_over())
            .map(|turn| turn.id)
            .collect();
        for turn in open {
            self.end_turn(inner, state, turn, TurnOutcome::Refused, Instant::now());
        }
        self.changed.notify_waiters();
    }

    pub(crate) fn end_turn(
        &self,
        inner: &Inner,
        state: &mut State,
        id: MessageId,
        outcome: TurnOutcome,
        arrived: Instant,
    ) {
        let at = inner.clock.now();
        let Some(turn) = state.turn(id).filter(|turn| !turn.is_over()) else {
            return;
        };
        turn.stage = Stage::Ended { outcome, at };
        inner.give_room(std::mem::take(&mut turn.content));
        let engine = turn
            .engine_since
            .map(|since| arrived.saturating_duration_since(since))
            .unwrap_or_default();
        let total = turn.begun.elapsed();
        let unnoticed = turn.waiters == 0;
        self.frontend.meters.turn_ended(outcome, total, engine);
        if let Some(fault) = fault_of(outcome)
            && unnoticed
        {
            state.failed(id, fault);
        }
    }

    fn start(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        state: &mut State,
        effects: Vec<Effect>,
        pending: &mut Vec<Pending>,
    ) {
        let backend = &self.frontend.backend.name;
        for effect in effects {
            match effect {
                Effect::Http {
                    call,
                    request,
                    timeout,
                } => {
                    let answer = inner.dialer.http(backend, request, timeout);
                    state.in_flight += 1;
                    pending.push(Pending { call, answer });
                }
                Effect::OpenSocket(request) => {
                    let (commands, their_commands) = mpsc::channel(SOCKET_QUEUE);
                    let (their_events, events) = mpsc::channel(SOCKET_QUEUE);
                    state.sockets_opened += 1;
                    let number = state.sockets_opened;
                    state.socket = Some(LegSocket {
                        number,
                        commands: Some(commands),
                    });
                    inner
                        .dialer
                        .open_socket(backend, request, their_events, their_commands);
                    tokio::spawn(self.clone().read_socket(inner.clone(), number, events));
                }
                Effect::SendText(text) => {
                    if let Some(socket) = &mut state.socket
                        && !send(socket, SocketCommand::Text(text))
                    {
                        // Full or gone. Without commands the socket ends; the leg hears of it
                        // after everything that the socket has brought.
                        socket.commands = None;
                    }
                }
                Effect::CloseSocket { code } => {
                    if let Some(socket) = state.socket.take() {
                        send(&socket, SocketCommand::Close(code));
                    }
                }
            }
        }
    }

    async fn read_socket(
        self: Arc<Self>,
        inner: Arc<Inner>,
        number: u32,
        mut events: mpsc::Receiver<SocketEvent>,
    ) {
        loop {
            let event = events.recv().await;
            let mut state = self.state.lock();
            if state
                .socket
                .as_ref()
                .is_none_or(|socket| socket.number != number)
            {
                return;
            }
            let input = match &event {
                Some(SocketEvent::Opened) => LegInput::SocketOpened,
                Some(SocketEvent::Text(text)) => LegInput::SocketText(text),
                Some(SocketEvent::Binary(data)) => LegInput::SocketBinary(data),
                Some(SocketEvent::Closed {
                    code,
                    reason,
                    retry_after,
                }) => LegInput::SocketClosed {
                    code: *code,
                    reason,
                    retry_after: *retry_after,
                },
                None => LegInput::SocketClosed {
                    code: 1006,
                    reason: "the connection broke",
                    retry_after: None,
                },
            };
            let closed = matches!(input, LegInput::SocketClosed { .. });
            if closed {
                state.socket = None;
            }
            let pending = self.feed(&inner, &mut state, Feed::Input(input));
            drop(state);
            self.spawn_all(&inner, pending);
            if closed {
                return;
            }
        }
    }

    /// Awaits these exchanges, and those that follow from them, in tasks of their own.
    pub(crate) fn spawn_all(self: &Arc<Self>, inner: &Arc<Inner>, pending: Vec<Pending>) {
        for pending in pending {
            tokio::spawn(self.clone().run(inner.clone(), pending));
        }
    }

    /// Awaits an exchange, tells the leg, and goes on with the exchange that follows from it.
    pub(crate) async fn run(self: Arc<Self>, inner: Arc<Inner>, mut pending: Pending) {
        loop {
            let result = pending.answer.await;
            let mut more = {
                let mut state = self.state.lock();
                state.in_flight -= 1;
                let input = LegInput::Response {
                    call: pending.call,
                    result,
                };
                self.feed(&inner, &mut state, Feed::Input(input))
            };
            let Some(next) = more.pop() else { return };
            self.spawn_all(&inner, more);
            pending = next;
        }
    }

    /// Keeps a conversation that nobody can find, until nothing is under way in it: the timer alone
    /// would let it go.
    pub(crate) fn keep_until_done(self: &Arc<Self>) {
        let is_busy = |conversation: &Self| {
            let state = conversation.state.lock();
            state.turns.iter().any(|turn| !turn.is_over())
                || state.in_flight > 0
                || state.leg.as_ref().is_some_and(|leg| !leg.is_quiet())
        };
        if !is_busy(self) {
            return;
        }
        let conversation = self.clone();
        tokio::spawn(async move {
            // Its turns end before that, by themselves or by their deadline.
            let patience = conversation.frontend.turn_timeout + KEEP_MARGIN;
            let done = async {
                loop {
                    let changed = conversation.changed.notified();
                    if !is_busy(&conversation) {
                        return;
                    }
                    changed.await;
                }
            };
            let _ = tokio::time::timeout(patience, done).await;
        });
    }

    pub(crate) fn set_timer(self: &Arc<Self>, inner: &Inner, state: &mut State) {
        let wake = state.leg.as_ref().and_then(|leg| leg.wake_at());
        let deadline = state
            .turns
            .iter()
            .filter(|turn| turn.stage == Stage::Running)
            .map(|turn| turn.deadline)
            .min();
        let absence = state.absence.as_ref().and_then(|absence| absence.due());
        let Some(wanted) = [wake, deadline, absence].into_iter().flatten().min() else {
            return;
        };
        if state.timer.is_none_or(|set| wanted < set) {
            state.timer = Some(wanted);
            inner.timer.enter(wanted, self);
        }
    }

    /// The timer fired: gives up turns that are over their deadline and wakes the leg.
    pub(crate) fn tick(self: &Arc<Self>, inner: &Arc<Inner>, now: Timestamp) {
        let mut state = self.state.lock();
        if state.timer.is_some_and(|set| set <= now) {
            state.timer = None;
        }
        let mut pending = Vec::new();
        let late: Vec<MessageId> = state
            .turns
            .iter()
            .filter(|turn| turn.stage == Stage::Running && turn.deadline <= now)
            .map(|turn| turn.id)
            .collect();
        for turn in late {
            self.end_turn(
                inner,
                &mut state,
                turn,
                TurnOutcome::TimedOut,
                Instant::now(),
            );
            let input = LegInput::Abandon { turn };
            pending.extend(self.feed(inner, &mut state, Feed::Input(input)));
        }
        let due = state
            .leg
            .as_ref()
            .and_then(|leg| leg.wake_at())
            .is_some_and(|at| at <= now);
        let feed = if due {
            Feed::Input(LegInput::Timer)
        } else {
            Feed::Nothing
        };
        pending.extend(self.feed(inner, &mut state, feed));
        pending.extend(self.miss(inner, &mut state, now));
        drop(state);
        self.spawn_all(inner, pending);
    }
}

fn send(socket: &LegSocket, command: SocketCommand) -> bool {
    let commands = socket.commands.as_ref();
    commands.is_some_and(|commands| commands.try_send(command).is_ok())
}

/// Whether nothing but the end of the turn follows in the batch.
fn is_last(turn: Option<MessageId>, rest: &[LegEvent]) -> bool {
    let Some(turn) = turn else { return false };
    let mut ends = false;
    for later in rest.iter().filter(|later| later.turn == Some(turn)) {
        match later.event {
            BotEvent::Message(_) | BotEvent::ConversationEnded { .. } => return false,
            BotEvent::TurnEnded(_) => ends = true,
            _ => {}
        }
    }
    ends
}

/// What a caller is told about a turn that ended like this without an answer.
pub(crate) fn fault_of(outcome: TurnOutcome) -> Option<Fault> {
    match outcome {
        TurnOutcome::Done => None,
        TurnOutcome::Unavailable | TurnOutcome::Unreachable => Some(Fault::BackendUnavailable),
        TurnOutcome::TimedOut => Some(Fault::TimedOut),
        TurnOutcome::Refused => Some(Fault::bad_input("the engine refused the input")),
    }
}
