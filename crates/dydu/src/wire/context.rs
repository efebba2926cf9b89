//! Contexts and their state: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.1, 3.3.2, 3.3.19,
//! 3.3.20.

use serde::{Deserialize, Serialize};

use super::B64;

/// Values of `getContextResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextValues {
    /// The new context.
    pub context_id: B64,
    /// Its bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_id: Option<B64>,
}

/// Values of `checkContextAvailabilityResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityValues {
    /// `false` or missing: the widget starts over.
    #[serde(default)]
    pub is_context_still_available: bool,
}

/// Values of `statusResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusValues {
    /// The user still waits for an operator.
    #[serde(default)]
    pub waiting_queue_status_response: bool,
}

/// Values of `serverAccessibilityResponse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessibilityValues {
    /// This server can be used.
    pub server_accessible: bool,
}

/// The bare answer of `serverstatus`; only its HTTP status is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// `OK`.
    pub status: String,
}
