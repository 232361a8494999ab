//! Spans coming in while old ones are deleted: how fast before, meanwhile and after, and how long a list takes.
//!
//! A database is filled with old traces. Then senders send new ones as fast as they are answered, first to a store without
//! rules, then to one that deletes what is old, until all of it is gone and for a while after. Making and preparing spans
//! is counted in all three. Once all is deleted the store looks for resources that nothing refers to any more, which is
//! part of the time after.

mod load;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tracestead_model::query::{PageStart, TraceQuery};
use tracestead_model::{Retention, RetentionRule, UnixNanos};
use tracestead_store::{OpenOptions, Prune, SpanStore};

use crate::numbers::count;
use crate::place::{Place, places};
use crate::traces::{BEGAN, Maker, SPANS};
use load::{Load, Measured, SharedMaker, measure};

/// Where stores delete.
const ENGINES: [&str; 4] = ["SQLite", "PostgreSQL", "MariaDB", "ClickHouse"];

/// How many spans are deleted, unless a variable says otherwise for a quick try.
const OLD_SPANS: u64 = 1_000_000;
const OLD_SPANS_VARIABLE: &str = "TRACESTEAD_BENCH_OLD_SPANS";

/// How long it is measured without anything to delete.
const UNDISTURBED: Duration = Duration::from_secs(15);

const TRACES_PER_BATCH: u64 = 64;
const SENDERS: usize = 8;

const DAY: Duration = Duration::from_hours(24);

/// How much later than the old traces the new ones begin.
const LATER: Duration = DAY.saturating_mul(100);

const KEPT: Duration = DAY.saturating_mul(30);

pub(crate) async fn run() -> anyhow::Result<Value> {
    let old_spans = match std::env::var(OLD_SPANS_VARIABLE) {
        Ok(text) => {
            text.parse().with_context(|| format!("{OLD_SPANS_VARIABLE} is `{text}`: expected a number"))?
        }
        Err(_) => OLD_SPANS,
    };
    let old_traces = old_spans / SPANS as u64;
    println!(
        "retention: {old_traces} old traces of {SPANS} spans with 2 KB texts, {} new spans a batch, {SENDERS} senders",
        TRACES_PER_BATCH * SPANS as u64
    );
    let mut results = serde_json::Map::new();
    for place in places("retention")?.into_iter().filter(|place| ENGINES.contains(&place.engine)) {
        results.insert(place.engine.to_owned(), delete_under_load(&place, old_traces).await?);
        place.remove().await?;
    }
    Ok(json!({"old_spans": old_traces * SPANS as u64, "engines": results}))
}

async fn delete_under_load(place: &Place, old_traces: u64) -> anyhow::Result<Value> {
    let engine = place.engine;
    let store = open(place, None).await?;
    Load::start(&store, &shared(Maker::new(42)), old_traces).join().await?;
    store.close().await;

    let maker = shared(Maker::new(43).beginning(BEGAN + nanos(LATER)));
    let for_a_while = async |took| Ok(took >= UNDISTURBED);
    let store = open(place, None).await?;
    let before = told(engine, "before", measure(&store, &maker, for_a_while).await?);
    let rule = RetentionRule { older_than: Some(KEPT), ..RetentionRule::default() };
    let retention = Retention { rules: vec![rule], max_bytes: None };
    let planned = store.prune_plan(&Prune::Rules(retention.clone()), now()).await?.total();
    ensure!(planned.traces == old_traces, "{} of {old_traces} old traces would go", planned.traces);
    store.close().await;

    let store = open(place, Some(retention)).await?;
    let are_gone = async |_| are_old_ones_gone(&store).await;
    let during = told(engine, "during", measure(&store, &maker, are_gone).await?);
    let after = told(engine, "after", measure(&store, &maker, for_a_while).await?);
    store.close().await;

    let deleted_per_second = count(planned.spans) / during.seconds;
    let ratio = during.spans_per_second() / before.spans_per_second();
    println!(
        "  {engine:<11} deleted {deleted_per_second:.0} spans/s; the rate during it is {ratio:.2} of that before"
    );
    Ok(json!({
        "deleted_spans_per_second": deleted_per_second,
        "during_to_before": ratio,
        "raw": {"before": before.json(), "during": during.json(), "after": after.json()},
    }))
}

async fn open(place: &Place, retention: Option<Retention>) -> anyhow::Result<Arc<SpanStore>> {
    let mut options = OpenOptions::new(place.url.clone(), now());
    options.retention = retention;
    Ok(Arc::new(tokio::task::spawn_blocking(move || SpanStore::open(&options)).await??))
}

/// Says whether no trace is left that began before the new ones.
async fn are_old_ones_gone(store: &SpanStore) -> anyhow::Result<bool> {
    let from = PageStart::After { start_time_ns: at(LATER).as_i64(), trace_id: String::new() };
    Ok(store.traces(TraceQuery { limit: 1, from, ..TraceQuery::default() }).await?.is_empty())
}

fn told(engine: &str, when: &str, measured: Measured) -> Measured {
    measured.print(engine, when);
    measured
}

fn shared(maker: Maker) -> SharedMaker {
    Arc::new(Mutex::new(maker))
}

/// The new traces are young by then.
fn now() -> UnixNanos {
    at(LATER + DAY)
}

/// So long after the first of the old traces.
fn at(later: Duration) -> UnixNanos {
    UnixNanos::new(BEGAN + nanos(later)).unwrap_or(UnixNanos::EPOCH)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
