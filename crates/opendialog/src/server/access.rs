//! Who may call: `docs/protocols/opendialog.md#9-authentication-of-chat-users`.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use switchboard_core::Fault;
use switchboard_core::fault::AuthProblem;

use super::{Server, refusal};
use crate::error;
use crate::options::Generation;
use crate::wire::error::Invalid;
use crate::wire::message::{SCENARIO_ID_HEADER, USER_ID_HEADER};

/// What a request's headers tell of its caller.
#[derive(Default)]
pub(super) struct Caller {
    /// The app key, where one was given.
    pub(super) app_key: Option<String>,
    /// The user, generation 3 only.
    pub(super) user_id: Option<String>,
    /// The configured scenario's id, generation 3 only.
    pub(super) scenario: Option<String>,
}

/// The generation that a path belongs to.
pub(super) fn generation(path: &str) -> Generation {
    if path.starts_with("chat-api/") {
        Generation::Three
    } else if path == "incoming/chatApi" {
        Generation::Two
    } else {
        Generation::One
    }
}

impl Server {
    /// Lets a caller in, or says why not.
    pub(super) fn admit(
        &self,
        request: &Request<Bytes>,
        generation: Generation,
    ) -> Result<Caller, (Fault, Response<Bytes>)> {
        let needs_key = self.options.require_app_key || generation != Generation::One;
        let app_key = match bearer(request) {
            Ok(key) => {
                self.check_key(key, needs_key).map_err(refusal)?;
                Some(key.to_owned())
            }
            Err(fault) if needs_key => return Err(refusal(fault)),
            Err(_) => None,
        };
        let mut caller = Caller {
            app_key,
            ..Caller::default()
        };
        if generation == Generation::Three {
            self.identify(request.headers(), &mut caller)
                .map_err(|mistakes| error::invalid(&mistakes))?;
        }
        Ok(caller)
    }

    fn check_key(&self, key: &str, needed: bool) -> Result<(), Fault> {
        // A client of generation 1 may send whatever key it was embedded with.
        if !needed && self.options.app_keys.is_empty() {
            return Ok(());
        }
        if self.is_app_key(key) {
            Ok(())
        } else {
            Err(Fault::Unauthorised(AuthProblem::Invalid))
        }
    }

    /// Whether this is one of the app keys.
    pub(super) fn is_app_key(&self, key: &str) -> bool {
        let own = self.options.app_keys.iter();
        own.fold(false, |known, own| known | same(own.reveal(), key))
    }

    /// Reads the headers of generation 3.
    fn identify(&self, headers: &HeaderMap, caller: &mut Caller) -> Result<(), Invalid> {
        let mut mistakes = Invalid::new();
        caller.user_id = words(headers, USER_ID_HEADER).map(str::to_owned);
        if caller.user_id.is_none() {
            error::missing_header(&mut mistakes, USER_ID_HEADER);
        }
        match words(headers, SCENARIO_ID_HEADER) {
            None => error::missing_header(&mut mistakes, SCENARIO_ID_HEADER),
            Some(name) => match self.options.scenario(name) {
                Some(id) => caller.scenario = Some(id.to_owned()),
                None => mistakes.add(
                    &SCENARIO_ID_HEADER.to_ascii_uppercase(),
                    "The selected scenario does not exist.",
                ),
            },
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }
}

/// What a header says, if it says anything that can be read.
pub(super) fn words<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let words = headers.get(name)?.to_str().ok()?.trim();
    (!words.is_empty()).then_some(words)
}

/// The token of the `Authorization` header.
pub(super) fn bearer(request: &Request<Bytes>) -> Result<&str, Fault> {
    let missing = Fault::Unauthorised(AuthProblem::Missing);
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Err(missing);
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(token),
        Some(_) => Err(missing),
        None => Err(Fault::Unauthorised(AuthProblem::Invalid)),
    }
}

/// Compares without telling by its time how much is right.
pub(super) fn same(own: &str, given: &str) -> bool {
    own.len() == given.len()
        && own
            .bytes()
            .zip(given.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
