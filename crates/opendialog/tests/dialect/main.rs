//! The dialect as the rest of the program sees it, against fixtures and a recording of the
//! unmodified webchat.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests; clippy.toml allows it in test functions only, not in what they share"
)]

mod api;
mod checklist;
mod client;
mod client_answers;
mod client_types;
mod configuration;
mod deep_links;
mod fields;
mod fixtures;
mod pages;
mod properties;
mod recording;
mod recordings;
mod server;
mod support;
mod types;
mod users;
