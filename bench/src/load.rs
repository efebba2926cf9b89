//! The load generator: turns in a closed loop, as fast as answers come, or in an open loop at a
//! fixed rate.
//!
//! In the open loop every connection has its own timetable, fixed before the first request. The
//! latency of a turn counts from the moment at which the timetable wants it sent, however late it
//! was: a server that stalls is not spared the requests that had to wait (no "coordinated
//! omission").

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::connection::Reply;
use crate::pace::Pace;
use crate::vendor::Ids;
use crate::visitors::{Crowd, Member};

/// What to do with a crowd.
#[derive(Debug, Clone)]
pub struct Load {
    /// What every user says.
    pub text: String,
    /// An answer with a smaller body is an error.
    pub least_answer: usize,
    /// For how long.
    pub lasts: Duration,
    /// Turns per second over all connections; absent: as many as go.
    pub rate: Option<u32>,
}

/// What came of it.
#[derive(Debug)]
pub struct Tally {
    /// Turns answered.
    pub answered: u64,
    /// Of these, turns answered with an error.
    pub errors: u64,
    /// One of the errors.
    pub error: Option<String>,
    /// Turns of the timetable that were not sent, for the server fell too far behind.
    pub unsent: u64,
    /// How long it took.
    pub took: Duration,
    /// Latencies in nanoseconds.
    pub latency: Histogram<u64>,
    /// How late requests were sent though their connection was free, in nanoseconds: the load
    /// generator's own share of the latency.
    pub lateness: Histogram<u64>,
}

impl Tally {
    fn new() -> Result<Self> {
        // Up to a minute, to three digits.
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
        Ok(Self {
            answered: 0,
            errors: 0,
            error: None,
            unsent: 0,
            took: Duration::ZERO,
            latency: histogram.clone(),
            lateness: histogram,
        })
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.answered += other.answered;
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
        self.unsent += other.unsent;
        self.latency.add(&other.latency)?;
        self.lateness.add(&other.lateness)?;
        Ok(())
    }

    fn take(&mut self, reply: &Reply, latency: Duration, load: &Load) {
        self.answered += 1;
        self.latency.saturating_record(nanoseconds(latency));
        if reply.status >= 300 || reply.body.len() < load.least_answer {
            self.errors += 1;
            let text = String::from_utf8_lossy(&reply.body);
            self.error = Some(format!("{}: {text:.300}", reply.status));
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

impl Crowd {
    /// Puts the load on the server.
    ///
    /// # Errors
    /// A connection breaks. Answers that are errors are counted.
    pub async fn run(&mut self, load: &Load) -> Result<Tally> {
        let mut tasks = JoinSet::new();
        let count = u32::try_from(self.members.len())?;
        let begun = Instant::now() + Duration::from_millis(20);
        for (number, member) in (0..count).zip(std::mem::take(&mut self.members)) {
            let (load, mount, ids) = (load.clone(), self.mount.clone(), self.ids.clone());
            tasks.spawn(async move {
                let every = load
                    .rate
                    .map(|rate| Duration::from_secs(count.into()) / rate.max(1));
                let task = Task {
                    member,
                    load: &load,
                    mount: &mount,
                    ids: &ids,
                };
                match every {
                    None => task.closed(begun).await,
                    // The connections take turns.
                    Some(every) => task.open(begun + every * number / count, every).await,
                }
            });
        }
        let mut tally = Tally::new()?;
        while let Some(done) = tasks.join_next().await {
            let (member, part) = done??;
            self.members.push(member);
            tally.add(part)?;
        }
        tally.took = begun.elapsed();
        Ok(tally)
    }
}

struct Task<'a> {
    member: Member,
    load: &'a Load,
    mount: &'a str,
    ids: &'a Ids,
}

impl Task<'_> {
    fn request(&mut self) -> Result<Vec<u8>> {
        let visitor = self.member.pick().context("a connection without users")?;
        Ok(visitor.say(&self.load.text, self.ids).to_bytes(self.mount))
    }

    async fn closed(mut self, begun: Instant) -> Result<(Member, Tally)> {
        let mut tally = Tally::new()?;
        while begun.elapsed() < self.load.lasts {
            let request = self.request()?;
            let sent = Instant::now();
            let reply = self.member.connection.exchange(&request).await?;
            tally.take(&reply, sent.elapsed(), self.load);
        }
        Ok((self.member, tally))
    }

    async fn open(mut self, first: Instant, every: Duration) -> Result<(Member, Tally)> {
        let mut tally = Tally::new()?;
        let mut pace = Pace::new()?;
        let end = first + self.load.lasts;
        // Time to catch up, but not for ever.
        let give_up = end + self.load.lasts / 2;
        let mut wanted = first;
        while wanted < end {
            if Instant::now() > give_up {
                tally.unsent += 1;
                wanted += every;
                continue;
            }
            let request = self.request()?;
            let free = Instant::now() <= wanted;
            pace.until(wanted).await?;
            if free {
                tally
                    .lateness
                    .saturating_record(nanoseconds(wanted.elapsed()));
            }
            let reply = self.member.connection.exchange(&request).await?;
            tally.take(&reply, wanted.elapsed(), self.load);
            wanted += every;
        }
        Ok((self.member, tally))
    }
}
