//! Senders that wait for nothing but their answers, and somebody who asks for lists meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tracestead_model::query::TraceQuery;
use tracestead_model::{Span, UnixNanos};
use tracestead_store::{Batch, SpanStore};

use super::{SENDERS, TRACES_PER_BATCH};
use crate::numbers::{count, percentile};
use crate::traces::Maker;

/// How long after one list the next one is asked for.
const LIST_REST: Duration = Duration::from_millis(100);

/// A background that takes longer has stopped.
const PATIENCE: Duration = Duration::from_hours(2);

/// Makes traces for all senders, so that they come in the order of their times.
pub(super) type SharedMaker = Arc<Mutex<Maker>>;

/// Senders at work.
pub(super) struct Load {
    senders: JoinSet<anyhow::Result<()>>,
    sent: Arc<Sent>,
}

struct Sent {
    traces_left: AtomicU64,
    answered_spans: AtomicU64,
}

impl Load {
    /// Begins to send so many traces.
    pub(super) fn start(store: &Arc<SpanStore>, maker: &SharedMaker, traces: u64) -> Self {
        let sent = Arc::new(Sent { traces_left: traces.into(), answered_spans: 0.into() });
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (store, maker, sent) = (Arc::clone(store), Arc::clone(maker), Arc::clone(&sent));
            senders.spawn(async move { send(&store, &maker, &sent).await });
        }
        Self { senders, sent }
    }

    fn stop(&self) {
        self.sent.traces_left.store(0, Ordering::Relaxed);
    }

    /// Waits until everything is answered.
    pub(super) async fn join(mut self) -> anyhow::Result<()> {
        while let Some(sent) = self.senders.join_next().await {
            sent??;
        }
        Ok(())
    }
}

async fn send(store: &SpanStore, maker: &Mutex<Maker>, sent: &Sent) -> anyhow::Result<()> {
    let take = |left: u64| Some(left.saturating_sub(TRACES_PER_BATCH));
    loop {
        let left = sent.traces_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let traces = left.unwrap_or(0).min(TRACES_PER_BATCH);
        let make = |mut maker: std::sync::MutexGuard<'_, Maker>| {
            (0..traces).flat_map(|_| maker.trace()).collect::<Vec<Span>>()
        };
        let spans = maker.lock().map(make).unwrap_or_default();
        if spans.is_empty() {
            return Ok(());
        }
        let number = spans.len();
        let batch = Batch::prepare(spans, Vec::new(), UnixNanos::EPOCH, store.prices());
        let stored = store.ingest(batch).await?;
        ensure!(stored.new_spans == number, "{stored:?}");
        sent.answered_spans.fetch_add(number as u64, Ordering::Relaxed);
    }
}

/// What came of some time under load.
pub(super) struct Measured {
    pub(super) seconds: f64,
    spans: u64,
    list_ms: Vec<f64>,
}

/// Sends, and asks for the newest traces every so often, until `is_over` says so.
pub(super) async fn measure(
    store: &Arc<SpanStore>,
    maker: &SharedMaker,
    is_over: impl AsyncFn(Duration) -> anyhow::Result<bool>,
) -> anyhow::Result<Measured> {
    let began = Instant::now();
    let load = Load::start(store, maker, u64::MAX);
    let mut list_ms = Vec::new();
    while !is_over(began.elapsed()).await? {
        ensure!(began.elapsed() < PATIENCE, "it is not over after {PATIENCE:?}");
        let asked = Instant::now();
        store.traces(TraceQuery { limit: 50, ..TraceQuery::default() }).await?;
        list_ms.push(asked.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(LIST_REST).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let spans = load.sent.answered_spans.load(Ordering::Relaxed);
    load.stop();
    load.join().await?;
    Ok(Measured { seconds, spans, list_ms })
}

impl Measured {
    pub(super) fn spans_per_second(&self) -> f64 {
        count(self.spans) / self.seconds
    }

    fn list_ms(&self) -> [f64; 2] {
        let mut list_ms = self.list_ms.clone();
        [0.5, 0.99].map(|share| percentile(&mut list_ms, share))
    }

    pub(super) fn print(&self, engine: &str, when: &str) {
        let [p50, p99] = self.list_ms();
        println!(
            "  {engine:<11} {when:<6} {:7.0} spans/s in {:6.1} s; newest 50 traces p50 {p50:6.2} ms   p99 {p99:6.2} ms",
            self.spans_per_second(),
            self.seconds
        );
    }

    pub(super) fn json(&self) -> Value {
        let [p50, p99] = self.list_ms();
        json!({
            "seconds": self.seconds,
            "spans": self.spans,
            "spans_per_second": self.spans_per_second(),
            "lists": self.list_ms.len(),
            "list_p50_ms": p50,
            "list_p99_ms": p99,
        })
    }
}
