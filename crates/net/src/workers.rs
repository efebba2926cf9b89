//! The threads that serve clients' connections.
//!
//! A connection stays on one thread from its first byte to its last, and so do the requests to
//! engines that it leads to: a turn never waits for another thread to wake up. That costs half the
//! processor time of a runtime which moves tasks between threads, and asks for one thing only,
//! that no task computes for long.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing::warn;

/// The threads that serve clients' connections. Dropping it ends them, and with them the
/// connections that are still open.
pub struct Workers {
    workers: Vec<Worker>,
}

struct Worker {
    runtime: Handle,
    /// Connections that it serves.
    open: Arc<AtomicUsize>,
    thread: Option<Thread>,
}

struct Thread {
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

    /// No threads of its own: everything runs where the current task does.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn current() -> Self {
        let worker = Worker {
            runtime: Handle::current(),
            open: Arc::default(),
            thread: None,
        };
        Self {
            workers: vec![worker],
        }
    }

    /// Takes a seat on the thread that serves the fewest connections.
    pub(crate) fn seat(&self) -> Option<(&Handle, Seat)> {
        let worker = self
            .workers
            .iter()
            .min_by_key(|worker| worker.open.load(Ordering::Relaxed))?;
        worker.open.fetch_add(1, Ordering::Relaxed);
        Some((&worker.runtime, Seat(Arc::clone(&worker.open))))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let threads: Vec<_> = self
            .workers
            .iter_mut()
            .filter_map(|worker| worker.thread.take())
            .collect();
        let mut joins = Vec::new();
        for Thread { stop, join } in threads {
            // It may have ended by itself.
            let _ = stop.send(());
            joins.push(join);
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
            thread: Some(Thread { stop, join }),
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
