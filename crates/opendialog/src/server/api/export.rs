//! Everything that is stored of users:
//! `docs/protocols/opendialog.md#72-get-publicapiuser-data-export-doc`.

mod said;

use std::sync::Arc;

use bytes::Bytes;
use http::{Response as HttpResponse, StatusCode};
use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::dialect::{Consult, TranscriptPage, TranscriptQuery, UserTranscript};

use super::parameters::Parameters;
use super::period::{FROM, Mistake, Period, TO};
use super::{LINES, consult, people};
use crate::error;
use crate::options::{ApiToken, FrontendOptions};
use crate::server::Handling;
use crate::wire::error::Invalid;
use crate::wire::export::{Meta, Pagination, Response, User};
use crate::wire::time;

const EXPORT_TYPE: &str = "exportType";
const PER_PAGE: &str = "perPage";
const PAGE: &str = "page";
/// The only type there is.
const JSON: &str = "json";
const DEFAULT_PER_PAGE: u64 = 20;
/// The vendor names no bound. Who asks for more gets this many, and is told so in `meta`.
const MAX_PER_PAGE: u64 = 100;

/// A page of users. Other parameters mean nothing.
pub(super) fn export(query: &str, token: &ApiToken, options: &Arc<FrontendOptions>) -> Handling {
    let asked = Asked::read(&Parameters::decode(query))?;
    let query = TranscriptQuery {
        from: asked.period.map(|period| period.from),
        to: asked.period.map(|period| period.until),
        frontends: token.frontends.clone(),
        skip: (asked.page - 1).saturating_mul(asked.per_page),
        users: asked.per_page,
        lines: LINES,
        ..TranscriptQuery::default()
    };
    let options = Arc::clone(options);
    Ok(consult(Consult {
        query,
        finish: Box::new(move |found, _| match found {
            Ok(page) if page.cut => error::invalid(&asked.too_many()).1,
            Ok(page) => error::json(StatusCode::OK, &asked.write(&page, &options)),
            Err(fault) => error::encode_export_fault(&fault),
        }),
    }))
}

/// What is asked for.
struct Asked {
    period: Option<Period>,
    per_page: u64,
    /// From 1.
    page: u64,
}

impl Asked {
    fn read(parameters: &Parameters<'_>) -> Result<Self, (Fault, HttpResponse<Bytes>)> {
        let mut mistakes = Invalid::new();
        if !parameters.has(EXPORT_TYPE) {
            mistakes.required(EXPORT_TYPE);
        } else if parameters.text(EXPORT_TYPE) != Some(JSON) {
            mistakes.must_be(EXPORT_TYPE, JSON);
        }
        for (name, other) in [(FROM, TO), (TO, FROM)] {
            if !parameters.has(name) && parameters.has(other) {
                let problem = format!("The {name} field is required when {other} is present.");
                mistakes.add(name, problem);
            }
        }
        let per_page = parameters.count(PER_PAGE, &mut mistakes);
        let page = parameters.count(PAGE, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(error::invalid(&mistakes));
        }
        Ok(Self {
            period: read_period(parameters)?,
            per_page: per_page.unwrap_or(DEFAULT_PER_PAGE).min(MAX_PER_PAGE),
            page: page.unwrap_or(1),
        })
    }

    fn write(&self, page: &TranscriptPage, options: &FrontendOptions) -> Response {
        let data = page.users.iter().map(|user| {
            let value = serde_json::to_value(write_user(user, options)).unwrap_or_default();
            Map::from_iter([(user.user_id.clone(), value)])
        });
        Response {
            data: data.collect(),
            meta: Meta {
                pagination: self.pagination(page),
                filters: self.filters(),
            },
        }
    }

    fn pagination(&self, page: &TranscriptPage) -> Pagination {
        let before = (self.page - 1).saturating_mul(self.per_page);
        let here = page.users.len() as u64;
        Pagination {
            current_page: self.page,
            from: (here > 0).then(|| before + 1),
            last_page: page.total.div_ceil(self.per_page).max(1),
            per_page: self.per_page,
            to: (here > 0).then(|| before + here),
            total: page.total,
        }
    }

    fn filters(&self) -> Map<String, Value> {
        let moment = |at| Value::from(time::column(at));
        Map::from_iter([
            (EXPORT_TYPE.to_owned(), Value::from(JSON)),
            (PER_PAGE.to_owned(), Value::from(self.per_page.to_string())),
            (PAGE.to_owned(), Value::from(self.page.to_string())),
            (
                FROM.to_owned(),
                self.period
                    .map_or(Value::Null, |period| moment(period.from)),
            ),
            (
                TO.to_owned(),
                self.period.map_or(Value::Null, |period| moment(period.to)),
            ),
        ])
    }

    /// A user is never given by half.
    fn too_many(&self) -> Invalid {
        if self.per_page > 1 {
            let problem =
                format!("The page has more than {LINES} interactions. Ask for fewer users.");
            return Invalid::one(PER_PAGE, problem);
        }
        let problem =
            format!("The user has more than {LINES} interactions. Ask for a shorter period.");
        Invalid::one(TO, problem)
    }
}

fn read_period(
    parameters: &Parameters<'_>,
) -> Result<Option<Period>, (Fault, HttpResponse<Bytes>)> {
    if !parameters.has(FROM) {
        return Ok(None);
    }
    Period::read(parameters).map(Some).map_err(|mistake| {
        if let Mistake::Unreadable(names) = &mistake
            && let Some(name) = names.first()
        {
            return error::bad_date(name);
        }
        error::invalid(&mistake.invalid())
    })
}

fn write_user(user: &UserTranscript, options: &FrontendOptions) -> User {
    User {
        chatbot_user_data: people::data(&user.profile),
        user_attributes: people::attributes(user),
        interactions: said::interactions(user, options),
        rest: Map::new(),
    }
}
