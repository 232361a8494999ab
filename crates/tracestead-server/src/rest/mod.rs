//! Questions over HTTP: Agno's routes as AgentOS has them, and ours under `/api/v1`.

mod agno;
mod params;
mod v1;

use tracestead_model::SpanId;
use tracestead_model::query::SpanRecord;
use tracestead_model::tree::Node;
use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every route for questions.
pub(crate) fn routes() -> OpenApiRouter<App> {
    agno::routes().merge(v1::routes())
}

/// Returns what the place of a span depends on. An id that is none (someone wrote the row by hand) still gets a place.
fn node(at: usize, span: &SpanRecord) -> Node {
    let span_id = span.span_id.parse().unwrap_or_else(|_| own_id(at));
    let parent_span_id = span.parent_span_id.as_deref().filter(|id| !id.is_empty());
    let parent_span_id = parent_span_id.map(|id| id.parse().unwrap_or(span_id));
    Node { span_id, parent_span_id, start_time_ns: span.start_time_ns }
}

fn own_id(at: usize) -> SpanId {
    let bytes = (u64::MAX - at as u64).to_be_bytes();
    SpanId::from_bytes(&bytes).unwrap_or_else(|_| own_id(0))
}
