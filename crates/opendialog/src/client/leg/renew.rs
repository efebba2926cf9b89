//! A second try of what the engine refused for want of a fresh anti-forgery token.
//!
//! Such a token comes in a cookie with the configuration, which the vendor's client asks for before
//! anything else. A leg asks for it only when it is needed: most engines want none.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use switchboard_core::dialect::{LegOutput, TransportFault};

use super::{LOOK_TIMEOUT, OpenDialogLeg, Pending};
use crate::client::request::Speaker;

/// What is kept of a request until it is known that it need not be repeated.
#[derive(Debug, Default)]
pub(super) enum Spare {
    /// It may be repeated.
    Unused(Box<Request<Bytes>>),
    /// It will be, once the configuration has come.
    Waiting(Box<Request<Bytes>>),
    /// It will not be.
    #[default]
    None,
}

/// The vendor's framework says so of a token that is missing, or too old.
fn wants_token(result: &Result<Response<Bytes>, TransportFault>) -> bool {
    let expired = StatusCode::from_u16(419);
    expired.is_ok_and(|expired| {
        result
            .as_ref()
            .is_ok_and(|response| response.status() == expired)
    })
}

impl OpenDialogLeg {
    /// Tries again, if that may help. Gives whether the request is still under way.
    pub(super) fn renew(
        &mut self,
        pending: &mut Pending,
        result: &Result<Response<Bytes>, TransportFault>,
        output: &mut LegOutput,
    ) -> bool {
        let spare = std::mem::take(&mut pending.spare);
        if let (Spare::Unused(_) | Spare::Waiting(_), Ok(response)) = (&spare, result) {
            self.state.cookies.keep(response.headers());
        }
        match spare {
            Spare::Unused(request) if wants_token(result) => {
                let speaker = Speaker {
                    site: &self.site,
                    user_id: self.state.user_id.as_deref().unwrap_or_default(),
                    cookies: &self.state.cookies,
                };
                let Ok(configuration) = speaker.configuration() else {
                    return false;
                };
                pending.call = self.call(configuration, LOOK_TIMEOUT, output);
                pending.spare = Spare::Waiting(request);
                true
            }
            Spare::Waiting(mut request) => {
                self.state.cookies.renew(request.headers_mut());
                pending.call = self.call(*request, self.site.options.timeout, output);
                true
            }
            Spare::Unused(_) | Spare::None => false,
        }
    }
}
