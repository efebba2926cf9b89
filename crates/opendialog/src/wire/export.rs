//! `GET /public/api/user-data-export`:
//! `docs/protocols/opendialog.md#72-get-publicapiuser-data-export-doc`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Slot;

/// A page of users with everything that is stored of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Response<U = Vec<Map<String, Value>>> {
    /// The users, one object a user, whose only key is the user's id.
    pub data: U,
    /// Which page this is, and of what.
    pub meta: Meta,
}

/// Everything that is stored of one user: the value of the only key of an element of
/// [`Response::data`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// What is known of the user.
    pub chatbot_user_data: Map<String, Value>,
    /// The user's attributes.
    pub user_attributes: Vec<Attribute>,
    /// What both sides said, oldest first.
    pub interactions: Vec<Interaction>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An attribute of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type, such as `attribute.core.timestamp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value, such as `{"scalar_value": 1683037966}`.
    pub value: Value,
}

/// One thing that one of the two sides said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Interaction {
    /// `them` or the user's id.
    pub author: String,
    /// The type of what was said.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub date: String,
    /// The text.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub text: Slot<String>,
    /// Its data.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub data: Slot<Value>,
    /// The request that it belonged to.
    pub request: Map<String, Value>,
    /// How that was answered.
    pub response: Map<String, Value>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Which page this is, and of what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Meta {
    /// The page.
    pub pagination: Pagination,
    /// What was asked for; page numbers are strings here.
    pub filters: Map<String, Value>,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Its number, from 1.
    pub current_page: u64,
    /// The number of its first user.
    pub from: Option<u64>,
    /// The number of the last page.
    pub last_page: u64,
    /// How many users a page has.
    pub per_page: u64,
    /// The number of its last user.
    pub to: Option<u64>,
    /// How many users there are.
    pub total: u64,
}
