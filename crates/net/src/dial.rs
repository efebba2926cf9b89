//! Performs what legs ask for: HTTP requests and websockets towards engines.
//!
//! The addresses come from the operator's configuration and are trusted. Redirects are not
//! followed, and no proxy is taken from the environment: a request goes where the configuration
//! says, or nowhere.

mod http;
mod socket;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use switchboard_core::dialect::TransportFault;
use switchboard_exchange::{BoxFuture, Dialer, SocketCommand, SocketEvent};
use thread_local::ThreadLocal;
use tokio::sync::mpsc;

use crate::tls::{ClientTls, TlsError};

/// How long a connection to an engine may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer of an engine in bytes, and its largest websocket message.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Reaches engines over the network. Connections are pooled and shared by the
/// conversations that a thread serves.
pub struct NetDialer {
    /// For every backend without TLS options of its own.
    default: Engine,
    /// For the others, by backend.
    special: HashMap<String, Engine>,
    /// Largest answer to a request in bytes.
    answer_bytes: usize,
}

/// The ways to one engine.
struct Engine {
    /// A pool for each thread, so that no request waits for another thread's.
    http: ThreadLocal<http::Client>,
    tls: Arc<rustls::ClientConfig>,
}

impl Engine {
    fn new(options: &ClientTls) -> Result<Self, TlsError> {
        let config = crate::tls::client_config(options)?;
        Ok(Self {
            http: ThreadLocal::new(),
            tls: Arc::new(config),
        })
    }

    fn http(&self) -> &http::Client {
        self.http.get_or(|| http::client((*self.tls).clone()))
    }
}

impl NetDialer {
    /// A dialer; `special` are the TLS options of the backends that have some.
    ///
    /// # Errors
    /// A certificate file cannot be read.
    pub fn new(special: impl IntoIterator<Item = (String, ClientTls)>) -> Result<Self, TlsError> {
        Ok(Self {
            default: Engine::new(&ClientTls::default())?,
            special: special
                .into_iter()
                .map(|(backend, options)| Ok((backend, Engine::new(&options)?)))
                .collect::<Result<_, TlsError>>()?,
            answer_bytes: ANSWER_BYTES,
        })
    }

    /// The same with another limit to the answers of requests, in bytes. Default: 4 MiB.
    #[must_use]
    pub fn with_answer_limit(mut self, bytes: usize) -> Self {
        self.answer_bytes = bytes;
        self
    }

    fn engine(&self, backend: &str) -> &Engine {
        if self.special.is_empty() {
            return &self.default;
        }
        self.special.get(backend).unwrap_or(&self.default)
    }
}

impl Dialer for NetDialer {
    fn http(
        &self,
        backend: &Arc<str>,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> BoxFuture<Result<Response<Bytes>, TransportFault>> {
        let client = self.engine(backend).http().clone();
        let backend = Arc::clone(backend);
        let limit = self.answer_bytes;
        Box::pin(async move {
            let result = http::send(&client, request, timeout, limit).await;
            match &result {
                Ok(response) if response.status().is_server_error() => {
                    count_error(&backend, "http_5xx");
                }
                Ok(_) => {}
                Err(fault) => count_error(&backend, reason(*fault)),
            }
            result
        })
    }

    fn open_socket(
        &self,
        backend: &Arc<str>,
        request: Request<()>,
        events: mpsc::Sender<SocketEvent>,
        commands: mpsc::Receiver<SocketCommand>,
    ) {
        let tls = Arc::clone(&self.engine(backend).tls);
        let backend = Arc::clone(backend);
        tokio::spawn(socket::run(backend, tls, request, events, commands));
    }
}

/// The word for a fault in metrics.
fn reason(fault: TransportFault) -> &'static str {
    match fault {
        TransportFault::Connect => "connect",
        TransportFault::Timeout => "timeout",
        TransportFault::Broken => "broken",
        TransportFault::TooLarge => "too_large",
    }
}

fn count_error(backend: &Arc<str>, reason: &'static str) {
    metrics::counter!(
        "switchboard_backend_errors_total",
        "backend" => Arc::clone(backend),
        "reason" => reason
    )
    .increment(1);
}
