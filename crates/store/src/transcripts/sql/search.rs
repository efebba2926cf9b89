//! Finds what was said: whose it is first, then the lines of those users.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::TryStreamExt;
use serde::de::Error;
use sqlx::AnyPool;
use switchboard_core::dialect::{
    Matches, TranscriptLine, TranscriptPage, TranscriptQuery, UserTranscript,
};
use switchboard_core::model::{ConversationId, Profile, Timestamp};

use super::super::kept_id;
use super::ROWS;
use crate::StoreError;
use crate::sql::{Statement, unavailable};

/// After so many lines others get their turn.
const BREATH: usize = 500;

/// A line as it is found: whose, frontend, backend, conversation, entry.
type Row = (String, String, String, String, String);

pub(super) struct Search<'a> {
    pool: &'a AnyPool,
    query: &'a TranscriptQuery,
    /// Frontends and backends are few.
    names: HashSet<Arc<str>>,
}

impl<'a> Search<'a> {
    pub(super) fn new(pool: &'a AnyPool, query: &'a TranscriptQuery) -> Self {
        Self {
            pool,
            query,
            names: HashSet::new(),
        }
    }

    pub(super) async fn run(mut self) -> Result<TranscriptPage, StoreError> {
        let mut page = TranscriptPage::default();
        if self
            .query
            .frontends
            .as_ref()
            .is_some_and(|it| it.is_empty())
        {
            return Ok(page);
        }
        let (users, total) = match &self.query.matches {
            Some(matches) => self.matching(matches).await?,
            None => (self.ids(None).await?, self.count().await?),
        };
        page.total = total;
        let mut left = self.query.lines;
        for users in users.chunks(ROWS) {
            if page.cut {
                break;
            }
            let mut found = self.users(users).await?;
            page.cut = self.lines(&mut found, left).await?;
            left -= found.iter().map(|user| user.lines.len()).sum::<usize>();
            found.retain(|user| !user.lines.is_empty());
            page.users.extend(found);
        }
        Ok(page)
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let mut statement = Statement::new(
            "SELECT COUNT(DISTINCT c.user_id) FROM transcript_conversations c WHERE ",
        );
        self.who(&mut statement);
        let count = statement.rows().fetch_one(self.pool);
        let (count,): (i64,) = count.await.map_err(unavailable)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The users of the page in their order; or all of them after one, a few.
    async fn ids(&self, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        let mut statement =
            Statement::new("SELECT DISTINCT c.user_id FROM transcript_conversations c WHERE ");
        self.who(&mut statement);
        let (most, skip) = match after {
            Some(after) => {
                statement.sql(" AND c.user_id > ").value(after);
                (ROWS as u64, 0)
            }
            // Each user of the page has a line, and one more tells that there are more.
            None => {
                let lines = self.query.lines.saturating_add(1);
                (self.query.users.min(lines as u64), self.query.skip)
            }
        };
        statement
            .sql(" ORDER BY c.user_id LIMIT ")
            .value(number(most));
        statement.sql(" OFFSET ").value(number(skip));
        let rows = statement.rows().fetch_all(self.pool);
        let rows: Vec<(String,)> = rows.await.map_err(unavailable)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// The users of the page of whom it holds, and how many there are in all.
    async fn matching(&self, matches: &Matches) -> Result<(Vec<String>, u64), StoreError> {
        let mut total = 0;
        let mut page = Vec::new();
        let mut after = String::new();
        loop {
            let ids = self.ids(Some(&after)).await?;
            let Some(last) = ids.last() else {
                return Ok((page, total));
            };
            after.clone_from(last);
            let profiles = self.profiles(&ids).await?;
            for id in ids {
                if !profiles.get(&id).is_some_and(|profile| matches(profile)) {
                    continue;
                }
                total += 1;
                if total > self.query.skip && total - self.query.skip <= self.query.users {
                    page.push(id);
                }
            }
        }
    }

    /// What is known of users, from the conversations that they used last.
    async fn profiles(
        &self,
        users: &[String],
    ) -> Result<HashMap<String, Arc<Profile>>, StoreError> {
        let mut statement = Statement::new(
            "SELECT user_id, profile FROM (SELECT c.user_id, c.profile, ROW_NUMBER() OVER \
             (PARTITION BY c.user_id ORDER BY c.last_at DESC, c.id DESC) AS age \
             FROM transcript_conversations c WHERE ",
        );
        self.of(&mut statement, users);
        statement.sql(") AS conversations WHERE age = 1");
        let rows = statement.rows().fetch_all(self.pool);
        let rows: Vec<(String, String)> = rows.await.map_err(unavailable)?;
        let read = |(id, text): (String, String)| {
            let profile = serde_json::from_str(&text).map_err(StoreError::Corrupt)?;
            Ok((id, Arc::new(profile)))
        };
        rows.into_iter().map(read).collect()
    }

    /// The users, without their lines.
    async fn users(&self, users: &[String]) -> Result<Vec<UserTranscript>, StoreError> {
        let mut statement = Statement::new(
            "SELECT c.user_id, MIN(l.at), MAX(l.at) FROM transcript_conversations c \
             JOIN transcript_lines l ON l.conversation = c.id WHERE ",
        );
        self.of(&mut statement, users);
        statement.sql(" GROUP BY c.user_id ORDER BY c.user_id");
        let rows = statement.rows().fetch_all(self.pool);
        let rows: Vec<(String, i64, i64)> = rows.await.map_err(unavailable)?;
        let mut profiles = self.profiles(users).await?;
        let user = |(user_id, first, last): (String, i64, i64)| UserTranscript {
            profile: profiles.remove(&user_id).unwrap_or_default(),
            user_id,
            first_seen: Timestamp(first),
            last_seen: Timestamp(last),
            lines: Vec::new(),
        };
        Ok(rows.into_iter().map(user).collect())
    }

    /// Gives users their lines, so many at the most; whether there are more.
    async fn lines(
        &mut self,
        users: &mut [UserTranscript],
        most: usize,
    ) -> Result<bool, StoreError> {
        let mut statement = Statement::new(
            "SELECT c.user_id, c.frontend, c.backend, c.id, l.entry \
             FROM transcript_conversations c \
             JOIN transcript_lines l ON l.conversation = c.id WHERE ",
        );
        self.of(&mut statement, users.iter().map(|user| &user.user_id));
        self.when(&mut statement);
        statement.sql(" ORDER BY c.user_id, l.at, c.frontend, l.seq, c.id LIMIT ");
        statement.value(number((most as u64).saturating_add(1)));
        let mut rows = statement.rows::<Row>().fetch(self.pool);
        let mut users = users.iter_mut();
        let mut user = users.next();
        let mut count = 0;
        while let Some(row) = rows.try_next().await.map_err(unavailable)? {
            if count == most {
                return Ok(true);
            }
            count += 1;
            if count % BREATH == 0 {
                tokio::task::yield_now().await;
            }
            // Both are in the same order.
            while user.as_ref().is_some_and(|user| user.user_id != row.0) {
                user = users.next();
            }
            if let Some(user) = &mut user {
                user.lines.push(self.line(row)?);
            }
        }
        Ok(false)
    }

    fn line(&mut self, row: Row) -> Result<TranscriptLine, StoreError> {
        let (_, frontend, backend, conversation, entry) = row;
        let conversation: ConversationId = conversation
            .parse()
            .map_err(|error| StoreError::Corrupt(serde_json::Error::custom(error)))?;
        let entry = serde_json::from_str(&entry).map_err(StoreError::Corrupt)?;
        Ok(TranscriptLine {
            frontend: self.name(frontend),
            backend: self.name(backend),
            conversation,
            entry: Arc::new(entry),
        })
    }

    fn name(&mut self, name: String) -> Arc<str> {
        if let Some(known) = self.names.get(name.as_str()) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Conversations `c` that are asked for.
    fn who(&self, statement: &mut Statement) {
        statement.sql("1 = 1");
        self.through(statement);
        let TranscriptQuery { from, to, .. } = self.query;
        if let Some(user_id) = &self.query.user_id {
            statement.sql(" AND c.user_id = ").value(kept_id(user_id));
        }
        if let Some(from) = from {
            statement.sql(" AND c.last_at >= ").value(from.as_millis());
        }
        // Otherwise the latest line, which every conversation has, is one of those.
        if to.is_some() || self.query.users_only {
            statement
                .sql(" AND EXISTS (SELECT 1 FROM transcript_lines l WHERE l.conversation = c.id");
            self.when(statement);
            statement.sql(")");
        }
    }

    /// Conversations `c` of these users.
    fn of<'u>(&self, statement: &mut Statement, users: impl IntoIterator<Item = &'u String>) {
        statement.sql("c.user_id IN ");
        statement.list(users.into_iter().map(String::as_str));
        self.through(statement);
    }

    fn through(&self, statement: &mut Statement) {
        if let Some(frontends) = &self.query.frontends {
            statement.sql(" AND c.frontend IN ");
            statement.list(frontends.iter().map(String::as_str));
        }
    }

    /// And lines `l` that are.
    fn when(&self, statement: &mut Statement) {
        if let Some(from) = self.query.from {
            statement.sql(" AND l.at >= ").value(from.as_millis());
        }
        if let Some(to) = self.query.to {
            statement.sql(" AND l.at <= ").value(to.as_millis());
        }
        if self.query.users_only {
            statement.sql(" AND l.is_user = 1");
        }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
