//! Logs and metrics.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Upper bounds of the turn histogram in seconds: our own part is below a millisecond, an
/// engine's may be half a minute.
const TURN_SECONDS: [f64; 15] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    30.0,
];

/// How often measurements are moved into the histogram's buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Logs go to standard error. `RUST_LOG` goes before the configuration.
pub(crate) fn start_logs(log: &Log) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => filter,
        _ => log.filter.clone(),
    };
    let filter = EnvFilter::try_new(&filter).context("RUST_LOG cannot be read")?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logs cannot be started: {error}"))
}

/// Starts to count, and gives what renders the counts in Prometheus' text format.
pub(crate) fn start_metrics() -> anyhow::Result<impl Fn() -> String + Send + Sync + 'static> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("switchboard_turn_seconds".to_owned()),
            &TURN_SECONDS,
        )?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("metrics are counted already")?;
    describe();
    let process = Collector::default();
    process.describe();
    tokio::spawn(keep_up(handle.clone()));
    Ok(move || {
        process.collect();
        handle.render()
    })
}

async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

fn describe() {
    describe_counter!("switchboard_turns_total", "Turns that ended, by outcome");
    describe_histogram!(
        "switchboard_turn_seconds",
        "Time of a turn: the engine's part and the gateway's own"
    );
    describe_gauge!(
        "switchboard_conversations_active",
        "Conversations that have begun and not ended"
    );
    describe_counter!(
        "switchboard_messages_total",
        "Messages to (in) and from (out) engines, by kind"
    );
    describe_counter!(
        "switchboard_rejected_total",
        "Requests and frames of clients that were refused, by reason"
    );
    describe_counter!(
        "switchboard_backend_errors_total",
        "Exchanges with engines that failed, by reason"
    );
    describe_gauge!(
        "switchboard_websockets",
        "Open websockets, to clients (frontend) and to engines (backend)"
    );
    describe_counter!(
        "switchboard_undelivered_total",
        "Entries for clients that none fetched before `limits.log_entries` newer ones came"
    );
    describe_counter!(
        "switchboard_adapted_total",
        "Messages that a frontend could not show as they were, by kind and rule"
    );
    describe_counter!(
        "switchboard_transcript_lines_total",
        "Lines of conversations that were written into the transcripts"
    );
    describe_counter!(
        "switchboard_transcript_lines_lost_total",
        "Lines that were not, because the store did not keep up"
    );
    for side in ["frontend", "backend"] {
        metrics::gauge!("switchboard_websockets", "side" => side).set(0.0);
    }
}
