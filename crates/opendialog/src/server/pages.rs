//! The webchat's own pages and files: `docs/protocols/opendialog.md#1-endpoint-summary-g1` and
//! `docs/protocols/opendialog.md#51-load-order-iframe-embedding-source-code`.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use switchboard_core::dialect::Cx;

use super::{Handling, Server};
use crate::error;

/// Whom the full page is opened for.
#[allow(dead_code)]
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    /// The user, if the page is opened for a certain one.
    pub(super) user_id: Option<String>,
    /// The scenario to run.
    pub(super) scenario: Option<String>,
    /// Further facts for `user`, by the vendor's names.
    pub(super) facts: Map<String, Value>,
}

impl Server {
    /// The answer to a request for a page or a file, if the path is one of theirs.
    pub(super) fn page(
        &self,
        request: &Request<Bytes>,
        path: &str,
        cx: &Cx<'_>,
    ) -> Option<Handling> {
        let _ = (request, path, cx);
        None
    }

    /// The full-page chat for a visitor. Only where `pages.full_page` is set. `up` leads from the
    /// page's address to the frontend's base, such as `../` for a page that is one folder deeper.
    pub(super) fn full_page(
        &self,
        request: &Request<Bytes>,
        visitor: &Visitor,
        up: &str,
    ) -> Response<Bytes> {
        let _ = (request, visitor, up);
        error::text(StatusCode::NOT_FOUND, "Not Found\n")
    }
}
