//! Databases that were there before us, beside us and after us.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

#[path = "support/captures.rs"]
mod captures;
#[path = "support/database.rs"]
mod database;
mod support;

use std::fs;
use std::time::{Duration, Instant};

use captures::CAPTURES;
use database::{Database, rows};
use rusqlite::Connection;
use support::{NOW, fixtures};
use tokio::runtime::Runtime;
use tracestead_model::UnixNanos;
use tracestead_store::{Batch, OpenError, OpenOptions, Plan, SpanStore};

/// The tables as version 2 makes them. They are in other people's databases: whoever changes them writes a migration, and
/// a fixture of its own for what comes out.
const SCHEMA_2: &str = include_str!("fixtures/schema-v2.sql");

/// The tables as version 1 made them.
const SCHEMA_1: &str = include_str!("fixtures/schema-v1.sql");

fn schema(connection: &Connection) -> String {
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name";
    let mut statement = connection.prepare(sql).unwrap();
    let parts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    parts.map(|sql| sql.unwrap() + ";\n").collect()
}

fn count(connection: &Connection, from: &str) -> i64 {
    connection.query_row(&format!("SELECT COUNT(*) FROM {from}"), [], |row| row.get(0)).unwrap()
}

/// Opens the database and closes it again.
fn open_once(database: &Database) {
    let store = database.open();
    Runtime::new().unwrap().block_on(store.close());
}

/// Opens the database, waits until every row has our columns, and closes it.
fn open_and_fill(database: &Database) {
    let store = database.open();
    let connection = database.connect();
    let began = Instant::now();
    while count(&connection, "agno_spans WHERE is_counted IS NULL") > 0
        || count(&connection, "agno_traces WHERE start_time_ns IS NULL") > 0
    {
        assert!(began.elapsed() < Duration::from_secs(30), "the back-fill does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    Runtime::new().unwrap().block_on(store.close());
}

fn agno_written() -> Database {
    let database = Database::new();
    fs::copy(fixtures().join("agno/agno-written.db"), &database.path).unwrap();
    database
}

#[test]
fn a_new_file_has_the_tables_of_version_2() {
    let database = Database::new();
    open_once(&database);
    let connection = database.connect();
    let actual = schema(&connection);
    if actual != SCHEMA_2 {
        let first = actual.lines().zip(SCHEMA_2.lines()).find(|(actual, expected)| actual != expected);
        panic!("the schema changed: {first:?}\n\n{actual}");
    }
    let versions = rows(&connection, "", "SELECT version FROM tracestead_migrations");
    assert_eq!(versions, [" version=Integer(1)", " version=Integer(2)"]);
    let agno = rows(&connection, "", "SELECT table_name, version, created_at FROM agno_schema_versions");
    assert_eq!(agno.len(), 2, "Agno must not take its tables for old ones: {agno:?}");
    assert!(
        agno.iter().all(|row| row.contains("\"3.0.0\"") && row.contains("\"2026-11-21T00:38:01.225956\""))
    );
}

#[test]
fn what_agno_wrote_stays_as_it_is_and_our_columns_are_filled() {
    let untouched = agno_written();
    let original = untouched.connect();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut tables = original.prepare(sql).unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() >= 18, "{tables:?}");
    let agno_rows = |connection: &Connection| -> Vec<String> {
        let of_table = |table: &String| {
            let mut columns = original.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            let columns = columns.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap);
            let columns = columns.collect::<Vec<String>>().join(", ");
            rows(connection, table, &format!("SELECT {columns} FROM {table}"))
        };
        tables.iter().flat_map(of_table).collect()
    };
    let before = agno_rows(&original);
    assert!(before.len() > 400);

    let database = agno_written();
    open_and_fill(&database);
    let connection = database.connect();
    assert!(agno_rows(&connection) == before, "a column of Agno's has changed");
    assert_eq!(count(&connection, "agno_traces WHERE span_count IS NULL OR has_agent_spans IS NULL"), 0);
    let wrong =
        "agno_traces t WHERE span_count <> (SELECT COUNT(*) FROM agno_spans s WHERE s.trace_id = t.trace_id)";
    assert_eq!(count(&connection, wrong), 0);
    assert!(count(&connection, "agno_spans WHERE span_type = 'LLM' AND input_tokens > 0") > 50);
    let agno_schema = schema(&original);
    for statement in
        agno_schema.lines().filter(|line| line.starts_with("CREATE INDEX") && !line.contains("tracestead"))
    {
        assert!(schema(&connection).contains(statement), "{statement}");
    }
}

