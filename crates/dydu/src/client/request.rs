//! Requests as a server wants them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};

use super::Settings;
use crate::wire::params::percent;
use crate::wire::path::Endpoint;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html, */*;q=0.8");
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
    /// A file, which goes another way than everything else.
    pub(super) file: Option<Multipart>,
}

/// What is particular to the request that sends a file.
#[derive(Debug, Clone)]
pub(super) struct Multipart {
    pub(super) query: String,
    /// The content type, which names the boundary.
    pub(super) content_type: HeaderValue,
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
        // The one endpoint that is no part of `chat/` has the bot in the query.
        let is_get = self.endpoint == Endpoint::Languages;
        if let Some(file) = &self.file {
            address.push('?');
            address.push_str(&file.query);
        } else if is_get {
            address.push_str("?botUUID=");
            address.extend(percent(&settings.bot));
        } else {
            for part in [Some(&settings.bot), self.context.as_ref()]
                .into_iter()
                .flatten()
            {
                address.push('/');
                address.extend(percent(part));
            }
        }
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = if is_get { Method::GET } else { Method::POST };
        *request.uri_mut() = address.try_into().ok()?;
        let headers = request.headers_mut();
        match &self.file {
            Some(file) => {
                headers.insert(ACCEPT, HTML);
                headers.insert(CONTENT_TYPE, file.content_type.clone());
            }
            None => {
                headers.insert(ACCEPT, JSON);
                if !self.body.is_empty() {
                    headers.insert(CONTENT_TYPE, FORM);
                }
            }
        }
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
