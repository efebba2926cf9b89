use async_trait::async_trait;
use serde_json::Value;
use switchboard_core::model::Timestamp;

use super::{Document, DocumentStore, next_version};
use crate::StoreError;
use crate::sql::{SqlStore, within};

#[async_trait]
impl DocumentStore for SqlStore {
    async fn load(&self, name: &str) -> Result<Option<Document>, StoreError> {
        self.newer(name, 0).await
    }

    async fn newer(&self, name: &str, than: i64) -> Result<Option<Document>, StoreError> {
        let query = "SELECT version, value FROM documents WHERE name = $1 AND version > $2";
        let found = sqlx::query_as(query)
            .bind(name)
            .bind(than)
            .fetch_optional(self.pool());
        let found: Option<(i64, String)> = within(found).await?;
        let read = |(version, text): (i64, String)| {
            let value = serde_json::from_str(&text).map_err(StoreError::Corrupt)?;
            Ok(Document { version, value })
        };
        found.map(read).transpose()
    }

    async fn swap(
        &self,
        name: &str,
        expected: Option<i64>,
        value: &Value,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let statement = match expected {
            None => {
                "INSERT INTO documents (name, version, value, changed_at) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING"
            }
            Some(_) => {
                "UPDATE documents SET version = $2, value = $3, changed_at = $4 \
                 WHERE name = $1 AND version = $5"
            }
        };
        let mut query = sqlx::query(statement)
            .bind(name)
            .bind(next_version(expected))
            .bind(value.to_string())
            .bind(now.as_millis());
        if let Some(version) = expected {
            query = query.bind(version);
        }
        let done = within(query.execute(self.pool())).await?;
        Ok(done.rows_affected() == 1)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        within(sqlx::query("SELECT 1").execute(self.pool())).await?;
        Ok(())
    }
}
