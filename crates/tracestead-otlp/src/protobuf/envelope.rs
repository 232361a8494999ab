//! The messages around the spans: request, `ResourceSpans`, `ScopeSpans`, resource and scope.

use tracestead_model::{InvalidId, Resource, Scope, SpanId, TraceId};

use super::span::read_span;
use super::value::read_attribute;
use super::wire::{Fields, Payload, WRONG_TYPE, text, u32};
use crate::batch::{Batch, Decoded};
use crate::decode::DecodeError;
use crate::draft::Draft;
use crate::fault::{Allowance, Fault};

pub(crate) fn decode(body: &[u8]) -> Result<Decoded, DecodeError> {
    let mut batch = Batch::new(body.len());
    let mut fields = Fields::of(body);
    while let Some((number, payload)) = fields.next().map_err(malformed("ExportTraceServiceRequest"))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => resource_spans(bytes, &mut batch)?,
            (1, _) => return Err(malformed("ExportTraceServiceRequest")(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(batch.finish())
}

fn resource_spans(message: &[u8], batch: &mut Batch) -> Result<(), DecodeError> {
    let from = batch.len();
    let mut resource = Resource::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next().map_err(malformed("ResourceSpans"))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                batch.read_shared("resource", |allowance| read_resource(bytes, &mut resource, allowance));
            }
            (2, Payload::Bytes(bytes)) => scope_spans(bytes, batch)?,
            (3, Payload::Bytes(bytes)) => resource.schema_url = schema_url(bytes, batch),
            (1..=3, _) => return Err(malformed("ResourceSpans")(WRONG_TYPE)),
            // 1000 was instrumentation_library_spans, given up in 2022.
            _ => {}
        }
    }
    batch.give_resource(from, resource);
    Ok(())
}

fn scope_spans(message: &[u8], batch: &mut Batch) -> Result<(), DecodeError> {
    let from = batch.len();
    let mut scope = Scope::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next().map_err(malformed("ScopeSpans"))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                batch.read_shared("scope", |allowance| read_scope(bytes, &mut scope, allowance));
            }
            (2, Payload::Bytes(bytes)) => {
                batch.add_span(bytes, empty_draft(), |draft, allowance| read_span(bytes, draft, allowance));
            }
            (3, Payload::Bytes(bytes)) => scope.schema_url = schema_url(bytes, batch),
            (1..=3, _) => return Err(malformed("ScopeSpans")(WRONG_TYPE)),
            _ => {}
        }
    }
    batch.give_scope(from, scope);
    Ok(())
}

fn malformed(place: &'static str) -> impl FnOnce(Fault) -> DecodeError {
    move |fault| {
        let problem = match fault {
            Fault::Wire(problem) => problem,
            _ => "not protobuf",
        };
        DecodeError::Protobuf { place, problem }
    }
}

fn empty_draft() -> Draft {
    let missing = |kind, expected| InvalidId::Length { kind, unit: "bytes", expected, actual: 0 };
    Draft::new(missing("trace", size_of::<TraceId>()), missing("span", size_of::<SpanId>()))
}

fn schema_url(bytes: &[u8], batch: &mut Batch) -> String {
    let mut url = String::new();
    batch.read_shared("schema URL", |_| {
        url = text("it", bytes)?;
        Ok(())
    });
    url
}

/// Fills `resource`. An attribute that cannot be read counts as dropped, and the others are still read.
fn read_resource(message: &[u8], resource: &mut Resource, allowance: &mut Allowance) -> Result<(), Fault> {
    let mut result = Ok(());
    let mut unread = 0_u32;
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                if let Err(fault) = read_attribute(bytes, &mut resource.attributes, allowance) {
                    unread = unread.saturating_add(1);
                    result = Err(fault);
                }
            }
            (2, Payload::Varint(count)) => resource.dropped_attributes_count = u32(count),
            (1..=2, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    resource.dropped_attributes_count = resource.dropped_attributes_count.saturating_add(unread);
    result
}

/// Fills `scope`, in the manner of [`read_resource`].
fn read_scope(message: &[u8], scope: &mut Scope, allowance: &mut Allowance) -> Result<(), Fault> {
    let mut result = Ok(());
    let mut unread = 0_u32;
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => scope.name = String::from_utf8_lossy(bytes).into_owned(),
            (2, Payload::Bytes(bytes)) => scope.version = String::from_utf8_lossy(bytes).into_owned(),
            (3, Payload::Bytes(bytes)) => {
                if let Err(fault) = read_attribute(bytes, &mut scope.attributes, allowance) {
                    unread = unread.saturating_add(1);
                    result = Err(fault);
                }
            }
            (4, Payload::Varint(count)) => scope.dropped_attributes_count = u32(count),
            (1..=4, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    scope.dropped_attributes_count = scope.dropped_attributes_count.saturating_add(unread);
    result
}
