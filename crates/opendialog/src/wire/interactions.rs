//! `GET /api/user-interactions` and `/public/api/user-interactions`:
//! `docs/protocols/opendialog.md#61-interaction-api` and
//! `docs/protocols/opendialog.md#71-get-publicapiuser-interactions-doc`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Slot;

/// The filters of the newer path beside `user_id`. They are echoed beside what was found.
pub const FILTERS: [&str; 9] = [
    "selected_scenario",
    "ip_address",
    "country",
    "browser_language",
    "os",
    "browser",
    "timezone",
    "email",
    PLATFORM,
];
/// What the client runs on.
pub const PLATFORM: &str = "platform";

/// What users did, one object a user, whose only key is the user's id.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Response<U = Vec<Map<String, Value>>> {
    /// The users.
    pub data: U,
}

/// What one user did: the value of the only key of an element of [`Response::data`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// What is known of the user.
    pub chatbot_user_data: Map<String, Value>,
    /// Start of the period.
    pub from: String,
    /// End of the period.
    pub to: String,
    /// What the user did, oldest first.
    pub interactions: Vec<Interaction>,
    /// The filters that were asked for, echoed.
    #[serde(flatten)]
    pub filters: Map<String, Value>,
}

/// One thing that a user did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Interaction {
    /// The type of content that the user sent.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, ISO 8601 in UTC with six decimals.
    pub date: String,
    /// The text.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub text: Slot<String>,
    /// May have `value` and `callback_id`.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub data: Slot<Value>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
