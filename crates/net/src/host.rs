//! Serves frontends: the HTTP and websocket server in front of the exchange.
//!
//! A request takes this way: accept loop and connection (`serve`) → health and metrics (`ops`) →
//! mount (`mount`) → CORS (`cors`) → body within its limits (`body`) → the frontend's decision and
//! the exchange (`http`) → for a websocket, handshake (`upgrade`) and session (`session`).

mod body;
mod cors;
mod http;
mod meters;
mod mount;
mod ops;
mod path;
mod serve;
mod session;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::dialect::Cx;
use switchboard_exchange::{Clock, Exchange};
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
}

/// What all connections share.
struct Shared {
    mounts: mount::Mounts,
    exchange: Exchange,
    clock: Arc<dyn Clock>,
    limits: Limits,
    websockets: Arc<Semaphore>,
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
            shared: Arc::new(Shared {
                mounts: mount::Mounts::new(parts.mounts),
                exchange: parts.exchange,
                clock: parts.clock,
                limits: parts.limits,
                websockets: Arc::new(Semaphore::new(websockets)),
                render_metrics: parts.render_metrics,
            }),
        }
    }

    /// Starts to serve. Must be called within a tokio runtime.
    pub fn serve(self, listeners: Vec<Listener>) -> Running {
        serve::start(self.shared, self.workers, listeners)
    }
}
