//! Takes exports: the same way for HTTP and gRPC, for protobuf and JSON.

mod body;
mod budget;
mod grpc;
mod http;
mod refusal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{any, post};
use bytes::Bytes;
use tokio::sync::Semaphore;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracestead_model::PriceBook;
use tracestead_otlp::{
    Compression, DecompressError, Encoding, Rejected, decode_logs, decode_traces, decompress,
};
use tracestead_store::{Batch, Malformed, SpanStore};

use crate::{App, Settings, self_metrics};
use budget::{Budget, Reservation};
use refusal::Refusal;

/// How long a sender should wait before it comes back.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Bodies up to this size are decoded where they were read; larger ones would hold up other connections.
const DECODE_INLINE_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Ingest {
    store: Arc<SpanStore>,
    budget: Arc<Budget>,
    max_body_bytes: usize,
    /// How many bodies may be decoded at once: each takes memory of its own while it is.
    decoding: Semaphore,
    is_stopping: AtomicBool,
}

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Traces,
    /// Of logs only those are kept that belong to a span: prompts, answers, judgements, exceptions.
    Logs,
}

/// An export as it came.
#[derive(Debug)]
struct Export {
    signal: Signal,
    encoding: Encoding,
    compression: Compression,
    body: Bytes,
    reservation: Reservation,
}

/// What is told to the sender of an export that was taken.
#[derive(Debug, Default)]
struct Taken {
    /// How many spans or log records were refused one by one.
    rejected: i64,
    message: String,
}

