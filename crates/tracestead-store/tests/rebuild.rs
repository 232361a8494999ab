//! What is derived from spans can be derived again, at any time, and comes out the same.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

#[path = "support/captures.rs"]
mod captures;
#[path = "support/database.rs"]
mod database;
mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use captures::{CAPTURES, Capture};
use database::{Database, rows};
use rusqlite::Connection;
use support::{NOW, fixtures};
use tokio::runtime::Runtime;
use tracestead_model::{Attributes, LogRecord, Price, PriceBook, UnixNanos, Value};
use tracestead_store::{Batch, OpenOptions, Rebuild, Rebuilt, SpanStore, Synchronous};

/// Columns of `agno_spans` that hold what was received; the others of ours are read from it.
const RECEIVED: [&str; 12] = [
    "start_time_ns",
    "end_time_ns",
    "resource_id",
    "trace_state",
    "flags",
    "dropped_attributes_count",
    "dropped_events_count",
    "dropped_links_count",
    "scope",
    "events",
    "links",
    "attributes",
];

/// Agno's columns of a trace, which are derived for traces that came to us.
const AGNO_TRACE: [&str; 5] = ["name", "status", "start_time", "end_time", "duration_ms"];

/// And those that may be empty.
const AGNO_CONTEXT: [&str; 6] = ["run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id"];

fn open(database: &Database, prices: PriceBook) -> SpanStore {
    let mut options = OpenOptions::new(&database.path, UnixNanos::from_i64(NOW));
    options.synchronous = Synchronous::Normal;
    options.prices = prices;
    SpanStore::open(&options).unwrap()
}

/// Returns a database with all captures and their log records, at these prices.
async fn stored(prices: &PriceBook) -> Database {
    let database = Database::new();
    let store = open(&database, prices.clone());
    for Capture { spans, logs } in CAPTURES.iter().cloned() {
        let now = UnixNanos::from_i64(NOW);
        store.ingest(Batch::prepare(spans, Vec::new(), now, prices)).await.unwrap();
        store.ingest(Batch::prepare_logs(logs, Vec::new(), now)).await.unwrap();
    }
    store.close().await;
    database
}

/// Rebuilds all traces, however many steps that takes, and returns what was done in all.
async fn rebuild(store: &SpanStore, what: Rebuild) -> (usize, Rebuilt) {
    let (mut steps, mut all) = (0, Rebuilt::default());
    loop {
        let rebuilt = store.rebuild_step(what, all.position.take()).await.unwrap();
        all.traces += rebuilt.traces;
        all.spans += rebuilt.spans;
        all.position = rebuilt.position;
        if all.position.is_none() {
            return (steps, all);
        }
        steps += 1;
    }
}

/// Opens the database with these prices, rebuilds all of it and closes it.
async fn rebuilt(database: &Database, prices: PriceBook, what: Rebuild) -> (usize, Rebuilt) {
    let store = open(database, prices);
    let traces = store.trace_count().await.unwrap();
    let (steps, done) = rebuild(&store, what).await;
    assert_eq!(done.traces, traces);
    // What was spoiled in spans was spoiled in the sums over them.
    rebuild(&store, Rebuild::Rollups).await;
    store.close().await;
    (steps, done)
}

