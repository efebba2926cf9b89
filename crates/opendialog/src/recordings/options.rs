//! What an operator can set.

use serde::Deserialize;
use switchboard_core::dialect::{OptionsError, Secret};

/// What recorded conversations are fetched by.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingsOptions {
    /// The address of the workspace, such as `https://my.cloud.opendialog.ai`. Without one nothing
    /// is fetched, and files are read only.
    #[serde(default)]
    pub url: Option<String>,
    /// An API token, sent as `Authorization: Bearer …`. Needed with `url`.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Which API to ask. Default: `export`.
    #[serde(default)]
    pub api: RecordingsApi,
    /// How many users a page of the export has, 1 to 1000. Default 20, as the vendor's. Large
    /// pages are made smaller where an answer turns out to be too large.
    #[serde(default = "per_page")]
    pub per_page: u32,
}

const fn per_page() -> u32 {
    20
}

/// The vendor's APIs for recorded conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingsApi {
    /// `public/api/user-data-export`: both sides, by pages of users.
    #[default]
    Export,
    /// `public/api/user-interactions`: what users did, by periods.
    Interactions,
    /// `api/user-interactions`, the same of older servers.
    Legacy,
}

impl RecordingsApi {
    /// The path below the workspace's address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Export => "public/api/user-data-export",
            Self::Interactions => "public/api/user-interactions",
            Self::Legacy => "api/user-interactions",
        }
    }
}

impl RecordingsOptions {
    const MOST_PER_PAGE: u32 = 1000;

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn check(&self) -> Result<(), OptionsError> {
        if !(1..=Self::MOST_PER_PAGE).contains(&self.per_page) {
            return Err(OptionsError::new("per_page", "must be from 1 to 1000"));
        }
        let Some(address) = &self.url else {
            return Ok(());
        };
        let wrong = |message: String| {
            Err(OptionsError::new("url", message).fix("https://my.cloud.opendialog.ai"))
        };
        let url = match url::Url::parse(address) {
            Ok(url) => url,
            Err(error) => return wrong(error.to_string()),
        };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return wrong("must be an http or https address".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("must not hold a name or a password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("must end with the path".to_owned());
        }
        match &self.token {
            Some(token) if !token.reveal().trim().is_empty() => Ok(()),
            _ => Err(OptionsError::new("token", "an API token is needed")),
        }
    }

    /// The workspace's address without what belongs to an API.
    pub(super) fn base(url: &str) -> &str {
        let url = url.trim().trim_end_matches('/');
        let url = url.strip_suffix("/api").unwrap_or(url);
        let url = url.strip_suffix("/public").unwrap_or(url);
        url.trim_end_matches('/')
    }
}
