//! The APIs for programs: `docs/protocols/opendialog.md#6-legacy-external-apis` and
//! `docs/protocols/opendialog.md#7-public-apis-current`.
//!
//! What they give comes from the transcripts of all conversations, whichever engine answered and
//! whichever dialect the client spoke.

mod export;
mod interactions;
mod limits;
mod parameters;
mod people;
mod period;
mod token;

use bytes::Bytes;
use http::{Method, Request};
use switchboard_core::Fault;
use switchboard_core::dialect::{Consult, Cx, Handled};

use super::{Handling, Server, only, refusal};
use crate::options::ApiToken;
use limits::Budget;

pub(super) use limits::Limits;

const LEGACY_INTERACTIONS: &str = "api/user-interactions";
const INTERACTIONS: &str = "public/api/user-interactions";
const EXPORT: &str = "public/api/user-data-export";
pub(super) const LEGACY_LINKS: &str = "api/generate-webchat-deeplink";
const LINKS: &str = "public/api/generate-webchat-deep-link";

/// The most lines that one answer is made of. There is no page of interactions to leave the rest to,
/// and no user is ever given by half.
const LINES: usize = 100_000;

impl Server {
    /// Answers a request below `api/` or `public/api/`.
    pub(super) fn api(&self, request: &Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handling {
        let (place, token) = self.api_token(request, cx).map_err(refusal)?;
        let budget = if path == EXPORT {
            Budget::Exports
        } else {
            Budget::All
        };
        let standing = self.limits.take(place, budget, cx.now)?;
        let handled = self
            .endpoint(request, path, token, cx)
            .unwrap_or_else(|(fault, response)| Handled::Refuse(fault, response));
        Ok(standing.mark(handled))
    }

    fn endpoint(
        &self,
        request: &Request<Bytes>,
        path: &str,
        token: &ApiToken,
        cx: &Cx<'_>,
    ) -> Handling {
        match path {
            LEGACY_INTERACTIONS | INTERACTIONS | EXPORT => {
                only(request.method(), &[Method::GET])?;
                let query = request.uri().query().unwrap_or_default();
                match path {
                    LEGACY_INTERACTIONS => interactions::legacy(query, token),
                    INTERACTIONS => interactions::public(query, token),
                    _ => export::export(query, token, &self.options),
                }
            }
            LEGACY_LINKS | LINKS => self.generate_links(request, path, cx),
            _ => Err(refusal(Fault::NotFound)),
        }
    }
}

/// Whether deep links are asked for at this path.
pub(super) fn makes_links(path: &str) -> bool {
    matches!(path, LEGACY_LINKS | LINKS)
}

fn consult(consult: Consult) -> Handled {
    Handled::Consult(Box::new(consult))
}
