//! Rows for programs: the fields of `docs/rest.md`.

use serde_json::{Value, json};
use tracestead_model::query::{SpanRecord, TraceRecord};

/// Returns a row of `GET /api/v1/traces`.
pub(crate) fn trace_row(trace: &TraceRecord) -> Value {
    json!({
        "trace_id": trace.trace_id,
        "name": trace.name,
        "status": trace.status,
        "start_time_ns": trace.start_time_ns.to_string(),
        "end_time_ns": trace.end_time_ns.to_string(),
        "duration_ns": trace.end_time_ns.saturating_sub(trace.start_time_ns),
        "span_count": trace.span_count,
        "error_span_count": trace.error_span_count,
        "root_span_id": trace.root_span_id,
        "root_type": trace.root_type,
        "input_preview": trace.input_preview,
        "output_preview": trace.output_preview,
        "input_tokens": trace.input_tokens,
        "output_tokens": trace.output_tokens,
        "total_tokens": trace.total_tokens,
        "cost_nano_usd": trace.cost_nano_usd,
        "unpriced_call_count": trace.unpriced_call_count,
        "models": trace.models,
        "service_name": trace.service_name,
        "environment": trace.environment,
        "release": trace.release,
        "tags": trace.tags,
        "has_agent_spans": trace.has_agent_spans,
        "run_id": trace.run_id,
        "session_id": trace.session_id,
        "user_id": trace.user_id,
        "agent_id": trace.agent_id,
        "agent_name": trace.agent_name,
        "team_id": trace.team_id,
        "team_name": trace.team_name,
        "workflow_id": trace.workflow_id,
        "workflow_name": trace.workflow_name,
    })
}

/// Returns a span as `GET /api/v1/traces/{trace_id}` has it, with its trace and context, without its place in a tree.
pub(crate) fn span_row(span: &SpanRecord) -> Value {
    let duration_ns =
        span.end_time_ns.map(|end| end.saturating_sub(span.start_time_ns)).filter(|length| *length >= 0);
    json!({
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "name": span.name,
        "span_kind": span.span_kind,
        "span_type": span.span_type,
        "span_type_source": span.span_type_source,
        "status_code": span.status_code,
        "status_message": span.status_message,
        "start_time_ns": span.start_time_ns.to_string(),
        "end_time_ns": span.end_time_ns.map(|end| end.to_string()),
        "duration_ns": duration_ns,
        "error_type": span.error_type,
        "run_id": span.run_id,
        "session_id": span.session_id,
        "user_id": span.user_id,
        "agent_id": span.agent_id,
        "agent_name": span.agent_name,
        "team_id": span.team_id,
        "team_name": span.team_name,
        "workflow_id": span.workflow_id,
        "workflow_name": span.workflow_name,
        "model": span.model,
        "response_model": span.response_model,
        "response_id": span.response_id,
        "provider": span.provider,
        "tool_name": span.tool_name,
        "finish_reason": span.finish_reason,
        "ttft_ns": span.ttft_ns,
        "input_tokens": span.input_tokens,
        "output_tokens": span.output_tokens,
        "cache_read_tokens": span.cache_read_tokens,
        "cache_write_tokens": span.cache_write_tokens,
        "reasoning_tokens": span.reasoning_tokens,
        "total_tokens": span.total_tokens,
        "cost_nano_usd": span.cost_nano_usd,
        "cost_source": span.cost_source,
        "cost_missing": span.cost_missing,
        "agg_input_tokens": span.agg_input_tokens,
        "agg_output_tokens": span.agg_output_tokens,
    })
}
