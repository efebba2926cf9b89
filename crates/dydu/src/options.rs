//! What an operator can set.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use switchboard_core::dialect::{OptionsError, duration, durations};
use switchboard_core::model::push_rule::PushRule;
use url::Url;

use crate::convert::say::Voice;
use crate::languages::Spoken;
use crate::wire::words;

/// Keys of a `[[frontends]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontendOptions {
    /// The bots that may be asked for. At least one.
    pub bots: Vec<Arc<BotOptions>>,
    /// How long an unused context lives. The vendor's servers and widget count ten minutes.
    #[serde(default = "idle_timeout", deserialize_with = "duration")]
    pub idle_timeout: Duration,
    /// How long a talk request waits for the engine. The widget gives up after 50 s.
    #[serde(default = "turn_timeout", deserialize_with = "duration")]
    pub turn_timeout: Duration,
    /// The `userInput` by which the widget asks for the greeting (its `welcome.knowledgeName`).
    #[serde(default = "welcome")]
    pub welcome: String,
    /// Questions to offer as most asked ones, instead of asking the engine.
    #[serde(default)]
    pub top_knowledge: Vec<String>,
    /// When the page should speak first, instead of asking the engine.
    #[serde(default)]
    pub push_rules: Option<Vec<PushRule>>,
    /// Largest uploaded file in bytes. The widget's limit is 10 000 kB.
    #[serde(default = "upload_limit")]
    pub upload_limit: usize,
    /// How many entries of a conversation its history shows.
    #[serde(default = "history_limit")]
    pub history_limit: usize,
    /// Take what the user of a chatbox that lost its livechat socket types for what they say.
    #[serde(default = "yes")]
    pub overhear: bool,
}

/// A bot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotOptions {
    /// The id in the widget's `bot.json`, a UUID.
    pub bot_id: String,
    /// ISO codes of the languages that the widget may offer; absent: those of the engine.
    #[serde(default)]
    pub languages: Option<Vec<String>>,
    /// A name for the operator.
    #[serde(default)]
    pub name: Option<String>,
    /// What the engine said that it speaks.
    #[serde(skip)]
    pub(crate) spoken: Spoken,
}

impl FrontendOptions {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.bots.is_empty() {
            return Err(OptionsError::new("bots", "no bot is listed")
                .fix("bots = [{ bot_id = \"<uuid>\", languages = [\"en\"] }]"));
        }
        for (index, bot) in self.bots.iter().enumerate() {
            if bot.bot_id.trim().is_empty() || bot.bot_id.contains(['/', '?', '#', ' ']) {
                return Err(OptionsError::new(
                    format!("bots[{index}].bot_id"),
                    "a bot id is part of the path: it cannot be empty or hold / ? # or spaces",
                ));
            }
            if bot.languages.as_ref().is_some_and(Vec::is_empty) {
                return Err(OptionsError::new(
                    format!("bots[{index}].languages"),
                    "no language is listed",
                )
                .fix("languages = [\"en\"]"));
            }
        }
        for (index, rule) in self.push_rules.iter().flatten().enumerate() {
            rule.check().map_err(|(key, why)| {
                OptionsError::new(format!("push_rules[{index}].{key}"), why)
            })?;
        }
        Ok(())
    }
}

