//! Runs the benchmarks against the release binary and writes the report. `cargo xtask bench`
//! builds what it needs first.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use switchboard_bench::gateway::root;
use switchboard_bench::machine::Machine;
use switchboard_bench::measure::{Extent, idle, many, proxy};
use switchboard_bench::report::{Measured, Results, collect, page};
use switchboard_bench::vendor::Vendor;
use switchboard_bench::{nginx, process};

/// Benchmarks of Switchboard.
///
/// Example: switchboard-bench --quick --only proxy
#[derive(Debug, Parser)]
struct Arguments {
    /// A short run to see that everything works; docs/benchmarks.md is left alone.
    #[arg(long)]
    quick: bool,
    /// Only this part; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Name>,
    /// Measures nothing, but puts load on the gateway for a profiler: FRONTEND-BACKEND, such as
    /// kare-dydu.
    #[arg(long, value_parser = route)]
    profile: Option<(Vendor, Vendor)>,
    /// Turns per second for --profile; as many as go if absent.
    #[arg(long, requires = "profile")]
    rate: Option<u32>,
    /// Seconds for --profile.
    #[arg(long, requires = "profile", default_value_t = 15)]
    seconds: u64,
    /// Criterion's directory with the translation's numbers.
    #[arg(long, env = "CRITERION_HOME", default_value = "target/criterion")]
    criterion: PathBuf,
}

fn route(text: &str) -> Result<(Vendor, Vendor)> {
    let route = text
        .split_once('-')
        .and_then(|(frontend, backend)| Some((Vendor::of(frontend)?, Vendor::of(backend)?)));
    route.context("say FRONTEND-BACKEND, each of kare, dydu and opendialog")
}

/// A part of the benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Collects what `cargo bench` measured of the translation without IO.
    Translation,
    /// The gateway beside nginx.
    Proxy,
    /// Idle websocket conversations.
    Idle,
    /// Few and many conversations.
    Many,
}

impl Arguments {
    fn wants(&self, name: Name) -> bool {
        self.only.is_empty() || self.only.contains(&name)
    }

    /// The command that takes a part again.
    fn command(&self, name: Name) -> String {
        let name = name
            .to_possible_value()
            .map(|value| value.get_name().to_owned());
        let quick = if self.quick { " --quick" } else { "" };
        format!(
            "cargo xtask bench --only {}{quick}",
            name.unwrap_or_default()
        )
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    process::allow_files(4_096)?;
    if let Some(route) = arguments.profile {
        let lasts = Duration::from_secs(arguments.seconds);
        return proxy::profile(route, arguments.rate, lasts).await;
    }
    let extent = if arguments.quick {
        Extent::Quick
    } else {
        Extent::Full
    };
    let (file, page_file) = if arguments.quick {
        let directory = root().join("target/bench");
        (directory.join("quick.json"), directory.join("quick.md"))
    } else {
        (
            root().join("bench/results/latest.json"),
            root().join("docs/benchmarks.md"),
        )
    };
    let mut results = Results::read(&file)?;
    // What is measured is kept, also if a later part fails.
    if arguments.wants(Name::Translation) {
        let machine = Machine::here();
        let measured = collect(&arguments.criterion).context("translation")?;
        let command = arguments.command(Name::Translation);
        results.translation = Some(Measured::now(command, machine, measured));
        results.write(&file)?;
    }
    if arguments.wants(Name::Proxy) {
        nginx::ensure_installed()?;
        let machine = Machine::here();
        eprintln!("the gateway beside nginx");
        let measured = proxy::measure(extent).await.context("proxy")?;
        results.proxy = Some(Measured::now(
            arguments.command(Name::Proxy),
            machine,
            measured,
        ));
        results.write(&file)?;
    }
    if arguments.wants(Name::Idle) {
        let machine = Machine::here();
        eprintln!("idle websocket conversations");
        let measured = idle::measure(extent).await.context("idle")?;
        results.idle = Some(Measured::now(
            arguments.command(Name::Idle),
            machine,
            measured,
        ));
        results.write(&file)?;
    }
    if arguments.wants(Name::Many) {
        let machine = Machine::here();
        eprintln!("few and many conversations");
        let measured = many::measure(extent).await.context("many")?;
        results.many = Some(Measured::now(
            arguments.command(Name::Many),
            machine,
            measured,
        ));
        results.write(&file)?;
    }
    let page = page(&results);
    std::fs::write(&page_file, &page).with_context(|| page_file.display().to_string())?;
    if arguments.quick {
        println!("{page}");
    } else {
        for line in page
            .lines()
            .filter(|line| line.starts_with("**Goal") || line.starts_with("## "))
        {
            println!("{line}");
        }
    }
    eprintln!("written: {} and {}", file.display(), page_file.display());
    Ok(())
}
