use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_core::dialect::{OptionsError, duration};
use url::Url;

/// Kare's keys of a `[[backends]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendOptions {
    /// Base of the REST addresses, without the version: `https://api.eu.karehq.com`.
    pub url: String,
    /// The application to come in as.
    pub app_id: String,
    /// The socket's address. Default: `url` with `ws` for `http`, and `/ws`.
    #[serde(default)]
    pub websocket_url: Option<String>,
    /// The version prefix of REST paths; empty for none. Default: `v2.1`.
    #[serde(default = "version")]
    pub version: String,
    /// How to talk. Default: `websocket`.
    #[serde(default)]
    pub transport: TransportKind,
    /// What the names of metadata parameters start with. Default: `kare-meta-`.
    #[serde(default = "metadata_prefix")]
    pub metadata_prefix: String,
    /// How REST bodies are written. Default: `envelope`; a server that refuses the first one gets
    /// `flat` ones.
    #[serde(default)]
    pub body_style: BodyStyle,
    /// How `app_id` is given when a token is asked for. Default: `app_id`.
    #[serde(default)]
    pub token_app_id: AppIdPlace,
    /// How long after the last message an answer is taken to be complete, where the server does
    /// not mark its end. Default: 1.5 s.
    #[serde(default = "silence", deserialize_with = "duration")]
    pub silence: Duration,
    /// How long to wait for the first message of an answer. Default: 30 s.
    #[serde(default = "reply_timeout", deserialize_with = "duration")]
    pub reply_timeout: Duration,
    /// How long to wait for a word on feedback, which is often answered by nothing.
    /// Default: 3 s.
    #[serde(default = "feedback_timeout", deserialize_with = "duration")]
    pub feedback_timeout: Duration,
    /// How long to wait for the answer to a REST query. Default: 60 s.
    #[serde(default = "request_timeout", deserialize_with = "duration")]
    pub request_timeout: Duration,
    /// How long to wait for a token, a conversation or an open socket. Default: 10 s.
    #[serde(default = "setup_timeout", deserialize_with = "duration")]
    pub setup_timeout: Duration,
}

/// How to talk to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    /// Over the socket, and over REST while the socket fails.
    #[default]
    Websocket,
    /// Over REST only: no greeting, and nothing that nobody asked for.
    Rest,
}

/// How REST bodies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyStyle {
    /// The envelope and the conversation.
    #[default]
    Envelope,
    /// `{"conversation_id", "text"}`.
    Flat,
}

/// How `app_id` is given when a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum AppIdPlace {
    /// As the parameter `app_id`.
    #[default]
    #[serde(rename = "app_id")]
    Query,
    /// As the parameter `appId`.
    #[serde(rename = "appId")]
    CamelQuery,
    /// As the header `App-Id`.
    #[serde(rename = "header")]
    Header,
}

fn version() -> String {
    "v2.1".to_owned()
}

fn metadata_prefix() -> String {
    "kare-meta-".to_owned()
}

fn silence() -> Duration {
    Duration::from_millis(1500)
}

fn reply_timeout() -> Duration {
    Duration::from_secs(30)
}

fn feedback_timeout() -> Duration {
    Duration::from_secs(3)
}

fn request_timeout() -> Duration {
    Duration::from_secs(60)
}

fn setup_timeout() -> Duration {
    Duration::from_secs(10)
}

/// An engine's options with its addresses worked out.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Base of the REST addresses with the version, without a trailing slash.
    pub rest: String,
    /// The socket's address without parameters.
    pub socket: Url,
    /// The options.
    pub options: BackendOptions,
}

impl BackendOptions {
    /// Checks the options and works out the addresses.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn resolve(self) -> Result<Engine, OptionsError> {
        let base = address("url", &self.url, ["http", "https"])?;
        let mut rest = base.as_str().trim_end_matches('/').to_owned();
        let version = self.version.trim_matches('/');
        if !version.is_empty() {
            rest = format!("{rest}/{version}");
        }
        let socket = match &self.websocket_url {
            Some(url) => address("websocket_url", url, ["ws", "wss"])?,
            None => socket_of(&base)?,
        };
        if self.app_id.trim().is_empty() {
            return Err(OptionsError::new("app_id", "is empty")
                .fix("the application id that Kare gave you"));
        }
        Ok(Engine {
            rest,
            socket,
            options: self,
        })
    }
}

fn address(key: &str, text: &str, schemes: [&str; 2]) -> Result<Url, OptionsError> {
    let [first, second] = schemes;
    let fix = format!("{key} = \"{second}://engine.example.com\"");
    let url = Url::parse(text.trim())
        .map_err(|error| OptionsError::new(key, error.to_string()).fix(fix.clone()))?;
    if !schemes.contains(&url.scheme()) || url.host_str().is_none() {
        return Err(
            OptionsError::new(key, format!("must start with {first}:// or {second}://")).fix(fix),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(OptionsError::new(key, "must have no parameters and no fragment").fix(fix));
    }
    Ok(url)
}

fn socket_of(base: &Url) -> Result<Url, OptionsError> {
    let scheme = if base.scheme() == "https" {
        "wss"
    } else {
        "ws"
    };
    let rest = base.as_str().trim_end_matches('/');
    let rest = rest.split_once(':').map_or(rest, |(_, rest)| rest);
    Url::parse(&format!("{scheme}:{rest}/ws"))
        .map_err(|error| OptionsError::new("url", error.to_string()))
}
