//! Spans into each database, durable and answered, against that database's own bulk path with the same rows.
//!
//! Ours: prepared batches of 512 spans from many senders at once, through the store: reading what is stored, folding traces,
//! resources, rollups, spans, commit. Bulk: the rows that came of it, read back and written into the same tables with the
//! same indexes in as many transactions, by `COPY`, by `INSERT` of many rows, in `RowBinary`. Making rows out of spans is
//! counted on our side, and not on the other.

mod bulk;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::ensure;
use serde_json::{Value, json};
use tracestead_model::UnixNanos;
use tracestead_store::{Batch, SpanStore};

use crate::numbers::median;
use crate::place::{Place, places};
use crate::traces::{Maker, SPANS};

const TRACES_PER_BATCH: usize = 64;
const BATCHES: usize = 96;
const SENDERS: usize = 64;

/// How many batches are one commit: more spans do not go into one.
fn batches_per_commit(engine: &str) -> usize {
    let most_spans = if engine == "ClickHouse" { 16_384 } else { 4096 };
    most_spans / (TRACES_PER_BATCH * SPANS)
}
const TURNS: u64 = 3;

/// What was measured of an engine, turn by turn.
#[derive(Default)]
struct Turns {
    engine: &'static str,
    ours: Vec<f64>,
    bulk: Vec<f64>,
    ratios: Vec<f64>,
}

pub(crate) async fn run() -> anyhow::Result<Value> {
    let spans = BATCHES * TRACES_PER_BATCH * SPANS;
    println!(
        "engines: {spans} spans a turn, {SPANS}-span traces with 2 KB texts, {} spans a batch, {SENDERS} senders, \
         {TURNS} turns",
        TRACES_PER_BATCH * SPANS
    );
    let mut results = serde_json::Map::new();
    let mut turns: Vec<Turns> = Vec::new();
    for turn in 0..TURNS {
        for place in places(&format!("engines{turn}"))? {
            let (seconds, commits) = send(&place, turn).await?;
            let bulk = bulk::write(&place, commits).await?;
            let rate = |seconds: f64| f64::from(u32::try_from(spans).unwrap_or(u32::MAX)) / seconds;
            let (ours, bulk) = (rate(seconds), rate(bulk));
            println!(
                "  {:<11} turn {}: tracestead {ours:.0} spans/s in {commits} commits, bulk {bulk:.0} rows/s, ratio {:.2}",
                place.engine,
                turn + 1,
                ours / bulk
            );
            if !turns.iter().any(|of| of.engine == place.engine) {
                turns.push(Turns { engine: place.engine, ..Turns::default() });
            }
            for of in turns.iter_mut().filter(|of| of.engine == place.engine) {
                of.ours.push(ours);
                of.bulk.push(bulk);
                of.ratios.push(ours / bulk);
            }
        }
    }
    for Turns { engine, mut ours, mut bulk, mut ratios } in turns {
        let raw = json!({"ours_spans_per_second": ours, "bulk_rows_per_second": bulk, "ratios": ratios});
        let ratio = median(&mut ratios);
        println!(
            "  {engine:<11} median: tracestead {:.0} spans/s, bulk {:.0} rows/s, ratio {ratio:.2}",
            median(&mut ours),
            median(&mut bulk)
        );
        results.insert(engine.to_owned(), json!({"ratio_median": ratio, "raw": raw}));
    }
    Ok(json!({"spans_per_turn": spans, "engines": results}))
}

/// Stores batches, and returns how long it took until the last one was on disk and in how many commits.
async fn send(place: &Place, seed: u64) -> anyhow::Result<(f64, usize)> {
    let store = Arc::new(place.open().await?);
    let mut maker = Maker::new(seed + 1);
    let batches: Vec<Vec<_>> =
        (0..BATCHES).map(|_| (0..TRACES_PER_BATCH).flat_map(|_| maker.trace()).collect()).collect();
    let waiting = Arc::new(Mutex::new(batches));
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let (waiting, store) = (Arc::clone(&waiting), Arc::clone(&store));
        senders.spawn(async move { send_all(&waiting, &store).await });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    let seconds = began.elapsed().as_secs_f64();
    store.close().await;
    // While one commit is on its way, at least as many batches wait for the next.
    Ok((seconds, BATCHES.div_ceil(batches_per_commit(place.engine))))
}

async fn send_all(
    waiting: &Mutex<Vec<Vec<tracestead_model::Span>>>,
    store: &SpanStore,
) -> anyhow::Result<()> {
    loop {
        let spans = waiting.lock().ok().and_then(|mut waiting| waiting.pop());
        let Some(spans) = spans else { return Ok(()) };
        let count = spans.len();
        let batch = Batch::prepare(spans, Vec::new(), UnixNanos::EPOCH, store.prices());
        let stored = store.ingest(batch).await?;
        ensure!(stored.new_spans == count, "{stored:?}");
    }
}
