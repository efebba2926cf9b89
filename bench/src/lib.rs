//! What the benchmarks are made of. `cargo xtask bench` runs them all and writes
//! `docs/benchmarks.md`.
//!
//! - [`translation`]: a turn's way through both dialects, without any IO, beside `serde_json`
//!   reading and writing the same bytes.
//! - [`measure`]: the running gateway: beside nginx, with idle conversations, with many of them.
//! - [`vendor`]: what clients and engines of the three vendors put on the wire.
//! - [`load`]: the load generator, on connections of its own ([`connection`]).
//! - [`report`]: results as JSON and as Markdown.

pub mod connection;
pub mod gateway;
pub mod load;
pub mod machine;
pub mod measure;
pub mod nginx;
pub mod pace;
pub mod process;
pub mod report;
pub mod sample;
pub mod translation;
pub mod upstream;
pub mod vendor;
pub mod visitors;
pub mod wire;
