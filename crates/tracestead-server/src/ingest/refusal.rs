//! Why an export was not taken, in HTTP's words and in gRPC's.

use std::time::Duration;

use axum::http::StatusCode;
use tracestead_otlp::{DecodeError, DecompressError};
use tracestead_store::IngestError;

use super::RETRY_AFTER;

/// Why an export was not taken. Senders repeat only what they are told to repeat, so what passes must say so: OTLP allows
/// 429, 502, 503, 504 and `UNAVAILABLE`, and anything else loses the spans.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("content type `{0}` is not known; send application/x-protobuf or application/json")]
    ContentType(String),
    #[error("content encoding `{0}` is not known; send gzip, deflate, zstd or identity")]
    ContentEncoding(String),
    #[error("export is larger than {limit_bytes} bytes; send smaller batches, or raise `max_body_bytes`")]
    TooLarge { limit_bytes: usize },
    #[error("{0}")]
    Compression(#[source] DecompressError),
    #[error("{0}")]
    Malformed(#[source] DecodeError),
    #[error("malformed gRPC message: {0}")]
    Frame(&'static str),
    #[error("the export ended before it was complete")]
    CutOff,
    #[error("the export took too long to arrive")]
    TooSlow,
    #[error("too much is waiting to be stored; send again later")]
    Busy,
    #[error("shutting down; send again later")]
    Stopping,
    #[error("{0}; send again later")]
    Store(#[source] IngestError),
    #[error(
        "this server only reads its database and stores nothing; send elsewhere, or start it without --read-only"
    )]
    ReadOnly,
    #[error("the export could not be read")]
    Internal,
}

impl Refusal {
    pub(super) fn http_status(&self) -> StatusCode {
        match self {
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Compression(_) | Self::Malformed(_) | Self::Frame(_) | Self::CutOff => {
                StatusCode::BAD_REQUEST
            }
            // 408 would fit better, and would lose the spans: exporters do not repeat it.
            Self::TooSlow | Self::Busy | Self::Stopping | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the number of gRPC's status code.
    pub(super) fn grpc_code(&self) -> i32 {
        match self {
            Self::ContentType(_)
            | Self::Compression(_)
            | Self::Malformed(_)
            | Self::Frame(_)
            | Self::CutOff => 3,
            // PERMISSION_DENIED: not to be repeated.
            Self::ReadOnly => 7,
            // RESOURCE_EXHAUSTED without RetryInfo: not to be repeated.
            Self::TooLarge { .. } => 8,
            Self::ContentEncoding(_) => 12,
            Self::Internal => 13,
            Self::TooSlow | Self::Busy | Self::Stopping | Self::Store(_) => 14,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::TooSlow | Self::Busy | Self::Stopping | Self::Store(_)).then_some(RETRY_AFTER)
    }

    /// Returns a short name for metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::ContentType(_) => "content_type",
            Self::ContentEncoding(_) => "content_encoding",
            Self::TooLarge { .. } => "too_large",
            Self::Compression(_) | Self::Malformed(_) | Self::Frame(_) => "malformed",
            Self::CutOff | Self::TooSlow => "incomplete",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
            Self::Store(_) => "database",
            Self::ReadOnly => "read_only",
            Self::Internal => "internal",
        }
    }
}
