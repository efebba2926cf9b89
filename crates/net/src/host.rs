//! Serves frontends: the HTTP and websocket server in front of the exchange.
//!
//! A request takes this way: accept loop and connection (`serve`) → health and metrics (`ops`) →
//! mount (`mount`) → CORS (`cors`) → body within its limits (`body`) → the frontend's decision and
//! the exchange (`http`) → for a websocket, handshake (`upgrade`) and session (`session`); for a
//! change of what is kept of the frontend, the store (`amend`); for a question to the transcripts,
//! `consult`; for a value that is kept until a moment, and found again, the store too (`keep`).

mod amend;
mod body;
mod consult;
mod cors;
mod http;
mod keep;
mod meters;
mod mount;
mod ops;
mod path;
mod serve;
mod session;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_exchange::{Clock, Exchange};
use switchboard_store::{DocumentStore, StoreError, ValueStore};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub(crate) use meters::OpenSocket;
pub use mount::Mount;
pub use serve::Running;

use crate::tls::ServerTls;
use crate::workers::Workers;

/// What a host may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time, websockets included. Further ones wait to be accepted.
    pub connections: usize,
    /// Websockets at the same time. Further ones are refused.
    pub websockets: usize,
    /// How long a connection may do nothing, or take to send the head of a request.
    pub idle_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a websocket that belongs to no conversation may say nothing.
    pub websocket_silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 50_000,
            websockets: 50_000,
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            websocket_silence: Duration::from_secs(60),
        }
    }
}

/// Everything a host is made of.
pub struct Parts {
    /// The frontends with their places.
    pub mounts: Vec<Mount>,
    /// What stands behind them; asked for readiness.
    pub exchange: Exchange,
    /// Where what is changed at runtime is kept, by the frontends' names; asked for readiness.
    pub documents: Arc<dyn DocumentStore>,
    /// Where what is kept until a moment is kept, by the frontends' names.
    pub values: Arc<dyn ValueStore>,
    /// How often it is looked for changes by other processes; never if absent.
    pub follow: Option<Duration>,
    /// The time, and fresh ids.
    pub clock: Arc<dyn Clock>,
    /// What may be spent.
    pub limits: Limits,
    /// Where connections are served.
    pub workers: Workers,
    /// Renders the metrics in Prometheus' text format.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// A bound socket and what it serves.
pub struct Listener {
    /// The socket.
    pub tcp: TcpListener,
    /// Its certificate; plain HTTP without.
    pub tls: Option<Arc<ServerTls>>,
    /// What is reachable through it.
    pub serves: Serves,
}

/// What is reachable through a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// Frontends, health and metrics.
    Everything,
    /// Frontends only.
    Frontends,
    /// Health and metrics only.
    Operations,
}

/// A host of frontends, not yet listening.
pub struct Host {
    shared: Arc<Shared>,
    workers: Workers,
    follow: Option<Duration>,
}

/// Why what was changed at runtime cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum TakeOverError {
    /// It cannot be loaded.
    #[error("what was changed at runtime in the frontend {0} cannot be loaded")]
    Store(String, #[source] StoreError),
    /// The frontend does not understand it.
    #[error("the frontend {0} cannot read what was changed at runtime")]
    Unreadable(String, #[source] Fault),
}

/// What all connections share.
struct Shared {
    mounts: mount::Mounts,
    exchange: Exchange,
    documents: Arc<dyn DocumentStore>,
    values: Arc<dyn ValueStore>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    websockets: Arc<Semaphore>,
    consults: Arc<Semaphore>,
    render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

impl Shared {
    fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.clock.now(),
            ids: &*self.clock,
        }
    }
}

impl Host {
    /// A host of these parts.
    pub fn new(parts: Parts) -> Self {
        let websockets = parts.limits.websockets.min(Semaphore::MAX_PERMITS);
        Self {
            workers: parts.workers,
            follow: parts.follow,
            shared: Arc::new(Shared {
                mounts: mount::Mounts::new(parts.mounts),
                exchange: parts.exchange,
                documents: parts.documents,
                values: parts.values,
                clock: parts.clock,
                limits: parts.limits,
                websockets: Arc::new(Semaphore::new(websockets)),
                consults: Arc::new(Semaphore::new(consult::AT_A_TIME)),
                render_metrics: parts.render_metrics,
            }),
        }
    }

    /// Puts in force what was changed at runtime before, by this process or another.
    ///
    /// # Errors
    /// It cannot be loaded, or a frontend cannot read it.
    pub async fn take_over(&self) -> Result<(), TakeOverError> {
        for mount in self.shared.mounts.all() {
            let frontend = mount.meters.frontend();
            let unread = |error| TakeOverError::Store(frontend.to_owned(), error);
            let kept = self.shared.documents.load(frontend).await.map_err(unread)?;
            if let Some(kept) = kept {
                mount
                    .adopt(kept.version, &kept.value)
                    .map_err(|fault| TakeOverError::Unreadable(frontend.to_owned(), fault))?;
            }
        }
        Ok(())
    }

    /// Starts to serve. Must be called within a tokio runtime.
    pub fn serve(self, listeners: Vec<Listener>) -> Running {
        if let Some(every) = self.follow {
            tokio::spawn(amend::follow(Arc::downgrade(&self.shared), every));
        }
        tokio::spawn(keep::sweep(Arc::downgrade(&self.shared)));
        serve::start(self.shared, self.workers, listeners)
    }
}
