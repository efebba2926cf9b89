//! What is asked for next: pages of the export, periods of the interactions.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use switchboard_core::dialect::{OptionsError, RecordedPeriod, SourceError};
use switchboard_core::model::Timestamp;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::answer::Page;
use super::options::{RecordingsApi, RecordingsOptions};
use crate::wire::error::Invalid;
use crate::wire::time::to_the_second;

/// The beginning where none is given but one is needed; the vendor is younger.
const BEGINNING: OffsetDateTime = datetime!(2015-01-01 00:00:00 UTC);
/// The end of the calendar.
const END: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);
/// How much of the interactions is asked for at once, which come without pages.
const WINDOW: Duration = Duration::days(31);
/// A period that is not divided any more.
const SHORTEST: Duration = Duration::minutes(1);
/// More pages than this are no export but a loop.
const MOST_PAGES: u64 = 1_000_000;
/// What of a value may stand in a query.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// From when to when.
type Span = (Timestamp, Timestamp);

/// The way through what a server has recorded.
pub(super) struct Course {
    base: String,
    path: &'static str,
    bearer: HeaderValue,
    period: RecordedPeriod,
    way: Way,
}

enum Way {
    Pages(Pages),
    /// Nothing yet: where the last one ends depends on the time.
    Unmeasured,
    /// What is left to be asked for.
    Windows(VecDeque<Span>),
}

struct Pages {
    page: u64,
    per_page: u64,
    /// What the pages looked like, to know one that comes again.
    seen: HashSet<u64>,
    /// How many users came.
    came: u64,
    over: bool,
    /// The end of a period that has only a beginning.
    to: Option<Timestamp>,
}

impl Course {
    /// # Errors
    /// The token cannot stand in a header.
    pub(super) fn new(
        url: &str,
        options: &RecordingsOptions,
        period: &RecordedPeriod,
    ) -> Result<Self, OptionsError> {
        let token = options.token.as_ref().map_or("", |token| token.reveal());
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.trim()))
            .map_err(|_| OptionsError::new("token", "cannot be sent in a header"))?;
        bearer.set_sensitive(true);
        let way = match options.api {
            RecordingsApi::Export => Way::Pages(Pages {
                page: 1,
                per_page: u64::from(options.per_page),
                seen: HashSet::new(),
                came: 0,
                over: false,
                to: period.to,
            }),
            RecordingsApi::Interactions | RecordingsApi::Legacy => Way::Unmeasured,
        };
        Ok(Self {
            base: RecordingsOptions::base(url).to_owned(),
            path: options.api.path(),
            bearer,
            period: period.clone(),
            way,
        })
    }

    /// Nothing is left to be asked for.
    pub(super) fn is_over(&self) -> bool {
        match &self.way {
            Way::Pages(pages) => pages.over,
            Way::Unmeasured => false,
            Way::Windows(windows) => windows.is_empty(),
        }
    }

    /// What is asked for now, for messages.
    pub(super) fn place(&self) -> String {
        match &self.way {
            Way::Pages(pages) => format!("page {}", pages.page),
            Way::Unmeasured => "the answer".to_owned(),
            Way::Windows(windows) => match windows.front() {
                Some((from, _)) => format!("the answer from {}", to_the_second(*from)),
                None => "the answer".to_owned(),
            },
        }
    }

    /// From when on the lines of this answer belong to the next one, which repeats them.
    pub(super) fn until(&self) -> Option<Timestamp> {
        match &self.way {
            Way::Windows(windows) if windows.len() > 1 => windows.front().map(|(_, to)| *to),
            _ => None,
        }
    }

    /// The next request.
    ///
    /// # Errors
    /// The address cannot be asked.
    pub(super) fn request(&mut self, now: Timestamp) -> Result<Request<Bytes>, SourceError> {
        let RecordedPeriod { from, to, user_id } = &self.period;
        let beginning = || from.unwrap_or(Timestamp::from_utc(BEGINNING));
        if let Way::Unmeasured = self.way {
            self.way = Way::Windows(windows(beginning(), to.unwrap_or(now)));
        }
        let mut query: Vec<(&str, String)> = Vec::new();
        let both = |query: &mut Vec<_>, from, to| {
            query.push(("from", to_the_second(from)));
            query.push(("to", to_the_second(up(to))));
        };
        match &mut self.way {
            Way::Pages(pages) => {
                if from.is_some() || pages.to.is_some() {
                    // Kept, so that all pages are of the same period.
                    both(&mut query, beginning(), *pages.to.get_or_insert(now));
                }
                query.push(("exportType", "json".to_owned()));
                query.push(("perPage", pages.per_page.to_string()));
                query.push(("page", pages.page.to_string()));
            }
            Way::Windows(windows) => {
                if let Some((from, to)) = windows.front() {
                    both(&mut query, *from, *to);
                }
                query.extend(user_id.clone().map(|id| ("user_id", id)));
            }
            Way::Unmeasured => {}
        }
        let query: Vec<String> = query
            .iter()
            .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, IN_QUERY)))
            .collect();
        Request::get(format!("{}/{}?{}", self.base, self.path, query.join("&")))
            .header(header::AUTHORIZATION, self.bearer.clone())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| SourceError::Unreachable(error.to_string()))
    }

    /// A page came. Gives a note where the server does not keep to what it says.
    ///
    /// # Errors
    /// The server gives the same page again and again.
    pub(super) fn advance(&mut self, page: &Page) -> Result<Option<String>, SourceError> {
        match &mut self.way {
            Way::Pages(pages) => pages.advance(page),
            Way::Windows(_) | Way::Unmeasured => Ok(None),
        }
    }

    /// What came is dealt with.
    pub(super) fn leave(&mut self) {
        match &mut self.way {
            Way::Pages(pages) => pages.page += 1,
            Way::Windows(windows) => {
                windows.pop_front();
            }
            Way::Unmeasured => {}
        }
    }

    /// The server says that it was asked for too much at once: too many users, too long a time.
    pub(super) fn is_too_much(&self, response: &Response<Bytes>) -> bool {
        let parameter = match &self.way {
            Way::Pages(_) => "perPage",
            Way::Windows(_) | Way::Unmeasured => "to",
        };
        response.status() == StatusCode::UNPROCESSABLE_ENTITY
            && serde_json::from_slice::<Invalid>(response.body())
                .is_ok_and(|invalid| invalid.errors.contains_key(parameter))
    }

    /// The answer was too large. Whether less can be asked for.
    pub(super) fn ask_for_less(&mut self) -> bool {
        match &mut self.way {
            Way::Pages(pages) => pages.ask_for_less(),
            Way::Windows(windows) => match windows.pop_front() {
                Some((from, to)) if to.since(from) > SHORTEST => {
                    // Whole seconds: the vendor knows no others.
                    let middle = from.0 + (to.0 - from.0) / 2_000 * 1_000;
                    windows.push_front((Timestamp(middle), to));
                    windows.push_front((from, Timestamp(middle)));
                    true
                }
                window => {
                    windows.extend(window);
                    false
                }
            },
            Way::Unmeasured => false,
        }
    }
}

