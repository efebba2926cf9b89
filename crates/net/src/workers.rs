//! The threads that serve clients' connections.
//!
//! A connection stays on one thread from its first byte to its last, and the HTTP requests to
//! engines that it leads to are sent from there: a turn need not wait for another thread to wake up.
//! That saves much of the processor time of a runtime which moves tasks between threads, and asks
//! for one thing only, that no task computes for long.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing::warn;

/// The threads that serve clients' connections. Dropping it ends them, and with them the
/// connections that are still open. The default is none: connections are served where the host runs.
#[derive(Default)]
pub struct Workers {
    workers: Vec<Worker>,
}

struct Worker {
    runtime: Handle,
    /// Connections that it serves.
    open: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    join: JoinHandle<()>,
}

impl Workers {
    /// Starts this many threads, at least one.
    ///
    /// # Errors
    /// The system refuses a thread or an event queue.
    pub fn start(threads: usize) -> io::Result<Self> {
        let workers = (0..threads.max(1))
            .map(Worker::start)
            .collect::<Result<_, _>>()?;
        Ok(Self { workers })
    }

    /// Takes a seat on the thread that serves the fewest connections; without threads, the current
    /// runtime serves them all.
    pub(crate) fn seat(&self) -> (Handle, Option<Seat>) {
        let fewest = self
            .workers
            .iter()
            .min_by_key(|worker| worker.open.load(Ordering::Relaxed));
        let Some(worker) = fewest else {
            return (Handle::current(), None);
        };
        worker.open.fetch_add(1, Ordering::Relaxed);
        (worker.runtime.clone(), Some(Seat(Arc::clone(&worker.open))))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut joins = Vec::new();
        for worker in self.workers.drain(..) {
            // It may have ended by itself.
            let _ = worker.stop.send(());
            joins.push(worker.join);
        }
        for join in joins {
            if join.join().is_err() {
                warn!("a thread that served connections panicked");
            }
        }
    }
}

impl Worker {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let join = thread::Builder::new()
            .name(format!("connections-{number}"))
            .spawn(move || {
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Self {
            runtime: handle,
            open: Arc::default(),
            stop,
            join,
        })
    }
}

/// One connection's place on a thread; dropping it leaves the place.
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
