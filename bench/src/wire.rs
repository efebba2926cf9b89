//! Requests as a vendor's client sends them.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{Method, Request};

/// One request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// `GET` or `POST`.
    pub method: Method,
    /// Path below the mount, with its query.
    pub path: String,
    /// Content type of the body; absent without one.
    pub content_type: Option<&'static str>,
    /// Token for `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// The body.
    pub body: String,
}

impl WireRequest {
    /// A request without a body.
    pub fn get(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            method: Method::GET,
            path,
            content_type: None,
            bearer: None,
            body: String::new(),
        }
    }

    /// A request with a body.
    pub fn post(path: impl Into<String>, content_type: &'static str, body: String) -> Self {
        let path = path.into();
        Self {
            method: Method::POST,
            path,
            content_type: Some(content_type),
            bearer: None,
            body,
        }
    }

    /// The same request with a token.
    #[must_use]
    pub fn bearer(mut self, token: Option<&str>) -> Self {
        self.bearer = token.map(str::to_owned);
        self
    }

    /// The parsed request that a frontend gets.
    ///
    /// # Errors
    /// The path is no URI.
    pub fn to_http(&self) -> Result<Request<Bytes>, http::Error> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header("host", "127.0.0.1")
            .header("user-agent", USER_AGENT)
            .header("accept", "application/json");
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(token) = &self.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.body(Bytes::from(self.body.clone()))
    }

    /// The bytes for a connection; `mount` goes before the path.
    pub fn to_bytes(&self, mount: &str) -> Vec<u8> {
        let mut head = format!(
            "{} {mount}{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {USER_AGENT}\r\n\
             Accept: application/json\r\n",
            self.method, self.path
        );
        // Writing into a string cannot fail.
        if let Some(content_type) = self.content_type {
            let _ = write!(head, "Content-Type: {content_type}\r\n");
        }
        if let Some(token) = &self.bearer {
            let _ = write!(head, "Authorization: Bearer {token}\r\n");
        }
        if self.method == Method::POST {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("\r\n");
        head.push_str(&self.body);
        head.into_bytes()
    }
}

const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/141.0.0.0 Safari/537.36";
