//! Spans into each database, durable and answered, against that database's own bulk path with the same rows.
//!
//! Ours: batches of 512 spans from many senders at once, through the store: reading what is stored, folding traces,
//! resources, rollups, spans, commit. Bulk: the rows that came of it, read back and written into the same tables with the
//! same indexes in as many transactions, by `COPY`, by `INSERT` of many rows, in `RowBinary`. The ratio is that of the same
//! rows, at hand on both sides. Beside it is what it is if ours makes them meanwhile: reading what spans mean, pricing
//! them, making texts, on the cores that the database wants as well.

mod bulk;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::ensure;
use serde_json::{Value, json};
use tracestead_model::{PriceBook, UnixNanos};
use tracestead_store::{Batch, SpanStore};

use crate::numbers::median;
use crate::place::{Place, places};
use crate::traces::{Maker, SPANS};

const TRACES_PER_BATCH: usize = 64;
const BATCHES: usize = 256;
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
    of_rows: Vec<f64>,
    of_spans: Vec<f64>,
    bulk: Vec<f64>,
    ratios: Vec<f64>,
    ratios_of_spans: Vec<f64>,
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
        let of_spans = places(&format!("spans{turn}"))?;
        for (place, another) in places(&format!("rows{turn}"))?.into_iter().zip(of_spans) {
            let rate = |seconds: f64| f64::from(u32::try_from(spans).unwrap_or(u32::MAX)) / seconds;
            let of_spans = rate(send(&another, turn, false).await?);
            another.remove().await?;
            let of_rows = rate(send(&place, turn, true).await?);
            // While one commit is on its way, at least as many batches wait for the next.
            let commits = BATCHES.div_ceil(batches_per_commit(place.engine));
            let bulk = rate(bulk::write(&place, commits).await?);
            println!(
                "  {:<11} turn {}: tracestead {of_rows:.0} rows/s, {of_spans:.0} from spans, in {commits} commits, bulk \
                 {bulk:.0} rows/s, ratio {:.2}, {:.2} from spans",
                place.engine,
                turn + 1,
                of_rows / bulk,
                of_spans / bulk
            );
            if !turns.iter().any(|of| of.engine == place.engine) {
                turns.push(Turns { engine: place.engine, ..Turns::default() });
            }
            for of in turns.iter_mut().filter(|of| of.engine == place.engine) {
                of.of_rows.push(of_rows);
                of.of_spans.push(of_spans);
                of.bulk.push(bulk);
                of.ratios.push(of_rows / bulk);
                of.ratios_of_spans.push(of_spans / bulk);
            }
        }
    }
    for mut of in turns {
        let raw = json!({
            "ours_rows_per_second": of.of_rows, "ours_spans_per_second": of.of_spans, "bulk_rows_per_second": of.bulk,
            "ratios": of.ratios, "ratios_of_spans": of.ratios_of_spans,
        });
        let (ratio, of_spans) = (median(&mut of.ratios), median(&mut of.ratios_of_spans));
        println!(
            "  {:<11} median: tracestead {:.0} rows/s, {:.0} from spans, bulk {:.0} rows/s, ratio {ratio:.2}, {of_spans:.2} \
             from spans",
            of.engine,
            median(&mut of.of_rows),
            median(&mut of.of_spans),
            median(&mut of.bulk)
        );
        let said = json!({"ratio_median": ratio, "ratio_of_spans_median": of_spans, "raw": raw});
        results.insert(of.engine.to_owned(), said);
    }
    Ok(json!({"spans_per_turn": spans, "engines": results}))
}

/// What is to be sent: spans, or what was made of them.
enum Waiting {
    Spans(Vec<tracestead_model::Span>),
    Rows(Batch),
}

impl Waiting {
    fn batch(self, prices: &PriceBook) -> Batch {
        match self {
            Self::Spans(spans) => Batch::prepare(spans, Vec::new(), UnixNanos::EPOCH, prices),
            Self::Rows(batch) => batch,
        }
    }
}

/// Stores batches, and returns how long it took until the last one was on disk.
async fn send(place: &Place, seed: u64, has_rows: bool) -> anyhow::Result<f64> {
    let store = Arc::new(place.open().await?);
    let mut maker = Maker::new(seed + 1);
    let mut batches = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let spans = Waiting::Spans((0..TRACES_PER_BATCH).flat_map(|_| maker.trace()).collect());
        batches.push(if has_rows { Waiting::Rows(spans.batch(store.prices())) } else { spans });
    }
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
    Ok(seconds)
}

async fn send_all(waiting: &Mutex<Vec<Waiting>>, store: &SpanStore) -> anyhow::Result<()> {
    loop {
        let next = waiting.lock().ok().and_then(|mut waiting| waiting.pop());
        let Some(next) = next else { return Ok(()) };
        let stored = store.ingest(next.batch(store.prices())).await?;
        ensure!(stored.new_spans == TRACES_PER_BATCH * SPANS, "{stored:?}");
    }
}
