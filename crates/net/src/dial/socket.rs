//! Websockets to engines.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{
    CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderValue, Request, StatusCode, Uri, uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use switchboard_core::fault::retry_after;
use switchboard_exchange::{SocketCommand, SocketEvent};
use tokio::net::TcpStream;
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use super::{ANSWER_BYTES, CONNECT_TIMEOUT, count_error};
use crate::host::OpenSocket;
use crate::stream::Stream;
use crate::ws::{self, Broken, KeepAlive, Socket, Vitals};

/// Close code for a connection that broke: RFC 6455, section 7.4.1.
const ABNORMAL: u16 = 1006;

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the address is no websocket address")]
    Address,
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    #[error("the handshake failed")]
    Handshake(#[from] hyper::Error),
    #[error("the handshake was refused with status {0}")]
    Refused(StatusCode, Option<Duration>),
    #[error("the answer to the handshake is wrong")]
    Invalid,
    #[error("connecting took too long")]
    Timeout,
}

impl OpenError {
    /// The code that a leg gets.
    fn code(&self) -> u16 {
        match self {
            Self::Refused(status, _) => status.as_u16(),
            _ => ABNORMAL,
        }
    }

    /// How long the server asks to wait.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_, wait) => *wait,
            _ => None,
        }
    }

    /// The word for it in metrics.
    fn reason(&self) -> &'static str {
        match self {
            Self::Address | Self::Connect(_) => "connect",
            Self::Timeout => "timeout",
            Self::Handshake(_) | Self::Refused(..) | Self::Invalid => "handshake",
        }
    }
}

/// Opens a leg's socket and runs it until it closes or the leg lets go of it.
pub(super) async fn run(
    backend: Arc<str>,
    tls: Arc<ClientConfig>,
    request: Request<()>,
    events: mpsc::Sender<SocketEvent>,
    commands: mpsc::Receiver<SocketCommand>,
) {
    // Boxed, so that the room for the handshake is given back when the socket runs.
    let opened = Box::pin(timeout(CONNECT_TIMEOUT, open(tls, request))).await;
    let closed = match opened.unwrap_or(Err(OpenError::Timeout)) {
        Err(error) => {
            count_error(&backend, error.reason());
            Some(SocketEvent::Closed {
                code: error.code(),
                reason: error.to_string(),
                retry_after: error.retry_after(),
            })
        }
        Ok(socket) => {
            if events.send(SocketEvent::Opened).await.is_err() {
                return Box::pin(ws::close(socket, CloseCode::Normal, "")).await;
            }
            let _open = OpenSocket::new("backend");
            let closed = exchange(socket, &events, commands).await;
            // 1000 and 1001 are an engine's ordinary goodbyes, 1005 is one without a word.
            if matches!(&closed, Some((code, _)) if ![1000, 1001, 1005].contains(code)) {
                count_error(&backend, "socket");
            }
            closed.map(|(code, reason)| SocketEvent::Closed {
                code,
                reason,
                retry_after: None,
            })
        }
    };
    if let Some(closed) = closed {
        let _ = events.send(closed).await;
    }
}

async fn open(tls: Arc<ClientConfig>, request: Request<()>) -> Result<Socket, OpenError> {
    let (mut head, ()) = request.into_parts();
    let authority = head.uri.authority().ok_or(OpenError::Address)?.clone();
    let is_tls = match head.uri.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        _ => return Err(OpenError::Address),
    };
    let host = authority.host();
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let port = authority
        .port_u16()
        .unwrap_or(if is_tls { 443 } else { 80 });
    let tcp = TcpStream::connect((name, port))
        .await
        .map_err(OpenError::Connect)?;
    tcp.set_nodelay(true).map_err(OpenError::Connect)?;
    let stream = if is_tls {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| OpenError::Address)?;
        let stream = TlsConnector::from(tls).connect(name, tcp).await;
        Stream::Tls(Box::new(stream.map_err(OpenError::Connect)?.into()))
    } else {
        Stream::Plain(tcp)
    };

    // A request on a connection names the path alone; the authority goes into a header.
    let path = head.uri.path_and_query().cloned();
    let mut target = uri::Parts::default();
    target.path_and_query = Some(path.unwrap_or_else(|| uri::PathAndQuery::from_static("/")));
    head.uri = Uri::from_parts(target).map_err(|_| OpenError::Address)?;
    let key = generate_key();
    let text = |text: &str| HeaderValue::try_from(text).map_err(|_| OpenError::Address);
    head.headers.insert(HOST, host_header(&authority)?);
    head.headers.insert(CONNECTION, text("Upgrade")?);
    head.headers.insert(UPGRADE, text("websocket")?);
    head.headers.insert(SEC_WEBSOCKET_VERSION, text("13")?);
    head.headers.insert(SEC_WEBSOCKET_KEY, text(&key)?);
    let request = Request::from_parts(head, Empty::<Bytes>::new());

    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection.with_upgrades());
    let mut response = sender.send_request(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        driver.abort();
        let wait = retry_after(response.headers());
        return Err(OpenError::Refused(response.status(), wait));
    }
    let accept = derive_accept_key(key.as_bytes());
    let is_valid = ws::is_upgrade(response.headers())
        && response
            .headers()
            .get(SEC_WEBSOCKET_ACCEPT)
            .is_some_and(|value| value.as_bytes() == accept.as_bytes());
    if !is_valid {
        driver.abort();
        return Err(OpenError::Invalid);
    }
    let upgraded = hyper::upgrade::on(&mut response).await?;
    ws::socket(upgraded, Role::Client, ANSWER_BYTES)
        .await
        .ok_or(OpenError::Invalid)
}

