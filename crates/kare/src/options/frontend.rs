use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use switchboard_core::dialect::{OptionsError, Secret, duration};

use crate::wire::id::normalise;

/// Kare's keys of a `[[frontends]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontendOptions {
    /// The applications that may come in. Default: none but those that are created at runtime.
    #[serde(default)]
    pub apps: Vec<AppOptions>,
    /// Bearer credentials that may do everything: create and revoke applications, read history.
    /// Default: none, so that nobody may.
    #[serde(default)]
    pub admin_keys: Vec<Secret>,
    /// Who gets a token for some of this at `oauth/token`. Default: nobody.
    #[serde(default)]
    pub oauth_clients: Vec<OauthClientOptions>,
    /// How long an application token is valid. Default: 900 s.
    #[serde(default = "token_lifetime", deserialize_with = "duration")]
    pub token_lifetime: Duration,
    /// How long a conversation lasts without input. Default: 1800 s.
    #[serde(default = "idle_timeout", deserialize_with = "duration")]
    pub idle_timeout: Duration,
    /// How long a REST caller waits for the end of an answer. Default: 30 s.
    #[serde(default = "turn_timeout", deserialize_with = "duration")]
    pub turn_timeout: Duration,
    /// The words on the ratings of a feedback request that brings none: helped, did not help.
    /// Default: `["Yes", "No"]`.
    #[serde(default)]
    pub feedback_labels: Option<(String, String)>,
    /// The words on the button of an offered handover that brings none. Default: `Start chat`.
    #[serde(default)]
    pub contact_label: Option<String>,
    /// What `GET /apps/config` answers for all applications.
    #[serde(default)]
    pub config: SettingsOptions,
}

/// One application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppOptions {
    /// Names it; UUIDs are compared without regard to case.
    pub app_id: String,
    /// What it is called. Default: nothing.
    #[serde(default)]
    pub name: String,
    /// `false` shuts it off: no new tokens, issued ones dead, no sockets. Default: `true`.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

/// Somebody who gets stronger credentials by OAuth 2.0 client credentials, see
/// `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthClientOptions {
    /// Names it.
    pub client_id: String,
    /// Proves that it is the one: at least 16 characters.
    pub client_secret: Secret,
    /// What it may do, beside what every application may.
    pub permissions: Vec<Permission>,
    /// How long its tokens are valid. Default: 3600 s.
    #[serde(default = "grant_lifetime", deserialize_with = "duration")]
    pub lifetime: Duration,
}

/// A right that an application has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Permission {
    /// Create, change and revoke applications.
    #[serde(rename = "settings:write")]
    SettingsWrite,
    /// Read the history of conversations.
    #[serde(rename = "knowledge:read")]
    KnowledgeRead,
}

/// What `GET /apps/config` answers, see
/// `docs/protocols/kare.md#25-get-appsconfig-default-application-settings`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsOptions {
    /// Show the button that opens the widget. Default: `true`.
    pub show_launcher: Option<bool>,
    /// Open over the whole page. Default: `false`.
    pub is_fullscreen: Option<bool>,
    /// Seconds until the invitation appears. Default: 3.
    pub show_popover_after: Option<u32>,
    /// A question that the client asks when it opens. Default: none.
    pub query: Option<String>,
    /// The response that the client wants to be greeted with. Default: none.
    pub welcome_message_id: Option<String>,
    /// BCP 47 tag that overrides the browser's. Default: none.
    pub host_locale: Option<String>,
    /// BCP 47 tags on offer. Default: none.
    pub locales: Vec<String>,
    /// BCP 47 tag for a user whose language is not known. Default: the first of `locales`, else `en`.
    pub default_locale: Option<String>,
    /// Ways to a human.
    pub escalation: EscalationOptions,
    /// Free.
    pub theme: Map<String, Value>,
}

/// Ways to a human.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EscalationOptions {
    /// There is a way at all. Default: `false`.
    pub enabled: bool,
    /// There is a button in the title bar. Default: `false`.
    pub titlebar: bool,
    /// `custom`, `email`, `url`, `zopim` or `none`. Default: `custom` if enabled, else `none`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it leads: an address, depending on the type. Default: none.
    pub target: Option<String>,
}

