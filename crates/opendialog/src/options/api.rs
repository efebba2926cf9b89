//! The APIs for programs: `docs/protocols/opendialog.md#6-legacy-external-apis` and
//! `docs/protocols/opendialog.md#7-public-apis-current`.

use std::sync::Arc;

use serde::Deserialize;
use switchboard_core::dialect::{OptionsError, Secret};
use switchboard_core::model::Timestamp;

/// Who may ask, and how often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// The tokens that let programs in (`Authorization: Bearer …`). Without any, nobody gets in.
    pub tokens: Vec<ApiToken>,
    /// How many requests a minute each token may send. Default 60; 0 is no limit.
    pub rate: u32,
    /// How many of them may be exports. Default 20; 0 is no limit.
    pub export_rate: u32,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            rate: 60,
            export_rate: 20,
        }
    }
}

impl Api {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub(super) fn check(&self) -> Result<(), OptionsError> {
        for (place, token) in self.tokens.iter().enumerate() {
            if token.token.reveal().trim().is_empty() {
                let path = format!("api.tokens[{place}]");
                return Err(OptionsError::new(path, "an API token must not be empty"));
            }
        }
        Ok(())
    }
}

/// A token of a program: a string, or a table where more is to be said of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Written")]
pub struct ApiToken {
    /// The token.
    pub token: Secret,
    /// From this moment on it is worth nothing.
    pub expires: Option<Timestamp>,
    /// The frontends whose transcripts it may read, by name; all of them if absent.
    pub frontends: Option<Arc<[String]>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Token(Secret),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    token: Secret,
    #[serde(default, deserialize_with = "moment")]
    expires: Option<Timestamp>,
    #[serde(default)]
    frontends: Option<Arc<[String]>>,
}

impl From<Written> for ApiToken {
    fn from(written: Written) -> Self {
        match written {
            Written::Token(token) => Self {
                token,
                expires: None,
                frontends: None,
            },
            Written::Table(table) => Self {
                token: table.token,
                expires: table.expires,
                frontends: table.frontends,
            },
        }
    }
}

fn moment<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(from)?;
    Timestamp::from_rfc3339(&text)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom("expected a moment such as 2027-01-31T00:00:00Z"))
}
