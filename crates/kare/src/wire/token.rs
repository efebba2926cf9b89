//! Access tokens: `docs/protocols/kare.md#24-get-appstoken-get-an-app-token` and the grant of
//! `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use switchboard_core::json;
use switchboard_core::model::Timestamp;

use super::fields::Fields;
use super::node::Node;

/// Path of the endpoint below the version prefix; the method is GET.
pub const PATH: &str = "/apps/token";

/// Lifetime of a token that does not tell its own.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

/// Lifetime of an OAuth token that does not tell its own.
pub const OAUTH_LIFETIME: Duration = Duration::from_secs(3600);

/// The answer to `GET /apps/token`. Both keys carry the token, so that either reading works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: String,
    /// The token again.
    pub token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Lifetime in seconds.
    pub expires_in: u64,
}

impl TokenResponse {
    /// An answer with this token.
    pub fn new(token: String, lifetime: Duration) -> Self {
        Self {
            access_token: token.clone(),
            token,
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
        }
    }
}

/// A token as a client reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub value: String,
    /// How long it is valid from now on.
    pub lifetime: Duration,
}

impl Token {
    /// Reads an answer in any of the forms that a server may give it, received at `now`. `lifetime` is
    /// that of a token which does not tell its own.
    pub fn decode(lifetime: Duration, body: &[u8], now: Timestamp) -> Option<Self> {
        match json::read(body) {
            Ok(Node::Object(object)) => Self::from_fields(lifetime, Fields::new(object), now),
            Ok(Node::Text(token)) => Self::bare(lifetime, &token, now),
            Ok(_) => None,
            Err(_) => Self::bare(lifetime, std::str::from_utf8(body).ok()?, now),
        }
    }

    fn bare(lifetime: Duration, value: &str, now: Timestamp) -> Option<Self> {
        let value = value.trim().to_owned();
        if value.is_empty() || value.contains(char::is_whitespace) {
            return None;
        }
        let lifetime = lifetime_of_jwt(&value, now).unwrap_or(lifetime);
        Some(Self { value, lifetime })
    }

    fn from_fields(default: Duration, mut fields: Fields<'_>, now: Timestamp) -> Option<Self> {
        let Some(value) = fields.words(&["access_token", "token", "jwt"]) else {
            return Self::from_fields(default, fields.object(&["data"])?, now);
        };
        let lifetime = fields
            .text(&["expires_in"])
            .and_then(|seconds| seconds.parse::<f64>().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .or_else(|| {
                let moment = fields.text(&["expires_at", "expires"])?;
                Some(moment_of(&moment)?.since(now))
            })
            .or_else(|| lifetime_of_jwt(&value, now))
            .unwrap_or(default);
        Some(Self { value, lifetime })
    }
}

/// RFC 3339, or seconds or milliseconds since 1970.
fn moment_of(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        let is_seconds = number < 100_000_000_000;
        return Some(Timestamp(if is_seconds {
            number.saturating_mul(1000)
        } else {
            number
        }));
    }
    Timestamp::from_rfc3339(text)
}

/// The `exp` claim, unverified: it only tells when to ask for the next token.
fn lifetime_of_jwt(token: &str, now: Timestamp) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Some(Timestamp(claims.exp.saturating_mul(1000)).since(now))
}
