use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::{Amend, Consult, Cx, Entry, Keep, LookUp, Upgrade};
use crate::Fault;
use crate::model::{
    ConversationId, EndReason, Message, MessageId, Profile, QueryAnswer, Timestamp, UserEvent,
};

/// The server side of a dialect: a configured endpoint that widgets and apps talk to.
pub trait Frontend: Send + Sync {
    /// Takes over what is kept of the changes that were made at runtime: once at the start, if there
    /// is anything, and after each [`Amend`]. Later states come later.
    ///
    /// # Errors
    /// The document cannot be read; what was in force stays in force.
    fn adopt(&self, document: &Value) -> Result<(), Fault> {
        let _ = document;
        Ok(())
    }

    /// Decides on one request. `path` is the path below the mount, normalised: it starts with `/`,
    /// has no doubled slashes and no trailing one. Never called for a preflight.
    fn handle(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handled;

    /// The answer to a fault that happens before [`Frontend::handle`] is reached, such as a body
    /// over the limit, and to a refused websocket.
    fn encode_fault(&self, fault: &Fault) -> Response<Bytes>;

    /// The same where the path is known, for clients that read their answers differently from one
    /// path to the other. `path` is as for [`Frontend::handle`].
    fn encode_refusal(&self, path: &str, fault: &Fault) -> Response<Bytes> {
        let _ = path;
        self.encode_fault(fault)
    }

    /// Request headers that a cross-origin page may send, for `Access-Control-Allow-Headers`.
    /// An entry ending in `*` allows every requested header with that prefix.
    fn cors_headers(&self) -> &[&str];

    /// Largest request body in bytes.
    fn body_limit(&self) -> usize {
        64 * 1024
    }

    /// The same of one path, where some take more than others. `path` is as for
    /// [`Frontend::handle`].
    fn body_limit_of(&self, path: &str) -> usize {
        let _ = path;
        self.body_limit()
    }

    /// Largest websocket message from a client in bytes.
    fn frame_limit(&self) -> usize {
        64 * 1024
    }

    /// How long a conversation lasts without any call.
    fn idle_timeout(&self) -> Duration;

    /// How long a synchronous caller waits for the end of a turn.
    fn turn_timeout(&self) -> Duration;

    /// Commands that try this frontend out, given its base URL without a trailing slash. The
    /// first is one `curl` that brings an answer from the engine.
    fn examples(&self, base_url: &str) -> Vec<String>;

    /// The ids that let a client in (app ids, bots, keys), for `switchboard check`; keys that are
    /// secret are masked.
    fn describe(&self) -> Vec<String>;
}

/// The address that a request came from, an extension of the requests that [`Frontend::handle`]
/// gets. Behind a proxy it is the proxy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The request came over TLS that ended here: an extension of the requests that
/// [`Frontend::handle`] gets. Behind a proxy that ends TLS there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encrypted;

/// What a frontend makes of a request.
pub enum Handled {
    /// An answer that needs no conversation.
    Reply(Response<Bytes>),
    /// A refusal: the answer, and why for the metrics.
    Refuse(Fault, Response<Bytes>),
    /// An operation on a conversation; its outcome becomes the answer.
    Call(Box<Call<Response<Bytes>>>),
    /// A websocket.
    Upgrade(Upgrade),
    /// A change of what is kept of this frontend.
    Amend(Amend),
    /// A question to the transcripts.
    Consult(Box<Consult>),
    /// Values to keep for later requests.
    Keep(Box<Keep>),
    /// A question for a value that was kept, and what follows from it.
    LookUp(LookUp),
}

impl fmt::Debug for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(response) => f.debug_tuple("Reply").field(response).finish(),
            Self::Refuse(fault, response) => f
                .debug_tuple("Refuse")
                .field(fault)
                .field(response)
                .finish(),
            Self::Call(call) => f.debug_tuple("Call").field(call).finish(),
            Self::Upgrade(_) => f.write_str("Upgrade"),
            Self::Amend(_) => f.write_str("Amend"),
            Self::Consult(consult) => consult.fmt(f),
            Self::Keep(keep) => keep.fmt(f),
            Self::LookUp(look_up) => look_up.fmt(f),
        }
    }
}

