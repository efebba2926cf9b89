//! What an operator can set.

mod address;
mod api;
mod links;
mod pages;
mod style;
mod users;
mod webchat;

use std::time::Duration;

use serde::Deserialize;
use switchboard_core::dialect::{OptionsError, Secret, duration, durations};

pub use api::{Api, ApiToken};
pub use links::DeepLinks;
pub use pages::Pages;
pub use style::TextStyle;
pub use users::{Anonymous, Users};
pub use webchat::Webchat;

use crate::wire::callback;

/// The keys of a `[[frontends]]` table with `dialect = "opendialog"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FrontendOptions {
    /// The keys that let clients of generations 2 and 3 in (`Authorization: Bearer …`). Without
    /// any, only the paths of generation 1 answer.
    pub app_keys: Vec<Secret>,
    /// Ask for an app key on the paths of generation 1 as well. The unmodified webchat sends none
    /// there. Default `false`.
    pub require_app_key: bool,
    /// The scenarios that a client may select. Empty: any.
    pub scenarios: Vec<Scenario>,
    /// Which client is expected. Default `webchat-1`.
    pub client: Client,
    /// How words are marked up. Default `html`.
    pub text_format: TextStyle,
    /// How the webchat looks and begins.
    pub webchat: Webchat,
    /// Systems that the page has a chat mode for. An offer of a handover to one of them becomes a
    /// `hand-to-system` message, to any other a text: the webchat shows an error line for a mode
    /// that it does not have. What an OpenDialog engine sends is passed on in any case.
    pub handover_systems: Vec<String>,
    /// What the very first opening is answered with if the engine says nothing: without any
    /// message the webchat waits forever. Default `Hello!`.
    pub fallback_greeting: String,
    /// The address under which browsers reach this frontend, such as `https://chat.example.com/od`.
    /// Default: what the request for a link was sent to, as `X-Forwarded-Host` and
    /// `X-Forwarded-Proto` say, or else `Host`; wrong behind a proxy that changes paths.
    pub public_url: Option<String>,
    /// The APIs for programs.
    pub api: Api,
    /// Deep links.
    pub deep_links: DeepLinks,
    /// The webchat's own pages and files.
    pub pages: Pages,
    /// How users prove who they are.
    pub users: Users,
    /// Write the answers to forms into the transcript. Default `false`: only that there was one.
    pub transcript_forms: bool,
    /// How long a conversation lasts without any call. Default: 86400 s, a day.
    #[serde(deserialize_with = "duration")]
    pub idle_timeout: Duration,
    /// How long a client waits for an answer. Default: 30 s.
    #[serde(deserialize_with = "duration")]
    pub turn_timeout: Duration,
}

impl Default for FrontendOptions {
    fn default() -> Self {
        Self {
            app_keys: Vec::new(),
            require_app_key: false,
            scenarios: Vec::new(),
            client: Client::default(),
            text_format: TextStyle::default(),
            webchat: Webchat::default(),
            handover_systems: Vec::new(),
            fallback_greeting: "Hello!".to_owned(),
            public_url: None,
            api: Api::default(),
            deep_links: DeepLinks::default(),
            pages: Pages::default(),
            users: Users::default(),
            transcript_forms: false,
            idle_timeout: Duration::from_secs(86_400),
            turn_timeout: Duration::from_secs(30),
        }
    }
}

impl FrontendOptions {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn check(&self) -> Result<(), OptionsError> {
        if let Some(place) = self.app_keys.iter().position(|key| key.reveal().is_empty()) {
            return Err(OptionsError::new(
                format!("app_keys[{place}]"),
                "an app key must not be empty",
            ));
        }
        if self.require_app_key && self.app_keys.is_empty() {
            return Err(
                OptionsError::new("require_app_key", "no app key is configured")
                    .fix("app_keys = [\"…\"]"),
            );
        }
        if self.fallback_greeting.trim().is_empty() {
            return Err(OptionsError::new(
                "fallback_greeting",
                "must not be empty: the webchat waits forever for a first message",
            ));
        }
        address::check(self.public_url.as_deref())?;
        self.api.check()?;
        self.deep_links.check()?;
        let colour = self.webchat.header_colour();
        if !is_hex_colour(colour.as_str().unwrap_or_default()) {
            return Err(OptionsError::new(
                "webchat.colours.headerBackground",
                "must be #rgb or #rrggbb, or the webchat does not start",
            )
            .fix("headerBackground = \"#1b2956\""));
        }
        Ok(())
    }

    /// The id of the configured scenario with this id or alias; any name if none is configured.
    pub(crate) fn scenario<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.scenarios.is_empty() {
            return Some(name);
        }
        self.scenarios
            .iter()
            .find(|scenario| scenario.id == name || scenario.alias.as_deref() == Some(name))
            .map(|scenario| scenario.id.as_str())
    }
}

