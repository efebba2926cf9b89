//! Where browsers see the frontend.

use bytes::Bytes;
use http::{Request, header, uri};
use url::Url;

use super::Server;

/// Where browsers see the frontend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Host and port.
    host: String,
    /// The path below which everything is, without a trailing slash; empty for the root.
    path: String,
    /// It is reached by `https`.
    https: bool,
}

impl Server {
    /// Where the client that sent a request sees the frontend. `path` is what of the request's path
    /// is below the mount. What `public_url` says goes first: behind a proxy the request may name
    /// another host and another path.
    pub(super) fn place(&self, request: &Request<Bytes>, path: &str) -> Place {
        let public = self.options.public_url.as_deref();
        if let Some(url) = public.and_then(|url| Url::parse(url).ok()) {
            return Place::of_url(&url);
        }
        Place::of_request(request, path)
    }
}

impl Place {
    fn of_url(url: &Url) -> Self {
        Self {
            host: url.authority().to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
            https: url.scheme() == "https",
        }
    }

    fn of_request(request: &Request<Bytes>, path: &str) -> Self {
        let text = |name| {
            let value = request.headers().get(name)?;
            value.to_str().ok()
        };
        let named = request.uri().authority().map(uri::Authority::as_str);
        let own = request.uri().path();
        let above = own.trim_end_matches('/').strip_suffix(path).unwrap_or("/");
        // Doubled slashes lead to the same frontend.
        let mut mount = String::new();
        for name in above.split('/').filter(|name| !name.is_empty()) {
            mount.push('/');
            mount.push_str(name);
        }
        let https = request.uri().scheme() == Some(&uri::Scheme::HTTPS)
            || text(header::HeaderName::from_static("x-forwarded-proto"))
                .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
        Self {
            host: named
                .or_else(|| text(header::HOST))
                .unwrap_or_default()
                .to_ascii_lowercase(),
            path: mount,
            https,
        }
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

    /// What tells this frontend from others of the same installation.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.host, self.path)
    }
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
        assert_eq!(root.name(), "chat.example.com:8443");
        assert_eq!(root.cookie_path(), "/");
        let below = place("//od///web-chat/", "web-chat", &[host]);
        assert_eq!(below.cookie_path(), "/od");
        let https = [host, ("x-forwarded-proto", "https")];
        assert!(place("/web-chat", "web-chat", &https).is_https());
        assert!(!root.is_https());
    }

    #[test]
    fn a_public_address_tells_where_its_frontend_is() {
        let place = Place::of_url(&Url::parse("https://chat.example.com/od/").unwrap());
        assert_eq!(place.name(), "chat.example.com/od");
        assert!(place.is_https() && !place.is_root());
        assert!(Place::of_url(&Url::parse("http://chat.example.com").unwrap()).is_root());
    }
}
