//! Deep links: `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.

use std::time::Duration;

use serde::Deserialize;
use switchboard_core::dialect::{OptionsError, duration};

/// The most that `most_users` can be set to: so many are kept by one transaction.
const MOST_USERS: usize = 10_000;

/// How deep links are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeepLinks {
    /// How long a link opens the chat. Default: 30 days.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// How many users one request may ask links for, up to 10,000. Default 100. A body may have
    /// 2 KiB for each of them, and 256 KiB in any case.
    pub most_users: usize,
}

impl Default for DeepLinks {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(30 * 86_400),
            most_users: 100,
        }
    }
}

impl DeepLinks {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the key that does not fit.
    pub(super) fn check(&self) -> Result<(), OptionsError> {
        if (1..=MOST_USERS).contains(&self.most_users) {
            return Ok(());
        }
        let problem = format!("must be from 1 to {MOST_USERS}");
        Err(OptionsError::new("deep_links.most_users", problem))
    }
}
