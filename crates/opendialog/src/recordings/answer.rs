//! What came, as users: a page of the export, an answer of the interactions, or a file of them.
//!
//! Users come as objects with one key, the user's id. PHP writes an empty object as an empty list,
//! and whoever saves answers joins them; so several users in one object, users without a list
//! around them and empty lists are taken as well.

use bytes::Bytes;
use serde_json::{Deserializer, Map, Value};
use switchboard_core::dialect::SourceError;
use switchboard_core::model::Timestamp;

/// One answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) users: Vec<UserFound>,
    /// How many pages there are, where it is told.
    pub(super) last_page: Option<u64>,
    /// How many users a page has, where it is told.
    pub(super) per_page: Option<u64>,
    /// How many users all pages have, where it is told.
    pub(super) total: Option<u64>,
    /// What was left out.
    pub(super) notes: Vec<String>,
}

/// What is told of one user.
#[derive(Debug, Clone)]
pub(super) struct UserFound {
    pub(super) user_id: String,
    pub(super) value: Value,
    /// Where it stood: `page 3: data[7].u-1`.
    pub(super) place: String,
    /// Lines from this moment on come again.
    pub(super) until: Option<Timestamp>,
}

impl Page {
    /// Reads an answer.
    ///
    /// # Errors
    /// It is no JSON, or holds no list of users.
    pub(super) fn decode(body: &[u8], place: &str) -> Result<Self, SourceError> {
        let body: Value =
            serde_json::from_slice(body).map_err(|error| unreadable(place, &error.to_string()))?;
        match body {
            Value::Object(mut body) if body.contains_key("data") => {
                let last_page = number(&body, "lastPage");
                let per_page = number(&body, "perPage");
                let total = number(&body, "total");
                let data = body.remove("data").unwrap_or_default();
                let mut page = Self::of_data(data, &format!("{place}: data"))?;
                page.last_page = last_page;
                page.per_page = per_page;
                page.total = total;
                Ok(page)
            }
            other => Err(unreadable(
                &format!("{place}: data"),
                &format!("a list of users is missing in {}", kind(&other)),
            )),
        }
    }

    fn of_data(data: Value, place: &str) -> Result<Self, SourceError> {
        let mut page = Self::default();
        match data {
            Value::Array(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    page.add(item, &format!("{place}[{index}]"));
                }
            }
            Value::Object(users) => page.add_users(users, place),
            other => {
                let problem = format!("expected a list of users, found {}", kind(&other));
                return Err(unreadable(place, &problem));
            }
        }
        Ok(page)
    }

    fn add(&mut self, item: Value, place: &str) {
        match item {
            Value::Object(users) => self.add_users(users, place),
            Value::Array(items) if items.is_empty() => {}
            other => self
                .notes
                .push(format!("{place}: expected a user, found {}", kind(&other))),
        }
    }

    fn add_users(&mut self, users: Map<String, Value>, place: &str) {
        self.users
            .extend(users.into_iter().map(|(user_id, value)| UserFound {
                place: format!("{place}.{user_id}"),
                user_id,
                value,
                until: None,
            }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.notes.is_empty()
    }
}

/// A number of the pagination.
fn number(body: &Map<String, Value>, key: &str) -> Option<u64> {
    match body.get("meta")?.get("pagination")?.get(key)? {
        Value::String(number) => number.trim().parse().ok(),
        number => number.as_u64(),
    }
}

/// A file that is being read: one value after the other, so that a file of many answers does not
/// stand in memory twice.
#[derive(Debug)]
pub(super) struct Reading {
    file: Bytes,
    offset: usize,
    values: usize,
    over: bool,
}

impl Reading {
    pub(super) fn new(file: Bytes) -> Self {
        // Some editors put a mark before what is UTF-8.
        let offset = if file.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        Self {
            file,
            offset,
            values: 0,
            over: false,
        }
    }

    /// The users of the next value of the file.
    pub(super) fn next(&mut self) -> Option<Result<Page, SourceError>> {
        let rest = self.file.get(self.offset..).unwrap_or_default();
        if self.over {
            return None;
        }
        let mut values = Deserializer::from_slice(rest).into_iter::<Value>();
        self.values += 1;
        let place = format!("value {} of the file", self.values);
        match values.next() {
            Some(Ok(value)) => {
                self.offset += values.byte_offset();
                let page = of_file(value, &place);
                self.over = page.is_err();
                Some(page)
            }
            Some(Err(error)) => {
                self.over = true;
                Some(Err(unreadable(&place, &error.to_string())))
            }
            None => {
                self.over = true;
                let empty = self.values == 1;
                empty.then(|| Err(unreadable("the file", "it is empty")))
            }
        }
    }
}

/// An answer, its list of users alone, or users one by one.
fn of_file(value: Value, place: &str) -> Result<Page, SourceError> {
    match value {
        Value::Object(mut body) if body.contains_key("data") => {
            let data = body.remove("data").unwrap_or_default();
            Page::of_data(data, &format!("{place}: data"))
        }
        Value::Array(items) => Page::of_data(Value::Array(items), place),
        Value::Object(users)
            if !users.is_empty()
                && users
                    .values()
                    .all(|user| user.get("interactions").is_some()) =>
        {
            Page::of_data(Value::Object(users), place)
        }
        other => Err(unreadable(
            place,
            &format!("expected an answer with `data`, found {}", kind(&other)),
        )),
    }
}

pub(super) fn unreadable(place: &str, problem: &str) -> SourceError {
    SourceError::Unreadable {
        place: place.to_owned(),
        problem: problem.to_owned(),
    }
}

/// What a value is, for messages.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether a value tells nothing. PHP writes an empty object as an empty list.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
