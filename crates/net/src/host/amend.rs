//! Changes of what a frontend lets its administrators change at runtime.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::dialect::Amend;
use switchboard_store::{StoreError, next_version};
use tokio::time::sleep;
use tracing::{debug, error};

use super::Shared;
use super::http::{refuse, store_failed};
use super::mount::Mounted;

/// How often a change is tried that others are faster than.
const TRIES: usize = 16;

/// How long who was never the fastest waits before trying again.
const PAUSE: Duration = Duration::from_secs(1);

/// The store is not asked for changes more often than this.
const OFTEN: Duration = Duration::from_millis(100);

type Refusal = (Fault, Response<Bytes>);

/// Changes what is kept of a frontend, and puts it in force.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    mount: &Arc<Mounted>,
    amend: Amend,
) -> Response<Bytes> {
    let work = change(Arc::clone(shared), Arc::clone(mount), amend);
    // A task of its own: what is kept comes into force, even if the client goes away meanwhile.
    match tokio::spawn(work).await {
        Ok(Ok(response)) => response,
        Ok(Err((fault, response))) => {
            mount.meters.rejected(&fault);
            response
        }
        Err(broken) => {
            error!(frontend = mount.meters.frontend(), %broken, "a change failed");
            refuse(mount, &Fault::Internal)
        }
    }
}

async fn change(
    shared: Arc<Shared>,
    mount: Arc<Mounted>,
    amend: Amend,
) -> Result<Response<Bytes>, Refusal> {
    let refusal = |fault: Fault| {
        let response = mount.frontend.encode_fault(&fault);
        (fault, response)
    };
    let failed =
        |error: &StoreError| refusal(store_failed(&mount, error, "a change cannot be kept"));
    let name = mount.meters.frontend();
    for _ in 0..TRIES {
        let kept = shared.documents.load(name).await;
        let kept = kept.map_err(|error| failed(&error))?;
        let version = kept.as_ref().map(|document| document.version);
        let amended = amend(kept.map(|document| document.value), &shared.cx())?;
        let now = shared.clock.now();
        let swapped = shared.documents.swap(name, version, &amended.document, now);
        let swapped = swapped.await;
        if swapped.map_err(|error| failed(&error))? {
            mount
                .adopt(next_version(version), &amended.document)
                .map_err(refusal)?;
            return Ok(amended.response);
        }
    }
    Err(refusal(Fault::RateLimited {
        retry_after: Some(PAUSE),
    }))
}

/// Puts in force what other processes change, and what has been kept although the store seemed not
/// to answer. Runs until the host ends.
pub(super) async fn follow(shared: Weak<Shared>, every: Duration) {
    let every = every.max(OFTEN);
    loop {
        sleep(every).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        for mount in shared.mounts.all() {
            let name = mount.meters.frontend();
            match shared.documents.newer(name, mount.version()).await {
                Ok(None) => {}
                // A frontend that cannot read it has said so, and stays as it was.
                Ok(Some(newer)) => drop(mount.adopt(newer.version, &newer.value)),
                Err(error) => debug!(frontend = name, %error, "cannot look for changes"),
            }
        }
    }
}