/// The authority without a user's name and password.
fn host_header(authority: &uri::Authority) -> Result<HeaderValue, OpenError> {
    let text = authority.as_str();
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    HeaderValue::try_from(host).map_err(|_| OpenError::Address)
}

/// Runs an open socket. Returns how it was closed, unless the leg closed it.
async fn exchange(
    mut socket: Socket,
    events: &mpsc::Sender<SocketEvent>,
    mut commands: mpsc::Receiver<SocketCommand>,
) -> Option<(u16, String)> {
    let mut keep_alive = KeepAlive::new();
    let mut check = pin!(sleep_until(keep_alive.first_check()));
    // What arrived, but did not find room in the leg's queue yet. Commands are taken meanwhile, so
    // that a leg which waits for room here cannot wait for ever.
    let mut arrived = None;
    let broken = loop {
        let step = select! {
            biased;
            command = commands.recv() => match command {
                Some(SocketCommand::Text(text)) => send(&mut socket, text).await,
                Some(SocketCommand::Close(code)) => {
                    Box::pin(ws::close(socket, code.into(), "")).await;
                    return None;
                }
                None => {
                    // What has come must not be lost with the way out.
                    if let Some(event) = arrived.take() {
                        let _ = events.send(event).await;
                    }
                    Box::pin(ws::close(socket, CloseCode::Normal, "")).await;
                    return None;
                }
            },
            permit = events.reserve(), if arrived.is_some() => {
                if let (Ok(permit), Some(event)) = (permit, arrived.take()) {
                    permit.send(event);
                }
                Ok(())
            }
            message = socket.next(), if arrived.is_none() => {
                keep_alive.heard();
                match message {
                    None => Err(Broken::Gone),
                    Some(Err(error)) => Err(Broken::from(error)),
                    Some(Ok(Message::Text(text))) => {
                        arrived = Some(SocketEvent::Text(text.as_str().to_owned()));
                        Ok(())
                    }
                    Some(Ok(Message::Binary(data))) => {
                        arrived = Some(SocketEvent::Binary(data));
                        Ok(())
                    }
                    Some(Ok(Message::Close(frame))) => {
                        Box::pin(ws::finish(socket)).await;
                        return Some(frame.map_or((1005, String::new()), |frame| {
                            (frame.code.into(), frame.reason.as_str().to_owned())
                        }));
                    }
                    Some(Ok(_)) => Ok(()),
                }
            }
            () = check.as_mut() => match keep_alive.check() {
                Vitals::Alive(until) => {
                    check.as_mut().reset(until);
                    Ok(())
                }
                Vitals::Ask(until) => {
                    check.as_mut().reset(until);
                    ws::ping(&mut socket).await
                }
                Vitals::Lost => Err(Broken::Gone),
            },
        };
        if let Err(broken) = step {
            break broken;
        }
    };
    let reason = match broken {
        Broken::Gone => "the connection broke",
        Broken::Slow => "the engine does not read",
        Broken::Violation(_) => "the engine broke the protocol",
    };
    Box::pin(ws::end(socket, broken)).await;
    Some((ABNORMAL, reason.to_owned()))
}

async fn send(socket: &mut Socket, text: String) -> Result<(), Broken> {
    ws::feed(socket, Message::text(text)).await?;
    ws::flush(socket).await
}
