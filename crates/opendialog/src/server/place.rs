//! Where browsers see the frontend.

use bytes::Bytes;
use http::uri::Authority;
use http::{Request, header, uri};
use switchboard_core::dialect::Encrypted;
use url::Url;

use super::Server;
use super::access::words;

/// Where browsers see the frontend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Host and port.
    host: String,
    /// The path below which everything is, without a trailing slash; empty for the root.
    path: String,
    /// Where the gateway has it, as `path` is where browsers do.
    mount: String,
    /// It is reached by `https`.
    https: bool,
}

impl Server {
    /// Where the client that sent a request sees the frontend. `path` is what of the request's path
    /// is below the mount. What `public_url` says goes first: behind a proxy the request may name
    /// another host and another path.
    pub(super) fn place(&self, request: &Request<Bytes>, path: &str) -> Place {
        match &self.public_url {
            Some(url) => Place::of_url(url, above(request, path)),
            None => Place::of_request(request, path),
        }
    }
}

impl Place {
    fn of_url(url: &Url, mount: String) -> Self {
        Self {
            host: url.authority().to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
            mount,
            https: url.scheme() == "https",
        }
    }

    fn of_request(request: &Request<Bytes>, path: &str) -> Self {
        let named = request.uri().authority().cloned();
        let named = named.or_else(|| host(words(request.headers(), header::HOST.as_str())?));
        let https = match forwarded(request, "x-forwarded-proto") {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            _ => {
                request.extensions().get::<Encrypted>().is_some()
                    || request.uri().scheme() == Some(&uri::Scheme::HTTPS)
            }
        };
        let named = named.as_ref().map_or("", Authority::as_str);
        let mount = above(request, path);
        Self {
            host: named.to_ascii_lowercase(),
            path: mount.clone(),
            mount,
            https,
        }
    }

    /// The same for a caller who has shown a token, and may say by `X-Forwarded-Host` under which
    /// host the frontend is reached: it gets nothing but links of its own users.
    pub(super) fn forwarded(mut self, request: &Request<Bytes>) -> Self {
        if let Some(named) = forwarded(request, "x-forwarded-host").and_then(host) {
            self.host = named.as_str().to_ascii_lowercase();
        }
        self
    }

    /// The frontend's address without a trailing slash; none where a request names no host.
    pub(super) fn url(&self) -> Option<String> {
        let scheme = if self.https { "https" } else { "http" };
        (!self.host.is_empty()).then(|| format!("{scheme}://{}{}", self.host, self.path))
    }

    /// Whether the frontend is at the root, as the vendor's files expect it.
    pub(super) fn is_root(&self) -> bool {
        self.path.is_empty()
    }

    /// The path that cookies are for.
    pub(super) fn cookie_path(&self) -> &str {
        if self.is_root() { "/" } else { &self.path }
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// What tells this frontend from others of the same installation. Host and path may be what the
    /// request says; the mount is not, and no two frontends have the same.
    pub(super) fn name(&self) -> String {
        let Self {
            host, path, mount, ..
        } = self;
        format!("{host}{path} {mount}/")
    }
}

/// The first of what proxies say.
fn forwarded<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    Some(words(request.headers(), name)?.split(',').next()?.trim())
}

/// A host with or without a port, and nothing else.
fn host(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

/// The part of a request's path that leads to the frontend, given what is below it. Doubled slashes
/// are no part of it.
fn above(request: &Request<Bytes>, below: &str) -> String {
    fn segments(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|segment| !segment.is_empty())
    }
    let whole = request.uri().path();
    let count = segments(whole)
        .count()
        .saturating_sub(segments(below).count());
    segments(whole)
        .take(count)
        .fold(String::new(), |above, name| above + "/" + name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(uri: &str, path: &str, headers: &[(&str, &str)]) -> Place {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Place::of_request(&request.body(Bytes::new()).unwrap(), path)
    }

    #[test]
    fn a_request_tells_where_its_frontend_is() {
        let host = ("host", "Chat.example.com:8443");
        let root = place("/chat-api/message", "chat-api/message", &[host]);
        assert!(root.is_root());
        assert_eq!(root.name(), "chat.example.com:8443 /");
        assert_eq!(root.cookie_path(), "/");
        let below = place("//od///web-chat/", "web-chat", &[host]);
        assert_eq!(below.cookie_path(), "/od");
        let https = [host, ("x-forwarded-proto", "https")];
        assert!(place("/web-chat", "web-chat", &https).is_https());
        assert!(!root.is_https());
    }

    #[test]
    fn a_public_address_tells_where_its_frontend_is() {
        let of_url =
            |url: &str, mount: &str| Place::of_url(&Url::parse(url).unwrap(), mount.to_owned());
        let place = of_url("https://chat.example.com/od/", "/bot");
        assert_eq!(place.name(), "chat.example.com/od /bot/");
        assert!(place.is_https() && !place.is_root());
        assert!(of_url("http://chat.example.com", "/bot").is_root());
    }

    #[test]
    fn no_host_that_a_request_names_makes_one_frontend_another() {
        let url = Url::parse("https://chat.example.com/od").unwrap();
        let public = Place::of_url(&url, "/b".to_owned());
        let forged = place("/od/web-chat", "web-chat", &[("host", "chat.example.com")]);
        assert_eq!(public.host, forged.host);
        assert_eq!(public.path, forged.path);
        assert_ne!(public.name(), forged.name());
    }

    const LINKS: &str = "api/generate-webchat-deeplink";

    fn address(above: &str, headers: &[(&str, &str)]) -> Option<String> {
        let mut request = Request::post(format!("{above}/{LINKS}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::new()).unwrap();
        let place = Place::of_request(&request, LINKS);
        place.forwarded(&request).url()
    }

    #[test]
    fn an_address_is_what_the_caller_used() {
        let check = |above: &str, headers: &[(&str, &str)], expected: &str| {
            let address = address(above, headers);
            assert_eq!(address.as_deref(), Some(expected), "{above} {headers:?}");
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
        let ftp = ("x-forwarded-proto", "ftp");
        check("", &[host, ftp], "http://chat.example.com:8080");
        for bad in ["", "a b", "user@evil.example", "x/../y", "\"", "a?b", ", b"] {
            let headers = [host, ("x-forwarded-host", bad)];
            check("", &headers, "http://chat.example.com:8080");
        }
    }

    #[test]
    fn an_address_is_encrypted_where_the_request_was() {
        let mut request = Request::new(Bytes::new());
        request.extensions_mut().insert(Encrypted);
        assert!(Place::of_request(&request, "").is_https());
    }

    #[test]
    fn without_a_host_there_is_no_address() {
        for headers in [&[][..], &[("host", "a b")], &[("host", "u:p@x")]] {
            assert_eq!(address("", headers), None, "{headers:?}");
        }
    }
}
