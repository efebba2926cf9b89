//! The only crate with sockets.
//!
//! - [`host`] serves any number of frontends on one listener: mounts, CORS, limits, websockets.
//! - [`dial`] performs what legs ask for: HTTP requests and websockets towards engines.
//! - [`tls`] makes the TLS settings of both directions.
//! - [`workers`] are the threads that clients' connections are served on.
//! - [`clock`] is the one place that reads the clock and makes ids.
//!
//! Nothing here knows a dialect or decides about a conversation: a frontend's server side and the
//! exchange do.

pub mod clock;
pub mod dial;
mod gathered;
pub mod host;
mod stream;
pub mod tls;
pub mod workers;
mod ws;
