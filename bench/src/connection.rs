//! A keep-alive connection that costs the load generator as little as possible: a request is
//! bytes, an answer is a status and a length.

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn open(address: std::net::SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| address.to_string())?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: BytesMut::with_capacity(32 * 1024),
        })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// The connection breaks, or the answer is not of a known length.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Reply> {
        self.stream.write_all(request).await.context("send")?;
        loop {
            if let Some((status, head, length)) = parse(&self.buffer)?
                && self.buffer.len() >= head + length
            {
                self.buffer.advance(head);
                let body = self.buffer.split_to(length).freeze();
                return Ok(Reply { status, body });
            }
            self.buffer.reserve(16 * 1024);
            ensure!(
                self.stream.read_buf(&mut self.buffer).await? > 0,
                "the connection broke"
            );
        }
    }
}

/// Status, length of the head, length of the body; none while the head is incomplete.
fn parse(buffer: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(buffer)? else {
        return Ok(None);
    };
    let status = response.code.context("no status")?;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(header.value)?.trim().parse()?;
            return Ok(Some((status, head, length)));
        }
    }
    if status == 204 {
        return Ok(Some((status, head, 0)));
    }
    bail!("an answer without a length");
}