/// Keys of a `[[backends]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendOptions {
    /// The server, such as `https://bot.example.com/`, or a mount below one.
    #[serde(default)]
    pub url: Option<String>,
    /// Several servers, failed over in order.
    #[serde(default)]
    pub urls: Vec<String>,
    /// The bot to talk to.
    pub bot_id: String,
    /// Consultation space, where the conversation names none.
    #[serde(default = "space")]
    pub space: String,
    /// ISO code of the language, where the conversation names none.
    #[serde(default = "language")]
    pub language: String,
    /// Mark all conversations as tests that stay out of statistics.
    #[serde(default)]
    pub qualification: bool,
    /// The `userInput` that asks for the greeting.
    #[serde(default = "welcome")]
    pub welcome: String,
    /// How to talk to the engine.
    #[serde(default)]
    pub transport: Transport,
    /// How to get a livechat's messages where talk goes by REST.
    #[serde(default)]
    pub livechat: Livechat,
    /// What an operator is told in the user's name when the user's connection is lost; empty:
    /// nothing.
    #[serde(default = "lost_notice")]
    pub lost_notice: String,
    /// What an operator who was told so is told when the user is back; empty: nothing.
    #[serde(default = "back_notice")]
    pub back_notice: String,
    /// Put `servlet/` between the URL and the API, as a real server wants it.
    #[serde(default = "yes")]
    pub servlet: bool,
    /// How long a talk request may take.
    #[serde(default = "talk_timeout", deserialize_with = "duration")]
    pub talk_timeout: Duration,
    /// How long any other request may take.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// How long it may take to send a file of a user's. There is one attempt.
    #[serde(default = "upload_timeout", deserialize_with = "duration")]
    pub upload_timeout: Duration,
    /// What a user is told whose file the engine did not take.
    #[serde(default = "upload_failed")]
    pub upload_failed: String,
    /// How often each server is tried for one request.
    #[serde(default = "rounds")]
    pub rounds: u32,
    /// How long to wait between two such rounds.
    #[serde(default = "retry_pause", deserialize_with = "duration")]
    pub retry_pause: Duration,
    /// When to ask for news after a turn, from its end; empty: never.
    #[serde(default = "poll_after", deserialize_with = "durations")]
    pub poll_after: Vec<Duration>,
    /// How often to ask for news while a human is involved.
    #[serde(default = "livechat_poll", deserialize_with = "duration")]
    pub livechat_poll: Duration,
    /// On the websocket: how long the engine must be silent after an answer before the turn
    /// counts as over. The protocol has no other mark.
    #[serde(default = "silence", deserialize_with = "duration")]
    pub silence: Duration,
}

/// How to talk to an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP requests, and a websocket during a livechat.
    #[default]
    Rest,
    /// Talk and signs of life on a websocket, everything else by HTTP requests.
    Websocket,
}

/// How to get a livechat's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Livechat {
    /// On a websocket; by polls where no server takes one.
    #[default]
    Websocket,
    /// By polls.
    Polling,
}

impl BackendOptions {
    /// The servers' base addresses, each with a slash at its end.
    ///
    /// # Errors
    /// There is none, or one is no HTTP address.
    pub fn servers(&self) -> Result<Vec<String>, OptionsError> {
        let named = self.url.iter().map(|url| ("url".to_owned(), url)).chain(
            self.urls
                .iter()
                .enumerate()
                .map(|(index, url)| (format!("urls[{index}]"), url)),
        );
        let mut servers = Vec::new();
        for (path, address) in named {
            let fault = |message: String| {
                OptionsError::new(path.clone(), message).fix("url = \"https://bot.example.com/\"")
            };
            let url = Url::parse(address).map_err(|error| fault(error.to_string()))?;
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
                return Err(fault("not an http or https address".to_owned()));
            }
            if url.query().is_some() || url.fragment().is_some() {
                return Err(fault(
                    "a base address has no query and no fragment".to_owned(),
                ));
            }
            let mut base = url.to_string();
            if !base.ends_with('/') {
                base.push('/');
            }
            if self.servlet && !base.ends_with("/servlet/") {
                base.push_str("servlet/");
            }
            servers.push(base);
        }
        if servers.is_empty() {
            return Err(OptionsError::new("url", "no server is named")
                .fix("url = \"https://bot.example.com/\""));
        }
        if self.bot_id.trim().is_empty() {
            return Err(OptionsError::new("bot_id", "no bot is named"));
        }
        if self.rounds == 0 {
            return Err(OptionsError::new("rounds", "at least 1"));
        }
        Ok(servers)
    }

    /// What the legs say about themselves.
    pub fn voice(&self) -> Voice {
        Voice {
            space: self.space.clone(),
            language: self.language.clone(),
            qualification: self.qualification,
            welcome: self.welcome.clone(),
            lost_notice: self.lost_notice.clone(),
            back_notice: self.back_notice.clone(),
        }
    }
}

