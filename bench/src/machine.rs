//! Where and of what numbers were taken.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gateway;

/// The machine and the versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// How many of its cores there are.
    pub cores: usize,
    /// Memory in GiB.
    pub memory_gib: u64,
    /// Kernel release.
    pub kernel: String,
    /// `rustc --version`.
    pub rustc: String,
    /// `nginx -v`.
    pub nginx: String,
    /// The commit, with `+` if files differ from it.
    pub commit: String,
    /// How busy the processors were with other things in the second before, in percent.
    pub busy_percent: u64,
}

impl Machine {
    /// This one. Takes a second, in which the caller should do nothing.
    pub fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory_kib: u64 = value(&meminfo, "MemTotal").parse().unwrap_or_default();
        let changed = !run("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let commit = run("git", &["rev-parse", "--short", "HEAD"]);
        Self {
            cpu: value(&cpuinfo, "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: memory_kib >> 20,
            kernel: run("uname", &["-sr"]),
            rustc: run("rustc", &["--version"]),
            nginx: run("nginx", &["-v"]),
            busy_percent: busy_percent(),
            commit: format!("{commit}{}", if changed { "+" } else { "" }),
        }
    }
}

fn busy_percent() -> u64 {
    let (busy, all) = ticks();
    std::thread::sleep(Duration::from_secs(1));
    let (busy_later, all_later) = ticks();
    let all = all_later.saturating_sub(all).max(1);
    busy_later.saturating_sub(busy) * 100 / all
}

/// Clock ticks of all processors, busy and in all; see `/proc/stat` in proc(5).
fn ticks() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or_default();
    let ticks = first
        .split_whitespace()
        .skip(1)
        .take(8)
        .map(|ticks| ticks.parse().unwrap_or(0));
    ticks
        .enumerate()
        .fold((0, 0), |(busy, all), (column, ticks)| match column {
            // Idle, and idle with input or output under way.
            3 | 4 => (busy, all + ticks),
            _ => (busy + ticks, all + ticks),
        })
}

/// The value of the first line `key: value`, without a unit.
fn value(text: &str, key: &str) -> String {
    let line = text
        .lines()
        .find(|line| line.starts_with(key))
        .unwrap_or_default();
    let value = line
        .split_once(':')
        .map(|(_, value)| value.trim())
        .unwrap_or_default();
    value.trim_end_matches(" kB").to_owned()
}

/// What a command prints, on whichever stream; nothing if it cannot be run.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(gateway::root())
        .output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        return String::new();
    };
    let stream = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    String::from_utf8_lossy(&stream).trim().to_owned()
}
