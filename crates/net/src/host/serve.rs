//! Accepts connections, drives them, and lets them end in peace.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use switchboard_core::dialect::{Encrypted, Peer};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::{Listener, Serves, Shared};
use crate::stream::Stream;
use crate::tls::ServerTls;
use crate::workers::{Seat, Workers};

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest head of a request in bytes.
const HEAD_BYTES: usize = 32 * 1024;

/// Connections to a listener for operators. They do not compete with clients' connections.
const OPERATOR_CONNECTIONS: usize = 256;

/// First byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// How far a host has gone on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Everything is served.
    Serving,
    /// No new connections; requests under way are finished; websockets go on.
    Draining,
    /// Websockets are closed.
    Closing,
}

/// A host that serves. Dropping it closes the listeners, and the connections with the threads that
/// serve them.
pub struct Running {
    phase: watch::Sender<Phase>,
    _workers: Arc<Workers>,
}

impl Running {
    /// Takes no new connections, finishes requests under way, and leaves websockets open, so that
    /// turns can end.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Closes the websockets with code 1001 and waits until every connection is gone, at most for
    /// `grace`. Whether all went in time.
    pub async fn close(&self, grace: Duration) -> bool {
        self.phase.send_replace(Phase::Closing);
        // Every connection holds a receiver.
        timeout(grace, self.phase.closed()).await.is_ok()
    }
}

/// One connection, shared by its requests and by the websocket that it may become.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) serves: Serves,
    pub(super) phase: watch::Receiver<Phase>,
    /// Where it comes from.
    pub(super) peer: Peer,
    _permit: OwnedSemaphorePermit,
    /// None on an operator's connection, which is not served by the clients' threads.
    _seat: Option<Seat>,
    opened: Instant,
    /// Requests under way.
    busy: AtomicUsize,
    /// When the last request ended, in milliseconds after `opened`.
    idle_since_ms: AtomicU64,
}

impl Connection {
    /// When the connection is to be closed unless something happens; `None` if it should be now.
    fn idle_until(&self) -> Option<Instant> {
        let now = Instant::now();
        let allowed = self.shared.limits.idle_timeout;
        if self.busy.load(Ordering::Relaxed) > 0 {
            return Some(now + allowed);
        }
        let since = Duration::from_millis(self.idle_since_ms.load(Ordering::Relaxed));
        let until = self.opened + since + allowed;
        (until > now).then_some(until)
    }
}

/// A request under way.
struct Busy<'a>(&'a Connection);

