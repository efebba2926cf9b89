//! `cargo xtask test`: everything that CI runs.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::tools::{cargo, has_subcommand, need_component, succeed};
use crate::{doc_links, doc_tables, purity};

const HELP: &str = "\
Runs everything that CI runs, up to the first failure

Usage: cargo xtask test

Example: cargo xtask test
";

/// A step and its name.
type Step = (&'static str, fn() -> Result<()>);

/// The quick ones first.
const STEPS: [Step; 8] = [
    ("format", format),
    ("clippy", clippy),
    ("purity", purity::run),
    ("doc-links", doc_links::run),
    ("doc-tables", doc_tables::run),
    ("docs", docs),
    ("tests", tests),
    ("doc tests", doc_tests),
];

/// Runs all steps.
///
/// # Errors
/// The first step that fails.
pub fn run(args: &[String]) -> Result<()> {
    match args {
        [] => {}
        [arg] if arg == "--help" || arg == "-h" => {
            print!("{HELP}");
            return Ok(());
        }
        [arg, ..] => bail!("unknown argument {arg}\n\n{HELP}"),
    }
    need_component("fmt", "rustfmt")?;
    need_component("clippy", "clippy")?;
    let mut summary = Vec::new();
    for (index, (name, step)) in STEPS.into_iter().enumerate() {
        eprintln!("\n=== {name} ({} of {})", index + 1, STEPS.len());
        let began = Instant::now();
        step().with_context(|| format!("the step `{name}` failed"))?;
        summary.push(format!(
            "  {name:<10} {:>6.1} s",
            began.elapsed().as_secs_f64()
        ));
    }
    eprintln!("\n{}", summary.join("\n"));
    println!("{} passed, 0 failed", STEPS.len());
    Ok(())
}

fn format() -> Result<()> {
    succeed(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let mut clippy = cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--locked"]);
    succeed(clippy.args(["--", "--deny", "warnings"]))
}

fn docs() -> Result<()> {
    let mut docs = cargo();
    docs.args(["doc", "--workspace", "--no-deps", "--locked"]);
    succeed(docs.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn tests() -> Result<()> {
    let mut tests = cargo();
    if has_subcommand("nextest") {
        tests.args(["nextest", "run"]);
    } else {
        eprintln!("cargo-nextest is not installed: using cargo test");
        tests.args(["test", "--lib", "--bins", "--tests"]);
    }
    succeed(tests.args(["--workspace", "--locked"]))
}

fn doc_tests() -> Result<()> {
    succeed(cargo().args(["test", "--doc", "--workspace", "--locked"]))
}
