//! `cargo xtask`: the menu of development commands.

mod bench;
mod demo;
mod doc_links;
mod doc_tables;
mod purity;
mod test;
mod tools;

use std::process::ExitCode;

const HELP: &str = "\
Development commands

Usage: cargo xtask COMMAND

  demo [--release] [ARGUMENTS]  builds the gateway and serves the demo on http://127.0.0.1:8080;
                                further arguments go to `switchboard serve`
  test                          runs everything that CI runs
  purity                        proves that the pure crates do no IO
  doc-links                     proves that links into docs/ lead somewhere
  doc-tables                    proves that the tests named in docs/dialects/ exist
  bench                         runs the benchmarks

Example: cargo xtask demo --listen 127.0.0.1:9000
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("--help", [].as_slice()),
    };
    let result = match command {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "purity" => purity::run(),
        "doc-links" => doc_links::run(),
        "doc-tables" => doc_tables::run(),
        "bench" => bench::run(rest),
        "--help" | "-h" | "help" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("there is no command {other}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
