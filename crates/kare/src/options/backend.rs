use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_core::dialect::{OptionsError, Secret, duration};
use url::Url;

use crate::wire::grant;
use crate::wire::spelling::{FieldNames, Spelling};

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
    /// Where REST calls carry the token. Default: `header`.
    #[serde(default)]
    pub token_place: TokenPlace,
    /// How the socket proves who it is. Default: `app_id`.
    #[serde(default)]
    pub socket_auth: SocketAuth,
    /// Credentials that grant more than an application's token, which they replace. Default: none.
    #[serde(default)]
    pub oauth: Option<OAuth>,
    /// What the fields of bodies and frames are called where the server has other names for them;
    /// those names are read too. The socket's parameters are documented and keep their names.
    /// Default: the names of `docs/protocols/kare.md`.
    #[serde(default)]
    pub fields: FieldNames,
    /// How the end of an answer over the socket is told. Default: `auto`.
    #[serde(default)]
    pub turn_end: TurnEnd,
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
    /// How long to wait for a word on a clicked choice over the socket, where a click that is only
    /// logged is answered by nothing; what comes later is shown all the same. Default: 10 s.
    #[serde(default = "click_timeout", deserialize_with = "duration")]
    pub click_timeout: Duration,
    /// Say hello on the socket before a first question that comes without one, as from a front-end
    /// that knows no greeting; the engine's greeting is then a message that nobody asked for.
    /// Default: `false`.
    #[serde(default)]
    pub hello_first: bool,
    /// How long a message waits for the one that it hangs below, before it is shown without.
    /// Default: 2 s.
    #[serde(default = "hold", deserialize_with = "duration")]
    pub hold: Duration,
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
    /// Over the socket, and over REST while the socket fails. It is tried again meanwhile, every
    /// half a minute or more often.
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

/// Where REST calls carry the token: `docs/protocols/kare.md#21-common-rules`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// In the header `Authorization`, as a bearer token.
    #[default]
    Header,
    /// In the parameter `token`.
    Token,
    /// In the parameter `access_token`.
    AccessToken,
}

/// How the socket proves who it is: `docs/protocols/kare.md#32-handshake`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketAuth {
    /// By `app_id` alone; where that is refused, by the token too, at its `token_place`.
    #[default]
    AppId,
    /// By the token as well, in the header `Authorization`.
    Header,
    /// By the token as well, in the parameter `token`.
    Token,
    /// By the token as well, in the parameter `access_token`.
    AccessToken,
}

impl SocketAuth {
    /// Where the token goes, if it goes along from the first attempt.
    pub fn place(self) -> Option<TokenPlace> {
        match self {
            Self::AppId => None,
            Self::Header => Some(TokenPlace::Header),
            Self::Token => Some(TokenPlace::Token),
            Self::AccessToken => Some(TokenPlace::AccessToken),
        }
    }
}

/// How the end of an answer over the socket is told. An answer over REST is complete by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnEnd {
    /// By `header.final` of a server that writes it, else by `silence`.
    #[default]
    Auto,
    /// By `header.final` alone; without it `reply_timeout` after the last message.
    Final,
    /// By `silence` alone, whatever the marks say.
    Silence,
}

/// OAuth 2.0 client credentials:
/// `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Who asks.
    pub client_id: String,
    /// The secret.
    pub client_secret: Secret,
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

fn click_timeout() -> Duration {
    Duration::from_secs(10)
}

fn hold() -> Duration {
    Duration::from_secs(2)
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
    /// Where OAuth tokens come from, outside the version.
    pub oauth: String,
    /// The socket's address without parameters.
    pub socket: Url,
    /// How fields are written.
    pub spelling: Spelling,
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
        let oauth = format!("{rest}{}", grant::PATH);
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
        if let Some(oauth) = &self.oauth
            && (oauth.client_id.trim().is_empty() || oauth.client_secret.reveal().is_empty())
        {
            return Err(OptionsError::new("oauth", "names no client, or no secret")
                .fix("oauth = { client_id = \"…\", client_secret = \"${KARE_ENGINE_SECRET}\" }"));
        }
        let spelling = self.fields.resolve()?;
        Ok(Engine {
            rest,
            oauth,
            socket,
            spelling,
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
