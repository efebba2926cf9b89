//! How often a program may ask: `docs/protocols/opendialog.md#7-public-apis-current`.
//!
//! As the vendor's framework counts: a window of a minute begins with the first request, and what is
//! refused in it is not counted, so that a program which keeps asking does not wait longer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Consult, Cx, Encode, Handled, Keep, LookUp};
use switchboard_core::model::Timestamp;

use crate::error;
use crate::options::Api;

const WINDOW: Duration = Duration::from_secs(60);
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Budget {
    /// Any request.
    All,
    /// An export, which counts as any other request too.
    Exports,
}

/// What each token has used of its budgets.
pub(in crate::server) struct Limits {
    rate: u32,
    export_rate: u32,
    used: Mutex<Vec<Used>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    all: Window,
    exports: Window,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    begun: Timestamp,
    requests: u32,
}

impl Window {
    /// Begins anew if the minute is over, or if the clock was set back.
    fn at(self, now: Timestamp) -> Self {
        let is_over = now < self.begun || now.since(self.begun) >= WINDOW;
        if self.requests == 0 || is_over {
            return Self {
                begun: now,
                requests: 0,
            };
        }
        self
    }

    fn end(self) -> Timestamp {
        self.begun.after(WINDOW)
    }

    fn is_spent(self, limit: u32) -> bool {
        limit > 0 && self.requests >= limit
    }
}

impl Limits {
    /// Nothing is used yet.
    pub(in crate::server) fn new(api: &Api) -> Self {
        Self {
            rate: api.rate,
            export_rate: api.export_rate,
            used: Mutex::new(vec![Used::default(); api.tokens.len()]),
        }
    }

    /// Counts a request of the token at this place, or refuses it.
    pub(super) fn take(
        &self,
        place: usize,
        budget: Budget,
        now: Timestamp,
    ) -> Result<Standing, (Fault, Response<Bytes>)> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(used) = used.get_mut(place) else {
            return Ok(Standing(None));
        };
        used.all = used.all.at(now);
        used.exports = used.exports.at(now);
        if used.all.is_spent(self.rate) {
            return Err(refuse(used.all, self.rate, Budget::All, now));
        }
        let is_export = budget == Budget::Exports;
        if is_export && used.exports.is_spent(self.export_rate) {
            let (window, limit) = (used.exports, self.export_rate);
            return Err(refuse(window, limit, Budget::Exports, now));
        }
        used.all.requests = used.all.requests.saturating_add(1);
        let mut standing = Standing::new(used.all, self.rate);
        if is_export {
            used.exports.requests = used.exports.requests.saturating_add(1);
            standing = standing.or_less(Standing::new(used.exports, self.export_rate));
        }
        Ok(standing)
    }
}

fn refuse(window: Window, limit: u32, budget: Budget, now: Timestamp) -> (Fault, Response<Bytes>) {
    // Whole seconds, and not one too few: who comes back then must be let in.
    let wait = window.end().since(now).as_millis().div_ceil(1000);
    let wait = Duration::from_secs(u64::try_from(wait).unwrap_or(1));
    let fault = Fault::RateLimited {
        retry_after: Some(wait),
    };
    let mut response = match budget {
        Budget::All => error::encode_fault(&fault),
        Budget::Exports => error::encode_export_fault(&fault),
    };
    let headers = response.headers_mut();
    Standing::new(window, limit).write(headers);
    let reset = now.after(wait).as_millis() / 1000;
    headers.insert(RESET, HeaderValue::from(reset));
    (fault, response)
}

/// What is left of a budget, for the headers of every answer; nothing to say if there is no limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing(Option<(u32, u32)>);

impl Standing {
    fn new(window: Window, limit: u32) -> Self {
        Self((limit > 0).then(|| (limit, limit.saturating_sub(window.requests))))
    }

    /// The one of the two that has less left.
    fn or_less(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some((_, left)), Some((_, other_left))) if left < other_left => self,
            (_, None) => self,
            _ => other,
        }
    }

    fn write(self, headers: &mut HeaderMap) {
        if let Some((limit, left)) = self.0 {
            headers.insert(LIMIT, HeaderValue::from(limit));
            headers.insert(REMAINING, HeaderValue::from(left));
        }
    }

    fn written(self, mut response: Response<Bytes>) -> Response<Bytes> {
        self.write(response.headers_mut());
        response
    }

    fn after<T: 'static>(self, finish: Encode<T>) -> Encode<T> {
        Box::new(move |result: Result<T, Fault>, cx: &Cx<'_>| self.written(finish(result, cx)))
    }

    /// Says it in the answer, whenever that is made.
    pub(super) fn mark(self, handled: Handled) -> Handled {
        match handled {
            Handled::Reply(response) => Handled::Reply(self.written(response)),
            Handled::Refuse(fault, response) => Handled::Refuse(fault, self.written(response)),
            Handled::Consult(consult) => Handled::Consult(Box::new(Consult {
                query: consult.query,
                finish: self.after(consult.finish),
            })),
            Handled::Keep(keep) => Handled::Keep(Box::new(Keep {
                values: keep.values,
                finish: self.after(keep.finish),
            })),
            Handled::Call(call) => {
                let call = *call;
                let finish = self.after(call.finish);
                Handled::Call(Box::new(Call { finish, ..call }))
            }
            Handled::LookUp(LookUp { key, then }) => Handled::LookUp(LookUp {
                key,
                then: Box::new(move |found, cx| self.mark(then(found, cx))),
            }),
            other @ (Handled::Upgrade(_) | Handled::Amend(_)) => other,
        }
    }
}
