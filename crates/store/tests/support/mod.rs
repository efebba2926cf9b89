//! Where the tests of the stores keep things.
#![allow(dead_code, reason = "no test needs all of it")]

use std::path::PathBuf;

use switchboard_store::SqlStore;
use uuid::Uuid;

/// A file that is removed with what SQLite puts beside it.
pub struct File(PathBuf);

impl File {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("switchboard-{}.db", Uuid::new_v4())))
    }

    pub fn url(&self) -> String {
        format!("sqlite:{}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

/// PostgreSQL and its address, if it is there.
pub async fn postgres() -> Option<(SqlStore, String)> {
    let url = std::env::var("SWITCHBOARD_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
    match SqlStore::connect(&url).await {
        Ok(store) => Some((store, url)),
        Err(error) => {
            eprintln!("SKIPPED: NO POSTGRESQL, set SWITCHBOARD_TEST_POSTGRES: {error:?}");
            None
        }
    }
}
