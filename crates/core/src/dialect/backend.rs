use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::Cx;
use crate::Fault;
use crate::model::{BotEvent, ConversationId, MessageId, Profile, Timestamp, UserEvent};

/// The client side of a dialect: a configured engine.
pub trait Backend: Send + Sync {
    /// A leg for a new conversation. Nothing is sent before its first input.
    fn open(&self, conversation: ConversationId, cx: &Cx<'_>) -> Box<dyn Leg>;

    /// The leg whose [`Leg::state`] this is.
    ///
    /// # Errors
    /// The state is not one of this backend's.
    fn resume(&self, state: Value, cx: &Cx<'_>) -> Result<Box<dyn Leg>, Fault>;

    /// Where the engine is, for `switchboard check`: a URL or a file. Without secrets.
    fn describe(&self) -> String;
}

/// A conversation's counterpart at one engine: a state machine without IO.
///
/// The driver calls [`Leg::handle`] for every input, one at a time, then performs the effects in
/// order, publishes the events in order, and asks [`Leg::wake_at`] when to come back. A user event
/// that opens a turn is handed over only after the previous turn has ended, unless a human operator
/// is active.
pub trait Leg: Send {
    /// Takes one input.
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput);

    /// When [`LegInput::Timer`] is due, if ever. The leg may be called earlier or later.
    fn wake_at(&self) -> Option<Timestamp>;

    /// The leg as a plain value, from which another process can go on.
    fn state(&self) -> Value;

    /// Nothing is under way, so that the leg may be put away as its [`Leg::state`]. An open socket
    /// is something under way.
    fn is_quiet(&self) -> bool;
}

/// What happens to a leg.
#[derive(Debug)]
pub enum LegInput<'a> {
    /// The user did something.
    Event {
        /// What.
        event: &'a UserEvent,
        /// What is known of the user by now.
        profile: &'a Profile,
    },
    /// An HTTP exchange ended.
    Response {
        /// Which.
        call: CallId,
        /// The engine's answer, whatever its status, or why there is none.
        result: Result<Response<Bytes>, TransportFault>,
    },
    /// The socket is open.
    SocketOpened,
    /// A text message arrived.
    SocketText(&'a str),
    /// A binary message arrived.
    SocketBinary(&'a [u8]),
    /// The socket is closed, or could not be opened.
    SocketClosed {
        /// Close code, or the HTTP status of a refused handshake, or 1006.
        code: u16,
        /// The reason given, for the log.
        reason: &'a str,
        /// How long to wait before the next attempt, if a refused handshake said so.
        retry_after: Option<Duration>,
    },
    /// [`Leg::wake_at`] has come.
    Timer,
    /// The turn's deadline passed; the leg gives it up, without an event.
    Abandon {
        /// Which turn.
        turn: MessageId,
    },
    /// The conversation is over; say goodbye where the vendor wants one.
    Close,
}

/// Names an HTTP exchange of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u32);

/// Why an HTTP exchange brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// No connection could be made. The request did not leave.
    #[error("cannot connect")]
    Connect,
    /// The time was up.
    #[error("timed out")]
    Timeout,
    /// The connection broke, or the answer was no HTTP.
    #[error("the connection broke")]
    Broken,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
}

/// What a leg wants done and has to say.
#[derive(Debug, Default)]
pub struct LegOutput {
    /// To perform, in order.
    pub effects: Vec<Effect>,
    /// To publish, in order, as one batch.
    pub events: Vec<LegEvent>,
}

impl LegOutput {
    /// Publishes an event that belongs to a turn.
    pub fn publish(&mut self, turn: Option<MessageId>, event: BotEvent) {
        self.events.push(LegEvent { turn, event });
    }
}

/// Something an engine published.
#[derive(Debug, Clone, PartialEq)]
pub struct LegEvent {
    /// The user event that caused it; absent if nobody asked.
    pub turn: Option<MessageId>,
    /// What was published.
    pub event: BotEvent,
}

/// Something to do for a leg.
#[derive(Debug)]
pub enum Effect {
    /// Send a request; [`LegInput::Response`] follows.
    Http {
        /// Given back with the response.
        call: CallId,
        /// The request with its absolute address.
        request: Request<Bytes>,
        /// How long to wait for the whole answer.
        timeout: Duration,
    },
    /// Open the leg's socket, replacing an open one. The request has a `ws` or `wss` address and
    /// the extra headers; [`LegInput::SocketOpened`] or [`LegInput::SocketClosed`] follows.
    OpenSocket(Request<()>),
    /// Send a text message on the open socket.
    SendText(String),
    /// Close the socket; [`LegInput::SocketClosed`] does not follow.
    CloseSocket {
        /// RFC 6455 close code.
        code: u16,
    },
}
