//! What a host counts.

use std::sync::Arc;

use metrics::Gauge;
use switchboard_core::Fault;

/// One frontend's counters.
pub(super) struct Meters {
    frontend: Arc<str>,
}

impl Meters {
    pub(super) fn new(frontend: String) -> Self {
        Self {
            frontend: frontend.into(),
        }
    }

    /// The frontend's name.
    pub(super) fn frontend(&self) -> &str {
        &self.frontend
    }

    /// A request or a frame was refused.
    pub(super) fn rejected(&self, fault: &Fault) {
        metrics::counter!(
            "switchboard_rejected_total",
            "frontend" => Arc::clone(&self.frontend),
            "reason" => fault.reason()
        )
        .increment(1);
    }
}

/// Counts open websockets for as long as it lives.
pub(crate) struct OpenSocket(Gauge);

impl OpenSocket {
    /// `side` is `frontend` for a client's socket, `backend` for one to an engine.
    pub(crate) fn new(side: &'static str) -> Self {
        let gauge = metrics::gauge!("switchboard_websockets", "side" => side);
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
