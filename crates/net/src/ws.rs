//! What the websockets of both sides have in common: buffers, keep-alive, ways to end.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use http::header::{CONNECTION, HeaderName, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use crate::gathered::Gathered;
use crate::stream::Stream;

/// A websocket of either side.
pub(crate) type Socket = WebSocketStream<Gathered>;

/// A peer that has said nothing for this long is asked whether it is still there.
const PING_AFTER: Duration = Duration::from_secs(30);

/// A peer that has said nothing for this long, not even `pong`, is gone.
const SILENCE: Duration = Duration::from_secs(90);

/// How long one write may wait for the peer to read.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How much of what a peer still sends after a refusal is read and thrown away, so that it gets
/// to read the refusal.
const DRAIN_BYTES: usize = 4 * 1024 * 1024;

/// So much is sent together, in bytes; more than that is sent at once.
const SENT_TOGETHER: usize = 8 * 1024;

/// Most bytes of answers (`pong`) to a client that does not read; newer ones replace older ones then.
const ANSWERS: usize = 16 * 1024;

/// Small buffers: ten thousand idle sockets must not cost a gigabyte. A longer message makes a
/// buffer grow while it passes. What is written is gathered by the connection.
fn config(role: Role, largest_message: usize) -> WebSocketConfig {
    let config = WebSocketConfig::default()
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_message_size(Some(largest_message))
        .max_frame_size(Some(largest_message));
    match role {
        // A server's messages go past this buffer.
        Role::Server => config.max_write_buffer_size(ANSWERS),
        Role::Client => config,
    }
}

/// The websocket on a connection that has been upgraded.
///
/// Takes the connection out of hyper's box, so that nothing of the HTTP machinery stays in memory.
/// `None` if the connection is not one of ours.
pub(crate) async fn socket(
    upgraded: Upgraded,
    role: Role,
    largest_message: usize,
) -> Option<Socket> {
    let parts = upgraded.downcast::<TokioIo<Stream>>().ok()?;
    let stream = Gathered::new(parts.io.into_inner());
    let config = Some(config(role, largest_message));
    Some(if parts.read_buf.is_empty() {
        WebSocketStream::from_raw_socket(stream, role, config).await
    } else {
        WebSocketStream::from_partially_read(stream, parts.read_buf.to_vec(), role, config).await
    })
}

/// Whether the headers ask for, or grant, an upgrade to a websocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(token))
    }
    has_token(headers, UPGRADE, "websocket") && has_token(headers, CONNECTION, "upgrade")
}

/// When a peer was last heard, and when to look again.
pub(crate) struct KeepAlive {
    heard: Instant,
}

/// What [`KeepAlive::check`] asks for.
pub(crate) enum Vitals {
    /// Heard recently; look again then.
    Alive(Instant),
    /// Send a ping and look again then.
    Ask(Instant),
    /// Gone.
    Lost,
}

impl KeepAlive {
    pub(crate) fn new() -> Self {
        Self {
            heard: Instant::now(),
        }
    }

    /// The peer said something.
    pub(crate) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// When to look first.
    pub(crate) fn first_check(&self) -> Instant {
        self.heard + PING_AFTER
    }

    pub(crate) fn check(&self) -> Vitals {
        let now = Instant::now();
        let silent = now.saturating_duration_since(self.heard);
        if silent >= SILENCE {
            Vitals::Lost
        } else if silent >= PING_AFTER {
            Vitals::Ask(now + PING_AFTER)
        } else {
            Vitals::Alive(self.heard + PING_AFTER)
        }
    }
}

/// Why a socket cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The peer is gone.
    Gone,
    /// The peer does not read what it is sent.
    Slow,
    /// The peer broke the rules; close with this code.
    Violation(CloseCode),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) | Error::WriteBufferFull(_) => Self::Violation(CloseCode::Size),
            Error::Utf8(_) => Self::Violation(CloseCode::Invalid),
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => Self::Gone,
            Error::Protocol(_) => Self::Violation(CloseCode::Protocol),
            _ => Self::Gone,
        }
    }
}

