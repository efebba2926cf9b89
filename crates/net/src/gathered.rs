//! A connection whose writes are gathered until they are flushed.
//!
//! A websocket's own buffer keeps the room of the largest batch that it has ever sent, and a socket
//! is idle most of its life. Here the room lasts only as long as something waits in it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::error::Result;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::stream::Stream;

/// See the [module](self).
pub(crate) struct Gathered {
    stream: Stream,
    /// Not yet written.
    out: Vec<u8>,
}

impl Gathered {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            out: Vec::new(),
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
        header.format(length, &mut self.out)?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(self.out.len())
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
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().out.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, out } = self.get_mut();
        while !out.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            out.drain(..written);
        }
        *out = Vec::new();
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
