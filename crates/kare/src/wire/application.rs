//! Applications and what an administrator does with them:
//! `docs/protocols/kare.md#23-post-settingsapplication-create-an-application`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::node::Node;

/// Path of the endpoint below the version prefix: POST creates, GET lists. An application's own
/// path is this, a slash and its id.
pub const PATH: &str = "/settings/application";

/// What is to be changed of an application, or what a new one is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApplicationChange {
    /// What to call it.
    pub name: Option<String>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// The application that the body names itself.
    pub app_id: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

/// A field of an application that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WrongField {
    /// The field.
    pub field: &'static str,
    /// What it should be.
    pub message: &'static str,
}

impl ApplicationChange {
    /// Reads a body. A null is as good as absent; of the fields that only a server gives,
    /// `created_at` is passed over.
    ///
    /// # Errors
    /// A known field has the wrong type, or the name is blank.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Result<Self, WrongField> {
        let mut fields = map.into();
        for field in ["name", "app_id", "id"] {
            if !matches!(fields.peek(field), None | Some(Node::Null | Node::Text(_))) {
                let message = "This field must be a text.";
                return Err(WrongField { field, message });
            }
        }
        if !matches!(
            fields.peek("enabled"),
            None | Some(Node::Null | Node::Bool(_))
        ) {
            return Err(WrongField {
                field: "enabled",
                message: "This field must be true or false.",
            });
        }
        let name = fields.text(&["name"]);
        if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(WrongField {
                field: "name",
                message: "An application needs a name.",
            });
        }
        let enabled = fields.boolean("enabled");
        let id = fields.words(&["id"]);
        let app_id = fields.words(&["app_id"]).or(id);
        fields.discard("created_at");
        fields.discard("enabled");
        Ok(Self {
            name,
            enabled,
            app_id,
            extra: fields.rest(),
        })
    }
}

/// An application as the server answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Application {
    /// The same as `app_id`.
    pub id: String,
    /// Names the application.
    pub app_id: String,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// RFC 3339; absent for one of the configuration file.
    pub created_at: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Application {
    /// Reads an answer; none if it names no application.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Option<Self> {
        let mut fields = map.into();
        if let Some(inner) = fields.object(&["application"]) {
            return Self::from_map(inner);
        }
        let app_id = fields.words(&["app_id", "appId"]);
        let id = fields.words(&["id"]);
        let app_id = app_id.or_else(|| id.clone())?;
        Some(Self {
            id: id.unwrap_or_else(|| app_id.clone()),
            app_id,
            name: fields.text(&["name"]),
            enabled: fields.boolean("enabled").unwrap_or(true),
            created_at: fields.text(&["created_at", "createdAt"]),
            extra: fields.rest(),
        })
    }
}

/// Applications of a page unless the request says otherwise.
pub const DEFAULT_LIMIT: usize = 100;
/// Most applications of a page.
pub const MAX_LIMIT: usize = 1000;

/// A page of the list of applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationsResponse {
    /// The applications, by their ids.
    pub entries: Vec<Application>,
    /// Names the next page; absent on the last.
    pub next_cursor: Option<String>,
}
