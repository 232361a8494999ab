//! `GET /api/v1/traces/{trace_id}/spans/{span_id}`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use serde_json::{Value, json};
use tracestead_model::content::{Message, Payload};
use tracestead_model::json::attributes_to_json;
use tracestead_model::query::SpanRecord;
use tracestead_model::{Event, Link, SpanContent};
use utoipa::ToSchema;

use super::trace::SpanRow;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// A span with everything that came with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanDetail {
    #[serde(flatten)]
    span: SpanRow,
    trace_id: String,
    run_id: Option<String>,
    session_id: Option<String>,
    user_id: Option<String>,
    attributes: Value,
    events: Vec<Value>,
    links: Vec<Value>,
    resource: Value,
    scope: Value,
    trace_state: String,
    flags: u32,
    dropped_attributes_count: u32,
    dropped_events_count: u32,
    dropped_links_count: u32,
    /// What the attributes mean: messages, tools, documents, an exception.
    facts: Value,
}

/// A span with everything that came with it.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}/spans/{span_id}",
    operation_id = "span_detail",
    tag = "Page",
    params(
        ("trace_id" = String, Path),
        ("span_id" = String, Path),
        ("db_id" = Option<String>, Query, description = "The database that is asked; the main one if absent"),
    ),
    responses((status = 200, body = SpanDetail), (status = 404, description = "There is no such span"))
)]
pub(super) async fn span(
    State(app): State<App>,
    Path((trace_id, span_id)): Path<(String, String)>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<SpanDetail>, ApiError> {
    let span = Params::new(params).database(&app)?.span(&trace_id, &span_id).await?;
    let no_span = || ApiError::not_found(format!("No span with id '{span_id}' in trace '{trace_id}'"));
    Ok(Json(detail(span.ok_or_else(no_span)?)))
}

fn detail(span: SpanRecord) -> SpanDetail {
    let content = SpanContent::of(&span.source());
    SpanDetail {
        trace_id: span.trace_id.clone(),
        run_id: span.run_id.clone(),
        session_id: span.session_id.clone(),
        user_id: span.user_id.clone(),
        attributes: attributes_to_json(&span.attributes),
        events: span.events.iter().map(event).collect(),
        links: span.links.iter().map(link).collect(),
        resource: json!({
            "attributes": attributes_to_json(&span.resource.attributes),
            "dropped_attributes_count": span.resource.dropped_attributes_count,
            "schema_url": span.resource.schema_url,
        }),
        scope: json!({
            "name": span.scope.name,
            "version": span.scope.version,
            "attributes": attributes_to_json(&span.scope.attributes),
            "dropped_attributes_count": span.scope.dropped_attributes_count,
            "schema_url": span.scope.schema_url,
        }),
        trace_state: span.trace_state.clone(),
        flags: span.flags,
        dropped_attributes_count: span.dropped_attributes_count,
        dropped_events_count: span.dropped_events_count,
        dropped_links_count: span.dropped_links_count,
        facts: facts(&content),
        span: span.into(),
    }
}

fn event(event: &Event) -> Value {
    json!({
        "name": event.name,
        "time_ns": event.time.as_i64().to_string(),
        "attributes": attributes_to_json(&event.attributes),
        "dropped_attributes_count": event.dropped_attributes_count,
    })
}

fn link(link: &Link) -> Value {
    json!({
        "trace_id": link.trace_id.to_hex(),
        "span_id": link.span_id.to_hex(),
        "trace_state": link.trace_state,
        "flags": link.flags,
        "attributes": attributes_to_json(&link.attributes),
        "dropped_attributes_count": link.dropped_attributes_count,
    })
}

fn facts(content: &SpanContent) -> Value {
    let payload = |payload: &Payload| json!({"value": payload.value, "mime_type": payload.mime_type});
    let message = |message: &Message| json!({"role": message.role, "name": message.name, "parts": message.parts, "finish_reason": message.finish_reason});
    let tools = content.tools.iter().map(
        |tool| json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters}),
    );
    json!({
        "input": content.input.as_ref().map(payload),
        "output": content.output.as_ref().map(payload),
        "system_prompt": content.system_prompt,
        "input_messages": content.input_messages.iter().map(message).collect::<Vec<_>>(),
        "output_messages": content.output_messages.iter().map(message).collect::<Vec<_>>(),
        "tools": tools.collect::<Vec<_>>(),
        "parameters": content.parameters,
        "invocation_parameters": content.invocation_parameters,
        "tool": content.tool.as_ref().map(|tool| json!({
            "name": tool.name,
            "description": tool.description,
            "type": tool.tool_type,
            "call_id": tool.call_id,
            "parameters": tool.parameters,
            "arguments": tool.arguments,
            "result": tool.result,
        })),
        "retrieval": content.retrieval.as_ref().map(|retrieval| json!({
            "query": retrieval.query,
            "k": retrieval.k,
            "store": retrieval.store,
            "documents": retrieval.documents.iter().map(|document| json!({
                "id": document.id,
                "content": document.content,
                "score": document.score,
                "metadata": document.metadata,
            })).collect::<Vec<_>>(),
        })),
        "embedding": content.embedding.as_ref().map(|embedding| json!({
            "texts": embedding.texts,
            "count": embedding.count,
            "dimensions": embedding.dimensions,
        })),
        "guardrail": content.guardrail.map(|guardrail| json!({"triggered": guardrail.triggered})),
        "scores": content.scores.iter().map(|score| json!({
            "scope": score.scope,
            "name": score.name,
            "value": score.value,
            "label": score.label,
            "explanation": score.explanation,
            "source": score.source,
            "identifier": score.identifier,
        })).collect::<Vec<_>>(),
        "metadata": content.metadata,
        "exception": content.exception.as_ref().map(|exception| json!({
            "type": exception.exception_type,
            "message": exception.message,
            "stacktrace": exception.stacktrace,
        })),
    })
}
