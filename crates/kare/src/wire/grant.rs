//! Stronger credentials by OAuth 2.0 client credentials:
//! `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use switchboard_core::json;

use super::fields::Fields;

/// Path of the endpoint, outside the version prefix; the method is POST.
pub const PATH: &str = "/oauth/token";

/// The one kind of grant.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";

/// A request as a client writes it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct GrantRequest<'a> {
    /// Who asks.
    pub client_id: &'a str,
    /// The secret.
    pub client_secret: &'a str,
    /// Always [`CLIENT_CREDENTIALS`].
    pub grant_type: &'static str,
}

/// A request as a server reads it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// Who asks, in the body.
    pub client_id: Option<String>,
    /// The secret, in the body.
    pub client_secret: Option<String>,
    /// What is asked for.
    pub grant_type: Option<String>,
    /// The rights that are asked for, divided by blanks; all that the client has if absent.
    pub scope: Option<String>,
}

impl Grant {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// It is none.
    pub fn from_json(body: &[u8]) -> Result<Self, serde_json::Error> {
        let mut fields: Fields<'_> = json::read(body)?;
        Ok(Self {
            client_id: fields.words(&["client_id", "clientId"]),
            client_secret: fields.words(&["client_secret", "clientSecret"]),
            grant_type: fields.words(&["grant_type", "grantType"]),
            scope: fields.words(&["scope"]),
        })
    }

    /// Reads a form. Of a repeated field the last counts, and an empty one is as good as absent.
    pub fn from_form(body: &[u8]) -> Self {
        let mut grant = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let field = match &*name {
                "client_id" => &mut grant.client_id,
                "client_secret" => &mut grant.client_secret,
                "grant_type" => &mut grant.grant_type,
                "scope" => &mut grant.scope,
                _ => continue,
            };
            *field = Some(value.into_owned()).filter(|value| !value.trim().is_empty());
        }
        grant
    }
}

/// A client's id and secret, as the `Authorization` header of the scheme `Basic` gives them. Many
/// clients leave out the percent-encoding that RFC 6749 wants, so each may be meant as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Basic {
    id: String,
    secret: String,
}

impl Basic {
    /// Reads what follows the word `Basic`.
    pub fn decode(credentials: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some(Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// Id and secret as they stand.
    pub fn plain(&self) -> (&str, &str) {
        (&self.id, &self.secret)
    }

    /// Id and secret by the letter of RFC 6749.
    pub fn decoded(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        let decode = |text| percent_decode_str(text).decode_utf8_lossy();
        (decode(&self.id), decode(&self.secret))
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantResponse {
    /// The token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Lifetime in seconds.
    pub expires_in: u64,
    /// The rights that the token carries, divided by blanks.
    pub scope: String,
}

/// A refusal, by RFC 6749, section 5.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantRefusal {
    /// The code.
    pub error: &'static str,
    /// What is wrong, for a developer.
    pub error_description: &'static str,
}