fn count(connection: &Connection, from: &str) -> u64 {
    let sql = format!("SELECT COUNT(*) FROM {from}");
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
    statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Columns of ours in `table`: those that Agno's table does not have.
fn our_columns(connection: &Connection, table: &str) -> Vec<String> {
    let agno = columns(&agno_written().connect(), table);
    columns(connection, table).into_iter().filter(|column| !agno.contains(column)).collect()
}

fn set(connection: &Connection, table: &str, columns: &[String], value: &str) {
    let columns: Vec<String> = columns.iter().map(|column| format!("{column} = {value}")).collect();
    let changed = connection.execute(&format!("UPDATE {table} SET {}", columns.join(", ")), []).unwrap();
    assert!(changed > 0);
}

/// Overwrites everything that is read from spans and is in a column of ours.
fn spoil(connection: &Connection, value: &str) {
    let read: Vec<String> = our_columns(connection, "agno_spans")
        .into_iter()
        .filter(|column| !RECEIVED.contains(&column.as_str()))
        .collect();
    assert!(read.len() > 25, "{read:?}");
    set(connection, "agno_spans", &read, value);
    // As an older reading left it: rows without a version are read without being asked.
    set(connection, "agno_spans", &["facts_version".to_owned()], "1");
    set(connection, "agno_traces", &our_columns(connection, "agno_traces"), value);
}

#[test]
fn facts_that_were_lost_or_spoiled_come_back() {
    let runtime = Runtime::new().unwrap();
    let prices = PriceBook::default();
    let database = runtime.block_on(stored(&prices));
    let before = database.contents();
    for value in ["NULL", "77"] {
        let connection = database.connect();
        spoil(&connection, value);
        set(&connection, "agno_traces", &AGNO_TRACE.map(str::to_owned), "77");
        set(&connection, "agno_traces", &AGNO_CONTEXT.map(str::to_owned), value);
        let spans = count(&connection, "agno_spans");
        drop(connection);
        assert!(database.contents() != before);
        let (steps, done) = runtime.block_on(rebuilt(&database, prices.clone(), Rebuild::Facts));
        assert!(steps > 1, "one step does not show that it goes on where it was");
        assert_eq!(done.spans, spans);
        same(&before, &database.contents());
    }
}

#[track_caller]
fn same(expected: &[String], actual: &[String]) {
    for (expected, actual) in expected.iter().zip(actual) {
        assert_eq!(expected, actual);
    }
    assert_eq!(expected.len(), actual.len());
}

#[test]
fn other_prices_leave_what_they_would_have_left_from_the_start() {
    let runtime = Runtime::new().unwrap();
    let price = |model| Price { input_usd: 3.0, output_usd: 5.0, ..Price::for_model(model) };
    let own = PriceBook::new(vec![price("gpt-*"), price("text-embedding-*")]);
    let expected = runtime.block_on(stored(&own)).contents();
    for what in [Rebuild::Costs, Rebuild::Facts] {
        let database = runtime.block_on(stored(&PriceBook::default()));
        let connection = database.connect();
        let costs = |source: &str| {
            let sql = format!(
                "SELECT trace_id, span_id, cost_nano_usd FROM agno_spans WHERE cost_source = '{source}'"
            );
            rows(&connection, "", &sql)
        };
        let (reported, listed) = (costs("reported"), costs("genai-prices"));
        assert!(!reported.is_empty() && costs("config").is_empty());
        runtime.block_on(rebuilt(&database, own.clone(), what));
        assert_eq!(costs("reported"), reported);
        assert!(!costs("config").is_empty() && costs("genai-prices").len() < listed.len());
        drop(connection);
        same(&expected, &database.contents());
    }
}

fn agno_written() -> Database {
    let database = Database::new();
    fs::copy(fixtures().join("agno/agno-written.db"), &database.path).unwrap();
    database
}

async fn until_filled(connection: &Connection) {
    let began = Instant::now();
    while count(connection, "agno_spans WHERE is_counted IS NULL") > 0
        || count(connection, "agno_traces WHERE start_time_ns IS NULL") > 0
    {
        assert!(began.elapsed() < Duration::from_secs(30), "the back-fill does not end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns what Agno wrote after our columns were filled.
async fn filled(database: Database) -> Database {
    let store = database.open();
    until_filled(&database.connect()).await;
    store.close().await;
    database
}

#[test]
fn of_traces_that_agno_alone_wrote_only_our_columns_are_rebuilt() {
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(filled(agno_written()));
    let before = database.contents();
    for value in ["NULL", "77"] {
        spoil(&database.connect(), value);
        runtime.block_on(rebuilt(&database, PriceBook::default(), Rebuild::Facts));
        same(&before, &database.contents());
    }
    // What Agno wrote of a trace is not what we would write.
    database.connect().execute("UPDATE agno_traces SET name = 'of Agno', duration_ms = 0.5", []).unwrap();
    let changed = database.contents();
    for what in [Rebuild::Facts, Rebuild::Costs] {
        runtime.block_on(rebuilt(&database, PriceBook::default(), what));
        same(&changed, &database.contents());
    }
}

#[test]
fn a_trace_of_which_agno_wrote_no_span_yet_is_rebuilt_as_it_was() {
    let runtime = Runtime::new().unwrap();
    let database = agno_written();
    database.connect().execute("DELETE FROM agno_spans WHERE rowid % 2", []).unwrap();
    let without = "agno_traces t WHERE NOT EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = t.trace_id)";
    database
        .connect()
        .execute_batch("DELETE FROM agno_spans WHERE trace_id IN (SELECT MIN(trace_id) FROM agno_traces)")
        .unwrap();
    let database = runtime.block_on(filled(database));
    assert!(count(&database.connect(), without) > 0);
    let before = database.contents();
    for what in [Rebuild::Facts, Rebuild::Costs] {
        runtime.block_on(rebuilt(&database, PriceBook::default(), what));
        same(&before, &database.contents());
    }
}

/// The trace of an agent with calls of a model, as Agno wrote it.
const TRACE: &str =
    "SELECT trace_id FROM agno.agno_spans WHERE attributes LIKE '%\"LLM\"%' ORDER BY trace_id LIMIT 1";

/// Lets Agno write a trace while `meanwhile` waits for its turn, so that it meets rows that nobody has read yet.
async fn while_agno_writes<T: Send + 'static>(
    database: &Database,
    meanwhile: impl Future<Output = T> + Send + 'static,
) -> T {
    let agno = database.connect();
    attach(&agno, &fixtures().join("agno/agno-written.db"));
    let trace = columns(&agno_written().connect(), "agno_traces").join(", ");
    let span = columns(&agno_written().connect(), "agno_spans").join(", ");
    agno.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         INSERT INTO main.agno_traces ({trace}) SELECT {trace} FROM agno.agno_traces WHERE trace_id = ({TRACE});
         INSERT INTO main.agno_spans ({span}) SELECT {span} FROM agno.agno_spans WHERE trace_id = ({TRACE});"
    ))
    .unwrap();
    let waiting = tokio::spawn(meanwhile);
    // Enough for the writer to have come to the lock; if it has not, it meets rows that were read, which is as well.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    agno.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap()
}

fn attach(connection: &Connection, path: &Path) {
    let path = format!("file:{}?mode=ro", path.display());
    connection.execute("ATTACH ?1 AS agno", [path]).unwrap();
}

/// Returns what Agno wrote, but for one trace.
async fn all_but_one() -> Database {
    let database = agno_written();
    let connection = database.connect();
    attach(&connection, &fixtures().join("agno/agno-written.db"));
    for table in ["agno_spans", "agno_traces"] {
        let changed =
            connection.execute(&format!("DELETE FROM main.{table} WHERE trace_id = ({TRACE})"), []).unwrap();
        assert!(changed > 0);
    }
    drop(connection);
    filled(database).await
}

#[test]
fn rows_that_agno_has_just_written_are_rebuilt_whole() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let expected = filled(agno_written()).await;
        for what in [Rebuild::Facts, Rebuild::Costs] {
            let database = all_but_one().await;
            let store = Arc::new(database.open());
            let rebuilding = Arc::clone(&store);
            while_agno_writes(&database, async move { rebuild(&rebuilding, what).await }).await;
            until_filled(&database.connect()).await;
            store.close().await;
            same(&expected.contents(), &database.contents());
        }
    });
}

