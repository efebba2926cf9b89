use std::fmt::Write as _;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use switchboard_core::dialect::KeptValue;
use switchboard_core::model::Timestamp;

use super::{ValueStore, by_digest, digest};
use crate::StoreError;
use crate::sql::{SqlStore, within};

/// How many values one statement keeps. Each has three parameters, and SQLite takes 999 of them in
/// its older versions.
const AT_ONCE: usize = 200;

#[async_trait]
impl ValueStore for SqlStore {
    async fn keep(&self, frontend: &str, values: &[KeptValue]) -> Result<(), StoreError> {
        let rows: Vec<(String, String, i64)> = by_digest(frontend, values)
            .into_iter()
            .map(|(digest, kept)| (digest, kept.value.to_string(), kept.until.as_millis()))
            .collect();
        let work = async {
            let mut transaction = self.pool().begin().await?;
            for rows in rows.chunks(AT_ONCE) {
                // Only numbers are put together: every value is bound.
                let mut query = sqlx::query(AssertSqlSafe(insertion(rows.len())));
                for (digest, value, until) in rows {
                    query = query.bind(digest).bind(value).bind(*until);
                }
                query.execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        within(work).await
    }

    async fn get(
        &self,
        frontend: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Value>, StoreError> {
        let query = "SELECT value FROM kept_values WHERE digest = $1 AND good_until > $2";
        let found = sqlx::query_scalar(query)
            .bind(digest(frontend, key))
            .bind(now.as_millis())
            .fetch_optional(self.pool());
        let found: Option<String> = within(found).await?;
        found
            .map(|text| serde_json::from_str(&text).map_err(StoreError::Corrupt))
            .transpose()
    }

    async fn forget(&self, now: Timestamp) -> Result<(), StoreError> {
        let forget = sqlx::query("DELETE FROM kept_values WHERE good_until <= $1");
        within(forget.bind(now.as_millis()).execute(self.pool())).await?;
        Ok(())
    }
}

/// Keeps so many values by one statement.
fn insertion(rows: usize) -> String {
    let mut sql = "INSERT INTO kept_values (digest, value, good_until) VALUES ".to_owned();
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let first = row * 3 + 1;
        // Writing to a string cannot fail.
        let _ = write!(sql, "{comma}(${first}, ${}, ${})", first + 1, first + 2);
    }
    sql.push_str(
        " ON CONFLICT (digest) DO UPDATE SET value = excluded.value, \
         good_until = excluded.good_until",
    );
    sql
}
