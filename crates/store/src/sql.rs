//! SQLite and PostgreSQL, by the same statements.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, SqlSafeStr};
use tokio::time::{sleep, timeout};

use crate::StoreError;

mod statement;

pub(crate) use statement::Statement;

/// How long the database may take for anything.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it may take to bring the tables up to date, or to wait until another gateway has.
const MIGRATION: Duration = Duration::from_secs(60);

/// When a step towards them is tried again, after another gateway was faster.
const AGAIN: Duration = Duration::from_millis(50);

/// Connections at the same time: one writes transcripts, a few look for them, the others are for
/// what is changed or kept at runtime.
const CONNECTIONS: u32 = 8;

/// The tables, in the order in which they came to be. What was published is never changed: another
/// step follows.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (
        1,
        "documents",
        include_str!("../migrations/0001_documents.sql"),
    ),
    (
        2,
        "transcripts",
        include_str!("../migrations/0002_transcripts.sql"),
    ),
    (3, "values", include_str!("../migrations/0003_values.sql")),
];

/// How columns are marked that are ordered by their bytes, which in SQLite all are.
const BY_BYTES: &str = " COLLATE \"C\"";

/// A database. Each use of it is a trait of its own: [`crate::DocumentStore`],
/// [`crate::TranscriptStore`], [`crate::ValueStore`].
#[derive(Debug, Clone)]
pub struct SqlStore {
    pool: AnyPool,
}

impl SqlStore {
    /// Connects to `sqlite:FILE`, which is made if it is not there, or to `postgres://…`, and
    /// brings the tables up to date.
    ///
    /// # Errors
    /// The database cannot be reached or written, or belongs to a newer version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let url = writable(url);
        // Not from the pool, which would try again and again and then not know what was wrong.
        let mut connection = within(AnyConnection::connect(&url)).await?;
        let is_sqlite = url.starts_with("sqlite:");
        if is_sqlite {
            // Who reads need not wait for who writes. It stays like this in the file; where it
            // cannot be, such as in some network folders, all else works.
            let statement = sqlx::query("PRAGMA journal_mode = WAL");
            let _ = within(statement.execute(&mut connection)).await;
        }
        migrate(&mut connection, is_sqlite).await?;
        // A goodbye that does not arrive is no loss.
        let _ = connection.close().await;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy(&url)
            .map_err(unavailable)?;
        Ok(Self { pool })
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }
}

async fn migrate(connection: &mut AnyConnection, is_sqlite: bool) -> Result<(), StoreError> {
    let step = |(version, name, statements): (i64, &'static str, &'static str)| {
        let statements = match is_sqlite {
            true => AssertSqlSafe(statements.replace(BY_BYTES, "")).into_sql_str(),
            false => statements.into_sql_str(),
        };
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            statements,
            false,
        )
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.map(step).into());
    // The database may hold more than what is ours.
    migrator.dangerous_set_table_name("switchboard_migrations");
    let work = async {
        // SQLite has no lock that would make other processes wait. Who comes second fails, and
        // finds the step done when it tries again.
        let mut tries = if is_sqlite { MIGRATIONS.len() * 4 } else { 0 };
        loop {
            match migrator.run(&mut *connection).await {
                Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tries > 0 => {
                    tries -= 1;
                }
                done => return done,
            }
            sleep(AGAIN).await;
        }
    };
    match timeout(MIGRATION, work).await {
        Ok(done) => done.map_err(|error| StoreError::Unavailable(error.into())),
        Err(late) => Err(StoreError::Unavailable(late.into())),
    }
}

/// SQLite makes a file only if it is asked to.
fn writable(url: &str) -> String {
    if !url.starts_with("sqlite:") || url.contains("mode=") {
        return url.to_owned();
    }
    let and = if url.contains('?') { '&' } else { '?' };
    format!("{url}{and}mode=rwc")
}

/// Whether [`SqlStore::connect`] could make something of an address.
///
/// # Errors
/// It could not; the words say why, without the address.
pub fn check_url(url: &str) -> Result<(), &'static str> {
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let file = rest.split('?').next().unwrap_or_default();
        return match file.trim_start_matches('/') {
            "" => Err("the file is missing"),
            ":memory:" => Err("leave the section out to keep everything in memory"),
            _ => Ok(()),
        };
    }
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"));
    match rest {
        Some("") => Err("the host is missing"),
        Some(_) => Ok(()),
        None => Err("this is neither SQLite nor PostgreSQL"),
    }
}

/// Waits for the database, but not for ever.
pub(crate) async fn within<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    within_time(PATIENCE, work).await
}

/// The same, with patience of its own.
pub(crate) async fn within_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match timeout(patience, work).await {
        Ok(done) => done.map_err(unavailable),
        Err(late) => Err(StoreError::Unavailable(late.into())),
    }
}

pub(crate) fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_sqlite_or_postgres() {
        for good in [
            "sqlite:switchboard.db",
            "sqlite:///var/lib/switchboard/switchboard.db",
            "postgres://switchboard:secret@db.example.com/switchboard",
            "postgresql://localhost/x",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "switchboard.db",
            "mysql://localhost/x",
            "postgres://",
            "sqlite:",
            "sqlite://?mode=rwc",
            "sqlite::memory:",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sqlite_files_are_made() {
        assert_eq!(writable("sqlite:a.db"), "sqlite:a.db?mode=rwc");
        assert_eq!(writable("sqlite:a.db?x=1"), "sqlite:a.db?x=1&mode=rwc");
        for url in ["sqlite:a.db?mode=rw", "postgres://h/d"] {
            assert_eq!(writable(url), url);
        }
    }
}
