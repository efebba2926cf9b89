//! How users prove who they are, and pages that they are ours:
//! `docs/protocols/opendialog.md#9-authentication-of-chat-users`.
//!
//! Nothing is kept of who got which cookie. That a user id was taken is told by its conversation:
//! who comes without the cookie where it is asked for only gets one that is nobody's yet, and the
//! cookie with it. The older generations know no cookie, but where it is asked for they would be a
//! way around it, so they are asked as well; only their configuration, which the host page fetches
//! from another site and which tells nothing of what was said, is left open.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Cx, Find, Handled, Operation};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::Profile;

use super::access::{generation, words};
use super::cookies::{self, Reader};
use super::place::Place;
use super::tokens::{Purpose, Tokens};
use super::{Handling, Server, call};
use crate::error;
use crate::options::{Anonymous, Generation};
use crate::wire::error::{Invalid, Problem};
use crate::wire::user_id;

/// The cookie of an anonymous user.
pub(super) const USER_COOKIE: &str = "opendialog_anonymous_authentication_token";
/// The cookie that is repeated in [`CSRF_HEADER`].
pub(super) const CSRF_COOKIE: &str = "XSRF-TOKEN";
const CSRF_HEADER: &str = "x-xsrf-token";
/// What the webchat sends of the page's `csrf-token` meta tag.
const PAGE_HEADER: &str = "x-csrf-token";

/// As long as browsers keep a cookie at the most.
const USER_LIFETIME: Duration = Duration::from_secs(400 * 86_400);
/// A page may be open for long, but not forever.
const PAGE_LIFETIME: Duration = Duration::from_secs(7 * 86_400);

/// Whose request it is, and what is asked and given in return.
struct Speaker {
    tokens: Arc<Tokens>,
    place: Place,
    user_id: String,
    /// Shows the user's cookie.
    proven: bool,
    /// Is to get one with the answer.
    gets_cookie: bool,
    /// Is to get a token against forged requests with the answer.
    gets_csrf: bool,
    /// Takes an id that must be nobody's yet.
    claims: bool,
}

impl Server {
    /// Sees to it that nobody speaks for a user who may not, and that whoever is new gets what
    /// proves it next time.
    pub(super) fn guard(
        &self,
        request: &Request<Bytes>,
        path: &str,
        handled: Handled,
        cx: &Cx<'_>,
    ) -> Handling {
        let Handled::Call(mut asked) = handled else {
            return Ok(handled);
        };
        let (Find::Existing(user_id) | Find::Continue(user_id)) = &asked.target.find else {
            return Ok(Handled::Call(asked));
        };
        if let Some(problem) = user_id::problem(user_id) {
            return Err(error::invalid(&Invalid::one("user_id", problem)));
        }
        let generation = generation(path);
        let users = &self.options.users;
        let is_required = users.anonymous == Anonymous::Require;
        if generation != Generation::Three && !is_required && !users.csrf {
            return Ok(Handled::Call(asked));
        }
        let is_configuration = path == "chat-api/configuration" || path.ends_with("-config");
        let is_third = generation == Generation::Three;
        let user_id = user_id.clone();
        let place = self.place(request, path);
        let proven = users.anonymous != Anonymous::Off
            && self.shows(request.headers(), &place, &user_id, cx);
        if request.method() == Method::POST && users.csrf && !is_configuration {
            self.check_forgery(request.headers(), &place, &user_id, cx)?;
        }
        let is_open = is_configuration && !is_third;
        let speaks = matches!(asked.target.find, Find::Continue(_));
        let speaker = Speaker {
            gets_cookie: !proven
                && match users.anonymous {
                    Anonymous::Off => false,
                    Anonymous::Offer => is_third && (speaks || is_configuration),
                    // Only whoever takes an id gets its cookie: one for an id that is still free
                    // would open the conversation of whoever takes it later.
                    Anonymous::Require => speaks,
                },
            gets_csrf: users.csrf
                && is_third
                && !self.repeats(request.headers(), &place, &user_id, cx),
            tokens: Arc::clone(&self.tokens),
            place,
            user_id,
            proven,
            claims: false,
        };
        if is_required && !speaker.proven {
            if !is_open {
                return Ok(speaker.of_a_stranger(*asked));
            }
            asked.profile = Profile::default();
        }
        Ok(speaker.credited(*asked))
    }

    /// Whether a request shows the cookie of a user.
    fn shows(&self, headers: &HeaderMap, place: &Place, user_id: &str, cx: &Cx<'_>) -> bool {
        let name = place.name();
        cookies::values(headers, USER_COOKIE).any(|token| {
            let whose = (name.as_str(), user_id);
            self.tokens.is_good(&token, Purpose::User, whose, cx)
        })
    }

