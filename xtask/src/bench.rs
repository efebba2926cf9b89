//! `cargo xtask bench`: builds the release binary and the benchmarks, runs them, and has
//! `docs/benchmarks.md` and `bench/results/latest.json` written.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::{cargo, succeed, target};

const HELP: &str = "\
Runs the benchmarks and writes docs/benchmarks.md and bench/results/latest.json

Usage: cargo xtask bench [--quick] [--only NAME]...

  --quick      a minute, to see that everything works; docs/benchmarks.md is left alone
  --only NAME  translation, proxy, idle or many; may be given several times

Example: cargo xtask bench --only translation
";

const PARTS: [&str; 4] = ["translation", "proxy", "idle", "many"];

/// Runs the benchmarks.
///
/// # Errors
/// An argument is unknown, something does not build, or a benchmark fails.
pub fn run(args: &[String]) -> Result<()> {
    let Some(Options { quick, only }) = Options::parse(args)? else {
        print!("{HELP}");
        return Ok(());
    };
    let wants = |part: &str| only.is_empty() || only.iter().any(|name| name == part);
    let target = target();
    let criterion = target.join("criterion");
    if wants("translation") {
        eprintln!("translation without IO");
        let mut bench = cargo();
        bench.args([
            "bench",
            "--package",
            "switchboard-bench",
            "--bench",
            "translation",
            "--",
        ]);
        if quick {
            bench.args(["--warm-up-time", "0.05", "--measurement-time", "0.1"]);
            bench.args(["--sample-size", "10"]);
        }
        succeed(bench.env("CRITERION_HOME", &criterion))?;
    }
    let mut build = cargo();
    build.args(["build", "--release", "--package", "switchboard-bench"]);
    build.args(["--package", "switchboard-gateway"]);
    succeed(&mut build)?;
    let mut measure = Command::new(target.join("release/switchboard-bench"));
    measure.env("CRITERION_HOME", &criterion);
    measure.env("SWITCHBOARD_BIN", target.join("release/switchboard"));
    measure.args(quick.then_some("--quick"));
    measure.args(only.iter().flat_map(|name| ["--only", name]));
    succeed(&mut measure)
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    quick: bool,
    only: Vec<String>,
}

impl Options {
    /// Reads the arguments; none if help is asked for.
    fn parse(args: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            quick: false,
            only: Vec::new(),
        };
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            match arg {
                "--help" | "-h" => return Ok(None),
                "--quick" => options.quick = true,
                "--only" => {
                    let name = args.next().context("--only needs a NAME")?;
                    if !PARTS.contains(&name) {
                        bail!(
                            "there is no benchmark {name}: say one of {}",
                            PARTS.join(", ")
                        );
                    }
                    options.only.push(name.to_owned());
                }
                other => bail!("unknown argument {other}\n\n{HELP}"),
            }
        }
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Option<Options>> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Options::parse(&args)
    }

    #[test]
    fn arguments_are_read() {
        let all = parse(&[]).unwrap().unwrap();
        assert_eq!(
            all,
            Options {
                quick: false,
                only: Vec::new()
            }
        );
        let some = parse(&["--quick", "--only", "idle", "--only", "many"])
            .unwrap()
            .unwrap();
        assert_eq!(
            some,
            Options {
                quick: true,
                only: vec!["idle".into(), "many".into()]
            }
        );
        assert!(parse(&["--help"]).unwrap().is_none());
        assert!(parse(&["--only"]).is_err());
        assert!(parse(&["--only", "everything"]).is_err());
        assert!(parse(&["-x"]).is_err());
    }
}
