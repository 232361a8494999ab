//! `Span`, `Event`, `Link` and `Status`.

use tracestead_model::{
    Attributes, Event, InvalidId, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
};

use super::envelope::FromProtobuf;
use super::value::read_attribute;
use super::wire::{Fields, Payload, WRONG_TYPE, enumeration, text, u32};
use crate::draft::{LinkDraft, SpanDraft, event_time, optional_id};
use crate::fault::{Allowance, Fault};

impl FromProtobuf for SpanDraft {
    const REQUEST: &'static str = "ExportTraceServiceRequest";
    const OF_RESOURCE: &'static str = "ResourceSpans";
    const OF_SCOPE: &'static str = "ScopeSpans";

    fn empty() -> Self {
        let missing = |kind, expected| InvalidId::Length { kind, unit: "bytes", expected, actual: 0 };
        Self::new(missing("trace", size_of::<TraceId>()), missing("span", size_of::<SpanId>()))
    }

    fn read(&mut self, message: &[u8], allowance: &mut Allowance) -> Result<(), Fault> {
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match (number, payload) {
                (1, Payload::Bytes(bytes)) => self.trace_id = TraceId::from_bytes(bytes),
                (2, Payload::Bytes(bytes)) => self.span_id = SpanId::from_bytes(bytes),
                (3, Payload::Bytes(bytes)) => self.trace_state = text("trace_state", bytes)?,
                (4, Payload::Bytes(bytes)) => self.parent_span_id = optional_id(SpanId::from_bytes(bytes)),
                (5, Payload::Bytes(bytes)) => self.name = text("name", bytes)?,
                (6, Payload::Varint(kind)) => self.kind = SpanKind::from_otlp(enumeration(kind)),
                (7, Payload::Fixed64(nanos)) => self.start_time_ns = nanos,
                (8, Payload::Fixed64(nanos)) => self.end_time_ns = nanos,
                (9, Payload::Bytes(bytes)) => read_attribute(bytes, &mut self.attributes, allowance)?,
                (10, Payload::Varint(count)) => self.dropped_attributes_count = u32(count),
                (11, Payload::Bytes(bytes)) => self.events.push(read_event(bytes, allowance)?),
                (12, Payload::Varint(count)) => self.dropped_events_count = u32(count),
                (13, Payload::Bytes(bytes)) => self.push_link(read_link(bytes, allowance)?),
                (14, Payload::Varint(count)) => self.dropped_links_count = u32(count),
                (15, Payload::Bytes(bytes)) => read_status(bytes, &mut self.status)?,
                (16, Payload::Fixed32(flags)) => self.flags = flags,
                (1..=16, _) => return Err(WRONG_TYPE),
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_event(message: &[u8], allowance: &mut Allowance) -> Result<Event, Fault> {
    allowance.take()?;
    let mut event = Event {
        time: UnixNanos::EPOCH,
        name: String::new(),
        attributes: Attributes::new(),
        dropped_attributes_count: 0,
    };
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Fixed64(nanos)) => event.time = event_time(nanos)?,
            (2, Payload::Bytes(bytes)) => event.name = text("the name of an event", bytes)?,
            (3, Payload::Bytes(bytes)) => read_attribute(bytes, &mut event.attributes, allowance)?,
            (4, Payload::Varint(count)) => event.dropped_attributes_count = u32(count),
            (1..=4, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(event)
}

fn read_link(message: &[u8], allowance: &mut Allowance) -> Result<LinkDraft, Fault> {
    allowance.take()?;
    let mut link = LinkDraft::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => link.trace_id = TraceId::from_bytes(bytes),
            (2, Payload::Bytes(bytes)) => link.span_id = SpanId::from_bytes(bytes),
            (3, Payload::Bytes(bytes)) => link.trace_state = text("trace_state of a link", bytes)?,
            (4, Payload::Bytes(bytes)) => read_attribute(bytes, &mut link.attributes, allowance)?,
            (5, Payload::Varint(count)) => link.dropped_attributes_count = u32(count),
            (6, Payload::Fixed32(flags)) => link.flags = flags,
            (1..=6, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(link)
}

fn read_status(message: &[u8], status: &mut Status) -> Result<(), Fault> {
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (2, Payload::Bytes(bytes)) => status.message = text("the status message", bytes)?,
            (3, Payload::Varint(code)) => status.code = StatusCode::from_otlp(enumeration(code)),
            (2..=3, _) => return Err(WRONG_TYPE),
            // 1 was another code, given up in 2021.
            _ => {}
        }
    }
    Ok(())
}
