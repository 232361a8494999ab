//! `Span`, `Event`, `Link` and `Status`.

use serde::de::{Error, MapAccess, SeqAccess};
use tracestead_model::{Attributes, Event, InvalidId, Status, UnixNanos};

use super::envelope::FromJson;
use super::object::{Elements, List, Members, Object, read_object, skip};
use super::scalar::{Scalar, next, next_id, next_u32, next_u64};
use super::text::next_text;
use super::value::read_attributes;
use crate::draft::{LinkDraft, SpanDraft, event_time, optional_id};
use crate::fault::{Allowance, Fault};

impl FromJson for SpanDraft {
    const BY_RESOURCE: [&'static str; 2] = ["resourceSpans", "resource_spans"];
    const OF_RESOURCE: &'static str = "an element of resourceSpans";
    const BY_SCOPE: [&'static str; 2] = ["scopeSpans", "scope_spans"];
    const OF_SCOPE: &'static str = "an element of scopeSpans";
    const ITEMS: [&'static str; 2] = ["spans", "spans"];

    fn empty() -> Self {
        let missing = |kind, expected| InvalidId::Length { kind, unit: "hex digits", expected, actual: 0 };
        Self::new(missing("trace", 32), missing("span", 16))
    }

    fn read(&mut self, json: &str, allowance: &mut Allowance) -> Result<(), Fault> {
        Ok(read_object(json, &mut SpanMembers { draft: self, allowance })?)
    }
}

struct SpanMembers<'a> {
    draft: &'a mut SpanDraft,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for SpanMembers<'_> {
    const WHAT: &'static str = "a span";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        let Self { draft, allowance } = self;
        match key {
            b"traceId" | b"trace_id" => draft.trace_id = next_id(map, "traceId")?,
            b"spanId" | b"span_id" => draft.span_id = next_id(map, "spanId")?,
            b"parentSpanId" | b"parent_span_id" => {
                draft.parent_span_id = optional_id(next_id(map, "parentSpanId")?);
            }
            b"traceState" | b"trace_state" => draft.trace_state = next_text(map, allowance)?,
            b"flags" => draft.flags = next_u32(map, "flags")?,
            b"name" => draft.name = next_text(map, allowance)?,
            b"kind" => draft.kind = next(map, "kind", Scalar::kind, "a span kind")?,
            b"startTimeUnixNano" | b"start_time_unix_nano" => {
                draft.start_time_ns = next_u64(map, "startTimeUnixNano")?;
            }
            b"endTimeUnixNano" | b"end_time_unix_nano" => {
                draft.end_time_ns = next_u64(map, "endTimeUnixNano")?;
            }
            b"attributes" => read_attributes(map, &mut draft.attributes, allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                draft.dropped_attributes_count = next_u32(map, "droppedAttributesCount")?;
            }
            b"events" => {
                draft.events.clear();
                map.next_value_seed(List(&mut Events { events: &mut draft.events, allowance }))?;
            }
            b"droppedEventsCount" | b"dropped_events_count" => {
                draft.dropped_events_count = next_u32(map, "droppedEventsCount")?;
            }
            b"links" => {
                draft.links.clear();
                draft.refused_links_count = 0;
                map.next_value_seed(List(&mut Links { draft, allowance }))?;
            }
            b"droppedLinksCount" | b"dropped_links_count" => {
                draft.dropped_links_count = next_u32(map, "droppedLinksCount")?;
            }
            b"status" => {
                let mut status = StatusMembers { status: Status::default(), allowance };
                map.next_value_seed(Object(&mut status))?;
                draft.status = status.status;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct Events<'a> {
    events: &'a mut Vec<Event>,
    allowance: &'a mut Allowance,
}

impl<'de> Elements<'de> for Events<'_> {
    const WHAT: &'static str = "events";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let event = Event {
            time: UnixNanos::EPOCH,
            name: String::new(),
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
        };
        let mut members = EventMembers { event, allowance: self.allowance };
        if list.next_element_seed(Object(&mut members))?.is_none() {
            return Ok(false);
        }
        members.allowance.take().map_err(A::Error::custom)?;
        self.events.push(members.event);
        Ok(true)
    }
}

struct EventMembers<'a> {
    event: Event,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for EventMembers<'_> {
    const WHAT: &'static str = "an event";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"timeUnixNano" | b"time_unix_nano" => {
                let nanos = next_u64(map, "timeUnixNano of an event")?;
                self.event.time = event_time(nanos).map_err(A::Error::custom)?;
            }
            b"name" => self.event.name = next_text(map, self.allowance)?,
            b"attributes" => read_attributes(map, &mut self.event.attributes, self.allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                self.event.dropped_attributes_count = next_u32(map, "droppedAttributesCount of an event")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct Links<'a> {
    draft: &'a mut SpanDraft,
    allowance: &'a mut Allowance,
}

impl<'de> Elements<'de> for Links<'_> {
    const WHAT: &'static str = "links";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let mut members = LinkMembers { link: LinkDraft::default(), allowance: self.allowance };
        if list.next_element_seed(Object(&mut members))?.is_none() {
            return Ok(false);
        }
        members.allowance.take().map_err(A::Error::custom)?;
        self.draft.push_link(members.link);
        Ok(true)
    }
}

struct LinkMembers<'a> {
    link: LinkDraft,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for LinkMembers<'_> {
    const WHAT: &'static str = "a link";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"traceId" | b"trace_id" => self.link.trace_id = next_id(map, "traceId of a link")?,
            b"spanId" | b"span_id" => self.link.span_id = next_id(map, "spanId of a link")?,
            b"traceState" | b"trace_state" => self.link.trace_state = next_text(map, self.allowance)?,
            b"flags" => self.link.flags = next_u32(map, "flags of a link")?,
            b"attributes" => read_attributes(map, &mut self.link.attributes, self.allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                self.link.dropped_attributes_count = next_u32(map, "droppedAttributesCount of a link")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct StatusMembers<'a> {
    status: Status,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for StatusMembers<'_> {
    const WHAT: &'static str = "a status";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"code" => {
                self.status.code = next(map, "code of the status", Scalar::status_code, "a status code")?;
            }
            b"message" => self.status.message = next_text(map, self.allowance)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}
