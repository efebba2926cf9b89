//! Values that frontends keep until a moment, and find again by a key.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::dialect::{Handled, Keep};
use switchboard_store::StoreError;
use tokio::time::sleep;
use tracing::{debug, error};

use super::Shared;
use super::http::store_failed;
use super::mount::Mounted;

/// How many values one request may lead to, one after the other.
const STEPS: usize = 4;

/// What is said of a store that fails.
const FAILED: &str = "a value cannot be kept or found";

/// How often the values are forgotten whose time is over. Nobody sees them in the meantime.
const SWEEP: Duration = Duration::from_hours(1);

/// Keeps what a frontend wants kept.
pub(super) async fn answer(shared: &Shared, mount: &Mounted, keep: Keep) -> Response<Bytes> {
    let frontend = mount.meters.frontend();
    let mut kept = shared.values.keep(frontend, &keep.values).await;
    if matches!(kept, Err(StoreError::Full)) {
        // There may be place again without what nobody finds any more.
        kept = match shared.values.forget(shared.clock.now()).await {
            Ok(()) => shared.values.keep(frontend, &keep.values).await,
            failed => failed,
        };
    }
    let kept = kept.map_err(|error| {
        let fault = store_failed(mount, &error, FAILED);
        mount.meters.rejected(&fault);
        fault
    });
    (keep.finish)(kept, &shared.cx())
}

/// Looks up what a frontend asks for until it says what it makes of it.
pub(super) async fn looked_up(shared: &Shared, mount: &Mounted, mut handled: Handled) -> Handled {
    let frontend = mount.meters.frontend();
    for _ in 0..STEPS {
        let Handled::LookUp(wanted) = handled else {
            return handled;
        };
        let found = shared
            .values
            .get(frontend, &wanted.key, shared.clock.now())
            .await;
        let found = found.map_err(|error| store_failed(mount, &error, FAILED));
        handled = (wanted.then)(found, &shared.cx());
    }
    if matches!(handled, Handled::LookUp(_)) {
        error!(frontend, "a request leads from value to value without end");
        let fault = Fault::Internal;
        let response = mount.frontend.encode_fault(&fault);
        return Handled::Refuse(fault, response);
    }
    handled
}

/// Forgets values whose time is over, now and then. Runs until the host ends.
pub(super) async fn sweep(shared: Weak<Shared>) {
    loop {
        let Some(host) = shared.upgrade() else {
            return;
        };
        if let Err(error) = host.values.forget(host.clock.now()).await {
            debug!(%error, "cannot forget what is over");
        }
        drop(host);
        sleep(SWEEP).await;
    }
}
