//! The OpenAPI document, made from the routes themselves.

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{App, health, rest};

#[derive(OpenApi)]
#[openapi(info(
    title = "tracestead",
    description = "Agent traces in your own database. `/traces*` and `/trace_session_stats` have AgentOS's shapes; `/api/v1` is ours. Spans are sent to `POST /v1/traces` in OTLP."
))]
struct Head;

/// Returns the documented routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(health::health))
        .routes(routes!(health::info))
        .merge(rest::routes())
}

/// Returns the OpenAPI document as JSON text.
#[must_use]
pub fn document() -> String {
    let (_, document) = routes().split_for_parts();
    document.to_pretty_json().unwrap_or_default()
}
