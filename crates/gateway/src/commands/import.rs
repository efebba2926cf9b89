//! `switchboard import`: recorded conversations of a vendor, as lines of JSON.

mod output;
pub mod when;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use switchboard_core::dialect::{
    Cx, Dialect, RecordedPeriod, RecordingSource, SourceError, SourceStep, without_credentials,
};
use switchboard_core::model::DialectName;
use switchboard_exchange::{Clock, Dialer};
use switchboard_net::clock::SystemClock;
use switchboard_net::dial::NetDialer;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use crate::cli::ImportArgs;
use crate::config::{Environment, Log, LogFormat};
use crate::{Exit, registry, telemetry};
use output::{Output, Summary};

/// How long one answer may take: an export of many users is written on the way.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest answer in bytes.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The name of the vendor's server in metrics.
const BACKEND: &str = "import";
/// How often the progress is drawn.
const TICK: Duration = Duration::from_millis(120);

/// Runs the command. That some lines could not be understood is told and no failure.
///
/// # Errors
/// The conversations cannot be had, read or written; then there is no output.
pub fn run(arguments: &ImportArgs, environment: &Environment) -> anyhow::Result<Exit> {
    let dialects = registry::dialects();
    let dialect = super::find_dialect(&dialects, &arguments.dialect)?;
    let source = source(dialect, arguments, environment)?;
    telemetry::start_logs(&Log {
        format: LogFormat::Text,
        filter: "warn".to_owned(),
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let import = Import {
        dialect: dialect.name(),
        source,
        output: Output::open(&arguments.output)?,
        summary: Summary::default(),
        progress: progress(),
    };
    let done = runtime.block_on(async {
        tokio::select! {
            // First, so that signals are waited for before anything is written.
            biased;
            // What was written so far is removed on the way out.
            end = interrupted() => end.and_then(|()| bail!("interrupted")),
            done = import.run(arguments) => done,
        }
    });
    // A pipe that nobody writes into may still be read from.
    runtime.shutdown_background();
    done
}

/// Waits until somebody wants it to end.
async fn interrupted() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    tokio::select! {
        end = tokio::signal::ctrl_c() => end.context("cannot listen for signals"),
        _ = terminate.recv() => Ok(()),
    }
}

fn source(
    dialect: &dyn Dialect,
    arguments: &ImportArgs,
    environment: &Environment,
) -> anyhow::Result<Box<dyn RecordingSource>> {
    let mut options = Map::new();
    if let Some(url) = &arguments.url {
        let name = &arguments.token_env;
        let token = environment.get(name).map(|token| token.trim());
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            bail!("the environment variable {name} has no API token");
        };
        options.insert("url".to_owned(), Value::from(url.as_str()));
        options.insert("token".to_owned(), Value::from(token));
    }
    if let Some(api) = &arguments.api {
        options.insert("api".to_owned(), Value::from(api.as_str()));
    }
    if let Some(per_page) = arguments.per_page {
        options.insert("per_page".to_owned(), Value::from(per_page));
    }
    let period = RecordedPeriod {
        from: arguments.from,
        to: arguments.to,
        user_id: arguments.user.clone(),
    };
    let elsewhere = [("token", &*arguments.token_env)];
    dialect
        .recordings(options.into(), period)
        .map_err(|error| super::wrong_option(error, &elsewhere))
}

/// A line that tells how far it is, where somebody sits at the terminal.
fn progress() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        progress.set_style(style);
    }
    progress.enable_steady_tick(TICK);
    progress
}

struct Import {
    dialect: DialectName,
    source: Box<dyn RecordingSource>,
    output: Output,
    summary: Summary,
    progress: ProgressBar,
}

impl Import {
    async fn run(mut self, arguments: &ImportArgs) -> anyhow::Result<Exit> {
        if let Some(url) = &arguments.url {
            self.take(&without_credentials(url)).await?;
        }
        for path in &arguments.files {
            let file = read(path).await?;
            self.source.read(file, &cx());
            let name = path.display().to_string();
            self.take(&name).await.with_context(|| name.clone())?;
        }
        self.progress.finish_and_clear();
        self.output.finish()?;
        eprintln!("imported {}", self.summary);
        Ok(Exit::Done)
    }

    /// Takes everything that there is from one place.
    async fn take(&mut self, place: &str) -> anyhow::Result<()> {
        let dialer = NetDialer::new([])?.with_answer_limit(ANSWER_BYTES);
        loop {
            match self.source.next(&cx()) {
                SourceStep::Fetch(request) => {
                    let result = dialer.http(&BACKEND.into(), request, ANSWER_TIMEOUT).await;
                    self.source.response(result, &cx());
                }
                SourceStep::Wait(time) => {
                    self.say(&format!("waiting {} s", time.as_secs()));
                    tokio::time::sleep(time).await;
                }
                SourceStep::Recorded(recorded) => {
                    self.summary.count(&recorded);
                    self.output.write(&self.dialect, place, &recorded)?;
                    self.progress.set_message(self.summary.to_string());
                    // Otherwise nobody could interrupt the import of a large file.
                    tokio::task::yield_now().await;
                }
                SourceStep::Noted(note) => {
                    self.summary.note();
                    self.say(&note);
                }
                SourceStep::Done => return Ok(()),
                SourceStep::Failed(error) => return Err(explain(error)),
            }
        }
    }

    fn say(&self, line: &str) {
        self.progress.suspend(|| eprintln!("{line}"));
    }
}

fn cx() -> Cx<'static> {
    static CLOCK: SystemClock = SystemClock;
    Cx {
        now: CLOCK.now(),
        ids: &CLOCK,
    }
}

async fn read(path: &Path) -> anyhow::Result<Bytes> {
    let own = path.to_owned();
    let file = spawn_blocking(move || fs::read(own)).await?;
    let file = file.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(file.into())
}

/// The failure, and what may help.
fn explain(error: SourceError) -> anyhow::Error {
    let help = match &error {
        SourceError::Refused { status: 401, .. } => {
            Some("is the API token right, and not expired?")
        }
        SourceError::Refused { status: 404, .. } => Some("is the address that of the workspace?"),
        _ => None,
    };
    let error = anyhow::Error::from(error);
    match help {
        Some(help) => anyhow::anyhow!("{error:#}; {help}"),
        None => error,
    }
}