/// An operation on a conversation, and how to encode what comes of it: into a response, or into
/// what a websocket does next.
pub struct Call<R> {
    /// Which conversation.
    pub target: Target,
    /// What the request tells of the user; merged before the operation.
    pub profile: Profile,
    /// What to do.
    pub operation: Operation,
    /// Encodes the outcome.
    pub finish: Finish<R>,
}

/// Encodes the outcome of a [`Call`].
pub type Finish<R> = Box<dyn FnOnce(Result<Outcome, Fault>, &Cx<'_>) -> R + Send>;

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("target", &self.target)
            .field("profile", &self.profile)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// Which conversation a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How it is found or made.
    pub find: Find,
    /// The app id, bot id or key that the conversation belongs to. A conversation of another
    /// scope does not exist for this call. Empty where a request cannot tell it: then the key of
    /// [`Find::Existing`] is enough.
    pub scope: String,
    /// Tells a client's repetition of a request from a new request, where the client itself does
    /// not.
    pub retry: Option<Retry>,
    /// Which client asks, where that can be told.
    pub client: Option<ClientMark>,
}

impl Target {
    /// A conversation by how it is found and what it belongs to.
    pub fn new(find: Find, scope: impl Into<String>) -> Self {
        Self {
            find,
            scope: scope.into(),
            retry: None,
            client: None,
        }
    }
}

/// A digest of what tells one client from another without a cookie: its address and its program.
/// Several clients may share it. It proves nothing, and is only good for finding a conversation
/// whose client was lost a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientMark(pub u64);

/// How a conversation is found or made. A key is the vendor's id of it: Kare's `conversation_id`,
/// dydu's context id, OpenDialog's user id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// A new one; its key is its id.
    New,
    /// The one with this key, else [`Fault::UnknownConversation`]; an ended one refuses input with
    /// [`Fault::ConversationEnded`].
    Existing(String),
    /// The one with this key; a new one under the same key if there is none or it has ended.
    Continue(String),
    /// A new one under this key, for a caller who cannot prove that an older one is theirs;
    /// [`Fault::Unauthorised`] if there is one already, over or not.
    Unclaimed(String),
    /// The one with this key; a new one under a new key if there is none or it has ended.
    Renew(Option<String>),
    /// None: a question to the engine that belongs to no conversation.
    Detached,
}

/// How to know the repetition of a request that has no id.
///
/// An identical request for the same conversation joins the first, and gets the same answer, while
/// the first is under way, while nobody has taken its answer, and for a moment after an answer
/// that came so late that the client may have given up on it. If the first failed, its turn is
/// begun anew, without a second question in the conversation. Only for callers that wait for the
/// turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retry {
    /// A digest of everything in the request.
    pub digest: u64,
    /// How long the client may wait before it gives up, at the least. Zero if it never does.
    pub patience: Duration,
    /// How long after giving up the client repeats the request.
    pub pause: Duration,
}

impl Retry {
    /// For a client that repeats a request only for the lack of an answer.
    pub const fn new(digest: u64) -> Self {
        Self {
            digest,
            patience: Duration::ZERO,
            pause: Duration::ZERO,
        }
    }
}

/// What to do with a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Find or make it, merge the profile, nothing else.
    Touch,
    /// The user did something.
    Input {
        /// What.
        event: Box<UserEvent>,
        /// What the caller waits for.
        wait: Wait,
        /// What becomes of a choice that no message of the conversation offered.
        unknown_choice: UnknownChoice,
    },
    /// Like `Input`, but only if nothing has happened in the conversation yet: a repeated hello
    /// is not greeted twice.
    Greet {
        /// The [`crate::model::UserInput::Open`] event.
        event: Box<UserEvent>,
        /// What the caller waits for.
        wait: Wait,
    },
    /// Fetch what was published, without waiting.
    Poll {
        /// From where on.
        after: After,
        /// How many entries at the most.
        limit: usize,
    },
    /// Fetch what is recorded, user events included, oldest first; the newest `limit` entries.
    History {
        /// How many entries at the most.
        limit: usize,
    },
    /// The same for the client itself, which shows it after a reload: what it fetches counts as
    /// delivered.
    Restore {
        /// How many entries at the most.
        limit: usize,
    },
    /// Write down what was said elsewhere, such as by another system's plug-in in the client. No
    /// engine gets it, and no client: it is there already.
    Note(Noted),
    /// End it.
    End {
        /// Why.
        reason: EndReason,
    },
    /// Fetch what is kept of a user, in all conversations of the target's scope. With
    /// [`Find::Detached`].
    Records {
        /// The user, as in [`Profile::user_id`].
        user_id: String,
        /// How many entries of each conversation at the most.
        limit: usize,
        /// What the engine is told, which keeps records of its own.
        event: Option<Box<UserEvent>>,
    },
    /// Forget what is kept of a user, in all conversations of the target's scope: they end, their
    /// clients are told, and nothing of them can be fetched again. With [`Find::Detached`].
    Erase {
        /// The user, as in [`Profile::user_id`].
        user_id: String,
        /// What the engine is told, which keeps records of its own.
        event: Option<Box<UserEvent>>,
    },
}

