//! Spans of the OpenTelemetry SDK as ours.

use std::cell::RefCell;
use std::mem::size_of;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanKind as OtelKind, Status as OtelStatus};
use opentelemetry::{Array, InstrumentationScope, KeyValue, Value as OtelValue};
use opentelemetry_sdk::trace::SpanData;
use tracestead_model::{
    Attributes, Event, Link, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
    Value,
};

use crate::pipeline::Recorded;

/// Whose the spans of a pipeline are.
#[derive(Debug, Default)]
pub struct Source {
    resource: OnceLock<Arc<Resource>>,
}

impl Source {
    /// Says whose they are; the first word counts.
    pub(crate) fn set(&self, resource: Resource) {
        let _ = self.resource.set(Arc::new(resource));
    }
}

impl Recorded for SpanData {
    type Source = Source;

    #[inline]
    fn size_bytes(&self) -> usize {
        let events = self.events.iter().map(|event| event.name.len() + size_of_pairs(&event.attributes));
        size_of::<Self>() + self.name.len() + size_of_pairs(&self.attributes) + events.sum::<usize>()
    }

    fn ends_run(&self) -> bool {
        self.parent_span_id == opentelemetry::SpanId::INVALID || self.parent_span_is_remote
    }

    fn into_span(self, source: &Source) -> Span {
        let data = self;
        let resource = source.resource.get().map(Arc::clone).unwrap_or_default();
        let parent = data.parent_span_id.to_bytes();
        let context = &data.span_context;
        Span {
            trace_id: trace_id(context.trace_id()),
            span_id: span_id(context.span_id()),
            parent_span_id: SpanId::from_bytes(&parent).ok(),
            trace_state: context.trace_state().header(),
            flags: Span::flags_of(context.trace_flags().to_u8(), data.parent_span_is_remote),
            name: data.name.into_owned(),
            kind: kind(&data.span_kind),
            start_time: time(data.start_time),
            end_time: Some(time(data.end_time)),
            attributes: attributes(data.attributes),
            dropped_attributes_count: data.dropped_attributes_count,
            events: data.events.events.into_iter().map(event).collect(),
            dropped_events_count: data.events.dropped_count,
            links: data.links.links.into_iter().map(link).collect(),
            dropped_links_count: data.links.dropped_count,
            status: status(data.status),
            resource,
            scope: scope(&data.instrumentation_scope),
        }
    }
}

/// Returns a resource of the SDK as ours.
pub(crate) fn resource(resource: &opentelemetry_sdk::Resource) -> Resource {
    let attributes = resource.iter().map(|(key, made)| (key.as_str().to_owned(), value(made.clone())));
    Resource {
        attributes: attributes.collect(),
        dropped_attributes_count: 0,
        schema_url: resource.schema_url().unwrap_or_default().to_owned(),
    }
}

/// Returns nanoseconds since 1970; 0 before, and no later than columns can say.
pub(crate) fn nanos(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn time(time: SystemTime) -> UnixNanos {
    UnixNanos::from_i64(nanos(time))
}

/// A span that was recorded has an id.
fn trace_id(id: opentelemetry::TraceId) -> TraceId {
    TraceId::from_bytes(&id.to_bytes()).expect("a recorded span has a trace id, which is not 0")
}

fn span_id(id: opentelemetry::SpanId) -> SpanId {
    SpanId::from_bytes(&id.to_bytes()).expect("a recorded span has an id, which is not 0")
}

fn kind(kind: &OtelKind) -> SpanKind {
    match kind {
        OtelKind::Client => SpanKind::Client,
        OtelKind::Server => SpanKind::Server,
        OtelKind::Producer => SpanKind::Producer,
        OtelKind::Consumer => SpanKind::Consumer,
        OtelKind::Internal => SpanKind::Internal,
    }
}

fn status(status: OtelStatus) -> Status {
    match status {
        OtelStatus::Unset => Status::default(),
        OtelStatus::Ok => Status { code: StatusCode::Ok, message: String::new() },
        OtelStatus::Error { description } => {
            Status { code: StatusCode::Error, message: description.into_owned() }
        }
    }
}

fn event(event: opentelemetry::trace::Event) -> Event {
    Event {
        time: time(event.timestamp),
        name: event.name.into_owned(),
        attributes: attributes(event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    }
}

fn link(link: opentelemetry::trace::Link) -> Link {
    let context = &link.span_context;
    Link {
        trace_id: trace_id(context.trace_id()),
        span_id: span_id(context.span_id()),
        trace_state: context.trace_state().header(),
        flags: u32::from(context.trace_flags().to_u8()),
        attributes: attributes(link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
    }
}

/// Scopes are few and come again and again: the last one is kept.
fn scope(scope: &InstrumentationScope) -> Arc<Scope> {
    thread_local! {
        static LAST: RefCell<Option<(InstrumentationScope, Arc<Scope>)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if let Some((known, made)) = last
            && known == scope
        {
            return Arc::clone(made);
        }
        let made = Arc::new(Scope {
            name: scope.name().to_owned(),
            version: scope.version().unwrap_or_default().to_owned(),
            attributes: scope.attributes().cloned().map(pair).collect(),
            dropped_attributes_count: 0,
            schema_url: scope.schema_url().unwrap_or_default().to_owned(),
        });
        *last = Some((scope.clone(), Arc::clone(&made)));
        made
    })
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    pairs.into_iter().map(pair).collect()
}

fn pair(pair: KeyValue) -> (String, Value) {
    (String::from(pair.key), value(pair.value))
}

fn value(value: OtelValue) -> Value {
    match value {
        OtelValue::Bool(truth) => Value::Bool(truth),
        OtelValue::I64(number) => Value::Int(number),
        OtelValue::F64(number) => Value::Double(number),
        OtelValue::String(text) => Value::String(String::from(text)),
        OtelValue::Array(array) => Value::Array(list(array)),
        other => Value::String(other.to_string()),
    }
}

fn list(array: Array) -> Vec<Value> {
    match array {
        Array::Bool(items) => items.into_iter().map(Value::Bool).collect(),
        Array::I64(items) => items.into_iter().map(Value::Int).collect(),
        Array::F64(items) => items.into_iter().map(Value::Double).collect(),
        Array::String(items) => items.into_iter().map(|item| Value::String(String::from(item))).collect(),
        other => vec![Value::String(other.to_string())],
    }
}

/// Asked on the agent's thread, where nearly all there is are texts.
#[inline]
fn size_of_pairs(pairs: &[KeyValue]) -> usize {
    let size = |pair: &KeyValue| match &pair.value {
        OtelValue::String(text) => text.as_str().len(),
        OtelValue::Array(array) => size_of_array(array),
        _ => 0,
    };
    size_of_val(pairs) + pairs.iter().map(size).sum::<usize>()
}

#[cold]
fn size_of_array(array: &Array) -> usize {
    match array {
        Array::Bool(items) => items.len(),
        Array::I64(items) => size_of_val(items.as_slice()),
        Array::F64(items) => size_of_val(items.as_slice()),
        Array::String(items) => items.iter().map(|item| size_of_val(item) + item.as_str().len()).sum(),
        _ => 0,
    }
}
