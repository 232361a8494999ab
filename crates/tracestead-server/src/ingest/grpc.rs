//! OTLP over gRPC.
//!
//! One unary call, taken by hand: a flag, a length and a message in, the same and trailers out. A gRPC library would decode
//! the whole request before we see it, so that one bad span loses all, and would answer a too large one with a code that
//! exporters repeat for ever. Here HTTP and gRPC share the budget, the limits and the salvage of single spans.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, Full};
use tracestead_otlp::{Compression, Encoding, export_response, status_body};

use super::refusal::Refusal;
use super::{Export, Signal, Taken, body};
use crate::{App, self_metrics};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// The flag and the length before a message.
const PREFIX_BYTES: usize = 5;

/// `TraceService/Export`.
pub(super) async fn traces(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    export(&app, Signal::Traces, &headers, body).await
}

/// `LogsService/Export`.
pub(super) async fn logs(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    export(&app, Signal::Logs, &headers, body).await
}

async fn export(app: &App, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let is_grpc = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value == "application/grpc" || value.starts_with("application/grpc+proto"));
    let taken = if is_grpc { take(app, signal, headers, body).await } else { Err(not_grpc(headers)) };
    match taken {
        // Of both signals the answers have the same bytes.
        Ok(taken) => accept(&export_response(Encoding::Protobuf, taken.rejected, &taken.message)),
        Err(refusal) => {
            self_metrics::refused(refusal.reason());
            tracing::debug!(%refusal, "export refused");
            let details = refusal.retry_after().map(|delay| {
                status_body(Encoding::Protobuf, refusal.grpc_code(), &refusal.to_string(), Some(delay))
            });
            refuse(refusal.grpc_code(), &refusal.to_string(), details.as_deref())
        }
    }
}

/// Metrics are not kept here; exporters give up on `UNIMPLEMENTED`.
pub(super) async fn unimplemented() -> Response {
    refuse(12, "tracestead takes traces and logs only: TraceService/Export, LogsService/Export", None)
}

fn not_grpc(headers: &HeaderMap) -> Refusal {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Refusal::ContentType(given.chars().take(64).collect())
}

async fn take(app: &App, signal: Signal, headers: &HeaderMap, body: Body) -> Result<Taken, Refusal> {
    let mut reservation = app.ingest.admit()?;
    let limit_bytes = app.ingest.max_body_bytes;
    let frame = body::read(body, limit_bytes.saturating_add(PREFIX_BYTES), &mut reservation).await;
    let mut frame = frame.map_err(|refusal| match refusal {
        Refusal::TooLarge { .. } => Refusal::TooLarge { limit_bytes },
        refusal => refusal,
    })?;
    if frame.len() < PREFIX_BYTES {
        return Err(Refusal::Frame("no message"));
    }
    let is_compressed = frame.get_u8();
    let length = usize::try_from(frame.get_u32()).unwrap_or(usize::MAX);
    if length > limit_bytes {
        return Err(Refusal::TooLarge { limit_bytes });
    }
    if frame.len() != length {
        return Err(Refusal::Frame("its length is not the one it says"));
    }
    let compression = match is_compressed {
        0 => Compression::Identity,
        1 => compression(headers)?,
        _ => return Err(Refusal::Frame("unknown compression flag")),
    };
    let encoding = Encoding::Protobuf;
    app.ingest.take(Export { signal, encoding, compression, body: frame, reservation }).await
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let name = headers.get("grpc-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Compression::from_content_encoding(name)
        .ok_or_else(|| Refusal::ContentEncoding(name.chars().take(64).collect()))
}

fn accept(message: &[u8]) -> Response {
    let mut framed = Vec::with_capacity(PREFIX_BYTES + message.len());
    framed.push(0);
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(framed)).with_trailers(std::future::ready(Some(Ok(trailers))));
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], Body::new(body)).into_response()
}

/// An answer without a message: its trailers are its headers.
fn refuse(code: i32, text: &str, details: Option<&[u8]>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, CONTENT_TYPE)], Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(code));
    if let Ok(message) = HeaderValue::from_str(&percent_encode(text)) {
        headers.insert("grpc-message", message);
    }
    if let Some(Ok(details)) = details.map(|details| HeaderValue::from_str(&STANDARD_NO_PAD.encode(details)))
    {
        headers.insert("grpc-status-details-bin", details);
    }
    response
}

/// gRPC's own percent encoding: printable ASCII stays, but for the percent sign.
fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
