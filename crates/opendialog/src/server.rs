//! Switchboard plays OpenDialog towards a webchat or a custom client.
//!
//! The three generations of paths lead to the same handlers; they differ in what they ask of a
//! caller. A conversation's key is the user id, whatever the generation, so that a user goes on
//! where they were.

mod access;
mod answer;
mod api;
mod chat;
mod configuration;
mod cookies;
mod deep_links;
mod external;
mod feedback;
mod history;
mod pages;
mod place;
mod tokens;
mod transcript;
mod users;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use switchboard_core::Fault;
use switchboard_core::dialect::{Build, Call, Cx, Find, Frontend, Handled, OptionsError, Target};

use crate::error;
use crate::options::FrontendOptions;
use pages::Pages;
use tokens::Tokens;
use url::Url;

/// The scope of every conversation of a frontend.
const SCOPE: &str = "opendialog";
/// Largest body: a long text with everything that is known of a user fits many times over.
const BODY_LIMIT: usize = 256 * 1024;
/// What a body may have for each of the users that links are asked for.
const BODY_LIMIT_EACH: usize = 2 * 1024;

/// A frontend. A copy of it shares everything with it.
#[derive(Clone)]
pub(crate) struct Server {
    options: Arc<FrontendOptions>,
    /// The option of that name, read once.
    public_url: Option<Arc<Url>>,
    /// What programs have used of their budgets.
    limits: Arc<api::Limits>,
    tokens: Arc<Tokens>,
    pages: Arc<Pages>,
}

/// A handler's answer, or why there is none.
type Handling = Result<Handled, (Fault, Response<Bytes>)>;

impl Server {
    /// # Errors
    /// A folder or a file that the options name cannot be read.
    pub(crate) fn new(options: FrontendOptions, build: &Build<'_>) -> Result<Self, OptionsError> {
        let public_url = options.public_url.as_deref();
        let public_url = public_url.and_then(|url| Url::parse(url).ok());
        Ok(Self {
            public_url: public_url.map(Arc::new),
            limits: Arc::new(api::Limits::new(&options.api)),
            tokens: Arc::new(Tokens::new(&build.signing_key)?),
            pages: Arc::new(Pages::new(&options, build)?),
            options: Arc::new(options),
        })
    }

