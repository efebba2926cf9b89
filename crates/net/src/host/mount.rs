//! Which frontend a request is for.

use std::sync::Arc;

use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use parking_lot::Mutex;
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::Frontend;
use switchboard_exchange::FrontendHandle;
use tokio::sync::watch;

use super::cors::Cors;
use super::meters::Meters;
use super::path::{below, normalise};

/// A frontend and its place.
pub struct Mount {
    /// The frontend's name.
    pub name: String,
    /// The path below which it is reached: `/kare`, or `/` for the root.
    pub path: String,
    /// The host name under which alone it is reached.
    pub host: Option<String>,
    /// The origins whose pages may use it; none means any.
    pub origins: Vec<String>,
    /// The dialect's server side.
    pub frontend: Arc<dyn Frontend>,
    /// Its conversations.
    pub handle: FrontendHandle,
}

/// A mount, ready to serve.
pub(super) struct Mounted {
    pub(super) place: Place,
    pub(super) cors: Cors,
    pub(super) frontend: Arc<dyn Frontend>,
    pub(super) handle: FrontendHandle,
    pub(super) meters: Meters,
    /// The version of what was changed at runtime that is in force, or that could not be read; 0 if
    /// nothing was.
    adopted: Mutex<i64>,
    /// Tells open sockets that something else is in force.
    changed: watch::Sender<()>,
}

impl Mounted {
    /// Puts in force what is kept, unless something later is in force already, and tells the open
    /// sockets.
    pub(super) fn adopt(&self, version: i64, document: &Value) -> Result<(), Fault> {
        let mut adopted = self.adopted.lock();
        if version <= *adopted {
            return Ok(());
        }
        // What cannot be read is not tried, and told of, again and again.
        *adopted = version;
        self.frontend.adopt(document)?;
        drop(adopted);
        self.changed.send_replace(());
        Ok(())
    }

    /// The newest version that was looked at; 0 if nothing was changed at runtime.
    pub(super) fn version(&self) -> i64 {
        *self.adopted.lock()
    }

    /// What tells that something else has come into force.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// Where a frontend is.
#[derive(Debug)]
pub(super) struct Place {
    /// Normalised; empty for the root.
    path: String,
    host: Option<String>,
}

impl Place {
    fn new(path: &str, host: Option<String>) -> Self {
        let path = normalise(path).trim_end_matches('/').to_owned();
        Self { path, host }
    }

    /// What of the path is below this place, if the request is for it.
    fn rest<'a>(&self, host: Option<&str>, path: &'a str) -> Option<&'a str> {
        let is_here = match &self.host {
            None => true,
            Some(wanted) => host.is_some_and(|host| host.eq_ignore_ascii_case(wanted)),
        };
        is_here.then(|| below(&self.path, path)).flatten()
    }

    /// The longest path goes first, and of equal ones that with a host.
    fn rank(&self) -> impl Ord + use<> {
        std::cmp::Reverse((self.path.len(), self.host.is_some()))
    }
}

/// All mounts of a host.
pub(super) struct Mounts(Vec<Arc<Mounted>>);

impl Mounts {
    pub(super) fn new(mounts: Vec<Mount>) -> Self {
        let mut mounted: Vec<_> = mounts
            .into_iter()
            .map(|mount| {
                Arc::new(Mounted {
                    place: Place::new(&mount.path, mount.host),
                    cors: Cors::new(mount.origins),
                    frontend: mount.frontend,
                    handle: mount.handle,
                    meters: Meters::new(mount.name),
                    adopted: Mutex::new(0),
                    changed: watch::Sender::new(()),
                })
            })
            .collect();
        mounted.sort_by_key(|mount| mount.place.rank());
        Self(mounted)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Mounted>> {
        self.0.iter()
    }

    /// The frontend for a request, and the path below its mount. `path` is normalised.
    pub(super) fn find<'a>(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        path: &'a str,
    ) -> Option<(&Arc<Mounted>, &'a str)> {
        let host = host_name(uri, headers);
        self.0
            .iter()
            .find_map(|mount| Some((mount, mount.place.rest(host, path)?)))
    }
}

/// The host that a request names, without the port.
fn host_name<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(host) = uri.authority().map(Authority::host) {
        return Some(host);
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    if host.starts_with('[') {
        return host.split_inclusive(']').next();
    }
    host.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(places: &[(&str, Option<&str>)], host: &str, path: &str) -> Option<(usize, String)> {
        let mut ranked: Vec<_> = places
            .iter()
            .enumerate()
            .map(|(index, (path, host))| (index, Place::new(path, host.map(str::to_owned))))
            .collect();
        ranked.sort_by_key(|(_, place)| place.rank());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        let uri = Uri::default();
        let host = host_name(&uri, &headers);
        let path = normalise(path);
        ranked
            .iter()
            .find_map(|(index, place)| Some((*index, place.rest(host, &path)?.to_owned())))
    }

    #[test]
    fn the_longest_path_wins() {
        let places = [("/", None), ("/a", None), ("/a/b", None)];
        assert_eq!(find(&places, "x", "/a/b/c"), Some((2, "/c".into())));
        assert_eq!(find(&places, "x", "/a/bc"), Some((1, "/bc".into())));
        assert_eq!(find(&places, "x", "/other"), Some((0, "/other".into())));
        assert_eq!(find(&places, "x", "/a//"), Some((1, "/".into())));
    }

    #[test]
    fn a_host_keeps_others_out_and_goes_first() {
        let places = [("/", None), ("/", Some("chat.example.com"))];
        assert_eq!(
            find(&places, "CHAT.example.com:8443", "/x"),
            Some((1, "/x".into()))
        );
        assert_eq!(
            find(&places, "other.example.com", "/x"),
            Some((0, "/x".into()))
        );
        assert_eq!(find(&places[1..], "other.example.com", "/x"), None);
    }

    #[test]
    fn host_names_lose_their_port() {
        let uri = Uri::default();
        for (header, host) in [("a.b:80", "a.b"), ("[::1]:80", "[::1]"), ("a.b", "a.b")] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, header.parse().unwrap());
            assert_eq!(host_name(&uri, &headers), Some(host));
        }
    }
}
