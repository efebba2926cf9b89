//! Questions to the transcripts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use switchboard_core::Fault;
use switchboard_core::dialect::{Consult, TranscriptPage, TranscriptQuery};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::error;

use super::Shared;
use super::http::{refuse, store_failed};
use super::mount::Mounted;

/// How many questions are worked on at a time: each may need much memory.
pub(super) const AT_A_TIME: usize = 3;

/// How long a question waits for its turn, and when to ask again after that.
const BUSY: Duration = Duration::from_secs(2);

/// Encoding more lines than this would keep other clients waiting.
const FEW: usize = 500;

/// Looks for what was said, and answers with it.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    mount: &Mounted,
    consult: Consult,
) -> Response<Bytes> {
    let wanted = Arc::clone(&shared.consults).acquire_owned();
    let Ok(Ok(place)) = timeout(BUSY, wanted).await else {
        let retry_after = Some(BUSY);
        let fault = Fault::RateLimited { retry_after };
        mount.meters.rejected(&fault);
        return (consult.finish)(Err(fault), &shared.cx());
    };
    let found = look(shared, mount, &consult.query).await;
    if let Err(fault) = &found {
        mount.meters.rejected(fault);
    }
    let finish = consult.finish;
    if found.as_ref().map_or(0, lines) <= FEW {
        return finish(found, &shared.cx());
    }
    let shared = Arc::clone(shared);
    // The place is taken until the answer is written, even if nobody waits for it any more.
    let encode = move || {
        let _place = place;
        finish(found, &shared.cx())
    };
    match spawn_blocking(encode).await {
        Ok(response) => response,
        Err(broken) => {
            let frontend = mount.meters.frontend();
            error!(frontend, %broken, "an answer of transcripts failed");
            refuse(mount, &Fault::Internal)
        }
    }
}

async fn look(
    shared: &Shared,
    mount: &Mounted,
    query: &TranscriptQuery,
) -> Result<TranscriptPage, Fault> {
    let found = shared.exchange.transcripts().query(query).await;
    found.map_err(|failed| store_failed(mount, &failed, "transcripts cannot be read"))
}

fn lines(page: &TranscriptPage) -> usize {
    page.users.iter().map(|user| user.lines.len()).sum()
}
