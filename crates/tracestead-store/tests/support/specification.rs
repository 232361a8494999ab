//! What the rows have to say, from spans and log records alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracestead_model::content::Previews;
use tracestead_model::json::to_agno_json;
use tracestead_model::query::{SpanRecord, TraceRecord, duration_ms};
use tracestead_model::{
    CostMissing, CostSource, Event, LogRecord, PriceBook, RunContext, Span, SpanFacts, SpanId, SpanShape,
    SpanSource, TraceShape, UnixNanos,
};

use crate::place::canonical;
use crate::support::NOW;

/// Trace and span, and what tells two events of it apart.
type Said = (String, String, (i64, String, String));

fn said(event: &Event) -> (i64, String, String) {
    (event.time.as_i64(), event.name.clone(), canonical(&to_agno_json(&event.attributes)))
}

/// Returns what `logs` say of spans, what was said twice once.
pub(crate) fn said_of_spans(logs: &[LogRecord]) -> BTreeSet<Said> {
    let events = logs.iter().cloned().filter_map(LogRecord::into_span_event);
    events.map(|(trace_id, span_id, event)| (trace_id.to_hex(), span_id.to_hex(), said(&event))).collect()
}

/// Checks that a stored span has its own events and those that `logs` say of it, in the order of time, and returns the
/// span with them. Which of two with one time comes first is for the store to say, so long as it always says the same.
pub(crate) fn joined(span: &Span, logs: &BTreeSet<Said>, stored: &SpanRecord) -> Span {
    let mut expected: Vec<_> = span.events.iter().map(said).collect();
    let of_span = logs
        .iter()
        .filter(|(trace_id, span_id, _)| *trace_id == stored.trace_id && *span_id == stored.span_id);
    let more: Vec<_> = of_span.map(|(_, _, said)| said.clone()).collect();
    let has_more = !more.is_empty();
    expected.extend(more);
    let mut actual: Vec<_> = stored.events.iter().map(said).collect();
    if has_more {
        assert!(stored.events.is_sorted_by_key(|event| event.time), "{:?}", stored.events);
    } else {
        assert_eq!(actual, expected, "without log records the sender's order stays");
    }
    expected.sort();
    actual.sort();
    assert_eq!(actual, expected, "{}", stored.span_id);
    Span { events: stored.events.clone(), ..span.clone() }
}

/// Returns the row of a span as it has to be; what has nothing to do with facts is that of `stored`.
pub(crate) fn specify_span(span: &Span, stored: &SpanRecord) -> SpanRecord {
    let facts = SpanFacts::of(&SpanSource::from(span));
    let cost = PriceBook::default().cost(&facts, span.start_time);
    SpanRecord {
        span_type: facts.span_type.as_str().to_owned(),
        span_type_source: facts.span_type_source,
        run_id: facts.run_id,
        session_id: facts.session_id,
        user_id: facts.user_id,
        agent_id: facts.agent_id,
        agent_name: facts.agent_name,
        team_id: facts.team_id,
        team_name: facts.team_name,
        workflow_id: facts.workflow_id,
        workflow_name: facts.workflow_name,
        model: facts.model,
        response_model: facts.response_model,
        response_id: facts.response_id,
        provider: facts.provider,
        tool_name: facts.tool_name,
        finish_reason: facts.finish_reason,
        ttft_ns: facts.ttft_ns,
        input_tokens: facts.usage.input_tokens,
        output_tokens: facts.usage.output_tokens,
        cache_read_tokens: facts.usage.cache_read_tokens,
        cache_write_tokens: facts.usage.cache_write_tokens,
        reasoning_tokens: facts.usage.reasoning_tokens,
        total_tokens: facts.usage.total_tokens,
        cost_nano_usd: cost.nano_usd,
        cost_source: cost.source.map(CostSource::as_str).map(str::to_owned),
        cost_missing: cost.missing.map(CostMissing::as_str).map(str::to_owned),
        error_type: facts.error_type,
        agg_input_tokens: facts.aggregate.input_tokens,
        agg_output_tokens: facts.aggregate.output_tokens,
        ..stored.clone()
    }
}

