//! Which client a request comes from, where nothing in it says so.

use bytes::Bytes;
use http::{HeaderName, Request, header};
use switchboard_core::dialect::{ClientMark, Peer};

use crate::digest::Digest;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The mark of the browser that a request comes from: its address, its program and the site that
/// its page belongs to. Behind proxies the address is the one that they tell.
///
/// None for anything but a browser on a page. A program speaks for many users at once, and one
/// must not be taken for the other.
pub(super) fn client_mark(request: &Request<Bytes>) -> Option<ClientMark> {
    let header = |name: HeaderName| {
        let value = request.headers().get(name)?.as_bytes().trim_ascii();
        (!value.is_empty()).then_some(value)
    };
    let origin = header(header::ORIGIN)?;
    let program = header(header::USER_AGENT)?;
    // Both addresses: a client can say what it likes of itself, but not where it calls from.
    let Peer(peer) = request.extensions().get::<Peer>()?;
    let digest = Digest::new()
        .add(peer.to_canonical().to_string().as_bytes())
        .add(header(FORWARDED_FOR).unwrap_or_default())
        .add(program)
        .add(origin);
    Some(ClientMark(digest.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(peer: Option<&str>, headers: &[(&str, &str)]) -> Option<ClientMark> {
        let mut request = Request::post("/servlet/api/chat/search/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Bytes::new()).unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        }
        client_mark(&request)
    }

    #[test]
    fn a_browser_is_known_again() {
        let page = [
            ("origin", "https://shop.example"),
            ("user-agent", "Firefox"),
        ];
        let here = mark(Some("192.0.2.1"), &page);
        assert!(here.is_some());
        assert_eq!(mark(Some("::ffff:192.0.2.1"), &page), here);
        assert_ne!(mark(Some("192.0.2.2"), &page), here);
        let other = [("origin", "https://shop.example"), ("user-agent", "Chrome")];
        assert_ne!(mark(Some("192.0.2.1"), &other), here);
        let other = [
            ("origin", "https://news.example"),
            ("user-agent", "Firefox"),
        ];
        assert_ne!(mark(Some("192.0.2.1"), &other), here);
        // Behind a proxy, what it says of the client counts as well.
        let behind = |who| [page[0], page[1], ("x-forwarded-for", who)];
        let proxied = mark(Some("192.0.2.1"), &behind("198.51.100.1"));
        assert_eq!(mark(Some("192.0.2.1"), &behind("198.51.100.1")), proxied);
        // What a client says of itself does not make it another.
        assert_ne!(mark(Some("198.51.100.1"), &page), proxied);
        assert_ne!(mark(Some("192.0.2.2"), &behind("198.51.100.1")), proxied);
        assert_ne!(mark(Some("192.0.2.1"), &behind("198.51.100.2")), proxied);
        assert_ne!(proxied, here);
    }

    #[test]
    fn a_program_is_no_browser() {
        let peer = Some("192.0.2.1");
        assert_eq!(mark(peer, &[("user-agent", "curl")]), None);
        assert_eq!(mark(peer, &[("origin", "https://shop.example")]), None);
        let page = [
            ("origin", "https://shop.example"),
            ("user-agent", "Firefox"),
        ];
        assert_eq!(mark(None, &page), None);
    }
}
