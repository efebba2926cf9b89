//! What travels between a Kare client and a Kare server. Each type serves both sides: read
//! leniently by the rules of `docs/protocols/kare.md#35-tolerant-parsing-both-directions-assumed`,
//! written strictly in the one canonical form. Fields that nobody knows stay where they were.

pub mod action;
pub mod application;
pub mod aspect;
pub mod bye;
pub mod click;
pub mod command;
pub mod config;
pub mod conversation;
pub mod envelope;
pub mod error_body;
pub mod events;
mod fields;
pub mod grant;
pub mod hello;
pub mod id;
pub mod list;
mod node;
pub mod post;
pub mod query;
pub mod spelling;
pub mod text;
pub mod token;
pub mod uri;

use serde::Serialize;

pub use action::Action;
pub use aspect::Aspect;
pub use envelope::{Body, Envelope, EnvelopeError, Header, decode_frame};
pub use fields::Fields;
pub use id::WireId;
pub use uri::Uri;

/// The size that a body begins with; longer ones grow.
const BODY: usize = 512;

/// Writes a wire type as JSON bytes.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY);
    #[expect(
        clippy::expect_used,
        reason = "wire types have text keys and no failing Serialize"
    )]
    serde_json::to_writer(&mut body, value).expect("wire types always serialise");
    body
}

/// Writes a wire type as JSON text.
pub fn encode_text<T: Serialize>(value: &T) -> String {
    #[expect(
        clippy::expect_used,
        reason = "wire types have text keys and no failing Serialize"
    )]
    serde_json::to_string(value).expect("wire types always serialise")
}

fn encode_value<T: Serialize>(value: &T) -> serde_json::Value {
    #[expect(
        clippy::expect_used,
        reason = "wire types have text keys and no failing Serialize"
    )]
    serde_json::to_value(value).expect("wire types always serialise")
}
