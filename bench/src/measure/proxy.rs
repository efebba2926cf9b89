//! The gateway beside nginx, in front of the same upstream.
//!
//! The load generator speaks the frontend's dialect, with the same bytes to all three targets:
//! the upstream itself, nginx in front of it, and the gateway, which speaks to the upstream in
//! another vendor's dialect. The targets take turns within each round.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Extent, Quantiles};
use crate::load::{Load, Tally};
use crate::process::Server;
use crate::sample::Sample;
use crate::upstream::Upstream;
use crate::vendor::Vendor;
use crate::visitors::Crowd;
use crate::{gateway, nginx};

/// The measured routes, frontend first.
const ROUTES: [(Vendor, Vendor); 3] = [
    (Vendor::Dydu, Vendor::OpenDialog),
    (Vendor::Kare, Vendor::Dydu),
    (Vendor::OpenDialog, Vendor::Kare),
];

/// What all runs have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The text that is answered.
    pub sample: String,
    /// Connections of the load generator.
    pub connections: usize,
    /// Conversations over them.
    pub conversations: usize,
    /// Rounds in which each target has its run.
    pub rounds: usize,
    /// How long a run takes.
    pub seconds: u64,
    /// Turns per second of the open loop.
    pub rates: Vec<u32>,
}

impl Setting {
    fn of(extent: Extent) -> Self {
        let sample = Sample::short().name.to_owned();
        match extent {
            Extent::Full => Self {
                sample,
                connections: 64,
                conversations: 6_400,
                rounds: 5,
                seconds: 5,
                rates: vec![1_000, 2_500, 5_000],
            },
            Extent::Quick => Self {
                sample,
                connections: 64,
                conversations: 640,
                rounds: 1,
                seconds: 1,
                rates: vec![1_000, 5_000],
            },
        }
    }
}

/// Whom the load generator talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The upstream itself.
    Direct,
    /// nginx in front of it.
    Nginx,
    /// The gateway in front of it.
    Gateway,
}

impl Target {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Gateway => "gateway",
        }
    }
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// How.
    pub setting: Setting,
    /// By route.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Whose client asks.
    pub frontend: Vendor,
    /// Whose engine answers the gateway.
    pub backend: Vendor,
    /// Every run, in the order in which they were made.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The round, from 0.
    pub round: usize,
    /// Against whom.
    pub target: Target,
    /// Turns per second of the timetable; absent in the closed loop.
    pub rate: Option<u32>,
    /// Turns answered.
    pub turns: u64,
    /// Of these, answered with an error.
    pub errors: u64,
    /// Turns of the timetable that were not sent.
    pub unsent: u64,
    /// Turns per second that came about.
    pub per_second: f64,
    /// CPU time of the target per turn, user and system, in microseconds; absent for the
    /// upstream.
    pub cpu_us: Option<f64>,
    /// Requests that reached the upstream, per turn.
    pub upstream_requests: f64,
    /// From the moment that the timetable gives (closed loop: of sending) to the whole answer.
    pub latency_ms: Quantiles,
    /// How late the load generator itself was.
    pub lateness_ms: Quantiles,
}

/// Measures all routes.
///
/// # Errors
/// A server does not start, or the runs are full of errors.
pub async fn measure(extent: Extent) -> Result<Proxy> {
    let setting = Setting::of(extent);
    let sample = Sample::short();
    let upstream = Upstream::start(&sample)?;
    let nginx = nginx::start(upstream.address)?;
    let gateway = gateway::start(&ROUTES, upstream.address)?;
    let bench = Bench {
        setting,
        sample,
        upstream,
        nginx,
        gateway,
    };
    let mut routes = Vec::new();
    for (frontend, backend) in ROUTES {
        let runs = bench.route(frontend).await?;
        routes.push(Route {
            frontend,
            backend,
            runs,
        });
    }
    ensure!(
        bench.upstream.refused() == 0,
        "the upstream did not understand some requests"
    );
    Ok(Proxy {
        setting: bench.setting,
        routes,
    })
}

