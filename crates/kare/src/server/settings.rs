use switchboard_core::model::Profile;

use super::apps::App;
use crate::options::SettingsOptions;
use crate::wire::config::{Config, Escalation};

/// The default settings of all applications, ready to send.
pub(super) struct Settings {
    config: Config,
    default_locale: String,
}

impl Settings {
    pub(super) fn new(options: SettingsOptions) -> Self {
        let default_locale = options
            .default_locale
            .or_else(|| options.locales.first().cloned())
            .unwrap_or_else(|| "en".to_owned());
        let escalation = options.escalation;
        let kind = escalation.kind.unwrap_or_else(|| {
            let kind = if escalation.enabled { "custom" } else { "none" };
            kind.to_owned()
        });
        let config = Config {
            show_launcher: Some(options.show_launcher.unwrap_or(true)),
            is_fullscreen: Some(options.is_fullscreen.unwrap_or(false)),
            show_popover_after: Some(options.show_popover_after.unwrap_or(3).into()),
            query: options.query,
            welcome_message_id: options.welcome_message_id,
            host_locale: options.host_locale,
            locales: options.locales,
            default_locale: Some(default_locale.clone()),
            escalation: Some(Escalation {
                enabled: escalation.enabled,
                kind,
                titlebar: escalation.titlebar,
                target: escalation.target,
                ..Escalation::default()
            }),
            theme: Some(options.theme),
            ..Config::default()
        };
        Self {
            config,
            default_locale,
        }
    }

    pub(super) fn for_app(&self, app: &App) -> Config {
        Config {
            app_id: Some(app.app_id.clone()),
            name: Some(app.name.clone()),
            ..self.config.clone()
        }
    }

    /// The locale of a conversation: the user's, else the default.
    pub(super) fn locale(&self, profile: &Profile) -> String {
        profile
            .locales
            .effective()
            .unwrap_or(&self.default_locale)
            .to_owned()
    }
}
