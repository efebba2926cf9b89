//! What browsers are shown where a link does not open the chat.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use switchboard_core::Fault;

use crate::error;

/// A fault, as a page that says what to do. Unknown, malformed and expired links look the same.
pub(super) fn refusal(fault: Fault) -> (Fault, Response<Bytes>) {
    let response = of_fault(&fault);
    (fault, response)
}

/// The page of a fault.
pub(super) fn of_fault(fault: &Fault) -> Response<Bytes> {
    let mut response = error::encode_fault(fault);
    let (title, words) = match response.status() {
        StatusCode::NOT_FOUND => (
            "This link does not work",
            "It may have expired, or it was not copied whole. Please ask for a new one.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "This is the address of a chat",
            "Please open it in a browser.",
        ),
        _ => (
            "The chat cannot be opened now",
            "Please try again in a moment.",
        ),
    };
    *response.body_mut() = Bytes::from(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{words}</p>\n</body>\n</html>\n"
    ));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    discreet(response)
}

/// Keeps what belongs to a link to whoever opened it: nobody stores it, no other page is told of the
/// link's address, and no search engine lists it.
pub(super) fn discreet(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
