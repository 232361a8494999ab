//! `GET /api/v1/traces/{trace_id}`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use tracestead_model::query::SpanRecord;
use tracestead_model::tree::{Node, assemble};
use utoipa::ToSchema;

use super::traces::TraceRow;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// A trace and its spans in reading order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceTree {
    trace: TraceRow,
    spans: Vec<PlacedSpan>,
}

/// A span with its place in the tree.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlacedSpan {
    #[serde(flatten)]
    span: SpanRow,
    /// How many spans are above it.
    depth: usize,
    /// Its parent is not stored.
    orphan: bool,
}

/// A span. Times are decimal strings of nanoseconds since 1970, durations are nanoseconds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanRow {
    span_id: String,
    parent_span_id: Option<String>,
    name: String,
    span_kind: String,
    span_type: String,
    /// What told the type, such as `openinference.span.kind=AGENT`.
    span_type_source: Option<String>,
    status_code: String,
    status_message: Option<String>,
    start_time_ns: String,
    end_time_ns: Option<String>,
    duration_ns: Option<i64>,
    /// The type of the error, if the span failed.
    error_type: Option<String>,
    agent_id: Option<String>,
    agent_name: Option<String>,
    team_id: Option<String>,
    team_name: Option<String>,
    workflow_id: Option<String>,
    workflow_name: Option<String>,
    model: Option<String>,
    response_model: Option<String>,
    response_id: Option<String>,
    provider: Option<String>,
    tool_name: Option<String>,
    finish_reason: Option<String>,
    ttft_ns: Option<i64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_write_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    total_tokens: Option<i64>,
    cost_nano_usd: Option<i64>,
    /// Who says what the call cost: `reported`, `config` or `genai-prices`.
    cost_source: Option<String>,
    /// Why the cost of a model call is not known.
    cost_missing: Option<String>,
    agg_input_tokens: Option<i64>,
    agg_output_tokens: Option<i64>,
}

impl From<SpanRecord> for SpanRow {
    fn from(span: SpanRecord) -> Self {
        Self {
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            name: span.name,
            span_kind: span.span_kind,
            span_type: span.span_type,
            span_type_source: span.span_type_source,
            status_code: span.status_code,
            status_message: span.status_message,
            start_time_ns: span.start_time_ns.to_string(),
            end_time_ns: span.end_time_ns.map(|end| end.to_string()),
            duration_ns: span
                .end_time_ns
                .map(|end| end.saturating_sub(span.start_time_ns))
                .filter(|length| *length >= 0),
            error_type: span.error_type,
            agent_id: span.agent_id,
            agent_name: span.agent_name,
            team_id: span.team_id,
            team_name: span.team_name,
            workflow_id: span.workflow_id,
            workflow_name: span.workflow_name,
            model: span.model,
            response_model: span.response_model,
            response_id: span.response_id,
            provider: span.provider,
            tool_name: span.tool_name,
            finish_reason: span.finish_reason,
            ttft_ns: span.ttft_ns,
            input_tokens: span.input_tokens,
            output_tokens: span.output_tokens,
            cache_read_tokens: span.cache_read_tokens,
            cache_write_tokens: span.cache_write_tokens,
            reasoning_tokens: span.reasoning_tokens,
            total_tokens: span.total_tokens,
            cost_nano_usd: span.cost_nano_usd,
            cost_source: span.cost_source,
            cost_missing: span.cost_missing,
            agg_input_tokens: span.agg_input_tokens,
            agg_output_tokens: span.agg_output_tokens,
        }
    }
}

/// A trace and its spans in reading order, without what is heavy.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}",
    operation_id = "trace_tree",
    tag = "Page",
    params(
        ("trace_id" = String, Path),
        ("db_id" = Option<String>, Query, description = "The database that is asked; the main one if absent"),
    ),
    responses((status = 200, body = TraceTree), (status = 404, description = "There is no such trace"))
)]
pub(super) async fn trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<TraceTree>, ApiError> {
    let no_trace =
        || ApiError::not_found(format!("No trace with id '{trace_id}'; it may not have arrived yet"));
    let store = Params::new(params).database(&app)?;
    let trace = store.trace(&trace_id).await?.ok_or_else(no_trace)?;
    let spans = store.light_spans(&trace_id).await?;
    Ok(Json(TraceTree { trace: trace.into(), spans: place(spans) }))
}

fn place(spans: Vec<SpanRecord>) -> Vec<PlacedSpan> {
    let nodes: Vec<Node> = spans.iter().enumerate().map(|(at, span)| span.node(at)).collect();
    let mut spans: Vec<Option<SpanRecord>> = spans.into_iter().map(Some).collect();
    let mut placed = Vec::with_capacity(spans.len());
    for at in assemble(&nodes) {
        if let Some(span) = spans[at.index].take() {
            placed.push(PlacedSpan { span: span.into(), depth: at.depth, orphan: at.orphan });
        }
    }
    placed
}
