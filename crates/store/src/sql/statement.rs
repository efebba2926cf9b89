use std::fmt::Write;

use sqlx::any::AnyRow;
use sqlx::query::{Query, QueryAs};
use sqlx::{Any, AssertSqlSafe, FromRow};

type Arguments = <Any as sqlx::Database>::Arguments;

/// A statement that grows with what is asked for. Only its values come from outside, and they are
/// bound.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Bound>,
}

/// A value of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Number(i64),
    Text(String),
}

impl From<i64> for Bound {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Bound {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Bound {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Statement {
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Goes on.
    pub(crate) fn sql(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Puts a value here.
    pub(crate) fn value(&mut self, value: impl Into<Bound>) -> &mut Self {
        self.values.push(value.into());
        let number = self.values.len();
        // Writing to a string cannot fail.
        let _ = write!(self.text, "${number}");
        self
    }

    /// Puts `(…, …)` here, with these values.
    pub(crate) fn list(&mut self, values: impl IntoIterator<Item = impl Into<Bound>>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.sql(if index == 0 { "(" } else { ", " }).value(value);
        }
        self.sql(")")
    }

    /// The statement, for its effect.
    pub(crate) fn query(self) -> Query<'static, Any, Arguments> {
        let query = sqlx::query(AssertSqlSafe(self.text)).persistent(false);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Bound::Number(number) => query.bind(number),
                Bound::Text(text) => query.bind(text),
            })
    }

    /// The statement, for its rows.
    pub(crate) fn rows<R>(self) -> QueryAs<'static, Any, R, Arguments>
    where
        R: for<'r> FromRow<'r, AnyRow>,
    {
        let query = sqlx::query_as(AssertSqlSafe(self.text)).persistent(false);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Bound::Number(number) => query.bind(number),
                Bound::Text(text) => query.bind(text),
            })
    }
}
