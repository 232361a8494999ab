//! `GET /traces/{trace_id}`.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracestead_model::query::{SpanRecord, TraceRecord};
use tracestead_store::SpanStore;
use utoipa::ToSchema;

use super::node::{self, Tree};
use super::summary::TraceSummary;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// A trace with its tree.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceDetail {
    #[serde(flatten)]
    summary: TraceSummary,
    /// Its roots; spans without a stored parent among them.
    #[serde(skip)]
    #[schema(value_type = Vec<super::node::TraceNode>)]
    #[expect(dead_code, reason = "written by `write_detail`; here for the document")]
    tree: (),
}

/// A trace with its tree, or one span of it.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}",
    operation_id = "get_trace",
    tag = "Traces",
    params(
        ("trace_id" = String, Path),
        ("span_id" = Option<String>, Query, description = "Answer this span alone"),
        ("run_id" = Option<String>, Query, description = "Taken for compatibility; the path decides"),
        ("db_id" = Option<String>, Query),
    ),
    responses(
        (status = 200, body = TraceDetail),
        (status = 404, description = "There is no such trace or span"),
    )
)]
pub(super) async fn trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let params = Params::new(params);
    let store = params.database(&app)?;
    if let Some(span_id) = params.text("span_id") {
        return span(store, &trace_id, span_id).await;
    }
    let trace = store.trace(&trace_id).await?.ok_or_else(|| ApiError::not_found("Trace not found"))?;
    let spans = store.whole_spans(&trace_id).await?;
    let mut json = String::new();
    write_detail(&mut json, &trace, &spans);
    Ok(json_response(json))
}

async fn span(store: &SpanStore, trace_id: &str, span_id: &str) -> Result<Response, ApiError> {
    match store.span(trace_id, span_id).await? {
        Some(span) => Ok(json_response(serde_json::to_string(&node::single(&span)).unwrap_or_default())),
        None if store.span_exists(span_id).await? => {
            Err(ApiError::not_found(format!("Span {span_id} does not belong to trace {trace_id}")))
        }
        None => Err(ApiError::not_found("Span not found")),
    }
}

pub(super) fn json_response(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Appends a trace with its tree.
pub(super) fn write_detail(json: &mut String, trace: &TraceRecord, spans: &[SpanRecord]) {
    let tree = Tree::of(trace, spans);
    let mut summary = TraceSummary::from(trace.clone());
    if let Some(root) = tree.root() {
        describe(&mut summary, trace, root, spans);
    }
    // Text, numbers and lists of them cannot fail to be written.
    let head = serde_json::to_string(&summary).unwrap_or_default();
    json.push_str(head.strip_suffix('}').unwrap_or_default());
    json.push_str(",\"tree\":");
    if tree.write(json).is_err() {
        json.push_str("[]");
    }
    json.push('}');
}

/// What went in and came out is what the root says; an application's root says nothing, and then the entry run's counts.
fn describe(summary: &mut TraceSummary, trace: &TraceRecord, root: &SpanRecord, spans: &[SpanRecord]) {
    if let Some(input) = node::text(root, "input.value") {
        summary.input = Some(input);
    }
    if root.status_code == "ERROR" {
        summary.error = node::error(root);
        return;
    }
    let says_something = |output: &String| !output.is_empty() && output.trim() != "None";
    let output = node::text(root, "output.value");
    summary.output = match output.filter(says_something) {
        Some(output) => Some(output),
        None if node::kind(root) == Some("CHAIN") => last_child_output(root, spans),
        None => node::text(root, "output.value").or_else(|| trace.output_preview.clone()),
    };
}

/// A workflow that says nothing itself ends with what its last step said.
fn last_child_output(root: &SpanRecord, spans: &[SpanRecord]) -> Option<String> {
    let children = spans.iter().filter(|span| span.parent_span_id.as_ref() == Some(&root.span_id));
    let last = children.max_by_key(|span| (span.end_time_ns, &span.span_id))?;
    node::text(last, "output.value")
}
