//! Spans and log records out of nothing, for property tests, and their comparison.

use std::fmt::Debug;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tracestead_model::{
    Attributes, Event, Link, LogRecord, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId,
    UnixNanos, Value,
};

/// Items with a NaN are not equal to themselves, so items are compared by how they print: `Debug` of floats tells -0.0 from
/// 0.0. The bits of a NaN are compared by the encoded bytes.
pub(crate) fn printed(items: &[impl Debug]) -> String {
    format!("{items:?}")
}

/// Returns whole requests of spans.
pub(crate) fn requests() -> impl Strategy<Value = Vec<Span>> {
    grouped(span(), |span, resource, scope| Span { resource, scope, ..span })
}

/// Returns whole requests of log records.
pub(crate) fn logs_requests() -> impl Strategy<Value = Vec<LogRecord>> {
    grouped(log_record(), |record, resource, scope| LogRecord { resource, scope, ..record })
}

/// Returns a few resources, each with a few scopes, each with a few items.
fn grouped<T: Debug>(
    item: impl Strategy<Value = T>,
    give: fn(T, Arc<Resource>, Arc<Scope>) -> T,
) -> impl Strategy<Value = Vec<T>> {
    let scope = (scope(), vec(item, 1..4));
    vec((resource(), vec(scope, 1..3)), 0..3).prop_map(move |resources| {
        let mut items = Vec::new();
        for (resource, scopes) in resources {
            let resource = Arc::new(resource);
            for (scope, of_scope) in scopes {
                let scope = Arc::new(scope);
                items.extend(
                    of_scope.into_iter().map(|item| give(item, Arc::clone(&resource), Arc::clone(&scope))),
                );
            }
        }
        items
    })
}

/// Any text, with what breaks writers of JSON among it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z_.]{0,12}",
        1 => any::<String>(),
        1 => Just("\0 \"\\ \u{7f}\u{2028} \u{1f600} \u{fffd}\u{feff}".to_owned()),
        1 => "x{120,140}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        text().prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop::num::f64::ANY.prop_map(Value::Double),
        prop::sample::select(vec![
            0.0,
            -0.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
            1e300
        ])
        .prop_map(Value::Double),
        vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec((text(), value()), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

fn resource() -> impl Strategy<Value = Resource> {
    (attributes(), any::<u32>(), text()).prop_map(|(attributes, dropped_attributes_count, schema_url)| {
        Resource { attributes, dropped_attributes_count, schema_url }
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    (text(), text(), attributes(), any::<u32>(), text()).prop_map(
        |(name, version, attributes, dropped_attributes_count, schema_url)| Scope {
            name,
            version,
            attributes,
            dropped_attributes_count,
            schema_url,
        },
    )
}

fn trace_id() -> impl Strategy<Value = TraceId> {
    (1..u128::MAX).prop_map(|number| TraceId::from_bytes(&number.to_be_bytes()).unwrap())
}

fn span_id() -> impl Strategy<Value = SpanId> {
    (1..u64::MAX).prop_map(|number| SpanId::from_bytes(&number.to_be_bytes()).unwrap())
}

fn time() -> impl Strategy<Value = UnixNanos> {
    prop_oneof![1..=i64::MAX, Just(1), Just(i64::MAX), Just(1_795_221_481_225_956_163)]
        .prop_map(UnixNanos::from_i64)
}

fn kind() -> impl Strategy<Value = SpanKind> {
    (0_i64..6).prop_map(SpanKind::from_otlp)
}

fn status() -> impl Strategy<Value = Status> {
    (0_i64..3, text()).prop_map(|(code, message)| Status { code: StatusCode::from_otlp(code), message })
}

fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped_attributes_count)| Event {
            time,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (trace_id(), span_id(), text(), any::<u32>(), attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, flags, attributes, dropped_attributes_count)| Link {
            trace_id,
            span_id,
            trace_state,
            flags,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (trace_id(), span_id(), option::of(span_id()), text(), any::<u32>());
    let what = (text(), kind(), time(), option::of(time()), status());
    let lists =
        (attributes(), any::<u32>(), vec(event(), 0..3), any::<u32>(), vec(link(), 0..3), any::<u32>());
    (ids, what, lists).prop_map(|(ids, what, lists)| Span {
        trace_id: ids.0,
        span_id: ids.1,
        parent_span_id: ids.2,
        trace_state: ids.3,
        flags: ids.4,
        name: what.0,
        kind: what.1,
        start_time: what.2,
        end_time: what.3,
        status: what.4,
        attributes: lists.0,
        dropped_attributes_count: lists.1,
        events: lists.2,
        dropped_events_count: lists.3,
        links: lists.4,
        dropped_links_count: lists.5,
        resource: Arc::default(),
        scope: Arc::default(),
    })
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let ids = (option::of(trace_id()), option::of(span_id()), any::<u32>());
    let what = (option::of(time()), option::of(time()), 0_u32..=24, text(), text());
    let content = (value(), attributes(), any::<u32>());
    (ids, what, content).prop_map(|(ids, what, content)| LogRecord {
        trace_id: ids.0,
        span_id: ids.1,
        flags: ids.2,
        time: what.0,
        observed_time: what.1,
        severity_number: what.2,
        severity_text: what.3,
        event_name: what.4,
        body: content.0,
        attributes: content.1,
        dropped_attributes_count: content.2,
        resource: Arc::default(),
        scope: Arc::default(),
    })
}
