//! Requests to the engine: paths, headers and cookies of the three generations.

use std::fmt;

use bytes::Bytes;
use http::request::Builder;
use http::uri::InvalidUri;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use switchboard_core::model::MessageId;

use crate::options::{BackendOptions, Generation};
use crate::wire::feedback;
use crate::wire::fields::Fields;
use crate::wire::json;
use crate::wire::message::{Content, Request as Message, SCENARIO_ID_HEADER, USER_ID_HEADER};

/// What of a user id may stand in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The cookie whose value the next request that changes something repeats, and the header for it.
/// The names are assumed: `docs/protocols/opendialog.md#9-authentication-of-chat-users`.
const CSRF_COOKIE: &str = "XSRF-TOKEN";
const CSRF_HEADER: HeaderName = HeaderName::from_static("x-xsrf-token");
/// How many cookies are kept, and how long one may be.
const COOKIES: usize = 32;
const COOKIE_BYTES: usize = 8 * 1024;

/// Cookies that the engine set: the token of an anonymous user above all.
/// See `docs/protocols/opendialog.md#9-authentication-of-chat-users`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Cookies(Vec<(String, String)>);

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Cookies {
    /// Takes over what a response sets. There is one engine and one path, so a name is enough.
    pub(super) fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = cookie.to_str().ok().filter(|it| it.len() <= COOKIE_BYTES) else {
                continue;
            };
            let mut parts = cookie.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let is_over = parts.any(|part| {
                let (name, value) = part.split_once('=').unwrap_or_default();
                let seconds = value.trim().parse::<i64>();
                name.trim().eq_ignore_ascii_case("max-age") && seconds.is_ok_and(|left| left <= 0)
            });
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() && !is_over {
                if self.0.len() >= COOKIES {
                    self.0.remove(0);
                }
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Proves to the engine that it was not another site's page that sent a request.
    fn csrf(&self) -> Option<HeaderValue> {
        let (_, token) = self.0.iter().find(|(name, _)| name == CSRF_COOKIE)?;
        // As browsers' scripts do it.
        let token = percent_decode_str(token).decode_utf8().ok()?;
        let mut token = HeaderValue::try_from(&*token).ok()?;
        token.set_sensitive(true);
        Some(token)
    }

    /// Puts the cookies as they are now into a request that was made with older ones.
    pub(super) fn renew(&self, headers: &mut HeaderMap) {
        for (name, value) in [(header::COOKIE, self.header()), (CSRF_HEADER, self.csrf())] {
            match value {
                Some(value) => headers.insert(name, value),
                None => headers.remove(name),
            };
        }
    }

    fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut header = HeaderValue::try_from(pairs.join("; ")).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// A configured engine, with what is the same in every request.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) options: BackendOptions,
    chat: Uri,
    bearer: Option<HeaderValue>,
}

impl Site {
    /// # Errors
    /// The engine's address cannot be asked.
    pub(super) fn new(options: BackendOptions) -> Result<Self, InvalidUri> {
        let path = match options.generation {
            Generation::One => "incoming/webchat",
            Generation::Two => "incoming/chatApi",
            Generation::Three => "chat-api/message",
        };
        let bearer = options.app_key.as_ref().and_then(|key| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.reveal())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Ok(Self {
            chat: Uri::try_from(format!("{}/{path}", options.url))?,
            bearer,
            options,
        })
    }

    fn uri(&self, path: &str) -> Result<Uri, http::Error> {
        Ok(Uri::try_from(format!("{}/{path}", self.options.url))?)
    }
}

/// Who speaks to the engine.
pub(super) struct Speaker<'a> {
    pub(super) site: &'a Site,
    pub(super) user_id: &'a str,
    pub(super) cookies: &'a Cookies,
}

impl Speaker<'_> {
    /// Something the user did.
    pub(super) fn say(&self, id: MessageId, content: Content<'_>) -> http::Result<Request<Bytes>> {
        let id = id.to_string();
        let mut rest = content.rest;
        for (key, value) in Content::REPEATED
            .into_iter()
            .zip([self.user_id, &id, self.user_id])
        {
            rest.insert(key, value);
        }
        let body = Message {
            notification: Message::NOTIFICATION.into(),
            user_id: self.user_id.into(),
            author: self.user_id.into(),
            message_id: Some(id.as_str().into()),
            content: Content { rest, ..content },
            rest: Fields::default(),
        };
        self.post(self.site.chat.clone(), &body)
    }

    /// A rating.
    pub(super) fn rate(&self, body: &feedback::Request) -> http::Result<Request<Bytes>> {
        self.post(self.site.uri("chat-api/feedback")?, body)
    }

    /// The newest rows of the history.
    pub(super) fn history(&self, limit: usize) -> http::Result<Request<Bytes>> {
        let path = match self.site.options.generation {
            Generation::One | Generation::Two => {
                let user_id = utf8_percent_encode(self.user_id, IN_PATH);
                format!("user/{user_id}/history?limit={limit}")
            }
            Generation::Three => format!("chat-api/history?limit={limit}"),
        };
        self.request(Method::GET, self.site.uri(&path)?)
            .body(Bytes::new())
    }

    /// What the vendor's client asks first. Its answer sets the cookies.
    pub(super) fn configuration(&self) -> http::Result<Request<Bytes>> {
        let path = match self.site.options.generation {
            Generation::One => "webchat-config",
            Generation::Two => "chatApi-config",
            Generation::Three => "chat-api/configuration",
        };
        let user_id = utf8_percent_encode(self.user_id, IN_PATH);
        let uri = self.site.uri(&format!("{path}?user_id={user_id}"))?;
        self.request(Method::GET, uri).body(Bytes::new())
    }

    fn post(&self, uri: Uri, body: &impl Serialize) -> http::Result<Request<Bytes>> {
        let request = self.request(Method::POST, uri);
        let request = match self.cookies.csrf() {
            Some(token) => request.header(CSRF_HEADER, token),
            None => request,
        };
        request
            .header(header::CONTENT_TYPE, JSON)
            .body(Bytes::from(json::write(body)))
    }

    fn request(&self, method: Method, uri: Uri) -> Builder {
        let Site {
            options, bearer, ..
        } = self.site;
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            // Without it a refusal comes as a redirection.
            .header(header::ACCEPT, JSON);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        if options.generation == Generation::Three {
            request = request.header(USER_ID_HEADER, self.user_id);
            if let Some(scenario) = &options.scenario {
                request = request.header(SCENARIO_ID_HEADER, scenario);
            }
        }
        match self.cookies.header() {
            Some(cookies) => request.header(header::COOKIE, cookies),
            None => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_and_forgotten() {
        let mut cookies = Cookies::default();
        let mut headers = HeaderMap::new();
        let mut set = |cookie: &'static str| {
            headers.insert(header::SET_COOKIE, HeaderValue::from_static(cookie));
            cookies.keep(&headers);
            cookies
                .header()
                .map(|header| header.to_str().unwrap().to_owned())
        };
        assert_eq!(set("a=1; Path=/; HttpOnly").as_deref(), Some("a=1"));
        assert_eq!(set("b=2").as_deref(), Some("a=1; b=2"));
        assert_eq!(set("a=3; Secure").as_deref(), Some("b=2; a=3"));
        assert_eq!(set("a=").as_deref(), Some("b=2"));
        assert_eq!(set("nonsense").as_deref(), Some("b=2"));
        assert_eq!(set("c=4; Max-Age=0").as_deref(), Some("b=2"));
        assert_eq!(format!("{cookies:?}"), r#"["b"]"#);
    }
}
