//! What every keeper of documents must do, for each of them.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "a test needs names of its own")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};
use support::{File, postgres};
use switchboard_core::model::Timestamp;
use switchboard_store::{Document, DocumentStore, MemoryDocuments, SqlStore, StoreError};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Runs the suite. Names are unique, so that it can run in a database that others use; what it
/// left is what comes back.
async fn conforms(store: Arc<dyn DocumentStore>) -> [String; 2] {
    let name = format!("suite-{}", Uuid::new_v4());
    store.ping().await.unwrap();
    assert_eq!(store.load(&name).await.unwrap(), None);
    assert!(!store.swap(&name, Some(1), &json!(0), NOW).await.unwrap());
    assert_eq!(store.load(&name).await.unwrap(), None, "nothing to expect");

    let first = json!({"text": "é\u{1F600} '; DROP", "list": [1, 2.5, null, true], "z": 1, "a": 2});
    assert!(store.swap(&name, None, &first, NOW).await.unwrap());
    let kept = |version, value: &Value| {
        let value = value.clone();
        Some(Document { version, value })
    };
    assert_eq!(store.load(&name).await.unwrap(), kept(1, &first));
    assert!(!store.swap(&name, None, &json!(0), NOW).await.unwrap());
    assert!(store.swap(&name, Some(1), &json!([2]), NOW).await.unwrap());
    for stale in [None, Some(1), Some(3)] {
        assert!(!store.swap(&name, stale, &json!(0), NOW).await.unwrap());
    }
    assert_eq!(store.load(&name).await.unwrap(), kept(2, &json!([2])));

    let newer = async |than| store.newer(&name, than).await.unwrap();
    assert_eq!(newer(0).await, kept(2, &json!([2])));
    assert_eq!(newer(1).await, kept(2, &json!([2])));
    assert_eq!(newer(2).await, None);

    let large = json!("x".repeat(2_000_000));
    assert!(store.swap(&name, Some(2), &large, NOW).await.unwrap());
    assert_eq!(store.load(&name).await.unwrap(), kept(3, &large));

    let other = format!("suite-{}", Uuid::new_v4());
    assert_eq!(store.load(&other).await.unwrap(), None);
    race(store, &other).await;
    [name, other]
}

/// Ten writers add one each, again and again until it counts.
async fn race(store: Arc<dyn DocumentStore>, name: &str) {
    let writers = (0..10).map(|_| {
        let (store, name) = (Arc::clone(&store), name.to_owned());
        tokio::spawn(async move {
            loop {
                let kept = store.load(&name).await.unwrap();
                let sum = kept.as_ref().map_or(0, |it| it.value.as_i64().unwrap());
                let version = kept.map(|it| it.version);
                if store
                    .swap(&name, version, &json!(sum + 1), NOW)
                    .await
                    .unwrap()
                {
                    return;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let kept = store.load(name).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.value), (10, json!(10)));
}

#[tokio::test]
async fn documents_in_memory() {
    conforms(Arc::new(MemoryDocuments::new())).await;
}

#[tokio::test]
async fn documents_in_sqlite() {
    let file = File::new();
    conforms(Arc::new(SqlStore::connect(&file.url()).await.unwrap())).await;
}

#[tokio::test]
async fn documents_in_postgres() {
    let Some((store, url)) = postgres().await else {
        return;
    };
    let names = conforms(Arc::new(store)).await;
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    for name in names {
        let forget = sqlx::query("DELETE FROM documents WHERE name = $1").bind(name);
        forget.execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_is_found_again_and_shared() {
    let file = File::new();
    let first = SqlStore::connect(&file.url()).await.unwrap();
    assert!(first.swap("a", None, &json!({"n": 1}), NOW).await.unwrap());
    let second = SqlStore::connect(&file.url()).await.unwrap();
    let kept = second.load("a").await.unwrap().unwrap();
    assert_eq!((kept.version, kept.value), (1, json!({"n": 1})));
    assert!(second.swap("a", Some(1), &json!(2), NOW).await.unwrap());
    assert!(!first.swap("a", Some(1), &json!(3), NOW).await.unwrap());
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    let secret = "hunter2-hunter2";
    for url in [
        format!("postgres://x:{secret}@127.0.0.1:1/nothing"),
        "sqlite:/no/such/folder/x.db".to_owned(),
    ] {
        let error = SqlStore::connect(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!format!("{error:?}").contains(secret));
    }
}
