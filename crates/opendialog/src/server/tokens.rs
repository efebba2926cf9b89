//! Signed words: that somebody is a user, and that a request comes from a page of ours.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use switchboard_core::dialect::{Cx, OptionsError};

/// What keeps our key apart from those of everything else that is signed with the installation's.
const LABEL: &[u8] = b"opendialog: users and pages";

/// Issues and checks tokens. Nothing of them is kept here: what a token says is all there is.
pub(super) struct Tokens {
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// Whoever shows it is the user it was issued for.
    User,
    /// Whoever repeats it in a header can read the user's cookies, and so is a page of this host.
    Csrf,
    /// Whoever shows it has read a page of ours.
    Page,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The user; empty for a page.
    sub: String,
    /// The frontend.
    iss: String,
    purpose: Purpose,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

impl Tokens {
    /// # Errors
    /// No key can be made, which does not happen.
    pub(super) fn new(signing_key: &[u8; 32]) -> Result<Self, OptionsError> {
        let own = EncodingKey::from_secret(signing_key);
        let secret = jsonwebtoken::crypto::sign(LABEL, &own, Algorithm::HS256)
            .map_err(|error| OptionsError::new("users", error.to_string()))?;
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is an argument here, and so is the frontend.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(Self {
            sign: EncodingKey::from_secret(secret.as_bytes()),
            verify: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        })
    }

    /// A token, unless it cannot be signed.
    pub(super) fn issue(
        &self,
        purpose: Purpose,
        (frontend, user_id): (&str, &str),
        lifetime: Duration,
        cx: &Cx<'_>,
    ) -> Option<String> {
        let claims = Claims {
            sub: user_id.to_owned(),
            iss: frontend.to_owned(),
            purpose,
            iat: cx.now.as_millis().div_euclid(1000),
            exp: cx.now.after(lifetime).as_millis().div_euclid(1000),
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.sign)
            .inspect_err(|error| tracing::error!(%error, "a token cannot be signed"))
            .ok()
    }

    /// Whether a token is one of ours for this purpose, this frontend and this user.
    pub(super) fn is_good(
        &self,
        token: &str,
        purpose: Purpose,
        (frontend, user_id): (&str, &str),
        cx: &Cx<'_>,
    ) -> bool {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.validation);
        claims.is_ok_and(|token| {
            let claims = token.claims;
            claims.purpose == purpose
                && claims.iss == frontend
                && claims.sub == user_id
                && claims.exp.saturating_mul(1000) > cx.now.as_millis()
        })
    }
}
