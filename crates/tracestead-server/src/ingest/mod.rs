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
use tracestead_otlp::{Compression, DecompressError, Encoding, decode_traces, decompress};
use tracestead_store::{Batch, Malformed, SqliteStore};

use crate::{App, Settings, self_metrics};
use budget::{Budget, Reservation};
use refusal::Refusal;

/// How long a sender should wait before it comes back.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Bodies up to this size are decoded where they were read; larger ones would hold up other connections.
const DECODE_INLINE_BYTES: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Ingest {
    store: Arc<SqliteStore>,
    budget: Arc<Budget>,
    max_body_bytes: usize,
    /// How many bodies may be decoded at once: each takes memory of its own while it is.
    decoding: Semaphore,
    is_stopping: AtomicBool,
}

/// What is told to the sender of an export that was taken.
#[derive(Debug, Default)]
struct Taken {
    rejected_spans: i64,
    message: String,
}

impl Ingest {
    pub(crate) fn new(store: Arc<SqliteStore>, settings: &Settings) -> Self {
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
        if self.is_stopping.load(Ordering::Relaxed) {
            Err(Refusal::Stopping)
        } else {
            Ok(self.budget.reserve())
        }
    }

    /// Stores the spans of an export and returns once the commit that holds them is on disk.
    async fn take(
        self: &Arc<Self>,
        encoding: Encoding,
        compression: Compression,
        body: Bytes,
        reservation: Reservation,
    ) -> Result<Taken, Refusal> {
        let read = self.read(encoding, compression, body, reservation).await?;
        let Read { batch, mut taken } = read;
        self_metrics::received(batch.len(), taken.rejected_spans);
        if !batch.is_empty() {
            let stored = self.store.ingest(batch).await.map_err(Refusal::Store)?;
            self_metrics::stored(&stored);
            taken.refuse(&stored.refused);
        }
        Ok(taken)
    }

    async fn read(
        &self,
        encoding: Encoding,
        compression: Compression,
        body: Bytes,
        reservation: Reservation,
    ) -> Result<Read, Refusal> {
        let _permit = self.decoding.acquire().await.map_err(|_| Refusal::Stopping)?;
        let max_body_bytes = self.max_body_bytes;
        if compression == Compression::Identity && body.len() <= DECODE_INLINE_BYTES {
            return read_spans(encoding, compression, body, max_body_bytes, reservation);
        }
        let read = move || read_spans(encoding, compression, body, max_body_bytes, reservation);
        tokio::task::spawn_blocking(read).await.map_err(|_| Refusal::Internal)?
    }
}

/// An export, understood and ready to be written.
struct Read {
    batch: Batch,
    taken: Taken,
}

fn read_spans(
    encoding: Encoding,
    compression: Compression,
    body: Bytes,
    max_body_bytes: usize,
    mut reservation: Reservation,
) -> Result<Read, Refusal> {
    let body = decompress(compression, body, max_body_bytes).map_err(|error| match error {
        DecompressError::TooLarge { limit_bytes } => Refusal::TooLarge { limit_bytes },
        error => Refusal::Compression(error),
    })?;
    if compression != Compression::Identity {
        reservation.shrink_to(0);
        reservation.grow(body.len()).map_err(|_| Refusal::Busy)?;
    }
    let decoded = decode_traces(encoding, &body).map_err(Refusal::Malformed)?;
    let mut taken = Taken { message: decoded.warning.unwrap_or_default(), ..Taken::default() };
    let mut malformed = Vec::with_capacity(decoded.rejected.len());
    for rejected in decoded.rejected {
        taken.say(&rejected.reason);
        malformed.push(Malformed {
            reason: rejected.reason,
            encoding: if encoding == Encoding::Json { "json" } else { "protobuf" },
            bytes: rejected.bytes,
            size_bytes: rejected.size_bytes,
        });
    }
    taken.rejected_spans = i64::try_from(decoded.rejected_count).unwrap_or(i64::MAX);
    // A sender that goes away does not take its export with it: what it holds is given back when it is stored.
    let batch = Batch::prepare(decoded.spans, malformed, crate::now()).with_guard(reservation);
    Ok(Read { batch, taken })
}

/// Senders log the message; the first few reasons say enough.
const MESSAGE_BYTES: usize = 1000;

impl Taken {
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
        self.rejected_spans = self.rejected_spans.saturating_add_unsigned(reasons.len() as u64);
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
        .route("/v1/metrics", any(http::other_signals))
        .route("/v1/logs", any(http::other_signals))
        .layer(cors(cors_origins));
    Router::new()
        .merge(http)
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(grpc::export))
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
