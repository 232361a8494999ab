//! Spans through OTLP/HTTP into SQLite, durable and answered, against a bare `rusqlite` loop.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};
use tracestead_otlp::encode_traces;
use tracestead_server::{Server, Settings};

use crate::numbers::median;
use crate::traces::{Maker, SPANS};

/// How many traces one request holds: 512 spans, the default batch of every OpenTelemetry SDK.
const TRACES_PER_REQUEST: usize = 64;

/// How many requests one turn sends.
const REQUESTS: usize = 100;

/// How many senders wait for answers at once.
const SENDERS: usize = 8;

/// How many turns each side has.
const TURNS: usize = 5;

pub(crate) async fn run() -> anyhow::Result<Value> {
    let spans = REQUESTS * TRACES_PER_REQUEST * SPANS;
    println!(
        "ingest: {spans} spans a turn, {SPANS}-span traces with 2 KB texts, {} spans a request, {SENDERS} senders, \
         synchronous=FULL, {TURNS} turns",
        TRACES_PER_REQUEST * SPANS
    );
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    let mut ratios = Vec::new();
    for turn in 0..TURNS {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("ours.db");
        let through_server = send(&database, turn as u64).await?;
        let alone = write_bare(&database, &folder.path().join("bare.db"), through_server.commits)?;
        let rate = |seconds: f64| f64::from(u32::try_from(spans).unwrap_or(u32::MAX)) / seconds;
        let (our_rate, bare_rate) = (rate(through_server.seconds), rate(alone));
        println!(
            "  turn {}: tracestead {our_rate:.0} spans/s in {} commits, bare rusqlite {bare_rate:.0} rows/s, ratio {:.2}",
            turn + 1,
            through_server.commits,
            our_rate / bare_rate
        );
        ours.push(our_rate);
        bare.push(bare_rate);
        ratios.push(our_rate / bare_rate);
    }
    let raw = json!({"ours_spans_per_second": ours, "bare_rows_per_second": bare, "ratios": ratios});
    let ratio = median(&mut ratios);
    println!(
        "  median: tracestead {:.0} spans/s, bare {:.0} rows/s, ratio {ratio:.2}",
        median(&mut ours),
        median(&mut bare)
    );
    Ok(json!({"spans_per_turn": spans, "ratio_median": ratio, "raw": raw}))
}

struct Sent {
    seconds: f64,
    commits: usize,
}

/// Sends requests that were made before, and returns how long it took until the last one was answered.
async fn send(database: &Path, seed: u64) -> anyhow::Result<Sent> {
    let mut settings = Settings::new(database.to_owned());
    settings.listen.set_port(0);
    settings.otlp_http = None;
    settings.otlp_grpc = None;
    let server = Server::start(&settings).await?;
    let base = server.addresses()[0].url();
    let url = format!("{base}/v1/traces");
    let mut maker = Maker::new(seed + 1);
    let bodies: Vec<Vec<u8>> = (0..REQUESTS)
        .map(|_| encode_traces(&(0..TRACES_PER_REQUEST).flat_map(|_| maker.trace()).collect::<Vec<_>>()))
        .collect();
    let waiting = Arc::new(std::sync::Mutex::new(bodies));
    let client = reqwest::Client::new();
    let commits_before = commits(&client, &base).await?;
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let (waiting, client, url) = (Arc::clone(&waiting), client.clone(), url.clone());
        senders.spawn(async move {
            loop {
                let body = waiting.lock().ok().and_then(|mut waiting| waiting.pop());
                let Some(body) = body else { return anyhow::Ok(()) };
                let request = client.post(&url).header("content-type", "application/x-protobuf").body(body);
                let status = request.send().await?.status();
                ensure!(status.is_success(), "the server answered {status}");
            }
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let commits = (commits(&client, &base).await? - commits_before).max(1);
    server.stop().await;
    Ok(Sent { seconds, commits })
}

/// Returns how many commits the process has made, as the server counts them: the bare loop gets as many.
async fn commits(client: &reqwest::Client, base: &str) -> anyhow::Result<usize> {
    let metrics = client.get(format!("{base}/metrics/self")).send().await?.text().await?;
    let count = metrics.lines().find_map(|line| line.strip_prefix("tracestead_commit_seconds_count "));
    Ok(count.map_or(Ok(0), str::parse)?)
}

/// Writes the rows that the server wrote into the same tables, in as many transactions, and returns the seconds it took.
fn write_bare(from: &Path, to: &Path, transactions: usize) -> anyhow::Result<f64> {
    let source = Connection::open(from)?;
    let schema: Vec<String> = source
        .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let spans = read_rows(&source, "agno_spans")?;
    let traces = read_rows(&source, "agno_traces")?;
    drop(source);
    let mut connection = Connection::open(to)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32000")?;
    for sql in schema {
        connection.execute_batch(&sql)?;
    }
    let began = Instant::now();
    let span_chunk = spans.rows.len().div_ceil(transactions);
    let trace_chunk = traces.rows.len().div_ceil(transactions);
    let mut trace_chunks = traces.rows.chunks(trace_chunk);
    for chunk in spans.rows.chunks(span_chunk) {
        let transaction = connection.transaction()?;
        insert(&transaction, &spans, chunk)?;
        insert(&transaction, &traces, trace_chunks.next().unwrap_or_default())?;
        transaction.commit()?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = |table: &str| {
        connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
    };
    ensure!(usize::try_from(count("agno_spans")?)? == spans.rows.len(), "the bare loop wrote other rows");
    Ok(seconds)
}

struct Rows {
    insert: String,
    rows: Vec<Vec<Sql>>,
}

/// In the order of their rowids: the order in which they were written.
fn read_rows(connection: &Connection, table: &str) -> anyhow::Result<Rows> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY rowid"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement
        .query_map([], |row| (0..columns.len()).map(|at| row.get::<_, Sql>(at)).collect())?
        .collect::<Result<_, _>>()
        .context("reading the rows to write again")?;
    let marks = vec!["?"; columns.len()].join(", ");
    Ok(Rows { insert: format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", ")), rows })
}

fn insert(connection: &Connection, rows: &Rows, chunk: &[Vec<Sql>]) -> anyhow::Result<()> {
    let mut statement = connection.prepare_cached(&rows.insert)?;
    for row in chunk {
        statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}