fn is_hex_colour(colour: &str) -> bool {
    colour
        .strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A scenario that a client may select.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its id, as in `user.custom.selected_scenario`.
    pub id: String,
    /// Another name for it.
    #[serde(default)]
    pub alias: Option<String>,
}

/// Which client a frontend expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Client {
    /// The unmodified webchat 1.0.0: it shows nothing for types that it does not know.
    #[default]
    #[serde(rename = "webchat-1")]
    Webchat1,
    /// A newer widget or a custom client: it knows the newer types as well.
    #[serde(rename = "current")]
    Current,
}

/// The keys of a `[[backends]]` table with `dialect = "opendialog"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendOptions {
    /// The engine's base address, such as `https://bot.example.com`.
    pub url: String,
    /// The key of the embed code, sent as `Authorization: Bearer …`. Generation 1 needs none.
    #[serde(default)]
    pub app_key: Option<Secret>,
    /// The scenario to run, sent as `user.custom.selected_scenario`.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Which of the protocol's generations the engine speaks. Default 1.
    #[serde(default)]
    pub generation: Generation,
    /// The callback that opens a conversation. Default `WELCOME`.
    #[serde(default = "welcome")]
    pub welcome: String,
    /// The type of the opening message. Default: `chat_open`, or what an OpenDialog client sent.
    #[serde(default)]
    pub open_with: Option<OpenWith>,
    /// When the history is looked at for messages that nobody asked for: times after the end
    /// of a turn. Default `[2.5, 5, 10]`; empty for never.
    #[serde(default = "history_poll", deserialize_with = "durations")]
    pub history_poll: Vec<Duration>,
    /// How long an answer may take. Default: 30 s.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

fn welcome() -> String {
    callback::WELCOME.to_owned()
}

fn history_poll() -> Vec<Duration> {
    [2_500, 5_000, 10_000].map(Duration::from_millis).to_vec()
}

fn timeout() -> Duration {
    Duration::from_secs(30)
}

/// The protocol's generations: `docs/protocols/opendialog.md#0-how-to-read-this-file`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u8")]
pub enum Generation {
    /// The open-source server.
    #[default]
    One,
    /// The hosted product to mid 2025.
    Two,
    /// The hosted product from mid 2025 on.
    Three,
}

impl TryFrom<u8> for Generation {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err("the generations are 1, 2 and 3"),
        }
    }
}

/// The type of the message that opens a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenWith {
    /// As the webchat does when it is loaded.
    ChatOpen,
    /// As custom clients do.
    Trigger,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use switchboard_core::dialect::parse_options;

    use super::*;

    #[test]
    fn the_demo_frontend_is_accepted() {
        let options: FrontendOptions = parse_options(json!({
            "app_keys": ["demo-app-key"],
            "scenarios": [{"id": "demo", "alias": "shop"}],
        }))
        .unwrap();
        options.check().unwrap();
        assert_eq!(options.scenario("shop"), Some("demo"));
        assert_eq!(options.scenario("other"), None);
        assert!(!format!("{options:?}").contains("demo-app-key"));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |options: Value| {
            parse_options::<FrontendOptions>(options).and_then(|options| options.check())
        };
        let path = |options| check(options).unwrap_err().path;
        assert_eq!(path(json!({"require_app_key": true})), "require_app_key");
        assert_eq!(path(json!({"app_keys": ["a", ""]})), "app_keys[1]");
        assert_eq!(
            path(json!({"webchat": {"colours": {"headerBackground": "blue"}}})),
            "webchat.colours.headerBackground"
        );
        assert_eq!(path(json!({"webchat": {"team": "x"}})), "webchat.team");
        assert_eq!(path(json!({"turn_timeout": 0})), "turn_timeout");
        for users in [0, 10_001] {
            let path = path(json!({"deep_links": {"most_users": users}}));
            assert_eq!(path, "deep_links.most_users");
        }
        for url in [
            "",
            "chat.example.com/od",
            "ftp://chat.example.com",
            "https://",
            "https://chat.example.com/?a",
            "https://chat.example.com/#a",
            "https://user:secret@chat.example.com",
        ] {
            assert_eq!(path(json!({"public_url": url})), "public_url", "{url}");
        }
        check(json!({"public_url": "https://chat.example.com/od/"})).unwrap();
    }

    #[test]
    fn generations_are_numbers() {
        let parse = |generation: u8| {
            parse_options::<BackendOptions>(json!({"url": "http://e", "generation": generation}))
        };
        assert_eq!(parse(3).unwrap().generation, Generation::Three);
        assert_eq!(parse(4).unwrap_err().path, "generation");
        let options = parse_options::<BackendOptions>(json!({"url": "http://e"})).unwrap();
        assert_eq!(options.history_poll.len(), 3);
        assert_eq!(options.welcome, "WELCOME");
    }
}