/// Returns the rows of the traces as they have to be.
pub(crate) fn specify(spans: &[Span]) -> HashMap<String, TraceRecord> {
    let mut traces: BTreeMap<String, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id.to_hex()).or_default().push(span);
    }
    traces.into_iter().map(|(trace_id, spans)| (trace_id.clone(), specify_one(trace_id, &spans))).collect()
}

fn specify_one(trace_id: String, spans: &[&Span]) -> TraceRecord {
    let shapes: Vec<SpanShape> = spans.iter().map(|span| shape(span)).collect();
    let shape = TraceShape::fold(&shapes);
    let find = |id| spans.iter().find(|span| Some(span.span_id) == id).copied();
    let (root, entry) = (find(shape.root), find(shape.entry));
    let facts = |span: &Span| SpanFacts::of(&SpanSource::from(span));
    // The root says what went in and came out, the entry run who ran.
    let root_first = || root.iter().chain(&entry).copied();
    let previews = |span| Previews::of(&SpanSource::from(span), facts(span).span_type);
    let source = [entry, root, find(shape.first).filter(|_| entry.is_none() && root.is_none())];
    let who = |read: fn(&Span, SpanFacts) -> Option<String>| {
        source.iter().flatten().find_map(|span| read(span, facts(span)))
    };
    let mut tags: Vec<String> = root_first().flat_map(|span| facts(span).tags).collect();
    tags.sort();
    tags.dedup();
    let RunContext {
        run_id,
        session_id,
        user_id,
        agent_id,
        agent_name,
        team_id,
        team_name,
        workflow_id,
        workflow_name,
    } = shape.context;
    TraceRecord {
        trace_id,
        // What the user calls the trace comes before what the run is called.
        name: who(|_, facts| facts.trace_name).unwrap_or(shape.name),
        status: if shape.error_span_count > 0 { "ERROR" } else { "OK" }.to_owned(),
        start_time_ns: shape.start_time_ns,
        end_time_ns: shape.end_time_ns,
        duration_ms: duration_ms(shape.start_time_ns, Some(shape.end_time_ns)),
        run_id,
        session_id,
        user_id,
        agent_id,
        team_id,
        workflow_id,
        agent_name,
        team_name,
        workflow_name,
        created_at: UnixNanos::from_i64(NOW).to_agno(),
        span_count: shape.span_count,
        error_span_count: shape.error_span_count,
        root_span_id: shape.root.map(SpanId::to_hex),
        root_type: entry.or(root).map(|span| facts(span).span_type.as_str().to_owned()),
        // Where neither says it, the first call tells what went in and the last what came out.
        input_preview: root_first().chain(find(shape.first_call)).find_map(|span| previews(span).input),
        output_preview: root_first().chain(find(shape.last_call)).find_map(|span| previews(span).output),
        input_tokens: shape.input_tokens,
        output_tokens: shape.output_tokens,
        total_tokens: shape.total_tokens,
        cost_nano_usd: shape.cost_nano_usd,
        unpriced_call_count: shape.unpriced_call_count,
        models: shape.models.into_iter().collect(),
        service_name: who(|span, _| span.resource.service_name().map(str::to_owned)),
        // What the span says of itself is closer than what its process does.
        environment: who(|span, facts| {
            facts.environment.or_else(|| span.resource.environment().map(str::to_owned))
        }),
        release: who(|span, facts| facts.release.or_else(|| span.resource.release().map(str::to_owned))),
        tags,
        has_agent_spans: shape.has_agent_spans,
    }
}

pub(crate) fn shape(span: &Span) -> SpanShape {
    let facts = SpanFacts::of(&SpanSource::from(span));
    SpanShape::new(span, &facts, PriceBook::default().cost(&facts, span.start_time))
}
