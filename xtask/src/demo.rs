//! `cargo xtask demo`: builds the gateway and serves the demo.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::{cargo, root, succeed, target};

const HELP: &str = "\
Builds the gateway and serves the demo

Usage: cargo xtask demo [--release] [ARGUMENTS]

  --release  builds it optimised: slower to build, faster to run

Further arguments go to `switchboard serve`.

Example: cargo xtask demo --listen 127.0.0.1:9000
";

/// Runs the demo, until it is ended.
///
/// # Errors
/// The gateway does not build, or cannot be started.
pub fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return Ok(());
    }
    let is_release = args.iter().any(|arg| arg == "--release");
    let rest = args.iter().filter(|arg| *arg != "--release");
    let (profile, note) = match is_release {
        true => ("release", "optimised"),
        false => ("debug", "not optimised: --release does that"),
    };
    eprintln!("building the gateway ({note}); the first time takes a few minutes");
    let mut build = cargo();
    build.args([
        "build",
        "--package",
        "switchboard-gateway",
        "--bin",
        "switchboard",
    ]);
    build.args(is_release.then_some("--release"));
    succeed(&mut build)?;

    let mut serve = Command::new(target().join(profile).join("switchboard"));
    serve.current_dir(root()).arg("serve").args(rest);
    eprintln!("starting the demo; Ctrl-C ends it");
    // The gateway takes our place, so that signals reach it.
    Err(serve.exec()).with_context(|| format!("{serve:?}"))
}
