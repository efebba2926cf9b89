//! Default settings for all applications:
//! `docs/protocols/kare.md#25-get-appsconfig-default-application-settings`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Path of the endpoint below the version prefix; the method is GET.
pub const PATH: &str = "/apps/config";

/// The settings as they travel. Every key is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The application.
    #[serde(alias = "appId")]
    pub app_id: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// Show the button that opens the widget.
    #[serde(alias = "showLauncher")]
    pub show_launcher: Option<bool>,
    /// Open over the whole page.
    #[serde(alias = "isFullscreen")]
    pub is_fullscreen: Option<bool>,
    /// Seconds until the invitation appears.
    #[serde(alias = "showPopoverAfter")]
    pub show_popover_after: Option<serde_json::Number>,
    /// A question that the client asks when it opens.
    pub query: Option<String>,
    /// The response that the client wants to be greeted with.
    #[serde(alias = "welcomeMessageId")]
    pub welcome_message_id: Option<String>,
    /// BCP 47 tag that overrides the browser's.
    #[serde(alias = "hostLocale")]
    pub host_locale: Option<String>,
    /// BCP 47 tags on offer.
    pub locales: Vec<String>,
    /// BCP 47 tag for a user whose language is not known.
    #[serde(alias = "defaultLocale")]
    pub default_locale: Option<String>,
    /// Ways to a human.
    pub escalation: Option<Escalation>,
    /// Free.
    pub theme: Option<Map<String, Value>>,
    /// Unknown settings.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Ways to a human.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Escalation {
    /// There is a way at all.
    pub enabled: bool,
    /// `custom`, `email`, `url`, `zopim` or `none`.
    #[serde(rename = "type")]
    pub kind: String,
    /// There is a button in the title bar.
    pub titlebar: bool,
    /// Where it leads: an address, depending on the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Unknown settings.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
