//! What travels, in the vendor's words. See `docs/protocols/opendialog.md`.

pub mod callback;
pub mod config;
pub mod deep_link;
pub mod error;
pub mod export;
pub mod external;
pub mod feedback;
pub mod fields;
pub mod history;
pub mod interactions;
pub(crate) mod json;
pub mod message;
pub mod outbound;
pub mod scalar;
pub mod slot;
pub mod time;
pub mod user_id;

pub use slot::Slot;
