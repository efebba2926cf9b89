//! A connection whose writes are gathered until they are flushed.
//!
//! A websocket's own buffer keeps the room of the largest batch that it has ever sent, and a socket
//! is idle most of its life. Here the room lasts only as long as something waits in it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::error::Result;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::stream::Stream;

/// So much is gathered at most, in bytes, or one write.
const ROOM: usize = 64 * 1024;

/// See the [module](self).
pub(crate) struct Gathered {
    stream: Stream,
    /// Not yet written.
    out: BytesMut,
}

impl Gathered {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            out: BytesMut::new(),
        }
    }

    /// The connection without what is gathered.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Adds a server's text message, behind everything that the websocket has written so far.
    /// Gives back how many bytes are gathered.
    pub(crate) fn add_text(&mut self, text: &str) -> Result<usize> {
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Text),
            ..FrameHeader::default()
        };
        let length = text.len() as u64;
        self.out.reserve(header.len(length) + text.len());
        header.format(length, &mut (&mut self.out).writer())?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(self.out.len())
    }

    /// Writes what is gathered.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        self.out = BytesMut::new();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Gathered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Gathered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.out.len() + data.len() > ROOM {
            ready!(self.poll_out(cx))?;
        }
        self.out.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn who_does_not_read_is_not_written_to_without_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (tcp, _) = listener.accept().await.unwrap();
        let mut gathered = Gathered::new(Stream::Plain(tcp));
        let mut sent = 0;
        while let Some(written) = gathered.write(&[7; 1000]).now_or_never() {
            sent += written.unwrap();
            assert!(gathered.out.len() <= ROOM);
        }
        let reader = tokio::spawn(async move {
            let mut received = Vec::new();
            peer.read_to_end(&mut received).await.unwrap();
            received.len()
        });
        gathered.shutdown().await.unwrap();
        drop(gathered);
        assert_eq!(reader.await.unwrap(), sent);
    }
}
