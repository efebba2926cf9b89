//! What the page around the widget asks: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.24 and
//! 3.3.25. These answers have no envelope and no base64.

use serde::{Deserialize, Serialize};

/// One entry of the list of a bot's languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BotLanguage {
    /// ISO code.
    pub id: String,
    /// Exactly `true`: the widget may offer it.
    pub is_available: bool,
}

/// The answer of `whoami`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// One entry.
    pub headers: Vec<HostHeader>,
}

/// The host that the client reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostHeader {
    /// Name, with the port where there is one.
    pub host: String,
}
