use bytes::Bytes;
use http::Request;
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::fault::AuthProblem;

use crate::options::ApiToken;
use crate::server::Server;
use crate::server::access::{bearer, same};

impl Server {
    /// The token that a program shows and its place among ours, if it is one and still good. The
    /// keys of webchats are none.
    pub(super) fn api_token(
        &self,
        request: &Request<Bytes>,
        cx: &Cx<'_>,
    ) -> Result<(usize, &ApiToken), Fault> {
        let given = bearer(request)?;
        let mut found = None;
        // Every token is compared, so that the time does not tell which one was nearly right.
        for (place, token) in self.options.api.tokens.iter().enumerate() {
            if same(token.token.reveal(), given) {
                found = Some((place, token));
            }
        }
        let (place, token) = found.ok_or(Fault::Unauthorised(AuthProblem::Invalid))?;
        if token.expires.is_some_and(|end| end <= cx.now) {
            return Err(Fault::Unauthorised(AuthProblem::Expired));
        }
        Ok((place, token))
    }
}
