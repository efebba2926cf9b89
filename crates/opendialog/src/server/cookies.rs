//! Cookies, read and set.

use std::time::Duration;

use bytes::Bytes;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, Response, header};

use super::place::Place;

/// The values of all cookies of a name. A browser may send several, for several paths.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(move |cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// Who may read a cookie in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Only we.
    Server,
    /// Scripts of the page too.
    Page,
}

/// Sets a cookie for everything below the frontend's place. The webchat runs in an iframe on
/// another site's page, where a browser sends a cookie only if it says so, which needs `https`.
pub(super) fn set(
    response: &mut Response<Bytes>,
    place: &Place,
    (name, value): (&'static str, String),
    lifetime: Duration,
    reader: Reader,
) {
    let same_site = if place.is_https() {
        SameSite::None
    } else {
        SameSite::Lax
    };
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name, value))
        .path(place.cookie_path().to_owned())
        .max_age(cookie::time::Duration::seconds(seconds))
        .same_site(same_site)
        .secure(place.is_https())
        .partitioned(place.is_https())
        .http_only(reader == Reader::Server);
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
