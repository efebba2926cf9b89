//! Tools for tests. Nothing in the shipped program depends on this crate.

mod clock;
mod engine;
mod frontend;

pub use clock::TestClock;
pub use engine::{FakeBackend, FakeEngine, Say};
pub use frontend::{PlainFrontend, parts, say};
