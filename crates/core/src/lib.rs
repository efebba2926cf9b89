//! The heart of Switchboard: one conversation model, and the contract between a dialect and the
//! rest of the program.
//!
//! Everything here is pure. Bytes, parsed HTTP messages, text frames, the current time and fresh
//! ids come in as arguments; values go out. There is no clock, no socket and no randomness.
//!
//! - [`model`]: what a conversation is made of, in no vendor's words.
//! - [`dialect`]: what a dialect implements so that Switchboard can be its server and its client.
//! - [`adapt`]: how a message that a dialect cannot show becomes one that it can.
//! - [`text`]: plain text, Markdown and HTML, and the ways between them.
//! - [`json`]: reading JSON without copies.
//! - [`fault`]: what can go wrong, before a dialect gives it a body and a status.

pub mod adapt;
pub mod dialect;
pub mod fault;
pub mod json;
pub mod model;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;

pub use fault::Fault;
