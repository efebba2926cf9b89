//! Deep links: `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.

use std::time::Duration;

use serde::Deserialize;
use switchboard_core::dialect::duration;

/// How deep links are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeepLinks {
    /// How long a link opens the chat. Default: 30 days.
    #[serde(deserialize_with = "duration")]
    pub lifetime: Duration,
    /// How many users one request may ask links for. Default 100.
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
