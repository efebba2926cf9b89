//! `POST /api/generate-webchat-deeplink` and `/public/api/generate-webchat-deep-link`:
//! `docs/protocols/opendialog.md#62-post-apigenerate-webchat-deeplink` and
//! `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.

mod validate;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use validate::{ATTRIBUTES_LIMIT, Rules, decode};

/// Asks for links that open a conversation with facts of the user already known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The scenario to open. The older path also takes `scenarioId`.
    #[serde(default, alias = "scenarioId", skip_serializing_if = "Option::is_none")]
    pub scenario_id: Option<String>,
    /// Another name of it, instead of its id; the older path only, which also takes
    /// `scenarioAlias`.
    #[serde(
        default,
        alias = "scenarioAlias",
        skip_serializing_if = "Option::is_none"
    )]
    pub scenario_alias: Option<String>,
    /// The users, one link each.
    pub dataset: Vec<User>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A user to make a link for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The user's id; made up if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// What is known of the user.
    pub attributes: Map<String, Value>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A link that was made; they come as a list in the order of the users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The user.
    pub user_id: String,
    /// The link.
    pub url: String,
}
