//! Request bodies within their limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// How much of a body that is over its limit is read and thrown away, so that the client gets to
/// read the refusal instead of a reset connection: this, and twice what would have been allowed.
const DRAIN_BYTES: usize = 4 * 1024 * 1024;

/// How long that may take at the most.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a body cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is over the limit.
    TooLarge,
    /// It did not arrive in time.
    Slow,
    /// The connection broke.
    Broken,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(
    mut body: Incoming,
    limit: usize,
    time: Duration,
    can_drain: bool,
) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let result = if body.size_hint().lower() > limit as u64 {
        Err(BodyError::TooLarge)
    } else {
        timeout(time, collect(&mut body, limit))
            .await
            .unwrap_or(Err(BodyError::Slow))
    };
    if result == Err(BodyError::TooLarge) && can_drain {
        let most = limit.saturating_mul(2).saturating_add(DRAIN_BYTES);
        let _ = timeout(DRAIN_TIMEOUT.min(time), drain(body, most)).await;
    }
    result
}

/// Most bodies arrive in one piece, which is then handed on without a copy.
async fn collect(body: &mut Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let mut whole = next(body).await?.unwrap_or_default();
    if whole.len() > limit {
        return Err(BodyError::TooLarge);
    }
    let mut more = BytesMut::new();
    while let Some(piece) = next(body).await? {
        if more.is_empty() {
            more = BytesMut::from(whole);
            whole = Bytes::new();
        }
        if more.len() + piece.len() > limit {
            return Err(BodyError::TooLarge);
        }
        more.extend_from_slice(&piece);
    }
    Ok(if more.is_empty() {
        whole
    } else {
        more.freeze()
    })
}

/// The next piece that is not empty.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, BodyError> {
    loop {
        if body.is_end_stream() {
            return Ok(None);
        }
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Ok(Some(data)),
                _ => {}
            },
        }
    }
}

async fn drain(mut body: Incoming, most: usize) {
    let mut left = most;
    while let Ok(Some(piece)) = next(&mut body).await {
        left = left.saturating_sub(piece.len());
        if left == 0 {
            return;
        }
    }
}
