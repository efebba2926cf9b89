use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Secret};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::Timestamp;

use super::Asked;
use super::params::Params;
use crate::error::DialectError;
use crate::options::AppOptions;
use crate::wire::id::normalise;

/// How many tokens are known by heart. Tokens of one application that are issued in the same second
/// are the same.
const MAX_KNOWN: usize = 1024;

/// Who is asking.
pub(super) enum Caller<'a> {
    /// An application: the five rights of
    /// `docs/protocols/kare.md#13-application-token`.
    App(&'a AppOptions),
    /// Somebody with stronger credentials.
    Admin,
}

/// The applications and what proves to be one of them.
pub(super) struct Apps {
    apps: Vec<AppOptions>,
    admin_keys: Vec<Secret>,
    lifetime: Duration,
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
    /// Tokens whose signatures were right once.
    known: Mutex<HashMap<String, Signed>>,
}

/// What a token with a right signature is worth.
#[derive(Clone, Copy)]
struct Signed {
    /// The place of its application, where that still exists.
    app: Option<usize>,
    expires: Timestamp,
}

/// What an application token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    app_id: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

impl Apps {
    pub(super) fn new(
        mut apps: Vec<AppOptions>,
        admin_keys: Vec<Secret>,
        lifetime: Duration,
        key: &[u8; 32],
    ) -> Self {
        for app in &mut apps {
            app.app_id = normalise(&app.app_id);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is an argument here; `verify` compares it itself.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            apps,
            admin_keys,
            lifetime,
            sign: EncodingKey::from_secret(key),
            verify: DecodingKey::from_secret(key),
            validation,
            known: Mutex::default(),
        }
    }

    pub(super) fn first_enabled(&self) -> Option<&AppOptions> {
        self.apps.iter().find(|app| app.enabled)
    }

    pub(super) fn describe(&self) -> Vec<String> {
        self.apps
            .iter()
            .map(|app| {
                let mut line = format!("app {}", app.app_id);
                if !app.name.is_empty() {
                    line.push_str(&format!(" ({})", app.name));
                }
                if !app.enabled {
                    line.push_str(", shut off");
                }
                line
            })
            .chain(self.admin_keys.iter().map(|key| format!("admin key {key}")))
            .collect()
    }

    fn position(&self, app_id: &str) -> Option<usize> {
        let app_id = normalise(app_id);
        self.apps.iter().position(|app| app.app_id == app_id)
    }

    /// The application that names itself by its id.
    pub(super) fn named(&self, app_id: &str) -> Result<&AppOptions, DialectError> {
        let app = self
            .position(app_id)
            .and_then(|at| self.apps.get(at))
            .ok_or(Fault::Unauthorised(AuthProblem::UnknownApp))?;
        if app.enabled {
            Ok(app)
        } else {
            Err(Fault::Disabled.into())
        }
    }

    /// A fresh token, and how long it is valid.
    pub(super) fn token(
        &self,
        app: &AppOptions,
        now: Timestamp,
    ) -> Result<(String, Duration), DialectError> {
        let claims = Claims {
            app_id: app.app_id.clone(),
            iat: now.as_millis().div_euclid(1000),
            exp: now.after(self.lifetime).as_millis().div_euclid(1000),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
            .map_err(|error| {
                tracing::error!(%error, "an application token cannot be signed");
                Fault::Internal
            })?;
        Ok((token, self.lifetime))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Caller<'_>, DialectError> {
        if self.admin_keys.iter().any(|key| same(key.reveal(), token)) {
            return Ok(Caller::Admin);
        }
        let signed = self.signed(token)?;
        if now >= signed.expires {
            return Err(Fault::Unauthorised(AuthProblem::Expired).into());
        }
        // Shutting an application off kills the tokens that it holds.
        signed
            .app
            .and_then(|at| self.apps.get(at))
            .filter(|app| app.enabled)
            .map(Caller::App)
            .ok_or_else(|| Fault::Unauthorised(AuthProblem::Invalid).into())
    }

    /// Checks the signature of a token that was not seen before; a visitor shows the same one with
    /// every request.
    fn signed(&self, token: &str) -> Result<Signed, DialectError> {
        let known = self.known().get(token).copied();
        if let Some(signed) = known {
            return Ok(signed);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.validation)
            .map_err(|_| Fault::Unauthorised(AuthProblem::Invalid))?
            .claims;
        let signed = Signed {
            app: self.position(&claims.app_id),
            expires: Timestamp(claims.exp.saturating_mul(1000)),
        };
        let mut known = self.known();
        if known.len() == MAX_KNOWN {
            known.clear();
        }
        known.insert(token.to_owned(), signed);
        Ok(signed)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Signed>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compares in the same time wherever the difference is.
fn same(secret: &str, given: &str) -> bool {
    secret.len() == given.len()
        && secret
            .bytes()
            .zip(given.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

/// The bearer token of a request: the header, `token`, or `access_token`.
fn bearer<'a>(headers: &'a HeaderMap, params: &'a Params<'_>) -> Option<&'a str> {
    let header = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    header
        .filter(|token| !token.is_empty())
        .or_else(|| params.first(&["token", "access_token"]))
}

impl Asked<'_> {
    /// The id that an application gives without a token.
    pub(super) fn app_id(&self) -> Option<&str> {
        self.params.first(&["app_id", "appId"]).or_else(|| {
            let header = self.parts.headers.get("app-id")?.to_str().ok()?.trim();
            Some(header).filter(|id| !id.is_empty())
        })
    }

    /// Who shows a bearer token.
    pub(super) fn caller(&self, cx: &Cx<'_>) -> Result<Caller<'_>, DialectError> {
        let token =
            bearer(&self.parts.headers, &self.params).ok_or(DialectError::MissingCredentials)?;
        self.shared.apps.verify(token, cx.now)
    }

    /// The application whose conversation a caller talks about. An administrator says which, where
    /// there are several.
    pub(super) fn app_of<'a>(&'a self, caller: Caller<'a>) -> Result<&'a AppOptions, DialectError> {
        match (caller, self.app_id()) {
            (Caller::App(app), _) => Ok(app),
            (Caller::Admin, Some(id)) => self.shared.apps.named(id),
            (Caller::Admin, None) => match self.shared.apps.apps.as_slice() {
                [only] => Ok(only),
                _ => Err(DialectError::MissingParameter("app_id")),
            },
        }
    }

    /// The application that opens a socket: a token decides and a contradicting id is refused; the
    /// id alone will do.
    pub(super) fn socket_app(&self, cx: &Cx<'_>) -> Result<&AppOptions, DialectError> {
        match (self.caller(cx), self.app_id()) {
            (Err(DialectError::MissingCredentials), Some(id)) => self.shared.apps.named(id),
            (Ok(Caller::App(app)), Some(id)) if normalise(id) != app.app_id => {
                Err(Fault::Unauthorised(AuthProblem::Invalid).into())
            }
            (caller, _) => self.app_of(caller?),
        }
    }
}
