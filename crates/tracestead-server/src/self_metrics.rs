//! What tracestead measures about itself, for Prometheus at `GET /metrics/self`.

use std::sync::OnceLock;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracestead_store::Stored;

use crate::App;

const RECEIVED: &str = "tracestead_spans_received_total";
const STORED: &str = "tracestead_spans_stored_total";
const DUPLICATE: &str = "tracestead_spans_duplicate_total";
const REJECTED: &str = "tracestead_spans_rejected_total";
const LOGS_RECEIVED: &str = "tracestead_log_records_received_total";
const LOGS_IGNORED: &str = "tracestead_log_records_ignored_total";
const LOGS_REJECTED: &str = "tracestead_log_records_rejected_total";
const REFUSED: &str = "tracestead_exports_refused_total";
const QUEUE_BYTES: &str = "tracestead_queue_bytes";
const BACKFILL_PENDING: &str = "tracestead_backfill_pending_spans";
const BACKFILL_DONE: &str = "tracestead_backfill_filled_spans_total";
const PRUNED_TRACES: &str = "tracestead_pruned_traces_total";
const PRUNED_SPANS: &str = "tracestead_pruned_spans_total";
const COMMIT_SECONDS: &str = "tracestead_commit_seconds";
const COMMIT_SPANS: &str = "tracestead_commit_spans";
const COMMIT_FAILURES: &str = "tracestead_commit_failures_total";

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to measure; once in a process, however many servers it has.
pub(crate) fn install() {
    HANDLE.get_or_init(|| {
        let seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];
        let spans = [1.0, 8.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0];
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(COMMIT_SECONDS.to_owned()), &seconds)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full(COMMIT_SPANS.to_owned()), &spans)
            });
        match builder.map(PrometheusBuilder::install_recorder) {
            Ok(Ok(handle)) => {
                describe();
                Some(handle)
            }
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(%error, "metrics about tracestead itself are not available");
                None
            }
        }
    });
}

fn describe() {
    metrics::describe_counter!(RECEIVED, "Spans that arrived and could be read");
    metrics::describe_counter!(STORED, "Spans that were new and are on disk");
    metrics::describe_counter!(DUPLICATE, "Spans that were on disk already");
    metrics::describe_counter!(REJECTED, "Spans refused one by one, by OTLP partial success");
    metrics::describe_counter!(LOGS_RECEIVED, "Log records that arrived and belong to spans");
    metrics::describe_counter!(
        LOGS_IGNORED,
        "Log records that arrived and were dropped: they belong to no span"
    );
    metrics::describe_counter!(LOGS_REJECTED, "Log records refused one by one, by OTLP partial success");
    metrics::describe_counter!(REFUSED, "Exports refused as a whole, by reason");
    metrics::describe_gauge!(QUEUE_BYTES, "Bytes of exports that wait or are worked on");
    metrics::describe_gauge!(
        BACKFILL_PENDING,
        "Spans that Agno wrote and that are to be filled, counted up to 10,000"
    );
    metrics::describe_counter!(BACKFILL_DONE, "Spans that Agno wrote and that were filled");
    metrics::describe_counter!(PRUNED_TRACES, "Traces that were deleted by retention");
    metrics::describe_counter!(PRUNED_SPANS, "Spans that were deleted by retention");
    metrics::describe_histogram!(COMMIT_SECONDS, "How long a commit took, in seconds");
    metrics::describe_histogram!(COMMIT_SPANS, "How many spans a commit held");
    metrics::describe_counter!(COMMIT_FAILURES, "Commits that failed");
    for name in
        [RECEIVED, STORED, DUPLICATE, REJECTED, LOGS_RECEIVED, LOGS_IGNORED, LOGS_REJECTED, COMMIT_FAILURES]
    {
        metrics::counter!(name).absolute(0);
    }
}

pub(crate) fn received(are_logs: bool, kept: usize, ignored: usize, rejected: i64) {
    let (received, refused) = if are_logs { (LOGS_RECEIVED, LOGS_REJECTED) } else { (RECEIVED, REJECTED) };
    metrics::counter!(received).increment(kept as u64);
    metrics::counter!(refused).increment(rejected.unsigned_abs());
    metrics::counter!(LOGS_IGNORED).increment(ignored as u64);
}

pub(crate) fn stored(stored: &Stored) {
    metrics::counter!(STORED).increment(stored.new_spans as u64);
    metrics::counter!(DUPLICATE).increment(stored.known_spans as u64);
    metrics::counter!(REJECTED).increment(stored.refused.len() as u64);
}

pub(crate) fn refused(reason: &'static str) {
    metrics::counter!(REFUSED, "reason" => reason).increment(1);
}

/// `GET /metrics/self`.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub(crate) async fn render(State(app): State<App>) -> impl IntoResponse {
    metrics::gauge!(QUEUE_BYTES).set(app.ingest.queue_bytes() as f64);
    if let Some(filling) = app.databases.backfill() {
        metrics::gauge!(BACKFILL_PENDING).set(filling.pending as f64);
        metrics::counter!(BACKFILL_DONE).absolute(filling.done);
    }
    let text = HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