/// Queues a message; waits while the peer does not read.
pub(crate) async fn feed(socket: &mut Socket, message: Message) -> Result<(), Broken> {
    match timeout(WRITE_TIMEOUT, socket.feed(message)).await {
        Ok(result) => result.map_err(Broken::from),
        Err(_) => Err(Broken::Slow),
    }
}

/// Queues a server's text message; waits while the peer does not read.
pub(crate) async fn feed_text(socket: &mut Socket, text: &str) -> Result<(), Broken> {
    if socket.get_mut().add_text(text)? < SENT_TOGETHER {
        return Ok(());
    }
    flush(socket).await
}

/// Sends what is queued.
pub(crate) async fn flush(socket: &mut Socket) -> Result<(), Broken> {
    match timeout(WRITE_TIMEOUT, socket.flush()).await {
        Ok(result) => result.map_err(Broken::from),
        Err(_) => Err(Broken::Slow),
    }
}

/// Asks the peer whether it is still there.
pub(crate) async fn ping(socket: &mut Socket) -> Result<(), Broken> {
    feed(socket, Message::Ping(Bytes::new())).await?;
    flush(socket).await
}

/// Says goodbye, waits for the answer, and makes sure that a peer which is still sending gets to
/// read the goodbye.
pub(crate) async fn close(mut socket: Socket, code: CloseCode, reason: &str) {
    let frame = CloseFrame {
        code,
        reason: truncated(reason).into(),
    };
    let farewell = async {
        socket.close(Some(frame)).await?;
        while let Some(message) = socket.next().await {
            message?;
        }
        socket.get_mut().flush().await?;
        Ok::<_, Error>(())
    };
    if !matches!(timeout(CLOSE_TIMEOUT, farewell).await, Ok(Ok(()))) {
        let _ = timeout(CLOSE_TIMEOUT, drain(socket.get_mut().stream())).await;
    }
}

/// Ends a socket that cannot go on.
pub(crate) async fn end(socket: Socket, broken: Broken) {
    match broken {
        Broken::Gone => {}
        Broken::Slow => close(socket, CloseCode::Again, "too slow").await,
        Broken::Violation(code) => {
            let reason = match code {
                CloseCode::Size => "message too large",
                CloseCode::Invalid => "not UTF-8",
                _ => "protocol error",
            };
            close(socket, code, reason).await;
        }
    }
}

/// Answers a peer's goodbye.
pub(crate) async fn finish(mut socket: Socket) {
    let farewell = async {
        while let Some(Ok(_)) = socket.next().await {}
        socket.get_mut().flush().await
    };
    let _ = timeout(CLOSE_TIMEOUT, farewell).await;
}

async fn drain(stream: &mut Stream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut scratch = [0; 1024];
    let mut left = DRAIN_BYTES;
    while let Ok(read @ 1..) = stream.read(&mut scratch).await {
        left = left.saturating_sub(read);
        if left == 0 {
            return;
        }
    }
}

/// A control frame holds 123 bytes of reason.
fn truncated(reason: &str) -> String {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn answers_to_a_client_that_does_not_read_do_not_pile_up() {
        const PINGS: usize = 400_000;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (tcp, _) = listener.accept().await.unwrap();
        let stream = Gathered::new(Stream::Plain(tcp));
        let config = Some(config(Role::Server, 1024));
        let mut server = WebSocketStream::from_raw_socket(stream, Role::Server, config).await;
        let serving = tokio::spawn(async move {
            for _ in 0..PINGS {
                assert!(server.next().await.unwrap().unwrap().is_ping());
            }
            server
        });
        // Masked with zeros: a hundred bytes of zeros.
        let mut ping = vec![0x89, 0x80 | 100, 0, 0, 0, 0];
        ping.resize(ping.len() + 100, 0);
        client.write_all(&ping.repeat(PINGS)).await.unwrap();
        let mut server = serving.await.unwrap();
        tokio::spawn(async move { server.flush().await });
        let mut answers = Vec::new();
        client.read_to_end(&mut answers).await.unwrap();
        // What the system holds for a connection is far less than all of the answers.
        let all = PINGS * (ping.len() - 4);
        assert!(answers.len() < all / 2, "{} of {all}", answers.len());
    }
}