fn idle_timeout() -> Duration {
    Duration::from_secs(600)
}
fn turn_timeout() -> Duration {
    Duration::from_secs(45)
}
fn welcome() -> String {
    words::WELCOME.to_owned()
}
fn upload_limit() -> usize {
    10_000 * 1024
}
fn history_limit() -> usize {
    200
}
fn space() -> String {
    words::DEFAULT_SPACE.to_owned()
}
fn language() -> String {
    "en".to_owned()
}
fn yes() -> bool {
    true
}
fn talk_timeout() -> Duration {
    Duration::from_secs(50)
}
fn timeout() -> Duration {
    Duration::from_secs(5)
}
fn upload_timeout() -> Duration {
    Duration::from_secs(30)
}
fn upload_failed() -> String {
    "The file could not be sent.".to_owned()
}
fn rounds() -> u32 {
    2
}
fn retry_pause() -> Duration {
    Duration::from_secs(3)
}
fn lost_notice() -> String {
    "[The user's connection was lost.]".to_owned()
}
fn back_notice() -> String {
    "[The user is back.]".to_owned()
}
fn poll_after() -> Vec<Duration> {
    [2_500, 5_000, 10_000].map(Duration::from_millis).to_vec()
}
fn livechat_poll() -> Duration {
    Duration::from_millis(2_500)
}
fn silence() -> Duration {
    Duration::from_millis(300)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_core::dialect::parse_options;

    use super::*;

    #[test]
    fn mistakes_are_named() {
        let frontend = |value| parse_options::<FrontendOptions>(value).and_then(|o| o.check());
        assert_eq!(frontend(json!({"bots": [{"bot_id": "b"}]})), Ok(()));
        assert_eq!(frontend(json!({"bots": []})).unwrap_err().path, "bots");
        let path = frontend(json!({"bots": [{"bot_id": "a b"}]}))
            .unwrap_err()
            .path;
        assert_eq!(path, "bots[0].bot_id");
        let path = frontend(json!({"bots": [{"bot_id": "b", "languages": []}]}))
            .unwrap_err()
            .path;
        assert_eq!(path, "bots[0].languages");
        let rule = |condition| {
            let rules = json!([{"kId": "1", "conditions": [condition]}]);
            frontend(json!({"bots": [{"bot_id": "b"}], "push_rules": rules}))
        };
        let page = json!({"type": "CurrentPage", "operator": "Contains", "value": "/help"});
        assert_eq!(rule(page), Ok(()));
        for (condition, path) in [
            (
                json!({"type": "City"}),
                "push_rules[0].conditions[0].operator",
            ),
            (json!({"type": "Town"}), "push_rules[0].conditions[0].type"),
        ] {
            assert_eq!(rule(condition).unwrap_err().path, path);
        }
        assert!(frontend(json!({"bots": [], "x": 1})).is_err());
        assert!(frontend(json!({"bots": [], "idle_timeout": 0})).is_err());

        let backend = |value| parse_options::<BackendOptions>(value).and_then(|o| o.servers());
        assert_eq!(
            backend(
                json!({"bot_id": "b", "url": "https://x.example", "urls": ["http://127.0.0.1:8080/dydu"]})
            ),
            Ok(vec![
                "https://x.example/servlet/".to_owned(),
                "http://127.0.0.1:8080/dydu/servlet/".to_owned()
            ])
        );
        assert_eq!(
            backend(json!({"bot_id": "b", "url": "http://localhost/", "servlet": false})),
            Ok(vec!["http://localhost/".to_owned()])
        );
        assert_eq!(backend(json!({"bot_id": "b"})).unwrap_err().path, "url");
        let path = backend(json!({"bot_id": "b", "urls": ["ftp://x"]}))
            .unwrap_err()
            .path;
        assert_eq!(path, "urls[0]");
    }
}
