//! What a turn costs in CPU time with a hundred open conversations and with a hundred thousand.
//!
//! Two gateways run side by side, one with few and one with many conversations, and take turns
//! under the same load, so that a change of the machine's mood meets both.

use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::proxy::{Target, check};
use super::{Extent, median};
use crate::gateway;
use crate::load::Load;
use crate::process::Server;
use crate::vendor::Vendor;
use crate::visitors::Crowd;

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Many {
    /// Open conversations of the first gateway.
    pub few: usize,
    /// Open conversations of the second gateway.
    pub many: usize,
    /// Turns per second, at conversations picked at random.
    pub rate: u32,
    /// How long a run takes, in seconds.
    pub seconds: u64,
    /// CPU microseconds per turn in each round: with few, with many.
    pub rounds: Vec<(f64, f64)>,
    /// Resident bytes of the gateway with many, after the last round.
    pub resident: u64,
}

impl Many {
    /// How much more a turn costs with many conversations, as a factor: the median over rounds.
    pub fn factor(&self) -> f64 {
        median(self.rounds.iter().map(|(few, many)| many / few))
    }
}

const CONNECTIONS: usize = 64;

/// Measures with the embedded engine behind the OpenDialog frontend.
///
/// # Errors
/// A gateway does not start, or turns fail.
pub async fn measure(extent: Extent) -> Result<Many> {
    let (few, many, rounds, seconds) = match extent {
        Extent::Full => (100, 100_000, 9, 4),
        Extent::Quick => (100, 5_000, 2, 1),
    };
    let rate = 2_000;
    let (small, large) = (Side::open(few).await?, Side::open(many).await?);
    let (mut small, mut large) = (small, large);
    let lasts = Duration::from_secs(seconds);
    small.run(rate, lasts).await?;
    large.run(rate, lasts).await?;
    let mut measured = Vec::new();
    for round in 0..rounds {
        // Whoever goes second finds the machine warm: take turns in that, too.
        let pair = if round % 2 == 0 {
            let few = small.run(rate, lasts).await?;
            (few, large.run(rate, lasts).await?)
        } else {
            let many = large.run(rate, lasts).await?;
            (small.run(rate, lasts).await?, many)
        };
        measured.push(pair);
    }
    let resident = large.server.resident()?;
    Ok(Many {
        few,
        many,
        rate,
        seconds,
        rounds: measured,
        resident,
    })
}

struct Side {
    server: Server,
    crowd: Crowd,
}

impl Side {
    async fn open(conversations: usize) -> Result<Self> {
        let server = gateway::start_scripted(Vendor::OpenDialog)?;
        let mount = gateway::mount(Vendor::OpenDialog);
        let crowd = Crowd::open(
            server.address,
            &mount,
            Vendor::OpenDialog,
            CONNECTIONS,
            conversations,
        )
        .await?;
        Ok(Self { server, crowd })
    }

    /// CPU microseconds per turn.
    async fn run(&mut self, rate: u32, lasts: Duration) -> Result<f64> {
        let text = "thanks".to_owned();
        let load = Load {
            text,
            least_answer: 10,
            lasts,
            rate: Some(rate),
        };
        let before = self.server.cpu()?;
        let tally = self.crowd.run(&load).await?;
        let spent = self.server.cpu()?.saturating_sub(before);
        check(&tally, Target::Gateway)?;
        Ok(spent.as_secs_f64() * 1e6 / tally.answered.max(1) as f64)
    }
}