    /// Refuses what another site's page may have sent.
    ///
    /// Either the page's token comes back in a header, which only a page of this host could read;
    /// or the token of the cookie does, which is signed for the user, so that a cookie that was set
    /// from a neighbouring host is worth nothing.
    pub(super) fn check_forgery(
        &self,
        headers: &HeaderMap,
        place: &Place,
        user_id: &str,
        cx: &Cx<'_>,
    ) -> Result<(), (Fault, Response<Bytes>)> {
        if self.comes_from_a_page(headers, place, cx) || self.repeats(headers, place, user_id, cx) {
            return Ok(());
        }
        let status = StatusCode::from_u16(419).unwrap_or(StatusCode::FORBIDDEN);
        let problem = Problem::new("CSRF token mismatch.");
        Err((Fault::Forbidden, error::json(status, &problem)))
    }

    /// Whether a request has the token of one of our pages, and no browser says that it comes from
    /// elsewhere.
    fn comes_from_a_page(&self, headers: &HeaderMap, place: &Place, cx: &Cx<'_>) -> bool {
        let is_ours = words(headers, "sec-fetch-site").is_none_or(|site| site == "same-origin");
        let name = place.name();
        is_ours
            && words(headers, PAGE_HEADER).is_some_and(|token| {
                let whose = (name.as_str(), "");
                self.tokens.is_good(token, Purpose::Page, whose, cx)
            })
    }

    /// Whether a request repeats its cookie in a header, and the cookie is the user's.
    fn repeats(&self, headers: &HeaderMap, place: &Place, user_id: &str, cx: &Cx<'_>) -> bool {
        let Some(repeated) = words(headers, CSRF_HEADER) else {
            return false;
        };
        let name = place.name();
        cookies::values(headers, CSRF_COOKIE).any(|token| token == repeated)
            && self
                .tokens
                .is_good(repeated, Purpose::Csrf, (&name, user_id), cx)
    }

    /// The token for the `csrf-token` meta tag of a page.
    pub(super) fn page_token(&self, place: &Place, cx: &Cx<'_>) -> String {
        let whose = (&*place.name(), "");
        let token = self.tokens.issue(Purpose::Page, whose, PAGE_LIFETIME, cx);
        token.unwrap_or_default()
    }

    /// Adds the cookie of a user whom something else has proven, such as a link that was made for
    /// them.
    pub(super) fn vouch(
        &self,
        response: &mut Response<Bytes>,
        place: Place,
        user_id: &str,
        cx: &Cx<'_>,
    ) {
        if self.options.users.anonymous == Anonymous::Off {
            return;
        }
        let speaker = Speaker {
            tokens: Arc::clone(&self.tokens),
            place,
            user_id: user_id.to_owned(),
            proven: true,
            gets_cookie: true,
            gets_csrf: false,
            claims: false,
        };
        speaker.credit(response, cx);
    }
}

impl Speaker {
    /// The call of somebody who cannot show the user's cookie.
    fn of_a_stranger(mut self, mut call: Call<Response<Bytes>>) -> Handled {
        match call.target.find {
            Find::Continue(user_id) => {
                call.target.find = Find::Unclaimed(user_id);
                self.claims = true;
                self.credited(call)
            }
            // Only that there is nothing may be learned.
            _ => {
                call.operation = Operation::Touch;
                call.profile = Profile::default();
                let finish = call.finish;
                call.finish = Box::new(move |result, cx| match result {
                    Ok(_) => error::encode_fault(&Fault::Unauthorised(AuthProblem::Missing)),
                    Err(fault) => finish(Err(fault), cx),
                });
                self.credited(call)
            }
        }
    }

    /// The call with the cookies on its answer.
    fn credited(self, mut asked: Call<Response<Bytes>>) -> Handled {
        if !self.gets_cookie && !self.gets_csrf {
            return call(asked);
        }
        let finish = asked.finish;
        asked.finish = Box::new(move |result, cx| {
            // Where the engine failed, the id is taken all the same: without the cookie nobody
            // could ever use it.
            let is_taken = self.claims && result.as_ref().is_err_and(is_of_the_engine);
            let mut response = finish(result, cx);
            if is_taken || response.status().is_success() {
                self.credit(&mut response, cx);
            }
            response
        });
        call(asked)
    }

    fn credit(&self, response: &mut Response<Bytes>, cx: &Cx<'_>) {
        // A cookie is for one user, whoever else a proxy could give the answer to.
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        let name = self.place.name();
        let whose = (name.as_str(), self.user_id.as_str());
        let cookies = [
            (self.gets_cookie, Purpose::User, USER_COOKIE, Reader::Server),
            (self.gets_csrf, Purpose::Csrf, CSRF_COOKIE, Reader::Page),
        ];
        for (wanted, purpose, cookie, reader) in cookies {
            if wanted && let Some(token) = self.tokens.issue(purpose, whose, USER_LIFETIME, cx) {
                let cookie = (cookie, token);
                cookies::set(response, &self.place, cookie, USER_LIFETIME, reader);
            }
        }
    }
}

/// Whether a fault is of the turn, which there is none of before the conversation is found or made.
fn is_of_the_engine(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::BackendUnavailable | Fault::TimedOut | Fault::BadInput { .. }
    )
}
