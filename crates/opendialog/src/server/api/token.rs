use bytes::Bytes;
use http::Request;
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::fault::AuthProblem;

use crate::options::ApiToken;
use crate::server::Server;
use crate::server::access::{bearer, same};

impl Server {
    /// The token that a program shows, if it is one of ours and still good.
    pub(in crate::server) fn api_token(
        &self,
        request: &Request<Bytes>,
        cx: &Cx<'_>,
    ) -> Result<&ApiToken, Fault> {
        let given = bearer(request)?;
        let mut found = None;
        // Every token is compared, so that the time does not tell which one was nearly right.
        for token in &self.options.api.tokens {
            if same(token.token.reveal(), given) {
                found = Some(token);
            }
        }
        let token = found.ok_or(Fault::Unauthorised(AuthProblem::Invalid))?;
        if token.expires.is_some_and(|end| end <= cx.now) {
            return Err(Fault::Unauthorised(AuthProblem::Expired));
        }
        Ok(token)
    }
}
