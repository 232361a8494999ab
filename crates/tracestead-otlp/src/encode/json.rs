//! The model to OTLP/JSON as the specification has it: lower camel case, hex ids, 64-bit integers as strings, enums as
//! numbers, base64 for bytes. Fields with a default value are left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};
use tracestead_model::{Attributes, Event, Link, Resource, Scope, Span, Status, UnixNanos, Value};

use super::group::{ResourceGroup, ScopeGroup, group};
use super::protobuf::{kind_number, status_number};

/// Returns `spans` as an OTLP/JSON `ExportTraceServiceRequest`, grouped as by [`crate::encode_traces`].
#[must_use]
pub fn encode_traces_json(spans: &[Span]) -> Vec<u8> {
    // Writing to memory cannot fail, and neither can our maps, whose keys are strings.
    serde_json::to_vec(&Request(group(spans))).unwrap_or_default()
}

/// Gives each newtype below its fields as a JSON object.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident($of:ty), |$it:ident, $map:ident| $body:block) => {
        $(#[$doc])*
        struct $name<'a>($of);

        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut $map = serializer.serialize_map(None)?;
                let $it = &self.0;
                $body
                $map.end()
            }
        }
    };
}

object!(Request(Vec<ResourceGroup<'a>>), |groups, map| {
    map.serialize_entry("resourceSpans", &List(groups, ResourceSpans))?;
});

object!(ResourceSpans(&'a ResourceGroup<'a>), |group, map| {
    map.serialize_entry("resource", &ResourceObject(group.resource))?;
    map.serialize_entry("scopeSpans", &List(&group.scopes, ScopeSpans))?;
    text(&mut map, "schemaUrl", &group.resource.schema_url)?;
});

object!(ScopeSpans(&'a ScopeGroup<'a>), |group, map| {
    map.serialize_entry("scope", &ScopeObject(group.scope))?;
    map.serialize_entry("spans", &List(&group.spans, SpanObject))?;
    text(&mut map, "schemaUrl", &group.scope.schema_url)?;
});

object!(ResourceObject(&'a Resource), |resource, map| {
    attributes(&mut map, &resource.attributes, resource.dropped_attributes_count)?;
});

object!(ScopeObject(&'a Scope), |scope, map| {
    text(&mut map, "name", &scope.name)?;
    text(&mut map, "version", &scope.version)?;
    attributes(&mut map, &scope.attributes, scope.dropped_attributes_count)?;
});

object!(SpanObject(&'a &'a Span), |span, map| {
    map.serialize_entry("traceId", &span.trace_id.to_hex())?;
    map.serialize_entry("spanId", &span.span_id.to_hex())?;
    text(&mut map, "traceState", &span.trace_state)?;
    if let Some(parent) = span.parent_span_id {
        map.serialize_entry("parentSpanId", &parent.to_hex())?;
    }
    count(&mut map, "flags", span.flags)?;
    map.serialize_entry("name", &span.name)?;
    map.serialize_entry("kind", &kind_number(span.kind))?;
    time(&mut map, "startTimeUnixNano", span.start_time)?;
    if let Some(end) = span.end_time {
        time(&mut map, "endTimeUnixNano", end)?;
    }
    attributes(&mut map, &span.attributes, span.dropped_attributes_count)?;
    if !span.events.is_empty() {
        map.serialize_entry("events", &List(&span.events, EventObject))?;
    }
    count(&mut map, "droppedEventsCount", span.dropped_events_count)?;
    if !span.links.is_empty() {
        map.serialize_entry("links", &List(&span.links, LinkObject))?;
    }
    count(&mut map, "droppedLinksCount", span.dropped_links_count)?;
    map.serialize_entry("status", &StatusObject(&span.status))?;
});

object!(EventObject(&'a Event), |event, map| {
    time(&mut map, "timeUnixNano", event.time)?;
    map.serialize_entry("name", &event.name)?;
    attributes(&mut map, &event.attributes, event.dropped_attributes_count)?;
});

object!(LinkObject(&'a Link), |link, map| {
    map.serialize_entry("traceId", &link.trace_id.to_hex())?;
    map.serialize_entry("spanId", &link.span_id.to_hex())?;
    text(&mut map, "traceState", &link.trace_state)?;
    attributes(&mut map, &link.attributes, link.dropped_attributes_count)?;
    count(&mut map, "flags", link.flags)?;
});

object!(StatusObject(&'a Status), |status, map| {
    text(&mut map, "message", &status.message)?;
    count(&mut map, "code", status_number(status.code).into())?;
});

object!(Pair((&'a str, &'a Value)), |pair, map| {
    map.serialize_entry("key", pair.0)?;
    map.serialize_entry("value", &AnyValue(pair.1))?;
});

object!(AnyValue(&'a Value), |value, map| {
    match value {
        Value::Empty => {}
        Value::String(text) => map.serialize_entry("stringValue", text)?,
        Value::Bool(truth) => map.serialize_entry("boolValue", truth)?,
        Value::Int(number) => map.serialize_entry("intValue", &number.to_string())?,
        Value::Double(number) if number.is_nan() => map.serialize_entry("doubleValue", "NaN")?,
        Value::Double(f64::INFINITY) => map.serialize_entry("doubleValue", "Infinity")?,
        Value::Double(f64::NEG_INFINITY) => map.serialize_entry("doubleValue", "-Infinity")?,
        Value::Double(number) => map.serialize_entry("doubleValue", number)?,
        Value::Bytes(bytes) => map.serialize_entry("bytesValue", &STANDARD.encode(bytes))?,
        Value::Array(values) => map.serialize_entry("arrayValue", &ArrayValue(values))?,
        Value::Map(pairs) => map.serialize_entry("kvlistValue", &KeyValueList(pairs))?,
    }
});

object!(ArrayValue(&'a [Value]), |values, map| {
    map.serialize_entry("values", &List(values, AnyValue))?;
});

object!(KeyValueList(&'a Attributes), |pairs, map| {
    map.serialize_entry("values", &Pairs(pairs))?;
});

/// A list of things, each wrapped in its newtype.
struct List<'a, T, F>(&'a [T], F);

impl<'a, T, W: Serialize, F: Fn(&'a T) -> W> Serialize for List<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

struct Pairs<'a>(&'a Attributes);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Pair))
    }
}

fn text<M: SerializeMap>(map: &mut M, key: &'static str, text: &str) -> Result<(), M::Error> {
    if text.is_empty() { Ok(()) } else { map.serialize_entry(key, text) }
}

fn count<M: SerializeMap>(map: &mut M, key: &'static str, count: u32) -> Result<(), M::Error> {
    if count == 0 { Ok(()) } else { map.serialize_entry(key, &count) }
}

fn time<M: SerializeMap>(map: &mut M, key: &'static str, time: UnixNanos) -> Result<(), M::Error> {
    map.serialize_entry(key, &time.as_i64().to_string())
}

fn attributes<M: SerializeMap>(map: &mut M, pairs: &Attributes, dropped: u32) -> Result<(), M::Error> {
    if !pairs.is_empty() {
        map.serialize_entry("attributes", &Pairs(pairs))?;
    }
    count(map, "droppedAttributesCount", dropped)
}