impl Ingest {
    pub(crate) fn new(store: Arc<SpanStore>, settings: &Settings) -> Self {
        Self {
            store,
            budget: Arc::new(Budget::new(settings.max_queue_bytes)),
            max_body_bytes: settings.max_body_bytes,
            decoding: Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Refuses exports from now on; those already being read are finished.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn queue_bytes(&self) -> usize {
        self.budget.taken()
    }

    fn admit(self: &Arc<Self>) -> Result<Reservation, Refusal> {
        if self.store.is_read_only() {
            Err(Refusal::ReadOnly)
        } else if self.is_stopping.load(Ordering::Relaxed) {
            Err(Refusal::Stopping)
        } else {
            Ok(self.budget.reserve())
        }
    }

    /// Stores what an export holds and returns once the commit that holds it is on disk.
    async fn take(self: &Arc<Self>, export: Export) -> Result<Taken, Refusal> {
        let signal = export.signal;
        let Read { batch, mut taken, ignored } = self.read(export).await?;
        self_metrics::received(signal == Signal::Logs, batch.len(), ignored, taken.rejected);
        if !batch.is_empty() {
            let stored = self.store.ingest(batch).await.map_err(Refusal::Store)?;
            self_metrics::stored(&stored);
            taken.refuse(&stored.refused);
        }
        Ok(taken)
    }

    async fn read(&self, export: Export) -> Result<Read, Refusal> {
        let _permit = self.decoding.acquire().await.map_err(|_| Refusal::Stopping)?;
        let max_body_bytes = self.max_body_bytes;
        if export.compression == Compression::Identity && export.body.len() <= DECODE_INLINE_BYTES {
            return read_export(export, max_body_bytes, self.store.prices());
        }
        let store = Arc::clone(&self.store);
        let read = move || read_export(export, max_body_bytes, store.prices());
        tokio::task::spawn_blocking(read).await.map_err(|_| Refusal::Internal)?
    }
}

/// An export, understood and ready to be written.
struct Read {
    batch: Batch,
    taken: Taken,
    /// How many log records belong to no span, or say nothing that is kept.
    ignored: usize,
}

fn read_export(export: Export, max_body_bytes: usize, prices: &PriceBook) -> Result<Read, Refusal> {
    let Export { signal, encoding, compression, body, mut reservation } = export;
    let body = decompress(compression, body, max_body_bytes).map_err(|error| match error {
        DecompressError::TooLarge { limit_bytes } => Refusal::TooLarge { limit_bytes },
        error => Refusal::Compression(error),
    })?;
    if compression != Compression::Identity {
        reservation.shrink_to(0);
        reservation.grow(body.len()).map_err(|_| Refusal::Busy)?;
    }
    let (batch, taken, ignored) = match signal {
        Signal::Traces => {
            let decoded = decode_traces(encoding, &body).map_err(Refusal::Malformed)?;
            let mut taken = Taken::of(decoded.warning, decoded.rejected_count);
            let malformed = taken.refuse_malformed(encoding, decoded.rejected);
            (Batch::prepare(decoded.spans, malformed, crate::now(), prices), taken, 0)
        }
        Signal::Logs => {
            let decoded = decode_logs(encoding, &body).map_err(Refusal::Malformed)?;
            let mut taken = Taken::of(decoded.warning, decoded.rejected_count);
            let malformed = taken.refuse_malformed(encoding, decoded.rejected);
            let count = decoded.records.len();
            let batch = Batch::prepare_logs(decoded.records, malformed, crate::now());
            let ignored = count - batch.len();
            (batch, taken, ignored)
        }
    };
    // A sender that goes away does not take its export with it: what it holds is given back when it is stored.
    Ok(Read { batch: batch.with_guard(reservation), taken, ignored })
}

/// Senders log the message; the first few reasons say enough.
const MESSAGE_BYTES: usize = 1000;

impl Taken {
    fn of(warning: Option<String>, rejected_count: usize) -> Self {
        Self {
            rejected: i64::try_from(rejected_count).unwrap_or(i64::MAX),
            message: warning.unwrap_or_default(),
        }
    }

    /// Tells the sender of what could not be read, and returns it to be kept aside.
    fn refuse_malformed(&mut self, encoding: Encoding, rejected: Vec<Rejected>) -> Vec<Malformed> {
        let encoding = if encoding == Encoding::Json { "json" } else { "protobuf" };
        let malformed = rejected.into_iter().map(|rejected| {
            self.say(&rejected.reason);
            Malformed {
                reason: rejected.reason,
                encoding,
                bytes: rejected.bytes,
                size_bytes: rejected.size_bytes,
            }
        });
        malformed.collect()
    }

    fn say(&mut self, reason: &str) {
        if self.message.len() < MESSAGE_BYTES {
            self.message.push_str(if self.message.is_empty() { "" } else { "; " });
            self.message.push_str(reason);
        }
    }

    fn refuse(&mut self, reasons: &[String]) {
        for reason in reasons {
            self.say(reason);
        }
        self.rejected = self.rejected.saturating_add_unsigned(reasons.len() as u64);
    }
}

/// The routes that take exports, for any listener.
pub(crate) fn routes(cors_origins: &[String]) -> Router<App> {
    let http = Router::new()
        .route("/v1/traces", post(http::traces))
        .route("/v1/traces/", post(http::traces))
        // What an SDK makes of the full path in its general endpoint variable, and of a collector's prefix.
        .route("/v1/traces/v1/traces", post(http::traces))
        .route("/otlp/v1/traces", post(http::traces))
        // Where the Langfuse SDK sends without being told more than a host.
        .route("/api/public/otel/v1/traces", post(http::traces))
        .route("/v1/logs", post(http::logs))
        .route("/v1/logs/", post(http::logs))
        .route("/v1/logs/v1/logs", post(http::logs))
        .route("/otlp/v1/logs", post(http::logs))
        .route("/v1/metrics", any(http::metrics))
        .layer(cors(cors_origins));
    Router::new()
        .merge(http)
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(grpc::traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(grpc::logs))
        .route("/opentelemetry.proto.collector.{*service}", any(grpc::unimplemented))
        .layer(DefaultBodyLimit::disable())
}

fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse::<HeaderValue>().ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::AUTHORIZATION,
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
            HeaderName::from_static("x-api-key"),
        ])
        .max_age(Duration::from_mins(10))
}
