//! HTTP requests to engines.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use switchboard_core::dialect::TransportFault;
use tokio::time::timeout;
use tracing::debug;

use super::CONNECT_TIMEOUT;

/// Sends requests over pooled connections.
pub(super) type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How long an unused connection is kept.
const POOL_IDLE: Duration = Duration::from_secs(60);

/// How often an HTTP/2 connection is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client for `http` and `https` addresses, with HTTP/2 where the engine offers it over TLS.
pub(super) fn client(tls: rustls::ClientConfig) -> Client {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(PING_EVERY)
        .build(connector)
}

/// Sends a request and collects the whole answer, of no more than `limit` bytes.
pub(super) async fn send(
    client: &Client,
    request: Request<Bytes>,
    time: Duration,
    limit: usize,
) -> Result<Response<Bytes>, TransportFault> {
    let exchange = async {
        let response = client
            .request(request.map(Full::new))
            .await
            .map_err(|error| {
                // The address may carry an engine's token, so only the cause is told.
                debug!(error = cause(&error), "an engine cannot be reached");
                if error.is_connect() {
                    TransportFault::Connect
                } else {
                    TransportFault::Broken
                }
            })?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, collect(body, limit).await?))
    };
    timeout(time, exchange)
        .await
        .unwrap_or(Err(TransportFault::Timeout))
}

/// The innermost error: that of the socket, the TLS layer or the parser.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Reads an answer. One that comes in one piece is handed on without a copy.
async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, TransportFault> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(TransportFault::TooLarge);
    }
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| TransportFault::Broken)?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if first.is_empty() && whole.is_empty() {
            first = piece;
        } else {
            if whole.is_empty() {
                whole.reserve(usize::try_from(announced).unwrap_or_default());
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&piece);
        }
        if first.len().max(whole.len()) > limit {
            return Err(TransportFault::TooLarge);
        }
    }
    Ok(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    })
}
