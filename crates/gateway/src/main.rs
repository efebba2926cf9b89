//! The `switchboard` command.

use std::process::ExitCode;

/// Many small, short-lived values of all sizes on several threads: what the system's allocator is
/// slowest at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    switchboard_gateway::run()
}
