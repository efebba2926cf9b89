//! Wire ⇄ model, one file per concept.
//!
//! What the model has no word for goes into extras under the dialect's name. Between a Kare engine
//! and a Kare client a message thus comes out as it went in, to the last unknown field.

pub mod action;
pub mod command;
pub mod event;
mod fallback;
mod feedback;
mod handover;
mod kept;
mod media;
pub mod message;

pub use message::{Setting, Style};
