//! The APIs for programs: `docs/protocols/opendialog.md#6-legacy-external-apis` and
//! `docs/protocols/opendialog.md#7-public-apis-current`.

mod token;

use bytes::Bytes;
use http::Request;
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;

use super::{Handling, Server, refusal};

impl Server {
    /// Answers a request below `api/` or `public/api/`.
    pub(super) fn api(&self, request: &Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handling {
        self.api_token(request, cx).map_err(refusal)?;
        match path {
            "api/generate-webchat-deeplink" | "public/api/generate-webchat-deep-link" => {
                self.generate_links(request, path, cx)
            }
            _ => Err(refusal(Fault::NotFound)),
        }
    }
}
