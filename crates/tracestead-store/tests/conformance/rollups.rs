//! Sums over hours, in memory and in the database.

use std::collections::BTreeMap;

use tokio::runtime::Runtime;
use tracestead_model::latency_bucket;
use tracestead_model::query::{SpanRecord, TraceQuery};
use tracestead_store::{Rebuild, SpanStore};

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::resend::{self, same};

const HOUR_NS: i64 = 3_600_000_000_000;

/// Hour, type, name, agent, model, status, range of durations.
type Key = (i64, String, String, String, String, String, i64);

/// Calls and the time they took.
type Sums = BTreeMap<Key, (i64, i64)>;

pub(crate) fn specify(spans: &[SpanRecord]) -> Sums {
    let mut sums = Sums::new();
    for span in spans {
        let duration = span.end_time_ns.map_or(0, |end| (end - span.start_time_ns).max(0));
        let is_error = span.error_type.is_some() || span.status_code == "ERROR";
        let key = (
            span.start_time_ns.div_euclid(HOUR_NS) * HOUR_NS,
            span.span_type.clone(),
            span.name.chars().take(200).collect(),
            span.agent_id.clone().unwrap_or_default(),
            span.model.clone().unwrap_or_default(),
            if is_error { "ERROR" } else { "OK" }.to_owned(),
            latency_bucket(duration),
        );
        let sum = sums.entry(key).or_default();
        sum.0 += 1;
        sum.1 += duration;
    }
    sums
}

pub(crate) fn stored(place: &Place) -> (Sums, i64) {
    let mut sums = Sums::new();
    let mut tokens = 0;
    for mut row in place.rows(&format!("SELECT * FROM {}", place.table("tracestead_rollups"))) {
        let mut text = |column: &str| row.remove(column).unwrap().unwrap();
        let mut number = |column: &str| text(column).parse::<i64>().unwrap();
        let (hour, bucket) = (number("bucket_start_ns"), number("latency_bucket"));
        let sum = (number("calls"), number("duration_ns"));
        tokens += number("total_tokens");
        let key =
            (hour, text("span_type"), text("name"), text("agent_id"), text("model"), text("status"), bucket);
        assert!(sums.insert(key, sum).is_none());
    }
    (sums, tokens)
}

async fn rebuild(store: &SpanStore) {
    let mut position = None;
    loop {
        position = store.rebuild_step(Rebuild::Rollups, position).await.unwrap().position;
        if position.is_none() {
            return;
        }
    }
}

pub(crate) fn sums(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        // In parts, so that what counts of a trace changes while it comes.
        let store = place.open();
        for capture in CAPTURES.iter() {
            resend::send_in_parts(&store, capture, 3).await;
        }
        // Where hours are summed anew, they are by now.
        store.close().await;
        let store = place.open();
        let traces = store.traces(TraceQuery { limit: u32::MAX, ..TraceQuery::default() }).await.unwrap();
        let mut spans = Vec::new();
        for trace in &traces {
            spans.extend(store.light_spans(&trace.trace_id).await.unwrap());
        }
        let (sums, tokens) = stored(&place);
        assert_eq!(sums, specify(&spans));
        // Each call once, as the traces count them.
        assert_eq!(tokens, traces.iter().filter_map(|trace| trace.total_tokens).sum::<i64>());

        let before = place.contents();
        rebuild(&store).await;
        same(&before, &place.contents());
        let set = format!("{} SET calls = 77", place.table("tracestead_rollups"));
        if engine != Engine::ClickHouse {
            place.run(&format!("UPDATE {set}"));
            rebuild(&store).await;
            same(&before, &place.contents());
        }
        store.close().await;
    });
}
