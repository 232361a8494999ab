//! Databases to copy from, and what copies have in common.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

use tracestead_model::{LogRecord, PriceBook, Span, UnixNanos};
use tracestead_store::{Batch, Copier, CopyDone, Malformed, Rebuild, SpanStore, Verified, Verifier};

use crate::captures::{CAPTURES, Capture};
use crate::place::Place;
use crate::support::NOW;
use crate::{logs, traces};

/// Tables about the database they are in.
const ITS_OWN: [&str; 3] = ["tracestead_migrations ", "tracestead_progress ", "agno_schema_versions "];

/// Returns every row of every table that is copied, and of the rollups.
pub(crate) fn contents(place: &Place) -> Vec<String> {
    let is_copied = |row: &String| !ITS_OWN.iter().any(|table| row.starts_with(table));
    place.contents().into_iter().filter(is_copied).collect()
}

#[track_caller]
pub(crate) fn same(expected: &[String], actual: &[String]) {
    let only = |of: &[String], other: &[String]| -> Vec<String> {
        let other: BTreeSet<&String> = other.iter().collect();
        of.iter().filter(|row| !other.contains(row)).take(3).cloned().collect()
    };
    let (missing, more) = (only(expected, actual), only(actual, expected));
    assert!(missing.is_empty() && more.is_empty(), "missing: {missing:#?}\nmore: {more:#?}");
    assert_eq!(expected.len(), actual.len());
}

/// Sends spans and log records as they are, and some that are malformed.
pub(crate) async fn send(store: &SpanStore, spans: Vec<Span>, logs: Vec<LogRecord>) {
    let bytes: Vec<u8> = format!("{spans:?}").into_bytes().into_iter().take(300).collect();
    let malformed =
        Malformed { reason: "no \"span\"".to_owned(), encoding: "protobuf", size_bytes: bytes.len(), bytes };
    let now = UnixNanos::from_i64(NOW);
    let stored =
        store.ingest(Batch::prepare(spans, vec![malformed], now, &PriceBook::default())).await.unwrap();
    assert!(stored.refused.is_empty(), "{stored:?}");
    store.ingest(Batch::prepare_logs(logs, Vec::new(), now)).await.unwrap();
}

/// Returns so many traces out of nothing, the same each time.
pub(crate) fn generated(count: usize) -> Vec<Capture> {
    let mut runner = TestRunner::deterministic();
    let strategy = traces::trace(12).prop_flat_map(|spans| {
        let logs = logs::logs(spans[0].trace_id, 6);
        (proptest::strategy::Just(spans), logs).prop_map(|(spans, logs)| Capture { spans, logs })
    });
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// All captures, and some traces out of nothing.
pub(crate) fn everything() -> Vec<Capture> {
    CAPTURES.iter().cloned().chain(generated(20)).collect()
}

pub(crate) fn fill(place: &Place, captures: &[Capture]) {
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        for Capture { spans, logs } in captures {
            send(&store, spans.clone(), logs.clone()).await;
        }
        store.close().await;
    });
}

pub(crate) fn copier(from: &Place, to: &Place) -> Copier {
    Copier::open(&from.options(), &to.options()).unwrap()
}

/// Copies the rest.
pub(crate) fn finish(mut copier: Copier) -> CopyDone {
    while copier.step().unwrap() {}
    let done = copier.done().clone();
    copier.close();
    done
}

pub(crate) fn copy(from: &Place, to: &Place) -> CopyDone {
    finish(copier(from, to))
}

pub(crate) fn verify(from: &Place, to: &Place) -> Verified {
    let mut verifier = Verifier::open(&from.options(), &to.options()).unwrap().with_pages_of(300, 1 << 20);
    while verifier.step().unwrap() {}
    verifier.verified().clone()
}

/// Checks that the rollups are the sums over the spans.
pub(crate) fn check_rollups(place: &Place) {
    let before = contents(place);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        let mut position = None;
        loop {
            position = store.rebuild_step(Rebuild::Rollups, position).await.unwrap().position;
            if position.is_none() {
                break;
            }
        }
        store.close().await;
    });
    same(&before, &contents(place));
}

pub(crate) fn count(place: &Place, table: &str) -> u64 {
    place.number(&format!("SELECT COUNT(*) FROM {}", place.table(table))).unsigned_abs()
}
