//! OTLP over HTTP.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracestead_otlp::{Compression, Encoding, export_logs_response, export_response, status_body};

use super::refusal::Refusal;
use super::{Export, Signal, Taken, body};
use crate::{App, self_metrics};

/// `POST /v1/traces`.
pub(super) async fn traces(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    export(&app, Signal::Traces, &headers, body).await
}

/// `POST /v1/logs`: what belongs to a span is kept with it, other logs are taken and dropped.
pub(super) async fn logs(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    export(&app, Signal::Logs, &headers, body).await
}

async fn export(app: &App, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let encoding = encoding(headers);
    match take(app, signal, encoding, headers, body).await {
        Ok(taken) => {
            let encoding = encoding.unwrap_or(Encoding::Protobuf);
            let answer = match signal {
                Signal::Traces => export_response(encoding, taken.rejected, &taken.message),
                Signal::Logs => export_logs_response(encoding, taken.rejected, &taken.message),
            };
            ([(header::CONTENT_TYPE, encoding.content_type())], answer).into_response()
        }
        Err(refusal) => refuse(encoding.unwrap_or(Encoding::Json), &refusal),
    }
}

/// `/v1/metrics`: not kept here, and said so in a way that exporters understand and do not repeat.
pub(super) async fn metrics(headers: HeaderMap) -> Response {
    let text = "tracestead keeps traces, and logs that belong to them, but no metrics; \
        set OTEL_METRICS_EXPORTER=none, or send metrics elsewhere";
    status(encoding(&headers).unwrap_or(Encoding::Json), StatusCode::NOT_FOUND, 12, text)
}

async fn take(
    app: &App,
    signal: Signal,
    encoding: Option<Encoding>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Taken, Refusal> {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let shown = |name| text(name).chars().take(64).collect();
    let encoding = encoding.ok_or_else(|| Refusal::ContentType(shown(header::CONTENT_TYPE)))?;
    let compression = match headers.get(header::CONTENT_ENCODING) {
        None => Compression::Identity,
        Some(_) => Compression::from_content_encoding(text(header::CONTENT_ENCODING))
            .ok_or_else(|| Refusal::ContentEncoding(shown(header::CONTENT_ENCODING)))?,
    };
    let limit_bytes = app.ingest.max_body_bytes;
    // A sender that says how much it will send need not send it in vain.
    let declared: Option<usize> = text(header::CONTENT_LENGTH).parse().ok();
    if declared.is_some_and(|declared| declared > limit_bytes) {
        return Err(Refusal::TooLarge { limit_bytes });
    }
    let mut reservation = app.ingest.admit()?;
    let body = body::read(body, limit_bytes, &mut reservation).await?;
    app.ingest.take(Export { signal, encoding, compression, body, reservation }).await
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    Encoding::from_content_type(headers.get(header::CONTENT_TYPE)?.to_str().ok()?)
}

fn refuse(encoding: Encoding, refusal: &Refusal) -> Response {
    self_metrics::refused(refusal.reason());
    tracing::debug!(%refusal, "export refused");
    let mut response = status(encoding, refusal.http_status(), refusal.grpc_code(), &refusal.to_string());
    if let Some(delay) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        let body = status_body(encoding, refusal.grpc_code(), &refusal.to_string(), Some(delay));
        *response.body_mut() = Body::from(body);
    }
    response
}

fn status(encoding: Encoding, status: StatusCode, code: i32, text: &str) -> Response {
    let body = status_body(encoding, code, text, None);
    (status, [(header::CONTENT_TYPE, encoding.content_type())], body).into_response()
}
