//! Bodies.

use serde::{Deserialize, Serialize};

/// Holds most bodies.
const USUAL_SIZE: usize = 1024;

/// Reads a body.
///
/// # Errors
/// It is no JSON, or not of this type.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, serde_json::Error> {
    // One look at the encoding of the whole is cheaper than one at that of each string.
    match str::from_utf8(body) {
        Ok(body) => serde_json::from_str(body),
        Err(_) => serde_json::from_slice(body),
    }
}

/// Writes a body of plain values with string keys, which cannot fail.
pub(crate) fn write(body: &impl Serialize) -> Vec<u8> {
    let mut written = Vec::with_capacity(USUAL_SIZE);
    match serde_json::to_writer(&mut written, body) {
        Ok(()) => written,
        Err(_) => Vec::new(),
    }
}
