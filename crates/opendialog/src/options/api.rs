//! The APIs for programs: `docs/protocols/opendialog.md#6-legacy-external-apis` and
//! `docs/protocols/opendialog.md#7-public-apis-current`.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, Visitor};
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
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// The token.
    pub token: Secret,
    /// From this moment on it is worth nothing.
    pub expires: Option<Timestamp>,
    /// The frontends whose transcripts it may read, by name; all of them if absent.
    pub frontends: Option<Arc<[String]>>,
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

impl<'de> Deserialize<'de> for ApiToken {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written)
    }
}

/// Reads either form. An untagged enum would not say what is wrong with the table.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = ApiToken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token or a table with a token in it")
    }

    fn visit_str<E: de::Error>(self, token: &str) -> Result<ApiToken, E> {
        Ok(ApiToken {
            token: Secret::deserialize(token.into_deserializer())?,
            expires: None,
            frontends: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<ApiToken, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(table))?;
        Ok(ApiToken {
            token: table.token,
            expires: table.expires,
            frontends: table.frontends,
        })
    }
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(from)?;
    Timestamp::from_rfc3339(&text)
        .map(Some)
        .ok_or_else(|| de::Error::custom("expected a moment such as 2027-01-31T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use switchboard_core::dialect::parse_options;

    use super::*;

    #[test]
    fn it_is_said_what_is_wrong_with_a_token() {
        let check = |token: Value, path: &str, message: &str| {
            let error = parse_options::<Api>(json!({"tokens": ["a", token]})).unwrap_err();
            assert_eq!(error.path, path, "{error:?}");
            assert!(error.message.contains(message), "{error:?}");
        };
        let late = json!({"token": "b", "expires": "tomorrow"});
        check(late, "tokens[1].expires", "expected a moment");
        check(
            json!({"token": "b", "expired": 1}),
            "tokens[1].expired",
            "unknown",
        );
        check(
            json!({"expires": "2027-01-31T00:00:00Z"}),
            "tokens[1]",
            "missing field",
        );
        check(json!(7), "tokens[1]", "expected a token");
    }

    #[test]
    fn a_token_is_a_string_or_a_table() {
        let table = json!({"token": "b", "expires": "2027-01-31T00:00:00Z", "frontends": ["od"]});
        let api: Api = parse_options(json!({"tokens": ["a", table]})).unwrap();
        let [plain, full] = api.tokens.as_slice() else {
            panic!("two tokens");
        };
        assert_eq!((plain.token.reveal(), full.token.reveal()), ("a", "b"));
        assert!(plain.expires.is_none() && plain.frontends.is_none());
        assert!(full.expires.is_some());
        assert_eq!(full.frontends.as_deref(), Some(&["od".to_owned()][..]));
    }
}
