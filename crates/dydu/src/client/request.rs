//! Requests as a server wants them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};

use super::Settings;
use crate::wire::params::percent;
use crate::wire::path::Endpoint;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue =
    HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// A request that has not been bound to a server.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) endpoint: Endpoint,
    /// The context id, where it is part of the path.
    pub(super) context: Option<String>,
    pub(super) body: Bytes,
    /// A frame over HTTP: it is the query of a GET, and names the bot itself.
    pub(super) frame: Option<String>,
    pub(super) timeout: Duration,
}

impl Outgoing {
    /// The request at one of the servers; absent if its address is unusable.
    pub(super) fn at(&self, settings: &Settings, server: usize) -> Option<Request<Bytes>> {
        let base = settings.servers.get(server)?;
        let mut address = String::with_capacity(base.len() + 128);
        address.push_str(base);
        address.push_str(self.endpoint.path());
        if let Some(frame) = &self.frame {
            address.push_str("?data=");
            address.extend(percent(frame));
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = address.try_into().ok()?;
            request.headers_mut().insert(ACCEPT, JSON);
            return Some(request);
        }
        for part in [Some(&settings.bot), self.context.as_ref()]
            .into_iter()
            .flatten()
        {
            address.push('/');
            address.extend(percent(part));
        }
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address.try_into().ok()?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, JSON);
        headers.insert(CONTENT_TYPE, FORM);
        Some(request)
    }

    /// The engine must not get it twice: the second would be a second question, or answer.
    pub(super) fn is_once(&self) -> bool {
        matches!(
            self.endpoint,
            Endpoint::Talk | Endpoint::Survey | Endpoint::ChatHttp
        )
    }
}
