//! The second opinion: the same bytes through the structs generated from opentelemetry-proto.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message as _;
use tracestead_model::{
    Attributes, Event, Link, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
    Value,
};

/// Decodes `body`; `None` if the generated code refuses it. Spans that are none by our rules are left out.
pub(crate) fn decode(body: &[u8]) -> Option<Vec<Span>> {
    let request = ExportTraceServiceRequest::decode(body).ok()?;
    let mut spans = Vec::new();
    for resource_spans in request.resource_spans {
        let resource = resource_spans.resource.unwrap_or_default();
        let resource = Arc::new(Resource {
            attributes: attributes(resource.attributes),
            dropped_attributes_count: resource.dropped_attributes_count,
            schema_url: resource_spans.schema_url,
        });
        for scope_spans in resource_spans.scope_spans {
            let scope = scope_spans.scope.unwrap_or_default();
            let scope = Arc::new(Scope {
                name: scope.name,
                version: scope.version,
                attributes: attributes(scope.attributes),
                dropped_attributes_count: scope.dropped_attributes_count,
                schema_url: scope_spans.schema_url,
            });
            spans.extend(scope_spans.spans.into_iter().filter_map(|one| span(one, &resource, &scope)));
        }
    }
    Some(spans)
}

fn span(span: proto::Span, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Option<Span> {
    let no_parent =
        span.parent_span_id.iter().all(|byte| *byte == 0) && matches!(span.parent_span_id.len(), 0 | 8);
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