/// What was said elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Noted {
    /// By the user.
    User(Box<UserEvent>),
    /// To the user.
    Message(Box<Message>),
}

/// What a caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The end of the turn; gets these entries.
    Turn(Collect),
    /// The same, but if the turn is not over in time the caller gets what there is, with
    /// [`Answer::late`] set, instead of a fault.
    TurnOrLate(Collect),
    /// Only that the event was accepted. What comes of it is fetched or pushed.
    Accepted,
}

impl Wait {
    /// Which entries the caller gets at the end of the turn, if it waits for it.
    pub const fn collect(self) -> Option<Collect> {
        match self {
            Self::Turn(collect) | Self::TurnOrLate(collect) => Some(collect),
            Self::Accepted => None,
        }
    }
}

/// Which entries a synchronous caller gets at the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collect {
    /// Those of the turn.
    Turn,
    /// Those of the turn if it was over in time. Else [`Fault::TimedOut`], and what there is of
    /// them is left to be pushed or fetched.
    WholeTurn,
    /// Those of the turn, and before them what no client has received yet.
    Undelivered,
}

/// From where on a poll reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// What no client has received yet.
    Delivered,
    /// Entries logged after this moment, and older ones that no client has received: a client's
    /// moment may be that of an answer, which was written after it was collected.
    Time(Timestamp),
    /// Entries after this place.
    Seq(u64),
}

/// What becomes of a choice that no message of the conversation offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownChoice {
    /// It is logged and the turn ends without an answer.
    Ignore,
    /// It becomes typed text: its label.
    AsText,
    /// The engine gets it as it is.
    Pass,
}

/// What came of a [`Call`].
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The conversation after the operation.
    pub view: View,
    /// What the caller waited for.
    pub answer: Answer,
}

/// What a caller waited for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The entries in order: outbound ones only, except for a history.
    pub entries: Vec<Arc<Entry>>,
    /// The turn that the call opened or joined.
    pub turn: Option<MessageId>,
    /// The user event of that turn as the engine got it, once the turn is over.
    pub input: Option<Arc<UserEvent>>,
    /// The turn was not over in time; its answer is fetched or pushed when it comes.
    pub late: bool,
    /// The engine's answer to a [`crate::model::Query`].
    pub queried: Option<QueryAnswer>,
    /// What [`Operation::Records`] found, the newest conversation first; what
    /// [`Operation::Erase`] forgot, without entries.
    pub records: Vec<Record>,
}

/// What is kept of one conversation of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The vendor's id of it.
    pub key: Arc<str>,
    /// When it began.
    pub begun: Timestamp,
    /// When a client last did something in it.
    pub last_used: Timestamp,
    /// It is over.
    pub ended: bool,
    /// What is recorded, as for [`Operation::History`].
    pub entries: Vec<Arc<Entry>>,
}

/// A conversation as a frontend may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Switchboard's id of it.
    pub id: ConversationId,
    /// The vendor's id of it.
    pub key: Arc<str>,
    /// What it belongs to.
    pub scope: Arc<str>,
    /// This call made it.
    pub created: bool,
    /// The user has done something in it before this call.
    pub used: bool,
    /// It is over.
    pub ended: bool,
    /// Whether a human is involved.
    pub handover: HandoverState,
    /// What is known of the user.
    pub profile: Arc<Profile>,
    /// The newest entry's place; 0 if there is none.
    pub last_seq: u64,
}

/// Whether a human operator is involved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// The bot answers.
    #[default]
    None,
    /// The user waits for an operator.
    Waiting,
    /// An operator answers, the bot is silent.
    Active,
}
