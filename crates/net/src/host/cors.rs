//! Cross-origin rules of one frontend.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

/// The methods that any of the dialects knows.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");

/// A day. Browsers shorten it to what they allow.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

const ANY: HeaderValue = HeaderValue::from_static("*");

const WITH_COOKIES: HeaderValue = HeaderValue::from_static("true");

/// Which origins may use a frontend.
#[derive(Debug)]
pub(super) enum Cors {
    /// Any.
    Any,
    /// These.
    List(Vec<String>),
}

/// What an answer says about the origin that asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Grant {
    /// Any origin may read the answer.
    Any,
    /// The origin that asked may read it.
    Origin(HeaderValue),
    /// The origin that asked is not allowed, or none was named.
    Nobody,
}

impl Cors {
    pub(super) fn new(origins: Vec<String>) -> Self {
        if origins.is_empty() || origins.iter().any(|origin| origin == "*") {
            Self::Any
        } else {
            Self::List(origins)
        }
    }

    /// What an answer to a request with these headers says.
    pub(super) fn grant(&self, headers: &HeaderMap) -> Grant {
        match self {
            Self::Any => Grant::Any,
            Self::List(origins) => match headers.get(ORIGIN) {
                Some(origin) if is_listed(origins, origin) => Grant::Origin(origin.clone()),
                _ => Grant::Nobody,
            },
        }
    }

    /// Whether a websocket with these headers may be opened. Browsers do not apply CORS to
    /// websockets, so the server must. A client that is no browser names no origin.
    pub(super) fn allows_socket(&self, headers: &HeaderMap) -> bool {
        match (self, headers.get(ORIGIN)) {
            (Self::Any, _) | (_, None) => true,
            (Self::List(origins), Some(origin)) => is_listed(origins, origin),
        }
    }
}

fn is_listed(origins: &[String], origin: &HeaderValue) -> bool {
    origins
        .iter()
        .any(|listed| listed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
}

impl Grant {
    /// Adds what it says to an answer's headers.
    pub(super) fn apply(self, headers: &mut HeaderMap) {
        match self {
            Self::Any => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            }
            Self::Origin(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                // Cookies are for pages that the operator has named, and for no others.
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, WITH_COOKIES);
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
            // A cache must not give this answer to an origin that is allowed.
            Self::Nobody => {
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
        }
    }
}

/// Whether a request asks what a page may do, rather than doing it.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN)
}

/// The answer to a preflight, without what a [`Grant`] adds. `allowed` are header names; one that
/// ends in `*` allows every name with that prefix.
pub(super) fn preflight(grant: &Grant, headers: &HeaderMap, allowed: &[&str]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if *grant == Grant::Nobody {
        return response;
    }
    let granted = response.headers_mut();
    granted.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    granted.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    let names = headers
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| allowed.iter().any(|pattern| matches(pattern, name)))
        .collect::<Vec<_>>()
        .join(", ");
    if let Ok(names) = HeaderValue::from_str(&names)
        && !names.is_empty()
    {
        granted.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    response
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        None => pattern.eq_ignore_ascii_case(name),
        Some(prefix) => name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn answer(origins: &[&str], request: &HeaderMap) -> Response<Bytes> {
        let cors = Cors::new(origins.iter().map(|&origin| origin.to_owned()).collect());
        let grant = cors.grant(request);
        let mut response = preflight(&grant, request, &["content-type", "kare-meta-*"]);
        grant.apply(response.headers_mut());
        response
    }

    #[test]
    fn without_a_list_anybody_may() {
        let response = answer(&[], &headers(&[("origin", "https://a.example")]));
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert!(response.headers().get("vary").is_none());
        assert!(
            response
                .headers()
                .get("access-control-allow-credentials")
                .is_none(),
            "a page of any site must not speak with a visitor's cookies"
        );
    }

    #[test]
    fn a_listed_origin_is_echoed() {
        let request = headers(&[("origin", "https://A.example")]);
        let response = answer(&["https://a.example"], &request);
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "https://A.example"
        );
        assert_eq!(response.headers()["vary"], "Origin");
        assert_eq!(
            response.headers()["access-control-allow-credentials"],
            "true"
        );
    }

    #[test]
    fn a_foreign_origin_gets_no_cors_headers() {
        let request = headers(&[
            ("origin", "https://b.example"),
            ("access-control-request-headers", "content-type"),
        ]);
        let response = answer(&["https://a.example"], &request);
        assert_eq!(response.status(), 204);
        assert!(
            !response
                .headers()
                .keys()
                .any(|name| name.as_str().starts_with("access-control-"))
        );
    }

    #[test]
    fn requested_headers_are_filtered() {
        let request = headers(&[
            ("origin", "https://a.example"),
            (
                "access-control-request-headers",
                "Content-Type, x-evil,KARE-META-page",
            ),
        ]);
        let response = answer(&[], &request);
        assert_eq!(
            response.headers()["access-control-allow-headers"],
            "Content-Type, KARE-META-page"
        );
        assert_eq!(response.headers()["access-control-max-age"], "86400");
    }

    #[test]
    fn a_foreign_page_opens_no_socket_but_an_app_does() {
        let cors = Cors::new(vec!["https://a.example".into()]);
        assert!(cors.allows_socket(&headers(&[])));
        assert!(cors.allows_socket(&headers(&[("origin", "https://a.example")])));
        assert!(!cors.allows_socket(&headers(&[("origin", "https://b.example")])));
    }
}