/// Agno may write the spans of a run over minutes, and the back-fill meets what is there so far.
#[test]
fn a_trace_tells_of_calls_that_agno_writes_later() {
    let database = Database::new();
    let store = database.open();
    let connection = database.connect();
    let preview = || -> Option<String> {
        let sql = "SELECT output_preview FROM agno_traces";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let trace =
        "INSERT INTO agno_traces (trace_id, name, status, start_time, end_time, duration_ms, created_at)
        VALUES ('0123456789abcdef0123456789abcdef', 'run', 'OK', ?1, ?1, 0, ?1)";
    let span =
        "INSERT INTO agno_spans (trace_id, span_id, parent_span_id, name, span_kind, status_code, start_time,
            end_time, duration_ms, attributes, created_at)
        VALUES ('0123456789abcdef0123456789abcdef', ?1, ?2, 'run', 'INTERNAL', 'OK', ?3, ?3, 0, ?4, ?3)";
    let time = |second: u32| format!("2026-11-21T00:31:{second:02}+00:00");
    let root = "0000000000000001";
    connection.execute(trace, [time(0)]).unwrap();
    connection.execute(span, [Some(root), None, Some(&time(0)), Some("{}")]).unwrap();
    for (second, id, said) in [(1, "0000000000000002", "first"), (2, "0000000000000003", "second")] {
        let call = format!(r#"{{"openinference.span.kind": "LLM", "output.value": "{said}"}}"#);
        connection.execute(span, [Some(id), Some(root), Some(&time(second)), Some(&call)]).unwrap();
        let began = Instant::now();
        while preview().as_deref() != Some(said) {
            assert!(began.elapsed() < Duration::from_secs(30), "{said}: {:?}", preview());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Runtime::new().unwrap().block_on(store.close());
}

#[test]
fn what_was_written_by_hand_is_left_out_and_ends_the_work() {
    let database = agno_written();
    database
        .connect()
        .execute_batch(
            "INSERT INTO agno_spans SELECT 'by hand', trace_id, NULL, name, span_kind, status_code, NULL, start_time,
                end_time, duration_ms, '{}', created_at FROM agno_spans LIMIT 1;
             INSERT INTO agno_traces SELECT 'begun', name, status, 'no time', 'no time', 0, NULL, NULL, NULL, NULL,
                NULL, NULL, created_at FROM agno_traces LIMIT 1",
        )
        .unwrap();
    open_and_fill(&database);
    let connection = database.connect();
    assert_eq!(count(&connection, "agno_spans WHERE span_id = 'by hand' AND span_type = 'OTHER'"), 1);
    assert_eq!(count(&connection, "agno_traces WHERE trace_id = 'begun' AND start_time_ns = 0"), 1);
    let summed: i64 =
        connection.query_row("SELECT SUM(calls) FROM tracestead_rollups", [], |row| row.get(0)).unwrap();
    assert_eq!(summed, count(&connection, "agno_spans") - 1);
}

#[test]
fn what_is_to_be_done_is_told_and_can_be_done_by_hand() {
    let (by_hand, by_us) = (agno_written(), agno_written());
    let mut options = OpenOptions::new(&by_hand.path, UnixNanos::from_i64(NOW));
    options.read_only = true;
    let before = fs::read(&by_hand.path).unwrap();
    let plan = SpanStore::plan(&options).unwrap();
    assert_eq!((plan.from, plan.to), (0, 2));
    assert!(plan.statements.iter().any(|sql| sql.contains("ADD COLUMN is_counted")), "{plan:#?}");
    assert!(fs::read(&by_hand.path).unwrap() == before);
    by_hand.connect().execute_batch(&plan.statements.join(";\n")).unwrap();
    open_and_fill(&by_us);
    open_and_fill(&by_hand);
    assert_eq!(schema(&by_hand.connect()), schema(&by_us.connect()));
    assert!(by_hand.contents() == by_us.contents());
    assert_eq!(SpanStore::plan(&options).unwrap(), Plan { from: 2, to: 2, statements: Vec::new() });
}

#[test]
fn opening_again_changes_nothing() {
    let new = Database::new();
    open_once(&new);
    let only_sessions = only_sessions();
    open_once(&only_sessions);
    let agno = agno_written();
    open_and_fill(&agno);
    for database in [&new, &only_sessions, &agno] {
        let before = (database.contents(), schema(&database.connect()));
        for _ in 0..2 {
            open_and_fill(database);
        }
        assert!(before == (database.contents(), schema(&database.connect())));
    }
}

/// Returns a database in which Agno kept sessions and never a trace.
fn only_sessions() -> Database {
    let database = Database::new();
    database
        .connect()
        .execute_batch(
            "CREATE TABLE agno_sessions (session_id VARCHAR NOT NULL, session_type VARCHAR, PRIMARY KEY (session_id));
             CREATE TABLE agno_schema_versions (table_name VARCHAR NOT NULL, version VARCHAR NOT NULL,
                created_at VARCHAR NOT NULL, updated_at VARCHAR, PRIMARY KEY (table_name));
             INSERT INTO agno_sessions VALUES ('s', 'agent');
             INSERT INTO agno_schema_versions VALUES ('agno_sessions', '2.5.6', 'then', NULL);",
        )
        .unwrap();
    database
}

#[test]
fn a_file_with_sessions_alone_gets_our_tables_beside_them() {
    let database = only_sessions();
    open_once(&database);
    let connection = database.connect();
    assert_eq!(count(&connection, "agno_sessions WHERE session_id = 's'"), 1);
    assert_eq!(count(&connection, "agno_traces"), 0);
    assert_eq!(
        count(&connection, "agno_schema_versions WHERE table_name = 'agno_sessions' AND version = '2.5.6'"),
        1
    );
    assert_eq!(count(&connection, "agno_schema_versions"), 3);
}

#[test]
fn a_file_from_a_later_version_is_refused_and_not_touched() {
    let database = Database::new();
    open_once(&database);
    database.connect().execute("INSERT INTO tracestead_migrations VALUES (3, 'later')", []).unwrap();
    let before = database.contents();
    let options = OpenOptions::new(&database.path, UnixNanos::from_i64(NOW));
    let refused = SpanStore::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::TooNew { found: 3, known: 2, .. }));
    let expected = format!(
        "database sqlite:{} is at version 3, this tracestead knows versions up to 2; run a newer tracestead",
        database.path.display()
    );
    assert_eq!(refused.to_string(), expected);
    assert_eq!(database.contents(), before);
}

#[test]
fn what_is_no_database_is_refused_and_not_touched() {
    let database = Database::new();
    let text = "this is somebody's novel\n".repeat(100);
    fs::write(&database.path, &text).unwrap();
    let options = OpenOptions::new(&database.path, UnixNanos::from_i64(NOW));
    let refused = SpanStore::open(&options).unwrap_err().to_string();
    assert!(refused.contains("tracestead.db") && refused.contains("not a database"), "{refused}");
    assert_eq!(fs::read_to_string(&database.path).unwrap(), text);
    let missing =
        OpenOptions::new(database.path.with_file_name("no/such/folder.db"), UnixNanos::from_i64(NOW));
    let refused = SpanStore::open(&missing).unwrap_err().to_string();
    assert!(refused.contains("cannot open database"), "{refused}");
}

#[test]
fn several_may_open_a_file_at_once() {
    for make in [Database::new, agno_written] {
        for _ in 0..5 {
            let database = make();
            let barrier = std::sync::Barrier::new(4);
            let stores: Vec<SpanStore> = std::thread::scope(|scope| {
                let open = || {
                    barrier.wait();
                    database.open()
                };
                let opening: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
                opening.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let runtime = Runtime::new().unwrap();
            for store in stores {
                runtime.block_on(store.close());
            }
            let connection = database.connect();
            assert_eq!(count(&connection, "tracestead_migrations"), 2);
            let ok: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(ok, "ok");
        }
    }
}

/// Returns every row of every table, whatever the order of its columns.
fn sorted_contents(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut tables = connection.prepare(sql).unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let mut contents: Vec<String> = tables
        .flat_map(|table| {
            let columns = columns(connection, &table).join(", ");
            rows(connection, &table, &format!("SELECT {columns} FROM {table}"))
        })
        .collect();
    contents.sort();
    contents
}

/// Returns the columns of a table as statements name them, in order.
fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let sql = "SELECT '\"' || name || '\"' FROM pragma_table_info(?1) ORDER BY name";
    let mut columns = connection.prepare(sql).unwrap();
    columns.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_file_that_version_1_wrote_becomes_what_version_2_would_have_written() {
    let new = Database::new();
    Runtime::new().unwrap().block_on(async {
        let store = new.open();
        for capture in CAPTURES.iter() {
            let now = UnixNanos::from_i64(NOW);
            let batch = Batch::prepare(capture.spans.clone(), Vec::new(), now, store.prices());
            store.ingest(batch).await.unwrap();
            store.ingest(Batch::prepare_logs(capture.logs.clone(), Vec::new(), now)).await.unwrap();
        }
        store.close().await;
    });

    let old = Database::new();
    let connection = old.connect();
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {SCHEMA_1}")).unwrap();
    connection.execute("ATTACH ?1 AS new", [new.path.to_str().unwrap()]).unwrap();
    let sql = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = {
        let mut tables = connection.prepare(sql).unwrap();
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in tables {
        let columns = columns(&connection, &table).join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        connection.execute_batch(&copy).unwrap();
    }
    connection.execute_batch("DELETE FROM main.tracestead_migrations WHERE version > 1; DETACH new").unwrap();
    assert!(count(&connection, "agno_spans") > 500);
    drop(connection);

    open_and_fill(&old);
    let (old, new) = (sorted_contents(&old.connect()), sorted_contents(&new.connect()));
    for (old, new) in old.iter().zip(&new) {
        assert_eq!(old, new);
    }
    assert_eq!(old.len(), new.len());
}
