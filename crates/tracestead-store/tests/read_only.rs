//! Files that are only to be read: not a byte of them changes, and nothing is left beside them.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

#[path = "support/database.rs"]
mod database;
mod support;

use std::fs;
use std::path::Path;

use database::Database;
use support::{NOW, fixtures};
use tokio::runtime::Runtime;
use tracestead_model::UnixNanos;
use tracestead_model::query::TraceQuery;
use tracestead_store::{OpenError, OpenOptions, SpanStore};

fn open_to_read(path: &Path) -> SpanStore {
    let mut options = OpenOptions::new(path.to_owned(), UnixNanos::from_i64(NOW));
    options.read_only = true;
    SpanStore::open(&options).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn listed(store: &SpanStore) -> usize {
    store.traces(TraceQuery { limit: 1000, ..TraceQuery::default() }).await.unwrap().len()
}

#[test]
fn a_file_of_agno_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agno ?#%.db");
    fs::copy(fixtures().join("agno/agno-written.db"), &path).unwrap();
    let before = fs::read(&path).unwrap();
    Runtime::new().unwrap().block_on(async {
        let store = open_to_read(&path);
        assert_eq!(listed(&store).await, 67);
        assert_eq!(names(folder.path()), ["agno ?#%.db"]);
        store.close().await;
    });
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(names(folder.path()), ["agno ?#%.db"]);
}

#[test]
fn a_file_with_a_write_ahead_log_is_left_alone_and_seen_to_change() {
    let database = Database::new();
    fs::copy(fixtures().join("agno/agno-written.db"), &database.path).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async { database.open().close().await });
    let (before, folder) = (fs::read(&database.path).unwrap(), database.path.parent().unwrap());
    assert_eq!(&before[18..20], [2, 2]);
    runtime.block_on(async {
        let store = open_to_read(&database.path);
        assert_eq!(listed(&store).await, 67);
        assert_eq!(names(folder), ["tracestead.db"]);
        assert!(fs::read(&database.path).unwrap() == before);

        let delete = "DELETE FROM agno_spans WHERE trace_id IN (SELECT MIN(trace_id) FROM agno_traces);
            DELETE FROM agno_traces WHERE trace_id IN (SELECT MIN(trace_id) FROM agno_traces)";
        let other = database.connect();
        other.execute_batch(delete).unwrap();
        assert_eq!(listed(&store).await, 66, "while the other has it open");
        other.execute_batch(delete).unwrap();
        assert_eq!(listed(&store).await, 65, "while both have it open");
        drop(other);
        assert_eq!(listed(&store).await, 65);
        database.connect().execute_batch(delete).unwrap();
        assert_eq!(listed(&store).await, 64, "after the other has closed it");
        store.close().await;
    });
}

#[test]
fn nothing_is_made_where_nothing_is() {
    let database = Database::new();
    let mut options = OpenOptions::new(database.path.clone(), UnixNanos::from_i64(NOW));
    options.read_only = true;
    assert!(matches!(SpanStore::open(&options), Err(OpenError::Open { .. })));
    assert!(!database.path.exists());
    database.connect().execute_batch("CREATE TABLE agno_sessions (session_id VARCHAR)").unwrap();
    let (before, rows) = (fs::read(&database.path).unwrap(), database.contents());
    let refused = SpanStore::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::Empty { .. }), "{refused}");
    assert!(fs::read(&database.path).unwrap() == before);
    assert_eq!(database.contents(), rows);
}
