//! Processes under test: starting them, and what the kernel tells about them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A running server, ended on drop.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its files; gone with it.
    _directory: Directory,
}

impl Server {
    /// Starts a server and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, ends at once, or does not listen within 20 seconds.
    pub fn start(mut command: Command, address: SocketAddr, directory: Directory) -> Result<Self> {
        let log = directory.path.join("log");
        let output = fs::File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let mut server = Self {
            child,
            address,
            _directory: directory,
        };
        let begun = Instant::now();
        loop {
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            let ended = server.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > Duration::from_secs(20) {
                let log = fs::read_to_string(&log).unwrap_or_default();
                bail!("{command:?} does not listen ({ended:?}): {log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time of the process and its children so far, user and system.
    ///
    /// # Errors
    /// It is gone.
    pub fn cpu(&self) -> Result<Duration> {
        let pid = self.child.id();
        let mut ticks = stat(pid)?.ticks;
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(other) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // A process may end while the list is read.
            if let Ok(other) = stat(other)
                && other.parent == pid
            {
                ticks += other.ticks;
            }
        }
        let hz = rustix::param::clock_ticks_per_second().max(1);
        Ok(Duration::from_nanos(
            ticks.saturating_mul(1_000_000_000 / hz),
        ))
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// It is gone.
    pub fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx's master takes its workers along on SIGTERM only.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Stat {
    parent: u32,
    ticks: u64,
}

/// Reads `/proc/PID/stat`, see proc(5).
fn stat(pid: u32) -> Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = text.rsplit_once(") ").context("stat")?;
    let field = |at: usize| rest.split(' ').nth(at).context("stat");
    let (parent, user, system) = (field(1)?, field(11)?, field(12)?);
    Ok(Stat {
        parent: parent.parse()?,
        ticks: user.parse::<u64>()? + system.parse::<u64>()?,
    })
}

/// A directory of temporary files, removed on drop.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Makes one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let number = free_address()?.port();
        let name = format!("switchboard-bench-{}-{name}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// An address on this machine that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Lets this process and those that it starts have as many files open as the system allows.
///
/// # Errors
/// It does not allow `wanted`.
pub fn allow_files(wanted: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.map_or(wanted, |maximum| maximum.max(wanted));
    // Raising the hard limit needs a privilege; the present one may do.
    let raised = Rlimit {
        current: Some(maximum),
        maximum: Some(maximum),
    };
    if setrlimit(Resource::Nofile, raised).is_err() {
        let kept = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, kept)?;
    }
    match getrlimit(Resource::Nofile).current {
        Some(current) if current < wanted => bail!("{wanted} open files needed, {current} allowed"),
        _ => Ok(()),
    }
}
