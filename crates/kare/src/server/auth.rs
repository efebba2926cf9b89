use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::fault::AuthProblem;

use super::Asked;
use super::apps::App;
use super::params::Params;
use super::rights::{Right, Rights};
use super::tokens::{Holder, same};
use crate::error::DialectError;
use crate::wire::id::normalise;

/// Who is asking.
pub(super) enum Caller {
    /// An application: the five rights of
    /// `docs/protocols/kare.md#13-application-token`.
    App(Arc<App>),
    /// Somebody with stronger credentials.
    Stronger,
}

/// What follows a word such as `Bearer` in the `Authorization` header.
pub(super) fn credentials<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.trim().split_once(' ')?;
    let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
    rest.filter(|_| scheme.eq_ignore_ascii_case(wanted))
}

/// The bearer token of a request: the header, `token`, or `access_token`.
fn bearer<'a>(headers: &'a HeaderMap, params: &'a Params<'_>) -> Option<&'a str> {
    credentials(headers, "bearer").or_else(|| params.first(&["token", "access_token"]))
}

impl Asked<'_> {
    /// The id that an application gives without a token.
    pub(super) fn app_id(&self) -> Option<&str> {
        self.params.first(&["app_id", "appId"]).or_else(|| {
            let header = self.parts.headers.get("app-id")?.to_str().ok()?.trim();
            Some(header).filter(|id| !id.is_empty())
        })
    }

    /// Who shows a bearer token that allows this.
    pub(super) fn caller(&self, right: Right, cx: &Cx<'_>) -> Result<Caller, DialectError> {
        let token =
            bearer(&self.parts.headers, &self.params).ok_or(DialectError::MissingCredentials)?;
        let (caller, rights) = self.verify(token, cx)?;
        if rights.has(right) {
            Ok(caller)
        } else {
            Err(Fault::Forbidden.into())
        }
    }

    fn verify(&self, token: &str, cx: &Cx<'_>) -> Result<(Caller, Rights), DialectError> {
        let mut keys = self.shared.admin_keys.iter();
        if keys.any(|key| same(key.reveal(), token).into()) {
            return Ok((Caller::Stronger, Rights::ALL));
        }
        let signed = self.shared.tokens.read(token)?;
        if cx.now >= signed.expires {
            return Err(Fault::Unauthorised(AuthProblem::Expired).into());
        }
        let caller = match signed.holder {
            Holder::Client => Caller::Stronger,
            Holder::App { app_id, shut_off } => {
                let app = self.shared.apps.get(&app_id);
                let app = app.ok_or(Fault::Unauthorised(AuthProblem::UnknownApp))?;
                // Shutting an application off kills the tokens that it holds.
                if !app.enabled || app.shut_off != shut_off {
                    return Err(Fault::Unauthorised(AuthProblem::Invalid).into());
                }
                Caller::App(app)
            }
        };
        Ok((caller, signed.rights))
    }

    /// The application that a caller acts for. Who has stronger credentials says which, where
    /// there are several.
    pub(super) fn app_of(&self, caller: Caller) -> Result<Arc<App>, DialectError> {
        match (caller, self.app_id()) {
            (Caller::App(app), _) => Ok(app),
            (Caller::Stronger, Some(id)) => self.shared.apps.named(id),
            (Caller::Stronger, None) => match self.shared.apps.only() {
                Some(only) => self.shared.apps.named(&only.app_id),
                None => Err(DialectError::MissingParameter("app_id")),
            },
        }
    }

    /// The application that shows itself, or is shown by stronger credentials, to do this.
    pub(super) fn app(&self, right: Right, cx: &Cx<'_>) -> Result<Arc<App>, DialectError> {
        self.app_of(self.caller(right, cx)?)
    }

    /// The same where the id alone will do.
    pub(super) fn app_or_id(&self, right: Right, cx: &Cx<'_>) -> Result<Arc<App>, DialectError> {
        match (self.caller(right, cx), self.app_id()) {
            (Err(DialectError::MissingCredentials), Some(id)) => self.shared.apps.named(id),
            (caller, _) => self.app_of(caller?),
        }
    }

    /// The application that opens a socket: a token decides and a contradicting id is refused; the
    /// id alone will do.
    pub(super) fn socket_app(&self, cx: &Cx<'_>) -> Result<Arc<App>, DialectError> {
        let app = self.app_or_id(Right::Connect, cx)?;
        match self.app_id() {
            Some(id) if normalise(id) != app.app_id => {
                Err(Fault::Unauthorised(AuthProblem::Invalid).into())
            }
            _ => Ok(app),
        }
    }
}