impl Pages {
    fn advance(&mut self, page: &Page) -> Result<Option<String>, SourceError> {
        let last = page.last_page;
        if let Some(fewer) = page.per_page.filter(|n| (1..self.per_page).contains(n)) {
            // The server has a bound of its own.
            self.per_page = fewer;
        }
        if page.is_empty() {
            self.over = true;
            let missing = last.filter(|last| *last > self.page);
            return Ok(missing.map(|last| {
                format!(
                    "page {} of {last} has no users; the pages after it were not asked for",
                    self.page
                )
            }));
        }
        let mut digest = DefaultHasher::new();
        for user in &page.users {
            (&user.user_id, &user.value).hash(&mut digest);
        }
        if !self.seen.insert(digest.finish()) {
            // A server that knows no pages gives everything each time.
            self.over = true;
            return match last {
                None => Ok(Some(format!(
                    "page {} is one of those before it again, so it is the end",
                    self.page
                ))),
                Some(_) => Err(SourceError::Unreadable {
                    place: format!("page {}", self.page),
                    problem: "it holds what one of the pages before it holds".to_owned(),
                }),
            };
        }
        if self.page >= MOST_PAGES {
            return Err(SourceError::Unreadable {
                place: format!("page {}", self.page),
                problem: "there is no end to the pages".to_owned(),
            });
        }
        self.came += page.users.len() as u64;
        self.over = last.is_some_and(|last| last <= self.page);
        let missing = page.total.filter(|total| self.over && *total > self.came);
        Ok(missing.map(|total| {
            format!(
                "page {} is the last, but of {total} users only {} came",
                self.page, self.came
            )
        }))
    }

    /// Smaller pages, from the same user on.
    fn ask_for_less(&mut self) -> bool {
        let mut smaller = (1..self.per_page).rev();
        let Some(smaller) = smaller.find(|n| self.per_page.is_multiple_of(*n)) else {
            return false;
        };
        self.page = (self.page - 1) * (self.per_page / smaller) + 1;
        self.per_page = smaller;
        true
    }
}

/// A period in parts, oldest first. There is always one.
fn windows(from: Timestamp, to: Timestamp) -> VecDeque<Span> {
    let mut windows = VecDeque::new();
    let to = to.min(Timestamp::from_utc(END));
    let mut from = from.max(Timestamp::from_utc(BEGINNING)).min(to);
    loop {
        let next = from.after(WINDOW.unsigned_abs());
        if next >= to {
            windows.push_back((from, to));
            return windows;
        }
        windows.push_back((from, next));
        from = next;
    }
}

/// The next whole second.
fn up(at: Timestamp) -> Timestamp {
    Timestamp(
        at.0.saturating_add(999)
            .div_euclid(1_000)
            .saturating_mul(1_000),
    )
}
