//! Bodies.

use serde::Serialize;
pub(crate) use switchboard_core::json::read;

/// Holds most bodies.
const USUAL_SIZE: usize = 1024;

/// Writes a body of plain values with string keys, which cannot fail.
pub(crate) fn write(body: &impl Serialize) -> Vec<u8> {
    let mut written = Vec::with_capacity(USUAL_SIZE);
    match serde_json::to_writer(&mut written, body) {
        Ok(()) => written,
        Err(_) => Vec::new(),
    }
}