/// Puts load on the gateway alone, for a profiler to look at, and says what it costs.
///
/// # Errors
/// As [`measure`].
pub async fn profile(route: (Vendor, Vendor), rate: Option<u32>, lasts: Duration) -> Result<()> {
    let sample = Sample::short();
    let upstream = Upstream::start(&sample)?;
    let server = gateway::start(&[route], upstream.address)?;
    let mount = gateway::mount(route.0);
    let mut crowd = Crowd::open(server.address, &mount, route.0, 64, 640).await?;
    println!("process {}: {}", server.pid(), name_of(rate));
    let least_answer = sample.html.len();
    let load = Load {
        text: sample.question,
        least_answer,
        lasts,
        rate,
    };
    let before = server.cpu()?;
    let tally = crowd.run(&load).await?;
    let cpu = server.cpu()?.saturating_sub(before).as_secs_f64();
    check(&tally, Target::Gateway)?;
    let (turns, latency) = (tally.answered.max(1) as f64, Quantiles::of(&tally.latency));
    let speed = turns / tally.took.as_secs_f64();
    println!(
        "{speed:.0} turns/s, {:.1} µs of CPU time a turn, {latency:?}",
        cpu * 1e6 / turns
    );
    Ok(())
}

struct Bench {
    setting: Setting,
    sample: Sample,
    upstream: Upstream,
    nginx: Server,
    gateway: Server,
}

impl Bench {
    async fn route(&self, frontend: Vendor) -> Result<Vec<Run>> {
        let Setting {
            connections,
            conversations,
            ..
        } = self.setting;
        let mount = gateway::mount(frontend);
        let mut crowds = Vec::new();
        for target in [Target::Direct, Target::Nginx, Target::Gateway] {
            let address = match self.server(target) {
                Some(server) => server.address,
                None => self.upstream.address,
            };
            let crowd = Crowd::open(address, &mount, frontend, connections, conversations).await?;
            crowds.push((target, crowd));
        }
        let mut runs = Vec::new();
        let loads = std::iter::once(None).chain(self.setting.rates.iter().copied().map(Some));
        for rate in loads {
            eprintln!("  {} {}", frontend.name(), name_of(rate));
            for (target, crowd) in &mut crowds {
                // Warms up; not counted.
                self.run(*target, crowd, rate, Duration::from_millis(500))
                    .await?;
            }
            for round in 0..self.setting.rounds {
                for (target, crowd) in &mut crowds {
                    let lasts = Duration::from_secs(self.setting.seconds);
                    let run = self.run(*target, crowd, rate, lasts).await?;
                    runs.push(Run { round, ..run });
                }
                crowds.rotate_left(1);
            }
        }
        Ok(runs)
    }

    fn server(&self, target: Target) -> Option<&Server> {
        match target {
            Target::Direct => None,
            Target::Nginx => Some(&self.nginx),
            Target::Gateway => Some(&self.gateway),
        }
    }

    async fn run(
        &self,
        target: Target,
        crowd: &mut Crowd,
        rate: Option<u32>,
        lasts: Duration,
    ) -> Result<Run> {
        let text = self.sample.question.clone();
        let load = Load {
            text,
            least_answer: self.sample.html.len(),
            lasts,
            rate,
        };
        let server = self.server(target);
        let cpu_before = server.map(Server::cpu).transpose()?;
        let requests_before = self.upstream.requests();
        let tally = crowd.run(&load).await?;
        let requests = self.upstream.requests() - requests_before;
        let cpu_after = server.map(Server::cpu).transpose()?;
        check(&tally, target)?;
        let turns = tally.answered.max(1) as f64;
        let cpu = cpu_before
            .zip(cpu_after)
            .map(|(before, after)| after.saturating_sub(before));
        Ok(Run {
            round: 0,
            target,
            rate,
            turns: tally.answered,
            errors: tally.errors,
            unsent: tally.unsent,
            per_second: turns / tally.took.as_secs_f64(),
            cpu_us: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / turns),
            upstream_requests: requests as f64 / turns,
            latency_ms: Quantiles::of(&tally.latency),
            lateness_ms: Quantiles::of(&tally.lateness),
        })
    }
}

/// Some refusals under overload are a result; more of them make the numbers worthless.
pub(super) fn check(tally: &Tally, target: Target) -> Result<()> {
    let error = tally.error.as_deref().unwrap_or_default();
    let few = tally.errors * 100 <= tally.answered && tally.answered > 0;
    ensure!(
        few,
        "{}: {} of {} turns failed: {error}",
        target.name(),
        tally.errors,
        tally.answered
    );
    if tally.errors > 0 {
        eprintln!(
            "{}: {} of {} turns failed: {error}",
            target.name(),
            tally.errors,
            tally.answered
        );
    }
    Ok(())
}

/// How a load is called in reports.
pub fn name_of(rate: Option<u32>) -> String {
    rate.map_or_else(
        || "as fast as it goes".to_owned(),
        |rate| format!("{rate} turns/s"),
    )
}
