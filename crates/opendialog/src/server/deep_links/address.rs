//! Where the browsers of those who get links reach a frontend.

use bytes::Bytes;
use http::uri::Authority;
use http::{Request, header};
use switchboard_core::Fault;
use switchboard_core::dialect::Encrypted;

/// The address of a frontend as the caller of a request knows it, without a trailing slash. `path`
/// is what of the request's path is below the frontend.
///
/// `X-Forwarded-Host` and `X-Forwarded-Proto` count, whoever set them: the caller has shown a token,
/// and gets nothing but links of its own users.
///
/// # Errors
/// The request names no host.
pub(super) fn of_request(request: &Request<Bytes>, path: &str) -> Result<String, Fault> {
    let host = forwarded(request, "x-forwarded-host")
        .and_then(host)
        .or_else(|| request.uri().authority().cloned())
        .or_else(|| host(request.headers().get(header::HOST)?.to_str().ok()?))
        .ok_or_else(|| Fault::bad_field("host", "The host header is required."))?;
    let scheme = match forwarded(request, "x-forwarded-proto") {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
        _ if request.extensions().get::<Encrypted>().is_some() => "https",
        _ => "http",
    };
    let mut address = format!("{scheme}://{host}");
    for segment in mount(request.uri().path(), path) {
        address.push('/');
        address.push_str(segment);
    }
    Ok(address)
}

/// The first of what proxies say.
fn forwarded<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    let value = request.headers().get(name)?.to_str().ok()?;
    Some(value.split(',').next()?.trim())
}

/// A host with or without a port, and nothing else.
fn host(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

/// The part of a path that leads to the frontend. Doubled slashes are no part of it.
fn mount<'a>(whole: &'a str, below: &str) -> impl Iterator<Item = &'a str> {
    fn segments(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|segment| !segment.is_empty())
    }
    let above = segments(whole)
        .count()
        .saturating_sub(segments(below).count());
    segments(whole).take(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/api/generate-webchat-deeplink";

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    #[test]
    fn an_address_is_what_the_caller_used() {
        let check = |uri: &str, headers: &[(&str, &str)], expected: &str| {
            let request = request(&format!("{uri}{PATH}"), headers);
            let address = of_request(&request, PATH).unwrap();
            assert_eq!(address, expected, "{uri} {headers:?}");
        };
        let host = ("host", "chat.example.com:8080");
        check("", &[host], "http://chat.example.com:8080");
        check("/od", &[host], "http://chat.example.com:8080/od");
        check("//a//b/", &[host], "http://chat.example.com:8080/a/b");
        check("", &[("host", "[::1]:80")], "http://[::1]:80");
        // HTTP/2 has the host in the address.
        check("http://two.example/od", &[], "http://two.example/od");

        let proto = ("x-forwarded-proto", "https, http");
        let named = ("x-forwarded-host", "one.example, two.example");
        check("/od", &[host, proto, named], "https://one.example/od");
        check("", &[host, proto], "https://chat.example.com:8080");
        check(
            "",
            &[host, ("x-forwarded-proto", "ftp")],
            "http://chat.example.com:8080",
        );
        for bad in ["", "a b", "user@evil.example", "x/../y", "\"", "a?b", ", b"] {
            let headers = [host, ("x-forwarded-host", bad)];
            check("", &headers, "http://chat.example.com:8080");
        }
    }

    #[test]
    fn an_address_is_encrypted_where_the_request_was() {
        let mut request = request(PATH, &[("host", "x.example")]);
        request.extensions_mut().insert(Encrypted);
        assert_eq!(of_request(&request, PATH).unwrap(), "https://x.example");
    }

    #[test]
    fn without_a_host_there_is_no_address() {
        for headers in [&[][..], &[("host", "a b")], &[("host", "u:p@x")]] {
            let fault = of_request(&request(PATH, headers), PATH).unwrap_err();
            assert!(matches!(fault, Fault::BadInput { .. }), "{headers:?}");
        }
    }
}