    fn route(&self, request: &Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handling {
        let path = path.trim_start_matches('/');
        let method = request.method();
        let generation = access::generation(path);
        match path {
            "incoming/webchat" | "incoming/chatApi" | "chat-api/message" => {
                only(method, &[Method::POST])?;
                let caller = self.admit(request, generation)?;
                let chat = self.chat(request, caller, cx)?;
                self.guard(request, path, chat, cx)
            }
            "webchat-config" | "chatApi-config" | "chat-api/configuration" => {
                only(method, &[Method::GET, Method::POST])?;
                let caller = self.admit(request, generation)?;
                let configuration = self.configuration(request, caller)?;
                self.guard(request, path, configuration, cx)
            }
            "chat-api/history" | "chat-api/transcript" => {
                only(method, &[Method::GET])?;
                let caller = self.admit(request, generation)?;
                let user_id = caller.user_id.unwrap_or_default();
                let asked = if path == "chat-api/history" {
                    self.history(request, user_id)
                } else {
                    self.transcript(user_id)
                };
                self.guard(request, path, asked, cx)
            }
            "chat-api/feedback" => {
                only(method, &[Method::POST])?;
                let caller = self.admit(request, generation)?;
                let feedback = self.feedback(request, caller, cx)?;
                self.guard(request, path, feedback, cx)
            }
            _ => match user_path(path) {
                Some((user_id, UserPath::History)) if method == Method::POST => {
                    self.write_external(request, path, user_id.into_owned(), cx)
                }
                Some((user_id, UserPath::History)) => {
                    only(method, &[Method::GET, Method::POST])?;
                    self.admit(request, generation)?;
                    let history = self.history(request, user_id.into_owned());
                    self.guard(request, path, history, cx)
                }
                Some((user_id, UserPath::Transcript)) => {
                    only(method, &[Method::GET])?;
                    self.admit(request, generation)?;
                    let transcript = self.transcript(user_id.into_owned());
                    self.guard(request, path, transcript, cx)
                }
                None => self.elsewhere(request, path, cx),
            },
        }
    }

    fn elsewhere(&self, request: &Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handling {
        if path.starts_with("api/") || path.starts_with("public/api/") {
            return self.api(request, path, cx);
        }
        if let Some(code) = path.strip_prefix("l/") {
            return self.open_link(request, code, cx);
        }
        if let Some(handling) = self.page(request, path, cx) {
            return handling;
        }
        Err(self.nothing_here(path))
    }

    /// Why there is nothing at a path.
    fn nothing_here(&self, path: &str) -> (Fault, Response<Bytes>) {
        let is_widgets_own = path == "web-chat"
            || path == "web-chat-iframe"
            || path.starts_with("vendor/webchat/")
            || path.starts_with("images/");
        if is_widgets_own {
            let words = self.pages.why_not(path);
            return (Fault::NotFound, error::text(StatusCode::NOT_FOUND, words));
        }
        refusal(Fault::NotFound)
    }

    fn target(&self, find: Find) -> Target {
        Target::new(find, SCOPE)
    }
}

impl Frontend for Server {
    fn handle(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handled {
        self.route(&request, path, cx)
            .unwrap_or_else(|(fault, response)| Handled::Refuse(fault, response))
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        error::encode_fault(fault)
    }

    fn cors_headers(&self) -> &[&str] {
        &[
            "accept",
            "authorization",
            "content-type",
            "opendialog-*",
            "x-csrf-token",
            "x-requested-with",
            "x-xsrf-token",
        ]
    }

    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    fn body_limit_of(&self, path: &str) -> usize {
        let links = match api::makes_links(path.trim_start_matches('/')) {
            true => self.options.deep_links.most_users,
            false => 0,
        };
        BODY_LIMIT.max(links.saturating_mul(BODY_LIMIT_EACH))
    }

    fn idle_timeout(&self) -> Duration {
        self.options.idle_timeout
    }

    fn turn_timeout(&self) -> Duration {
        self.options.turn_timeout
    }

    fn examples(&self, base_url: &str) -> Vec<String> {
        let scenario = self.options.scenarios.first();
        let scenario = scenario.map_or("demo", |scenario| scenario.id.as_str());
        let envelope = |content: &str| {
            format!(
                r#"{{"notification":"message","user_id":"u-1","author":"u-1","content":{content}}}"#
            )
        };
        let user = format!(r#"{{"custom":{{"selected_scenario":"{scenario}"}}}}"#);
        let post = |path: &str, headers: &str, content: String| {
            let body = envelope(&content);
            format!(
                "curl -sS '{base_url}/{path}' -H 'Content-Type: application/json'{headers} -d '{body}'"
            )
        };
        let open = |kind: &str| {
            format!(r#"{{"type":"{kind}","callback_id":"WELCOME","data":{{}},"user":{user}}}"#)
        };
        let text = format!(r#"{{"type":"text","data":{{"text":"hello"}},"user":{user}}}"#);
        // A key is never printed, not even here; the operator knows it.
        let third = format!(
            " -H 'Authorization: Bearer APP_KEY' -H 'OPENDIALOG-USER-ID: u-1' \
             -H 'OPENDIALOG-SCENARIO-ID: {scenario}'"
        );
        let first = if self.options.require_app_key {
            " -H 'Authorization: Bearer APP_KEY'"
        } else {
            ""
        };
        vec![
            post("incoming/webchat", first, open("chat_open")),
            post("incoming/webchat", first, text),
            format!("curl -sS '{base_url}/user/u-1/history?limit=10'{first}"),
            post("chat-api/message", &third, open("trigger")),
        ]
    }

    fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.options.require_app_key {
            lines.push("anyone (generation 1)".to_owned());
        }
        let keys = self.options.app_keys.iter();
        lines.extend(keys.map(|key| format!("app key {}", masked(key.reveal()))));
        let tokens = self.options.api.tokens.iter();
        lines.extend(tokens.map(|token| format!("API token {}", masked(token.token.reveal()))));
        let scenarios = self.options.scenarios.iter();
        lines.extend(scenarios.map(|scenario| match &scenario.alias {
            Some(alias) if *alias != scenario.id => {
                format!("scenario {} ({alias})", scenario.id)
            }
            _ => format!("scenario {}", scenario.id),
        }));
        lines
    }
}

/// The last characters of a key that is long enough to spare them.
fn masked(key: &str) -> String {
    let tail = key.char_indices().rev().nth(3).map(|(at, _)| at);
    match tail {
        Some(at) if key.len() >= 12 => format!("…{}", key.get(at..).unwrap_or_default()),
        _ => "…".to_owned(),
    }
}

/// A fault with its usual answer.
fn refusal(fault: Fault) -> (Fault, Response<Bytes>) {
    let response = error::encode_fault(&fault);
    (fault, response)
}

fn only(method: &Method, allowed: &[Method]) -> Result<(), (Fault, Response<Bytes>)> {
    // A HEAD is answered as a GET whose body the host leaves out.
    let asked = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    if allowed.contains(asked) {
        return Ok(());
    }
    Err(refusal(Fault::MethodNotAllowed))
}

fn call(call: Call<Response<Bytes>>) -> Handled {
    Handled::Call(Box::new(call))
}

enum UserPath {
    History,
    Transcript,
}

/// `user/{user_id}/history` and what is below it.
fn user_path(path: &str) -> Option<(Cow<'_, str>, UserPath)> {
    let rest = path.strip_prefix("user/")?;
    let (user_id, kind) = if let Some(user_id) = rest.strip_suffix("/history/file") {
        (user_id, UserPath::Transcript)
    } else {
        (rest.strip_suffix("/history")?, UserPath::History)
    };
    if user_id.is_empty() || user_id.contains('/') {
        return None;
    }
    let user_id = percent_decode_str(user_id).decode_utf8().ok()?;
    Some((user_id, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_decoded() {
        let (id, _) = user_path("user/jane.smith%40example.org/history").unwrap();
        assert_eq!(id, "jane.smith@example.org");
        assert!(matches!(
            user_path("user/u/history/file"),
            Some((_, UserPath::Transcript))
        ));
        assert!(user_path("user//history").is_none());
        assert!(user_path("user/a/b/history").is_none());
    }

    #[test]
    fn keys_are_masked() {
        assert_eq!(masked("demo-app-key"), "…-key");
        assert_eq!(masked("short"), "…");
    }
}
