use std::fmt;

use super::{Call, Cx, Entry, Target, View};
use crate::Fault;
use crate::model::{MessageId, Profile};

/// An accepted websocket.
pub struct Upgrade {
    /// The subprotocol to confirm.
    pub subprotocol: Option<String>,
    /// The conversation to attach before the upgrade; if that fails the client gets the fault as
    /// an HTTP answer. Absent where the frames themselves name it.
    pub attach: Option<Attach>,
    /// The socket's state machine.
    pub session: Box<dyn ServerSession>,
}

/// The conversation that a socket is attached to: from then on the session gets what is published
/// in it, beginning with what no client has received.
#[derive(Debug, Clone, PartialEq)]
pub struct Attach {
    /// Which conversation.
    pub target: Target,
    /// What the handshake tells of the user.
    pub profile: Profile,
}

/// One client socket: a state machine without IO.
///
/// The host calls `attached` after each successful attachment, then `deliver` or `recall` for each
/// entry in order and `handle_text` or `handle_binary` for each message from the client, in any
/// interleaving. It performs the returned actions in order and feeds what a call's `finish`
/// returns in their place.
pub trait ServerSession: Send {
    /// The socket is attached to a conversation.
    fn attached(&mut self, view: &View, cx: &Cx<'_>) -> Vec<SessionAction>;

    /// An attachment that the session asked for failed.
    fn attach_failed(&mut self, fault: &Fault, cx: &Cx<'_>) -> Vec<SessionAction>;

    /// A text message arrived.
    fn handle_text(&mut self, text: &str, cx: &Cx<'_>) -> Vec<SessionAction>;

    /// A binary message arrived.
    fn handle_binary(&mut self, data: &[u8], cx: &Cx<'_>) -> Vec<SessionAction>;

    /// An entry of the attached conversation that is not for this client, but that what it gets may
    /// hang on: what a user does, on whichever connection, and what other clients have got before.
    /// Together with what is delivered this is the log without a gap, in its order, from the
    /// latest input before the attachment on, or from the beginning of an older turn that has
    /// something left for the client. It begins later only if the log no longer reaches back so far.
    fn recall(&mut self, entry: &Entry, view: &View, cx: &Cx<'_>) -> Vec<SessionAction> {
        let _ = (entry, view, cx);
        Vec::new()
    }

    /// An outbound entry of the attached conversation.
    fn deliver(&mut self, entry: &Entry, view: &View, cx: &Cx<'_>) -> Vec<SessionAction>;

    /// A turn of the attached conversation failed; its caller was not waiting.
    fn turn_failed(&mut self, turn: MessageId, fault: &Fault, cx: &Cx<'_>) -> Vec<SessionAction>;

    /// [`super::Frontend::adopt`] has taken over other settings, perhaps since the handshake. What is
    /// returned is performed before anything else; a `Call` or an `Attach` after what is under way.
    fn settings_changed(&mut self, cx: &Cx<'_>) -> Vec<SessionAction> {
        let _ = cx;
        Vec::new()
    }
}

/// What a socket does next.
pub enum SessionAction {
    /// Send a text message.
    Send(String),
    /// Count a refused message; usually followed by a `Send` that says so.
    Refused(Fault),
    /// Perform a call; its `finish` gives the actions that follow.
    Call(Box<Call<Vec<SessionAction>>>),
    /// Attach the socket to a conversation; later attachments replace earlier ones. `attached` or
    /// `attach_failed` is called next, before any further action.
    Attach(Box<Attach>),
    /// Close the socket.
    Close {
        /// RFC 6455 close code.
        code: u16,
        /// Reason, at most 123 bytes.
        reason: String,
    },
}

impl fmt::Debug for SessionAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(text) => f.debug_tuple("Send").field(text).finish(),
            Self::Refused(fault) => f.debug_tuple("Refused").field(fault).finish(),
            Self::Call(call) => f.debug_tuple("Call").field(call).finish(),
            Self::Attach(attach) => f.debug_tuple("Attach").field(attach).finish(),
            Self::Close { code, reason } => f
                .debug_struct("Close")
                .field("code", code)
                .field("reason", reason)
                .finish(),
        }
    }
}
