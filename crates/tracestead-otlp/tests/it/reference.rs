//! The second opinion: the same bytes through the structs generated from opentelemetry-proto.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1 as proto_logs;
use opentelemetry_proto::tonic::resource::v1 as proto_resource;
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message as _;
use tracestead_model::{
    Attributes, Event, Link, LogRecord, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};

/// Decodes `body`; `None` if the generated code refuses it. Spans that are none by our rules are left out.
pub(crate) fn decode(body: &[u8]) -> Option<Vec<Span>> {
    let request = ExportTraceServiceRequest::decode(body).ok()?;
    let mut spans = Vec::new();
    for resource_spans in request.resource_spans {
        let resource = Arc::new(resource(resource_spans.resource, resource_spans.schema_url));
        for scope_spans in resource_spans.scope_spans {
            let scope = Arc::new(scope(scope_spans.scope, scope_spans.schema_url));
            spans.extend(scope_spans.spans.into_iter().filter_map(|one| span(one, &resource, &scope)));
        }
    }
    Some(spans)
}

/// Decodes `body` as log records, in the manner of [`decode`].
pub(crate) fn decode_logs(body: &[u8]) -> Option<Vec<LogRecord>> {
    let request = ExportLogsServiceRequest::decode(body).ok()?;
    let mut records = Vec::new();
    for resource_logs in request.resource_logs {
        let resource = Arc::new(resource(resource_logs.resource, resource_logs.schema_url));
        for scope_logs in resource_logs.scope_logs {
            let scope = Arc::new(scope(scope_logs.scope, scope_logs.schema_url));
            let of_scope = scope_logs.log_records.into_iter();
            records.extend(of_scope.filter_map(|one| log_record(one, &resource, &scope)));
        }
    }
    Some(records)
}

fn resource(resource: Option<proto_resource::Resource>, schema_url: String) -> Resource {
    let resource = resource.unwrap_or_default();
    Resource {
        attributes: attributes(resource.attributes),
        dropped_attributes_count: resource.dropped_attributes_count,
        schema_url,
    }
}

fn scope(scope: Option<InstrumentationScope>, schema_url: String) -> Scope {
    let scope = scope.unwrap_or_default();
    Scope {
        name: scope.name,
        version: scope.version,
        attributes: attributes(scope.attributes),
        dropped_attributes_count: scope.dropped_attributes_count,
        schema_url,
    }
}

fn log_record(
    record: proto_logs::LogRecord,
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
) -> Option<LogRecord> {
    let time = |nanos| if nanos == 0 { Some(None) } else { UnixNanos::new(nanos).ok().map(Some) };
    let no_trace = is_no_id(&record.trace_id, 16);
    let no_span = is_no_id(&record.span_id, 8);
    Some(LogRecord {
        trace_id: if no_trace { None } else { Some(TraceId::from_bytes(&record.trace_id).ok()?) },
        span_id: if no_span { None } else { Some(SpanId::from_bytes(&record.span_id).ok()?) },
        flags: record.flags,
        time: time(record.time_unix_nano)?,
        observed_time: time(record.observed_time_unix_nano)?,
        severity_number: match record.severity_number {
            known @ 1..=24 => known.unsigned_abs(),
            _ => 0,
        },
        severity_text: record.severity_text,
        event_name: record.event_name,
        body: record.body.map_or(Value::Empty, value),
        attributes: attributes(record.attributes),
        dropped_attributes_count: record.dropped_attributes_count,
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
    })
}

/// Says whether `bytes` stand for no id: none at all, or all zeros in the right length.
fn is_no_id(bytes: &[u8], length: usize) -> bool {
    bytes.is_empty() || (bytes.len() == length && bytes.iter().all(|byte| *byte == 0))
}

fn span(span: proto::Span, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Option<Span> {
    let no_parent = is_no_id(&span.parent_span_id, 8);
    let events: Option<Vec<Event>> = span.events.into_iter().map(event).collect();
    let links_count = span.links.len();
    let links: Vec<Link> = span.links.into_iter().filter_map(link).collect();
    let links_refused = u32::try_from(links_count - links.len()).unwrap();
    let status = span.status.unwrap_or_default();
    Some(Span {
        trace_id: TraceId::from_bytes(&span.trace_id).ok()?,
        span_id: SpanId::from_bytes(&span.span_id).ok()?,
        parent_span_id: if no_parent { None } else { Some(SpanId::from_bytes(&span.parent_span_id).ok()?) },
        trace_state: span.trace_state,
        flags: span.flags,
        name: span.name,
        kind: SpanKind::from_otlp(span.kind.into()),
        start_time: UnixNanos::new(span.start_time_unix_nano).ok()?,
        end_time: match span.end_time_unix_nano {
            0 => None,
            nanos => Some(UnixNanos::new(nanos).ok()?),
        },
        attributes: attributes(span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events: events?,
        dropped_events_count: span.dropped_events_count,
        links,
        dropped_links_count: span.dropped_links_count.saturating_add(links_refused),
        status: Status { code: StatusCode::from_otlp(status.code.into()), message: status.message },
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
    })
}

fn event(event: proto::span::Event) -> Option<Event> {
    Some(Event {
        time: UnixNanos::new(event.time_unix_nano).ok()?,
        name: event.name,
        attributes: attributes(event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    })
}

fn link(link: proto::span::Link) -> Option<Link> {
    Some(Link {
        trace_id: TraceId::from_bytes(&link.trace_id).ok()?,
        span_id: SpanId::from_bytes(&link.span_id).ok()?,
        trace_state: link.trace_state,
        flags: link.flags,
        attributes: attributes(link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
    })
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(|pair| (pair.key, pair.value.map_or(Value::Empty, value))).collect()
}

fn value(any: AnyValue) -> Value {
    use any_value::Value as Any;
    match any.value {
        None | Some(Any::StringValueStrindex(_)) => Value::Empty,
        Some(Any::StringValue(text)) => Value::String(text),
        Some(Any::BoolValue(truth)) => Value::Bool(truth),
        Some(Any::IntValue(number)) => Value::Int(number),
        Some(Any::DoubleValue(number)) => Value::Double(number),
        Some(Any::BytesValue(bytes)) => Value::Bytes(bytes),
        Some(Any::ArrayValue(array)) => Value::Array(array.values.into_iter().map(value).collect()),
        Some(Any::KvlistValue(list)) => Value::Map(attributes(list.values)),
    }
}