#[test]
fn log_records_of_spans_that_agno_wrote_leave_agnos_columns() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let agno_rows = |database: &Database| -> Vec<String> {
            let of_table = |table: &str| {
                let columns = columns(&agno_written().connect(), table).join(", ");
                rows(&database.connect(), table, &format!("SELECT {columns} FROM {table}"))
            };
            ["agno_traces", "agno_spans"].into_iter().flat_map(of_table).collect()
        };
        let expected = filled(agno_written()).await;
        let connection = expected.connect();
        attach(&connection, &fixtures().join("agno/agno-written.db"));
        let (trace_id, span_id): (String, String) = connection
            .query_row(
                &format!("SELECT trace_id, span_id FROM main.agno_spans WHERE trace_id = ({TRACE}) AND span_type = 'LLM' ORDER BY span_id"),
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let body = Attributes::from_iter([("finish_reason", Value::from("length"))]);
        let log = LogRecord {
            trace_id: trace_id.parse().ok(),
            span_id: span_id.parse().ok(),
            flags: 0,
            time: Some(UnixNanos::from_i64(NOW)),
            observed_time: None,
            severity_number: 0,
            severity_text: String::new(),
            event_name: "gen_ai.choice".to_owned(),
            body: Value::Map(body),
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
            resource: Arc::default(),
            scope: Arc::default(),
        };
        let logs = || Batch::prepare_logs(vec![log.clone()], Vec::new(), UnixNanos::from_i64(NOW));
        // The span was read already, is not read yet, or is still to come.
        let (read, unread, to_come) = (expected, all_but_one().await, all_but_one().await);
        let of_read = {
            let store = read.open();
            store.ingest(logs()).await.unwrap();
            store.close().await;
            read.contents()
        };
        for (database, is_first) in [(&unread, false), (&to_come, true)] {
            let store = Arc::new(database.open());
            let (sending, batch) = (Arc::clone(&store), logs());
            if is_first {
                store.ingest(logs()).await.unwrap();
            }
            while_agno_writes(database, async move { sending.ingest(batch).await.unwrap() }).await;
            until_filled(&database.connect()).await;
            store.close().await;
            same(&of_read, &database.contents());
        }
        assert_eq!(agno_rows(&read), agno_rows(&agno_written()));
        let span = format!("agno_spans WHERE span_id = '{span_id}' AND finish_reason = 'length'");
        assert_eq!(count(&read.connect(), &span), 1);
    });
}
