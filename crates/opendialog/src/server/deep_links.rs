//! Deep links: `docs/protocols/opendialog.md#62-post-apigenerate-webchat-deeplink` and
//! `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.

use bytes::Bytes;
use http::Request;
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;

use super::{Handling, Server, refusal};

impl Server {
    /// Makes links for a set of users.
    pub(super) fn generate_links(
        &self,
        request: &Request<Bytes>,
        path: &str,
        cx: &Cx<'_>,
    ) -> Handling {
        let _ = (request, path, cx);
        Err(refusal(Fault::NotFound))
    }

    /// Opens the chat page that a link leads to. `code` is what follows `l/`.
    pub(super) fn open_link(&self, request: &Request<Bytes>, code: &str, cx: &Cx<'_>) -> Handling {
        let _ = (request, code, cx);
        Err(refusal(Fault::NotFound))
    }
}