fn token_lifetime() -> Duration {
    Duration::from_secs(900)
}

fn grant_lifetime() -> Duration {
    Duration::from_secs(3600)
}

fn idle_timeout() -> Duration {
    Duration::from_secs(30 * 60)
}

fn turn_timeout() -> Duration {
    Duration::from_secs(30)
}

fn enabled() -> bool {
    true
}

impl FrontendOptions {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn validate(&self) -> Result<(), OptionsError> {
        self.validate_apps()?;
        for (at, key) in self.admin_keys.iter().enumerate() {
            check_secret(key, format!("admin_keys[{at}]"), "\"${KARE_ADMIN_KEY}\"")?;
        }
        self.validate_clients()?;
        if self.token_lifetime < Duration::from_secs(1) {
            return Err(OptionsError::new("token_lifetime", "is under a second")
                .fix("token_lifetime = 900"));
        }
        let kind = self.config.escalation.kind.as_deref();
        if !matches!(
            kind,
            None | Some("custom" | "email" | "url" | "zopim" | "none")
        ) {
            return Err(
                OptionsError::new("config.escalation.type", "is not one of Kare's")
                    .fix("custom, email, url, zopim or none"),
            );
        }
        Ok(())
    }

    fn validate_apps(&self) -> Result<(), OptionsError> {
        let may_create =
            |client: &OauthClientOptions| client.permissions.contains(&Permission::SettingsWrite);
        let can_have_some =
            !self.admin_keys.is_empty() || self.oauth_clients.iter().any(may_create);
        if self.apps.is_empty() && !can_have_some {
            return Err(OptionsError::new("apps", "no application may come in").fix(
                "apps = [{ app_id = \"00000000-0000-4000-8000-00000000cafe\", name = \"website\" }]",
            ));
        }
        let mut seen = Vec::with_capacity(self.apps.len());
        for (at, app) in self.apps.iter().enumerate() {
            let id = normalise(&app.app_id);
            let path = format!("apps[{at}].app_id");
            if id.is_empty() {
                return Err(OptionsError::new(path, "is empty").fix("a UUID of your own"));
            }
            if seen.contains(&id) {
                return Err(
                    OptionsError::new(path, "names an application for the second time")
                        .fix("one entry for each application"),
                );
            }
            seen.push(id);
        }
        Ok(())
    }

    fn validate_clients(&self) -> Result<(), OptionsError> {
        for (at, client) in self.oauth_clients.iter().enumerate() {
            let path = |key: &str| format!("oauth_clients[{at}].{key}");
            let id = &client.client_id;
            if id.trim().is_empty() {
                return Err(OptionsError::new(path("client_id"), "is empty")
                    .fix("a name of your own, such as \"data-loader\""));
            }
            let earlier = self.oauth_clients.iter().take(at);
            if earlier.into_iter().any(|other| other.client_id == *id) {
                return Err(OptionsError::new(
                    path("client_id"),
                    "names a client for the second time",
                )
                .fix("one entry for each client"));
            }
            let secret = &client.client_secret;
            check_secret(secret, path("client_secret"), "\"${KARE_CLIENT_SECRET}\"")?;
            if client.permissions.is_empty() {
                return Err(OptionsError::new(path("permissions"), "is empty")
                    .fix("settings:write, knowledge:read, or both"));
            }
            if client.lifetime < Duration::from_secs(1) {
                return Err(
                    OptionsError::new(path("lifetime"), "is under a second").fix("lifetime = 3600")
                );
            }
        }
        Ok(())
    }
}

fn check_secret(secret: &Secret, path: String, example: &str) -> Result<(), OptionsError> {
    if secret.reveal().len() < 16 {
        return Err(OptionsError::new(path, "is shorter than 16 characters")
            .fix(format!("a long random secret, such as {example}")));
    }
    Ok(())
}
