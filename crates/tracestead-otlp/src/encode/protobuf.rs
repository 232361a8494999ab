//! The model to protobuf.
//!
//! A message inside a message is preceded by its length, which is known only once it is written. It is written in place
//! behind one byte for the length, and moved up when the length needs more bytes: a `memmove` per level of nesting costs
//! less than measuring everything beforehand.

use prost::encoding::{WireType, encode_key, encode_varint};
use tracestead_model::{Attributes, Event, Link, Resource, Scope, Span, SpanKind, Status, StatusCode, Value};

use super::group::{ResourceGroup, ScopeGroup, group};

/// Returns `spans` as a protobuf `ExportTraceServiceRequest`. Spans that share a resource (the same `Arc`) stand together,
/// likewise a scope.
#[must_use]
pub fn encode_traces(spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::new();
    for group in group(spans) {
        message(&mut out, 1, |out| resource_spans(out, &group));
    }
    out
}

fn resource_spans(out: &mut Vec<u8>, group: &ResourceGroup<'_>) {
    let Resource { attributes: pairs, dropped_attributes_count, schema_url } = group.resource;
    message(out, 1, |out| {
        attributes(out, 1, pairs);
        varint(out, 2, u64::from(*dropped_attributes_count));
    });
    for group in &group.scopes {
        message(out, 2, |out| scope_spans(out, group));
    }
    text(out, 3, schema_url);
}

fn scope_spans(out: &mut Vec<u8>, group: &ScopeGroup<'_>) {
    let Scope { name, version, attributes: pairs, dropped_attributes_count, schema_url } = group.scope;
    message(out, 1, |out| {
        text(out, 1, name);
        text(out, 2, version);
        attributes(out, 3, pairs);
        varint(out, 4, u64::from(*dropped_attributes_count));
    });
    for one in &group.spans {
        message(out, 2, |out| span(out, one));
    }
    text(out, 3, schema_url);
}

fn span(out: &mut Vec<u8>, span: &Span) {
    bytes(out, 1, span.trace_id.as_bytes());
    bytes(out, 2, span.span_id.as_bytes());
    text(out, 3, &span.trace_state);
    if let Some(parent) = &span.parent_span_id {
        bytes(out, 4, parent.as_bytes());
    }
    text(out, 5, &span.name);
    varint(out, 6, kind_number(span.kind).into());
    fixed64(out, 7, span.start_time.as_i64().unsigned_abs());
    fixed64(out, 8, span.end_time.map_or(0, |time| time.as_i64().unsigned_abs()));
    attributes(out, 9, &span.attributes);
    varint(out, 10, span.dropped_attributes_count.into());
    for one in &span.events {
        message(out, 11, |out| event(out, one));
    }
    varint(out, 12, span.dropped_events_count.into());
    for one in &span.links {
        message(out, 13, |out| link(out, one));
    }
    varint(out, 14, span.dropped_links_count.into());
    if span.status != Status::default() {
        message(out, 15, |out| {
            text(out, 2, &span.status.message);
            varint(out, 3, status_number(span.status.code).into());
        });
    }
    fixed32(out, 16, span.flags);
}

fn event(out: &mut Vec<u8>, event: &Event) {
    fixed64(out, 1, event.time.as_i64().unsigned_abs());
    text(out, 2, &event.name);
    attributes(out, 3, &event.attributes);
    varint(out, 4, event.dropped_attributes_count.into());
}

fn link(out: &mut Vec<u8>, link: &Link) {
    bytes(out, 1, link.trace_id.as_bytes());
    bytes(out, 2, link.span_id.as_bytes());
    text(out, 3, &link.trace_state);
    attributes(out, 4, &link.attributes);
    varint(out, 5, link.dropped_attributes_count.into());
    fixed32(out, 6, link.flags);
}

fn attributes(out: &mut Vec<u8>, number: u32, pairs: &Attributes) {
    for (key, one) in pairs.iter() {
        message(out, number, |out| {
            text(out, 1, key);
            message(out, 2, |out| value(out, one));
        });
    }
}

/// One of several possible fields is written even when it holds a default: `""` is not nothing.
fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Empty => {}
        Value::String(text) => bytes(out, 1, text.as_bytes()),
        Value::Bool(truth) => key_and_varint(out, 2, u64::from(*truth)),
        Value::Int(number) => key_and_varint(out, 3, number.cast_unsigned()),
        Value::Double(number) => {
            encode_key(4, WireType::SixtyFourBit, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Array(values) => message(out, 5, |out| {
            for element in values {
                message(out, 1, |out| self::value(out, element));
            }
        }),
        Value::Map(pairs) => message(out, 6, |out| attributes(out, 1, pairs)),
        Value::Bytes(raw) => bytes(out, 7, raw),
    }
}

/// Returns OTLP's number for `kind`.
pub(super) fn kind_number(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// Returns OTLP's number for `code`.
pub(super) fn status_number(code: StatusCode) -> u8 {
    match code {
        StatusCode::Unset => 0,
        StatusCode::Ok => 1,
        StatusCode::Error => 2,
    }
}

/// Appends a message field that `write` fills.
pub(crate) fn message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(number, WireType::LengthDelimited, out);
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    if let (Ok(small), true) = (u8::try_from(length), length < 0x80) {
        out[at] = small;
        return;
    }
    let mut prefix = Vec::with_capacity(10);
    encode_varint(u64::try_from(length).unwrap_or(u64::MAX), &mut prefix);
    out.splice(at..=at, prefix);
}

/// Appends a text field unless it is empty.
pub(crate) fn text(out: &mut Vec<u8>, number: u32, text: &str) {
    if !text.is_empty() {
        bytes(out, number, text.as_bytes());
    }
}

/// Appends a number field unless it is 0.
pub(crate) fn varint(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        key_and_varint(out, number, value);
    }
}

fn key_and_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

fn bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(bytes);
}

fn fixed64(out: &mut Vec<u8>, number: u32, value: u64) {
    if value != 0 {
        encode_key(number, WireType::SixtyFourBit, out);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn fixed32(out: &mut Vec<u8>, number: u32, value: u32) {
    if value != 0 {
        encode_key(number, WireType::ThirtyTwoBit, out);
        out.extend_from_slice(&value.to_le_bytes());
    }
}
