//! Switchboard as a Kare server: `docs/protocols/kare.md#91-server`.

mod applications;
mod apps;
mod auth;
mod forest;
mod oauth;
mod params;
mod profile;
mod rest;
mod rights;
mod session;
mod settings;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Attach, Cx, Find, Frontend, Handled, Secret, Target, Upgrade};

pub(crate) use self::applications::MAX_APPLICATIONS;
use self::apps::Apps;
use self::params::Params;
use self::session::Session;
use self::settings::Settings;
use self::tokens::Tokens;
use crate::convert::Style;
use crate::error::{DialectError, response};
use crate::options::FrontendOptions;
use crate::wire::{application, config, conversation, events, grant, id, post, token};

/// Path of the socket.
const SOCKET_PATH: &str = "/ws";
/// Prefixes under which everything is mounted a second time.
const VERSIONS: [&str; 4] = ["/v2.1", "/v2.2", "/v3.0", "/v3.1"];

/// A configured Kare endpoint.
pub struct KareFrontend {
    shared: Arc<Shared>,
}

/// What requests and sockets have in common.
struct Shared {
    apps: Apps,
    admin_keys: Vec<Secret>,
    tokens: Tokens,
    settings: Settings,
    style: Style,
    idle_timeout: Duration,
    turn_timeout: Duration,
}

impl KareFrontend {
    /// A frontend with validated options, whose tokens are signed with `key`.
    pub fn new(options: FrontendOptions, key: &[u8; 32]) -> Self {
        let mut style = Style::default();
        if let Some((helpful, not_helpful)) = options.feedback_labels {
            style.helpful = helpful;
            style.not_helpful = not_helpful;
        }
        if let Some(contact) = options.contact_label {
            style.contact = contact;
        }
        Self {
            shared: Arc::new(Shared {
                apps: Apps::new(options.apps),
                admin_keys: options.admin_keys,
                tokens: Tokens::new(options.token_lifetime, options.oauth_clients, key),
                settings: Settings::new(options.config),
                style,
                idle_timeout: options.idle_timeout,
                turn_timeout: options.turn_timeout,
            }),
        }
    }
}

impl Frontend for KareFrontend {
    fn adopt(&self, document: &Value) -> Result<(), Fault> {
        self.shared.apps.adopt(document)
    }

    fn handle(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handled {
        let (parts, body) = request.into_parts();
        let path = VERSIONS
            .iter()
            .find_map(|version| path.strip_prefix(version))
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path);
        let asked = Asked {
            shared: &self.shared,
            params: Params::parse(parts.uri.query()),
            parts: &parts,
        };
        asked.route(&body, path, cx).unwrap_or_else(refuse)
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        response(&DialectError::Fault(fault.clone()))
    }

    fn cors_headers(&self) -> &[&str] {
        &[
            "authorization",
            "content-type",
            "app-id",
            "kare-content-locale",
            "kare-meta-*",
            "dialpad-meta-*",
        ]
    }

    fn idle_timeout(&self) -> Duration {
        self.shared.idle_timeout
    }

    fn turn_timeout(&self) -> Duration {
        self.shared.turn_timeout
    }

    fn examples(&self, base_url: &str) -> Vec<String> {
        let Some(app) = self.shared.apps.first_enabled() else {
            return Vec::new();
        };
        let app = &app.app_id;
        let socket = base_url.replacen("http", "ws", 1);
        vec![
            format!(
                "B='{base_url}' && T=$(curl -s \"$B/apps/token?app_id={app}\" | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/') \
                 && C=$(curl -s -X POST -H \"Authorization: Bearer $T\" \"$B/dialog/conversation\" | sed 's/.*\"conversation_id\":\"\\([^\"]*\\)\".*/\\1/') \
                 && curl -s \"$B/dialog/query\" -H \"Authorization: Bearer $T\" -H 'Content-Type: application/json' \
                 -d \"{{\\\"conversation_id\\\":\\\"$C\\\",\\\"text\\\":\\\"hello\\\"}}\""
            ),
            format!(
                "echo '{{\"uri\":\"in/hi\"}}' | websocat --no-close '{socket}/ws?app_id={app}'"
            ),
        ]
    }

    fn describe(&self) -> Vec<String> {
        let keys = self.shared.admin_keys.iter();
        self.shared
            .apps
            .describe()
            .chain(keys.map(|key| format!("admin key {key}")))
            .chain(self.shared.tokens.describe())
            .collect()
    }
}

fn refuse(error: DialectError) -> Handled {
    Handled::Refuse(Fault::from(&error), response(&error))
}

/// A request, taken apart.
struct Asked<'a> {
    shared: &'a Arc<Shared>,
    parts: &'a Parts,
    params: Params<'a>,
}

impl Asked<'_> {
    fn route(&self, body: &Bytes, path: &str, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        match path {
            post::QUERY_PATH => {
                self.only(Method::POST, "POST")?;
                self.query(body, cx)
            }
            post::CLICK_PATH => {
                self.only(Method::POST, "POST")?;
                self.click(body, cx)
            }
            conversation::PATH => {
                self.only(Method::POST, "POST")?;
                self.start(body, cx)
            }
            token::PATH => {
                self.only(Method::GET, "GET")?;
                self.token(cx)
            }
            config::PATH => {
                self.only(Method::GET, "GET")?;
                self.config(cx)
            }
            SOCKET_PATH => {
                self.only(Method::GET, "GET")?;
                self.socket(cx)
            }
            grant::PATH => {
                self.only(Method::POST, "POST")?;
                Ok(self.grant(body, cx))
            }
            application::PATH => self.applications(body, cx),
            other => {
                let below = other.strip_prefix(application::PATH);
                if let Some(app_id) = below.and_then(|rest| rest.strip_prefix('/')) {
                    return self.application(app_id, body, cx);
                }
                let conversation = other
                    .strip_prefix(events::PATH_START)
                    .and_then(|rest| rest.strip_suffix(events::PATH_END))
                    .filter(|id| !id.is_empty() && !id.contains('/'))
                    .ok_or(Fault::NotFound)?;
                self.only(Method::GET, "GET")?;
                self.history(conversation, cx)
            }
        }
    }

    fn only(&self, method: Method, allow: &'static str) -> Result<(), DialectError> {
        if self.parts.method == method {
            Ok(())
        } else {
            Err(DialectError::WrongMethod { allow })
        }
    }

    /// The dialog's socket: `docs/protocols/kare.md#32-handshake`.
    fn socket(&self, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let app = self.socket_app(cx)?;
        let find = match self.params.get("conversation_id") {
            Some(conversation) => Find::Existing(id::normalise(conversation)),
            None => Find::New,
        };
        let target = Target::new(find, app.app_id.clone());
        let mut profile = profile::of_url(&self.params);
        profile::add_browser(&mut profile, &self.parts.headers);
        profile.app = Some(app.app_id.clone());
        let welcome = self.params.first(&crate::wire::hello::WELCOME_NAMES);
        Ok(Handled::Upgrade(Upgrade {
            subprotocol: None,
            session: Box::new(Session::new(
                Arc::clone(self.shared),
                &app,
                welcome.map(str::to_owned),
            )),
            attach: Some(Attach { target, profile }),
        }))
    }
}
