//! Creating an application:
//! `docs/protocols/kare.md#23-post-settingsapplication-create-an-application`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::Fields;

/// Path of the endpoint below the version prefix; the method is POST.
pub const PATH: &str = "/settings/application";

/// The request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationRequest {
    /// What to call it.
    pub name: String,
    /// Whether it may be used.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn enabled() -> bool {
    true
}

/// The answer.
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
    /// RFC 3339.
    pub created_at: Option<String>,
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
        })
    }
}
