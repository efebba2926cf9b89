//! Requests as a server wants them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};

use super::Settings;
use crate::wire::params::percent;
use crate::wire::path::Endpoint;

/// A request that has not been bound to a server.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) endpoint: Endpoint,
    /// The context id, where it is part of the path.
    pub(super) context: Option<String>,
    pub(super) body: String,
    pub(super) timeout: Duration,
}

impl Outgoing {
    /// The request at one of the servers; absent if its address is unusable.
    pub(super) fn at(&self, settings: &Settings, server: usize) -> Option<Request<Bytes>> {
        let base = settings.servers.get(server)?;
        let mut address = format!("{base}{}/{}", self.endpoint.path(), percent(&settings.bot));
        if let Some(context) = &self.context {
            address.push('/');
            address.push_str(&percent(context));
        }
        Request::builder()
            .method(Method::POST)
            .uri(address)
            .header(ACCEPT, "application/json")
            .header(
                CONTENT_TYPE,
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .body(Bytes::from(self.body.clone()))
            .ok()
    }

    /// The engine must not get it twice: the second would be a second question.
    pub(super) fn is_talk(&self) -> bool {
        self.endpoint == Endpoint::Talk
    }
}
