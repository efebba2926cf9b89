//! The exchange: conversations, legs, turns, routes, delivery and expiry.
//!
//! It stands between frontends and backends and knows no dialect. It alone owns the identity of
//! conversations, the order of events, deadlines, and what has been delivered to whom. It does no
//! IO of its own: a [`Dialer`] performs what legs ask for.

mod absence;
mod accept;
mod answer;
mod attachment;
mod conversation;
mod drive;
mod exchange;
mod find;
mod log;
mod meters;
mod perform;
mod records;
mod repetition;
mod resolve;
mod shards;
mod sweep;
mod timer;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use switchboard_core::dialect::{Backend, Frontend, IdSource, TransportFault};
use switchboard_core::model::{Capabilities, DialectName, Timestamp};
use switchboard_store::{ConversationStore, Transcripts};
use tokio::sync::mpsc;

pub use attachment::{Attachment, Delivery};
pub use exchange::{Encoded, Exchange, FrontendHandle};

/// The time, and fresh ids.
pub trait Clock: IdSource {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// Performs what legs ask for.
pub trait Dialer: Send + Sync + 'static {
    /// Sends a request and collects the whole answer. `backend` names the engine, for metrics.
    fn http(
        &self,
        backend: &Arc<str>,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> BoxFuture<Result<Response<Bytes>, TransportFault>>;

    /// Opens a websocket. The dialer runs it until it closes or `commands` is dropped, and tells
    /// everything that happens to it through `events`.
    fn open_socket(
        &self,
        backend: &Arc<str>,
        request: Request<()>,
        events: mpsc::Sender<SocketEvent>,
        commands: mpsc::Receiver<SocketCommand>,
    );
}

/// A boxed future.
pub type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// What happens to a leg's socket.
#[derive(Debug)]
pub enum SocketEvent {
    /// The handshake succeeded.
    Opened,
    /// A text message arrived.
    Text(String),
    /// A binary message arrived.
    Binary(Bytes),
    /// The socket is closed, or could not be opened; nothing follows.
    Closed {
        /// Close code, or the HTTP status of a refused handshake, or 1006.
        code: u16,
        /// The reason, for the log.
        reason: String,
        /// How long to wait before the next attempt, if a refused handshake said so.
        retry_after: Option<Duration>,
    },
}

/// What to do with a leg's socket.
#[derive(Debug)]
pub enum SocketCommand {
    /// Send a text message.
    Text(String),
    /// Close it with this code.
    Close(u16),
}

/// A frontend as it is configured.
pub struct FrontendSpec {
    /// Its name.
    pub name: String,
    /// Its dialect.
    pub dialect: DialectName,
    /// The dialect's server side.
    pub frontend: Arc<dyn Frontend>,
    /// What its clients can show.
    pub capabilities: Capabilities,
    /// The route its conversations take.
    pub route: String,
}

/// A backend as it is configured.
pub struct BackendSpec {
    /// Its name.
    pub name: String,
    /// Its dialect.
    pub dialect: DialectName,
    /// The dialect's client side.
    pub backend: Arc<dyn Backend>,
}

/// A route as it is configured.
pub struct RouteSpec {
    /// Its name.
    pub name: String,
    /// The backend it leads to.
    pub backend: String,
}

/// Everything an exchange is made of.
pub struct Parts {
    /// The frontends.
    pub frontends: Vec<FrontendSpec>,
    /// The backends.
    pub backends: Vec<BackendSpec>,
    /// The routes.
    pub routes: Vec<RouteSpec>,
    /// Performs what legs ask for.
    pub dialer: Arc<dyn Dialer>,
    /// The time, and fresh ids.
    pub clock: Arc<dyn Clock>,
    /// Where conversations at rest are kept.
    pub store: Arc<dyn ConversationStore>,
    /// Where what is said is recorded; perhaps nowhere, with [`Transcripts::none`].
    pub transcripts: Transcripts,
    /// Bounds and intervals.
    pub limits: Limits,
}

/// Bounds and intervals of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many events of one conversation may wait for the turn under way. Default 32.
    pub queued_events: usize,
    /// How many log entries a conversation keeps at hand. Default 256.
    pub log_entries: usize,
    /// How long a conversation without clients stays in memory after its last use before it is
    /// put away in the store. Default 60 s.
    pub put_away_after: Duration,
    /// How often idle conversations are looked for. Default 5 s.
    pub sweep_every: Duration,
    /// How long a client's socket may be away while a human is involved before the human is told.
    /// Default 10 s.
    pub absence: Duration,
    /// Most bytes of users' files that may be on their way to engines at a time. Default 256 MiB.
    pub content_bytes: usize,
    /// How long what an absent client was seen typing must rest before it counts as said.
    /// Default 4 s.
    pub overheard: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued_events: 32,
            log_entries: 256,
            put_away_after: Duration::from_secs(60),
            sweep_every: Duration::from_secs(5),
            absence: Duration::from_secs(10),
            content_bytes: 256 * 1024 * 1024,
            overheard: Duration::from_secs(4),
        }
    }
}

/// Why an exchange cannot be made of its parts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A frontend names a route that does not exist.
    #[error("frontend {frontend} names the route {route}, which does not exist")]
    UnknownRoute {
        /// The frontend.
        frontend: String,
        /// The route.
        route: String,
    },
    /// A route names a backend that does not exist.
    #[error("route {route} names the backend {backend}, which does not exist")]
    UnknownBackend {
        /// The route.
        route: String,
        /// The backend.
        backend: String,
    },
}
