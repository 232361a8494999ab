//! What is deleted, what stays, and that nothing else changes.

pub(crate) mod agno;
pub(crate) mod beside;
pub(crate) mod large;
pub(crate) mod resources;
pub(crate) mod rules;
mod shrink;
pub(crate) mod size;
pub(crate) mod user;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tracestead_model::query::{TraceQuery, TraceRecord};
use tracestead_model::{
    Attributes, Resource, Retention, RetentionRule, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, Value,
};
use tracestead_store::{Prune, Pruned, Rebuild, SpanStore};

use crate::place::{Engine, Place};
use crate::resend::same;
use crate::rollups;
use crate::traces::BEGIN;

const DAY: Duration = Duration::from_hours(24);

/// A day after [`BEGIN`].
fn now() -> UnixNanos {
    days(1)
}

/// So many days after [`BEGIN`].
fn days(number: i64) -> UnixNanos {
    UnixNanos::from_i64(BEGIN + number * 86_400_000_000_000)
}

/// Traces go when they are older than so many days.
fn older_than(days: u32) -> RetentionRule {
    RetentionRule { older_than: Some(DAY * days), ..RetentionRule::default() }
}

fn rules(rules: impl Into<Vec<RetentionRule>>) -> Prune {
    Prune::Rules(Retention { rules: rules.into(), max_bytes: None })
}

static RESOURCE: LazyLock<Arc<Resource>> = LazyLock::new(|| resource("api"));

fn resource(name: &str) -> Arc<Resource> {
    let attributes = Attributes::from_iter([("service.name", Value::from(name))]);
    Arc::new(Resource { attributes, ..Resource::default() })
}

/// Returns a span of a second.
fn span(trace: u64, number: u64, parent: Option<u64>, start_time: UnixNanos) -> Span {
    let id = |number: u64| SpanId::from_bytes(&(number + 1).to_be_bytes()).unwrap();
    Span {
        trace_id: TraceId::from_bytes(&u128::from(trace + 1).to_be_bytes()).unwrap(),
        span_id: id(number),
        parent_span_id: parent.map(id),
        trace_state: String::new(),
        flags: 0,
        name: "step".to_owned(),
        kind: SpanKind::Internal,
        start_time,
        end_time: Some(UnixNanos::from_i64(start_time.as_i64() + 1_000_000_000)),
        attributes: Attributes::from_iter([("openinference.span.kind", Value::from("AGENT"))]),
        dropped_attributes_count: 0,
        events: Vec::new(),
        dropped_events_count: 0,
        links: Vec::new(),
        dropped_links_count: 0,
        status: Status::default(),
        resource: Arc::clone(&RESOURCE),
        scope: Arc::<Scope>::default(),
    }
}

/// Prunes to the end and returns what was deleted.
async fn prune(store: &SpanStore, what: &Prune, now: UnixNanos) -> Pruned {
    let mut all = Pruned::default();
    loop {
        let step = store.prune_step(what, now, all.position.take()).await.unwrap();
        all.traces += step.traces;
        all.spans += step.spans;
        all.resources += step.resources;
        all.position = step.position;
        if all.position.is_none() {
            return all;
        }
    }
}

async fn listed(store: &SpanStore) -> Vec<TraceRecord> {
    store.traces(TraceQuery { limit: u32::MAX, ..TraceQuery::default() }).await.unwrap()
}

fn count(place: &Place, table: &str) -> u64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {}", place.table(table));
    place.number(&sql).unsigned_abs()
}

/// Returns what is there, but for sums where these come later.
fn contents(place: &Place) -> Vec<String> {
    let mut contents = place.contents();
    contents.retain(|row| place.engine != Engine::ClickHouse || !row.starts_with("tracestead_rollups "));
    contents
}

/// Waits until the sums over the hours are those of the spans that are there.
async fn sums_become_right(place: &Place, store: &SpanStore) {
    let mut spans = Vec::new();
    for trace in listed(store).await {
        spans.extend(store.light_spans(&trace.trace_id).await.unwrap());
    }
    let expected = rollups::specify(&spans);
    let began = Instant::now();
    while rollups::stored(place).0 != expected && began.elapsed() < Duration::from_mins(1) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(rollups::stored(place).0, expected);
}

/// Checks that the sums over the hours are those of the spans that are there.
async fn sums_are_right(place: &Place, store: &SpanStore) {
    if place.engine == Engine::ClickHouse {
        sums_become_right(place, store).await;
    }
    let before = place.contents();
    let mut position = None;
    loop {
        position = store.rebuild_step(Rebuild::Rollups, position).await.unwrap().position;
        if position.is_none() {
            break;
        }
    }
    same(&before, &place.contents());
}

/// Writes some rows into tables of Agno's that are no traces.
fn make_agnos_tables(place: &Place) {
    if place.engine == Engine::ClickHouse {
        return;
    }
    for table in AGNOS_TABLES {
        let table = place.table(table);
        place.run(&format!("CREATE TABLE {table} (id VARCHAR(20), user_id VARCHAR(20))"));
        place.run(&format!("INSERT INTO {table} VALUES ('1', 'bob')"));
    }
}

const AGNOS_TABLES: [&str; 4] = ["agno_sessions", "agno_runs", "agno_approvals", "tracestead_audit_log"];

fn check_agnos_tables(place: &Place) {
    if place.engine == Engine::ClickHouse {
        return;
    }
    for table in AGNOS_TABLES {
        assert_eq!(count(place, table), 1, "{table} is none of traces");
    }
}