impl<'a> Busy<'a> {
    fn new(connection: &'a Connection) -> Self {
        connection.busy.fetch_add(1, Ordering::Relaxed);
        Self(connection)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let idle = self.0.opened.elapsed().as_millis();
        let idle = u64::try_from(idle).unwrap_or(u64::MAX);
        self.0.idle_since_ms.store(idle, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts to serve.
pub(super) fn start(shared: Arc<Shared>, workers: Workers, listeners: Vec<Listener>) -> Running {
    let workers = Arc::new(workers);
    let (phase, receiver) = watch::channel(Phase::Serving);
    let connections = shared.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
    let clients = Arc::new(Semaphore::new(connections));
    for listener in listeners {
        let permits = match listener.serves {
            Serves::Operations => Arc::new(Semaphore::new(OPERATOR_CONNECTIONS)),
            _ => Arc::clone(&clients),
        };
        let shared = Arc::clone(&shared);
        let workers = Arc::downgrade(&workers);
        tokio::spawn(accept(shared, workers, listener, permits, receiver.clone()));
    }
    Running {
        phase,
        _workers: workers,
    }
}

async fn accept(
    shared: Arc<Shared>,
    workers: Weak<Workers>,
    listener: Listener,
    permits: Arc<Semaphore>,
    mut phase: watch::Receiver<Phase>,
) {
    loop {
        let next = async {
            // A permit first: when there are none, clients wait in the system's queue.
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((permit, listener.tcp.accept().await))
        };
        let (permit, accepted) = select! {
            biased;
            _ = phase.changed() => return,
            next = next => match next {
                Some(next) => next,
                None => return,
            },
        };
        // To be registered anew by the thread that serves it.
        let accepted = accepted.and_then(|(tcp, from)| Ok((tcp.into_std()?, from)));
        let (tcp, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Most often too many open files, which only time mends.
                warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(workers) = workers.upgrade() else {
            return;
        };
        let (runtime, seat) = match listener.serves {
            Serves::Operations => (Handle::current(), None),
            _ => workers.seat(),
        };
        let connection = Arc::new(Connection {
            shared: Arc::clone(&shared),
            serves: listener.serves,
            phase: phase.clone(),
            peer: Peer(from.ip()),
            _permit: permit,
            _seat: seat,
            opened: Instant::now(),
            busy: AtomicUsize::new(0),
            idle_since_ms: AtomicU64::new(0),
        });
        match &listener.tls {
            None => runtime.spawn(serve_plain(tcp, connection)),
            Some(tls) => runtime.spawn(serve_tls(tcp, Arc::clone(tls), connection)),
        };
    }
}

/// Makes a connection one of the current thread's.
fn register(tcp: std::net::TcpStream) -> Option<TcpStream> {
    let tcp = TcpStream::from_std(tcp)
        .inspect_err(|error| warn!(%error, "cannot serve a connection"))
        .ok()?;
    if let Err(error) = tcp.set_nodelay(true) {
        debug!(%error, "cannot turn off Nagle's algorithm");
    }
    Some(tcp)
}

async fn serve_plain(tcp: std::net::TcpStream, connection: Arc<Connection>) {
    let Some(tcp) = register(tcp) else { return };
    serve_http1(Stream::Plain(tcp), connection).await;
}

async fn serve_tls(tcp: std::net::TcpStream, tls: Arc<ServerTls>, connection: Arc<Connection>) {
    let Some(tcp) = register(tcp) else { return };
    let handshake = async {
        let mut first = [0];
        if tls.takes_plain() {
            tcp.peek(&mut first).await?;
            if first != [TLS_HANDSHAKE] {
                return Ok((Stream::Plain(tcp), false));
            }
        }
        let stream = TlsAcceptor::from(tls.config()).accept(tcp).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok::<_, std::io::Error>((Stream::Tls(Box::new(stream.into())), is_http2))
    };
    match timeout(HANDSHAKE_TIMEOUT, Box::pin(handshake)).await {
        Ok(Ok((stream, true))) => serve_http2(stream, connection).await,
        Ok(Ok((stream, false))) => serve_http1(stream, connection).await,
        Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
        Err(_) => debug!("a TLS handshake took too long"),
    }
}

async fn serve_http1(stream: Stream, connection: Arc<Connection>) {
    let mut http = http1::Builder::new();
    // Heads and idle connections are watched by `drive`, with one timer a connection instead of
    // one a request.
    http.header_read_timeout(None).max_buf_size(HEAD_BYTES);
    let encrypted = matches!(stream, Stream::Tls(_)).then_some(Encrypted);
    let requests = requests(Arc::clone(&connection), encrypted);
    let served = http
        .serve_connection(TokioIo::new(stream), requests)
        .with_upgrades();
    drive(
        served,
        connection,
        http1::UpgradeableConnection::graceful_shutdown,
    )
    .await;
}

async fn serve_http2(stream: Stream, connection: Arc<Connection>) {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(HEAD_BYTES as u32);
    // Only TLS agrees on it.
    let requests = requests(Arc::clone(&connection), Some(Encrypted));
    let served = http.serve_connection(TokioIo::new(stream), requests);
    drive(served, connection, http2::Connection::graceful_shutdown).await;
}

/// Answers the requests of a connection.
fn requests(
    connection: Arc<Connection>,
    encrypted: Option<Encrypted>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
> {
    service_fn(move |mut request: Request<Incoming>| {
        if let Some(encrypted) = encrypted {
            request.extensions_mut().insert(encrypted);
        }
        let connection = Arc::clone(&connection);
        async move {
            let _busy = Busy::new(&connection);
            let response = super::http::answer(&connection, request).await;
            Ok(response.map(Full::new))
        }
    })
}

/// Runs a connection to its end: its own, its idleness', or the host's.
async fn drive<C>(served: C, connection: Arc<Connection>, stop: fn(Pin<&mut C>))
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut phase = connection.phase.clone();
    let mut served = pin!(served);
    let mut check = pin!(sleep_until(
        connection.opened + connection.shared.limits.idle_timeout
    ));
    loop {
        select! {
            biased;
            result = served.as_mut() => {
                if let Err(error) = result {
                    debug!(%error, "a connection broke");
                }
                return;
            }
            () = check.as_mut() => match connection.idle_until() {
                Some(until) => check.as_mut().reset(until),
                None => return,
            },
            Ok(()) = phase.changed() => stop(served.as_mut()),
        }
    }
}
