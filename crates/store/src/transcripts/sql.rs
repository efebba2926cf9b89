use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Any, Transaction};
use switchboard_core::dialect::{TranscriptPage, TranscriptQuery};
use switchboard_core::model::{ConversationId, Timestamp};

use super::{Erasure, NewLine, TranscriptStore, is_user, kept_id, without_nul};
use crate::StoreError;
use crate::sql::{SqlStore, Statement, within_time};

mod search;

use search::Search;

/// How long the database may take to write, forget or erase, and to find.
const PATIENCE: Duration = Duration::from_secs(10);

/// Rows of one statement: databases limit how many values it may have.
const ROWS: usize = 500;

/// Bytes of what is said in one statement, more or less.
const BYTES: usize = 1_000_000;

/// How many lines are forgotten by one statement.
const FORGOTTEN: i64 = 5_000;

#[async_trait]
impl TranscriptStore for SqlStore {
    async fn append(&self, lines: &[NewLine]) -> Result<(), StoreError> {
        let conversations = conversations(lines)?;
        let lines = inserts(lines)?;
        let work = async {
            let mut transaction = self.pool().begin().await?;
            for statement in conversations.into_iter().chain(lines) {
                statement.query().execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        within_time(PATIENCE, work).await
    }

    async fn query(&self, query: &TranscriptQuery) -> Result<TranscriptPage, StoreError> {
        let search = Search::new(self.pool(), query);
        match tokio::time::timeout(PATIENCE, search.run()).await {
            Ok(found) => found,
            Err(late) => Err(StoreError::Unavailable(late.into())),
        }
    }

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let work = async {
            let mut transaction = self.pool().begin().await?;
            // The conversations first: another process that writes in one of them now is waited
            // for, and its lines are seen afterwards.
            let user = [kept_id(&erasure.user_id)];
            let mut gone = erase(&mut transaction, erasure, "user_id", &user).await?;
            let keys: Vec<_> = erasure.keys.iter().map(|key| without_nul(key)).collect();
            for keys in keys.chunks(ROWS) {
                gone.extend(erase(&mut transaction, erasure, "vendor_key", keys).await?);
            }
            for gone in gone.chunks(ROWS) {
                let mut lines =
                    Statement::new("DELETE FROM transcript_lines WHERE conversation IN ");
                lines.list(gone.iter().map(String::as_str));
                lines.query().execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(gone.len() as u64)
        };
        within_time(PATIENCE, work).await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let mut lines = Statement::new(
                "DELETE FROM transcript_lines WHERE (conversation, seq) IN \
                 (SELECT conversation, seq FROM transcript_lines WHERE at < ",
            );
            lines.value(before.as_millis());
            // In an order that has an index, which otherwise not every database would use.
            lines.sql(" ORDER BY at LIMIT ");
            lines.value(FORGOTTEN).sql(")");
            let work = lines.query().execute(self.pool());
            let forgotten = within_time(PATIENCE, work).await?.rows_affected();
            gone += forgotten;
            if forgotten < FORGOTTEN.unsigned_abs() {
                break;
            }
        }
        let mut empty = Statement::new("DELETE FROM transcript_conversations WHERE last_at < ");
        empty.value(before.as_millis());
        within_time(PATIENCE, empty.query().execute(self.pool())).await?;
        Ok(gone)
    }
}

/// Erases conversations of which one column has one of these values; their ids.
async fn erase(
    transaction: &mut Transaction<'_, Any>,
    erasure: &Erasure,
    column: &'static str,
    values: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let mut statement = Statement::new("DELETE FROM transcript_conversations WHERE frontend = ");
    statement.value(&*erasure.frontend);
    if !erasure.scope.is_empty() {
        statement.sql(" AND scope = ");
        statement.value(without_nul(&erasure.scope));
    }
    statement.sql(" AND ").sql(column).sql(" IN ");
    statement.list(values.iter().map(String::as_str));
    statement.sql(" RETURNING id");
    let rows: Vec<(String,)> = statement.rows().fetch_all(&mut **transaction).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Statements that keep what is known of the conversations of these lines.
fn conversations(lines: &[NewLine]) -> Result<Vec<Statement>, StoreError> {
    // In one order everywhere, so that no two writers wait for each other.
    let mut latest: BTreeMap<ConversationId, &NewLine> = BTreeMap::new();
    for line in lines {
        let known = latest.entry(line.conversation.id).or_insert(line);
        if line.entry.at >= known.entry.at {
            *known = line;
        }
    }
    let latest: Vec<_> = latest.into_values().collect();
    latest.chunks(ROWS).map(upsert).collect()
}

fn upsert(lines: &[&NewLine]) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(
        "INSERT INTO transcript_conversations \
         (id, frontend, backend, vendor_key, scope, user_id, profile, begun, last_at) VALUES ",
    );
    for (index, line) in lines.iter().enumerate() {
        let facts = &line.conversation;
        let profile = serde_json::to_string(&line.profile).map_err(StoreError::Corrupt)?;
        statement.sql(if index == 0 { "(" } else { ", (" });
        for text in [
            facts.id.to_string(),
            facts.frontend.to_string(),
            facts.backend.to_string(),
            without_nul(&facts.key),
            without_nul(&facts.scope),
            line.user_id(),
            profile,
        ] {
            statement.value(text).sql(", ");
        }
        statement.value(facts.begun.as_millis()).sql(", ");
        statement.value(line.entry.at.as_millis()).sql(")");
    }
    statement.sql(
        " ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, \
         profile = excluded.profile, last_at = excluded.last_at \
         WHERE transcript_conversations.last_at <= excluded.last_at",
    );
    Ok(statement)
}

/// Statements that keep these lines.
fn inserts(lines: &[NewLine]) -> Result<Vec<Statement>, StoreError> {
    let mut statements = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for line in lines {
        let entry = serde_json::to_string(&line.entry).map_err(StoreError::Corrupt)?;
        if rows == 0 || rows >= ROWS || bytes + entry.len() > BYTES {
            statements.push(Statement::new(
                "INSERT INTO transcript_lines (conversation, seq, at, is_user, entry) VALUES ",
            ));
            (rows, bytes) = (0, 0);
        }
        let Some(statement) = statements.last_mut() else {
            continue;
        };
        statement.sql(if rows == 0 { "(" } else { ", (" });
        statement.value(line.conversation.id.to_string()).sql(", ");
        let seq = i64::try_from(line.entry.seq).unwrap_or(i64::MAX);
        statement.value(seq).sql(", ");
        statement.value(line.entry.at.as_millis()).sql(", ");
        statement.value(i64::from(is_user(&line.entry))).sql(", ");
        rows += 1;
        bytes += entry.len();
        statement.value(entry).sql(")");
    }
    for statement in &mut statements {
        statement.sql(" ON CONFLICT (conversation, seq) DO NOTHING");
    }
    Ok(statements)
}
