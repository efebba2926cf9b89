//! What every keeper of values must do, for each of them.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "a test needs names of its own")]

use std::path::PathBuf;

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};
use switchboard_core::dialect::KeptValue;
use switchboard_core::model::Timestamp;
use switchboard_store::{MemoryValues, SqlStore, StoreError, ValueStore};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn at(offset: i64) -> Timestamp {
    Timestamp(NOW.0 + offset)
}

fn kept(key: &str, value: Value, until: Timestamp) -> KeptValue {
    let key = key.to_owned();
    KeptValue { key, value, until }
}

/// Runs the suite. Names are unique, so that it can run in a database that others use; in the end
/// everything is forgotten.
async fn conforms(store: &dyn ValueStore) {
    let web = &format!("suite-{}", Uuid::new_v4());
    let other = &format!("suite-{}", Uuid::new_v4());
    let get = async |frontend: &str, key: &str, now| store.get(frontend, key, now).await.unwrap();

    store.keep(web, &[]).await.unwrap();
    assert_eq!(get(web, "a", NOW).await, None);
    let value = json!({"text": "é\u{1F600}\u{0} '; DROP", "list": [1, 2.5, null], "z": 1, "a": 2});
    let values = [
        kept("a", value.clone(), at(10)),
        kept("b", json!("first"), at(10)),
        kept("b", json!("last"), at(20)),
    ];
    store.keep(web, &values).await.unwrap();
    assert_eq!(get(web, "a", NOW).await, Some(value));
    assert_eq!(get(web, "b", NOW).await, Some(json!("last")));
    assert_eq!(get(web, "c", NOW).await, None);
    assert_eq!(get(other, "a", NOW).await, None, "another frontend's");

    // A value is good until its moment, and not in it.
    assert!(get(web, "a", at(9)).await.is_some());
    assert_eq!(get(web, "a", at(10)).await, None);
    assert!(get(web, "b", at(19)).await.is_some());

    let again = [kept("a", json!(null), at(30))];
    store.keep(web, &again).await.unwrap();
    assert_eq!(get(web, "a", at(29)).await, Some(json!(null)));
    store
        .keep(other, &[kept("a", json!(2), at(5))])
        .await
        .unwrap();
    assert_eq!(get(other, "a", NOW).await, Some(json!(2)));
    assert_eq!(get(web, "a", NOW).await, Some(json!(null)));

    store.forget(at(20)).await.unwrap();
    assert_eq!(get(web, "b", NOW).await, None, "forgotten");
    assert_eq!(get(other, "a", NOW).await, None, "forgotten");
    assert_eq!(get(web, "a", NOW).await, Some(json!(null)));

    let many: Vec<_> = (0..10_000)
        .map(|number| kept(&number.to_string(), json!({ "number": number }), at(40)))
        .collect();
    store.keep(web, &many).await.unwrap();
    for number in [0, 199, 200, 5_000, 9_999] {
        let found = get(web, &number.to_string(), NOW).await;
        assert_eq!(found, Some(json!({ "number": number })));
    }
    store.forget(at(40)).await.unwrap();
    assert_eq!(get(web, "5000", NOW).await, None);
}

/// A file that is removed with what SQLite puts beside it.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("switchboard-{}.db", Uuid::new_v4())))
    }

    fn url(&self) -> String {
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

#[tokio::test]
async fn values_in_memory() {
    conforms(&MemoryValues::new()).await;
}

#[tokio::test]
async fn values_in_sqlite() {
    let file = File::new();
    conforms(&SqlStore::connect(&file.url()).await.unwrap()).await;
}

#[tokio::test]
async fn values_in_postgres() {
    let url = std::env::var("SWITCHBOARD_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
    match SqlStore::connect(&url).await {
        Ok(store) => conforms(&store).await,
        Err(error) => {
            eprintln!("SKIPPED: NO POSTGRESQL, set SWITCHBOARD_TEST_POSTGRES: {error:?}");
        }
    }
}

#[tokio::test]
async fn full_memory_refuses_all_and_loses_nothing() {
    let store = MemoryValues::new();
    let many = |from: u32, to: u32| -> Vec<_> {
        (from..to)
            .map(|number| kept(&number.to_string(), json!(number), at(10)))
            .collect()
    };
    store.keep("web", &many(0, 99_999)).await.unwrap();
    let refused = store.keep("web", &many(99_998, 100_001)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    assert_eq!(store.get("web", "99999", NOW).await.unwrap(), None);
    assert_eq!(
        store.get("web", "99998", NOW).await.unwrap(),
        Some(json!(99_998))
    );
    // What is there already needs no place.
    store.keep("web", &many(99_990, 100_000)).await.unwrap();
    assert!(store.keep("web", &many(100_000, 100_001)).await.is_err());
    store.forget(at(10)).await.unwrap();
    store.keep("web", &many(100_000, 100_001)).await.unwrap();
}

#[tokio::test]
async fn a_failing_statement_keeps_none_of_the_values() {
    let file = File::new();
    let store = SqlStore::connect(&file.url()).await.unwrap();
    // The second statement of one call fails.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON kept_values \
         WHEN new.value = '\"refused\"' BEGIN SELECT RAISE(ABORT, 'refused'); END";
    let mut connection = AnyConnection::connect(&file.url()).await.unwrap();
    sqlx::query(refuse).execute(&mut connection).await.unwrap();
    let values: Vec<_> = (0..1_000)
        .map(|number| kept(&number.to_string(), json!("refused"), at(10)))
        .enumerate()
        .map(|(number, mut value)| {
            if number != 500 {
                value.value = json!(number);
            }
            value
        })
        .collect();
    let failed = store.keep("web", &values).await.unwrap_err();
    assert!(matches!(failed, StoreError::Unavailable(_)), "{failed:?}");
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM kept_values")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_database_knows_no_keys() {
    let file = File::new();
    let store = SqlStore::connect(&file.url()).await.unwrap();
    let key = "a-key-that-opens-something";
    let value = kept(key, json!("worth"), at(10));
    assert!(!format!("{value:?}").contains(key));
    store.keep("web", &[value]).await.unwrap();
    // Another process finds it by its key.
    let second = SqlStore::connect(&file.url()).await.unwrap();
    let found = second.get("web", key, NOW).await.unwrap();
    assert_eq!(found, Some(json!("worth")));
    let mut connection = AnyConnection::connect(&file.url()).await.unwrap();
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT digest, value FROM kept_values")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows.iter().all(|(digest, _)| !digest.contains(key)));
}
