//! What clients and engines of the three vendors put on the wire, after `docs/protocols/`. It
//! shares no code with the dialects that are measured.

mod dydu;
mod kare;
mod opendialog;

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use switchboard_core::dialect::Dialect;
use uuid::Uuid;

use crate::sample::Sample;
use crate::wire::WireRequest;

/// A vendor, hence a dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Kare, later Dialpad Self Service.
    Kare,
    /// dydu.
    Dydu,
    /// OpenDialog.
    OpenDialog,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kare, Self::Dydu, Self::OpenDialog];

    /// The dialect's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kare => "kare",
            Self::Dydu => "dydu",
            Self::OpenDialog => "opendialog",
        }
    }

    /// The vendor of this dialect.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// The dialect.
    pub fn dialect(self) -> Box<dyn Dialect> {
        match self {
            Self::Kare => Box::new(switchboard_kare::dialect()),
            Self::Dydu => Box::new(switchboard_dydu::dialect()),
            Self::OpenDialog => Box::new(switchboard_opendialog::dialect()),
        }
    }

    /// The dialect's own keys of a `[[frontends]]` table.
    pub fn frontend_options(self) -> Value {
        match self {
            Self::Kare => kare::frontend_options(),
            Self::Dydu => dydu::frontend_options(),
            Self::OpenDialog => opendialog::frontend_options(),
        }
    }

    /// The dialect's own keys of a `[[backends]]` table, for the engine at this URL.
    pub fn backend_options(self, url: &str) -> Value {
        match self {
            Self::Kare => kare::backend_options(url),
            Self::Dydu => dydu::backend_options(url),
            Self::OpenDialog => opendialog::backend_options(url),
        }
    }
}

/// One user in front of a vendor's client, with one conversation.
#[derive(Debug, Clone)]
pub struct Visitor {
    vendor: Vendor,
    user: String,
    /// The vendor's id of the conversation, once known.
    key: Option<String>,
    /// The token, where the vendor wants one.
    token: Option<String>,
}

impl Visitor {
    /// A user who has done nothing yet. Numbers must differ among users of one gateway.
    pub fn new(vendor: Vendor, number: u64) -> Self {
        Self {
            vendor,
            user: uuid(USERS, number).to_string(),
            key: None,
            token: None,
        }
    }

    /// The request that the client must send before it can say something; none when it can. Its
    /// answer goes to [`Visitor::learn`].
    pub fn opening(&self, ids: &Ids) -> Option<WireRequest> {
        match self.vendor {
            Vendor::Kare => kare::opening(self),
            Vendor::Dydu => dydu::opening(self),
            Vendor::OpenDialog => opendialog::opening(self, ids),
        }
    }

    /// Takes what an opening request was answered.
    ///
    /// # Errors
    /// The answer lacks what the client needs.
    pub fn learn(&mut self, answer: &[u8]) -> Result<()> {
        match self.vendor {
            Vendor::Kare => kare::learn(self, answer),
            Vendor::Dydu => dydu::learn(self, answer),
            Vendor::OpenDialog => opendialog::learn(self, answer),
        }
    }

    /// The request that says something.
    pub fn say(&self, text: &str, ids: &Ids) -> WireRequest {
        match self.vendor {
            Vendor::Kare => kare::say(self, text, ids),
            Vendor::Dydu => dydu::say(self, text),
            Vendor::OpenDialog => opendialog::say(self, text, ids),
        }
    }
}

/// Answers like the engines of all three vendors, at once, with the same text every time.
#[derive(Debug)]
pub struct Engine {
    kare: kare::Answers,
    dydu: dydu::Answers,
    opendialog: opendialog::Answers,
    ids: Ids,
}

impl Engine {
    /// Engines that answer everything with the sample's text.
    pub fn new(sample: &Sample) -> Self {
        Self {
            kare: kare::Answers::new(&sample.markdown),
            dydu: dydu::Answers::new(&sample.html),
            opendialog: opendialog::Answers::new(&sample.html),
            ids: Ids::new(ENGINE),
        }
    }

    /// Answers one request; 404 if no vendor's client would send it.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let answer = self
            .kare
            .answer(request, &self.ids)
            .or_else(|| self.dydu.answer(request, &self.ids))
            .or_else(|| self.opendialog.answer(request));
        let (status, body) = answer.unwrap_or_else(|| (404, r#"{"error":"not found"}"#.to_owned()));
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() =
            http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        let json = http::HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        response
    }
}

/// Marks ids of users.
const USERS: u64 = 1;
/// Marks ids that engines give.
const ENGINE: u64 = 2;
/// Marks ids that clients give their messages.
pub const CLIENTS: u64 = 3;
/// Marks ids that take the place of the gateway's own.
pub const GATEWAY: u64 = 4;

/// A source of UUIDs by counting: what a turn costs must not depend on a random generator.
#[derive(Debug)]
pub struct Ids {
    mark: u64,
    next: AtomicU64,
}

impl Ids {
    /// Ids with this mark.
    pub const fn new(mark: u64) -> Self {
        Self {
            mark,
            next: AtomicU64::new(1),
        }
    }

    /// The next one.
    pub fn next(&self) -> Uuid {
        uuid(self.mark, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// A version 4 UUID made of a mark and a number.
fn uuid(mark: u64, number: u64) -> Uuid {
    let bytes = (u128::from(mark) << 64 | u128::from(number)).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The path without its query.
fn path(request: &Request<Bytes>) -> &str {
    request.uri().path()
}
