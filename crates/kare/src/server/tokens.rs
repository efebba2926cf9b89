use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};
use switchboard_core::Fault;
use switchboard_core::dialect::Secret;
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::Timestamp;

use super::apps::App;
use super::rights::Rights;
use crate::options::OauthClientOptions;

/// How many tokens are known by heart. Tokens of one application that are issued in the same second
/// are the same.
const MAX_KNOWN: usize = 1024;

/// Issues and checks tokens. What has become of their holders meanwhile is not looked at here.
pub(super) struct Tokens {
    lifetime: Duration,
    key: Key,
    clients: Vec<Client>,
    validation: Validation,
    /// Tokens whose signatures were right once.
    known: Mutex<HashMap<String, Signed>>,
}

/// What tokens are signed with.
struct Key {
    sign: EncodingKey,
    verify: DecodingKey,
}

impl Key {
    fn new(secret: &[u8]) -> Self {
        Self {
            sign: EncodingKey::from_secret(secret),
            verify: DecodingKey::from_secret(secret),
        }
    }
}

/// Somebody who gets stronger credentials.
pub(super) struct Client {
    id: String,
    secret: Secret,
    pub(super) rights: Rights,
    lifetime: Duration,
    /// Its tokens are signed with its secret too, and die with it.
    key: Key,
}

/// What a token with a right signature says.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) holder: Holder,
    pub(super) rights: Rights,
    pub(super) expires: Timestamp,
}

/// Who a token was issued to.
#[derive(Clone)]
pub(super) enum Holder {
    /// An application.
    App {
        /// Its normalised id.
        app_id: Arc<str>,
        /// [`App::shut_off`] as it was.
        shut_off: u64,
    },
    /// A client.
    Client,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_id: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    shut_off: u64,
    scope: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Claims {
    fn new(rights: Rights, lifetime: Duration, now: Timestamp) -> Self {
        // Rounded up: a token is valid for as long as its holder was told.
        let end = now.after(lifetime).after(Duration::from_millis(999));
        Self {
            app_id: None,
            shut_off: 0,
            scope: rights.to_scope(),
            iat: now.as_millis().div_euclid(1000),
            exp: end.as_millis().div_euclid(1000),
        }
    }
}

impl Tokens {
    pub(super) fn new(
        lifetime: Duration,
        clients: Vec<OauthClientOptions>,
        key: &[u8; 32],
    ) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is an argument here; whoever asks compares it.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let client = |options: OauthClientOptions| Client {
            key: Key::new(&[key, options.client_secret.reveal().as_bytes()].concat()),
            id: options.client_id,
            secret: options.client_secret,
            rights: Rights::of(&options.permissions),
            lifetime: options.lifetime,
        };
        Self {
            lifetime,
            key: Key::new(key),
            clients: clients.into_iter().map(client).collect(),
            validation,
            known: Mutex::default(),
        }
    }

    /// A fresh token for an application, and how long it is valid.
    pub(super) fn for_app(&self, app: &App, now: Timestamp) -> Result<(String, Duration), Fault> {
        let claims = Claims {
            app_id: Some(app.app_id.as_str().into()),
            shut_off: app.shut_off,
            ..Claims::new(Rights::APPLICATION, self.lifetime, now)
        };
        let token = sign(&Header::new(Algorithm::HS256), &claims, &self.key)?;
        Ok((token, self.lifetime))
    }

    /// A fresh token for a client, and how long it is valid.
    pub(super) fn for_client(
        client: &Client,
        rights: Rights,
        now: Timestamp,
    ) -> Result<(String, Duration), Fault> {
        let header = Header {
            kid: Some(client.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let claims = Claims::new(rights, client.lifetime, now);
        let token = sign(&header, &claims, &client.key)?;
        Ok((token, client.lifetime))
    }

    /// The client with this id and this secret. It takes the same time whichever of them is wrong.
    pub(super) fn client(&self, id: &str, secret: &str) -> Option<&Client> {
        let fits = |client: &Client| {
            let id = same(&client.id, id);
            id & same(client.secret.reveal(), secret)
        };
        let mut found = None;
        for client in &self.clients {
            if bool::from(fits(client)) {
                found = Some(client);
            }
        }
        found
    }

    /// Who a token was issued to, and what for. A visitor shows the same one with every request:
    /// only the signature of one that was not seen before is checked.
    pub(super) fn read(&self, token: &str) -> Result<Signed, Fault> {
        let known = self.known().get(token).cloned();
        if let Some(signed) = known {
            return Ok(signed);
        }
        let signed = self
            .check(token)
            .ok_or(Fault::Unauthorised(AuthProblem::Invalid))?;
        let mut known = self.known();
        if known.len() == MAX_KNOWN {
            known.clear();
        }
        known.insert(token.to_owned(), signed.clone());
        Ok(signed)
    }

    fn check(&self, token: &str) -> Option<Signed> {
        let named = jsonwebtoken::decode_header(token).ok()?.kid;
        let client = match &named {
            None => None,
            Some(id) => Some(self.clients.iter().find(|client| client.id == *id)?),
        };
        let key = client.map_or(&self.key, |client| &client.key);
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verify, &self.validation)
            .ok()?
            .claims;
        let rights = Rights::from_scope(&claims.scope);
        let (holder, rights) = match (client, claims.app_id) {
            (Some(client), None) => (Holder::Client, rights.and(client.rights)),
            (None, Some(app_id)) => {
                let shut_off = claims.shut_off;
                (Holder::App { app_id, shut_off }, rights)
            }
            _ => return None,
        };
        Some(Signed {
            holder,
            rights,
            expires: Timestamp(claims.exp.saturating_mul(1000)),
        })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Signed>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clients, without what is secret.
    pub(super) fn describe(&self) -> impl Iterator<Item = String> {
        self.clients.iter().map(|client| {
            let scope = client.rights.to_scope();
            format!("oauth client {} ({scope})", client.id)
        })
    }
}

fn sign(header: &Header, claims: &Claims, key: &Key) -> Result<String, Fault> {
    jsonwebtoken::encode(header, claims, &key.sign).map_err(|error| {
        tracing::error!(%error, "a token cannot be signed");
        Fault::Internal
    })
}

/// Compares in the same time wherever the difference is.
pub(super) fn same(known: &str, given: &str) -> Choice {
    known.as_bytes().ct_eq(given.as_bytes())
}
