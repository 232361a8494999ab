//! `Span`, `Event`, `Link` and `Status`.

use std::str::FromStr;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess};
use tracestead_model::{Attributes, Event, InvalidId, SpanId, Status, UnixNanos};

use super::object::{Elements, List, Members, Object, skip};
use super::scalar::{Scalar, Text, next, next_u32, next_u64};
use super::value::read_attributes;
use crate::draft::{Draft, LinkDraft, event_time};
use crate::fault::{Allowance, Fault};

/// Reads the span `json` into `draft`.
pub(super) fn read_span(json: &str, draft: &mut Draft, allowance: &mut Allowance) -> Result<(), Fault> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Object(&mut SpanMembers { draft, allowance }).deserialize(&mut deserializer)?;
    Ok(())
}

struct SpanMembers<'a> {
    draft: &'a mut Draft,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for SpanMembers<'_> {
    const WHAT: &'static str = "a span";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        let Self { draft, allowance } = self;
        match key {
            b"traceId" | b"trace_id" => draft.trace_id = next_id(map, "traceId")?,
            b"spanId" | b"span_id" => draft.span_id = next_id(map, "spanId")?,
            b"parentSpanId" | b"parent_span_id" => draft.parent_span_id = next_parent_id(map)?,
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

fn next_text<'de, A: MapAccess<'de>>(map: &mut A, allowance: &mut Allowance) -> Result<String, A::Error> {
    Ok(map.next_value_seed(Text(allowance))?.unwrap_or_default())
}

/// Reads an id. One that is text but no id is not an error yet: see [`Draft`].
fn next_id<'de, A, T>(map: &mut A, what: &'static str) -> Result<Result<T, InvalidId>, A::Error>
where
    A: MapAccess<'de>,
    T: FromStr<Err = InvalidId>,
{
    next(map, what, |scalar| scalar.text().map(str::parse), "a string of hex digits")
}

/// Absent, `null`, empty and all zeros all mean "no parent".
fn next_parent_id<'de, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<Result<Option<SpanId>, InvalidId>, A::Error> {
    let read = |scalar: &Scalar<'de>| {
        let text = scalar.text()?;
        if text.is_empty() {
            return Some(Ok(None));
        }
        Some(match text.parse() {
            Ok(id) => Ok(Some(id)),
            Err(InvalidId::Zero { .. }) => Ok(None),
            Err(error) => Err(error),
        })
    };
    next(map, "parentSpanId", read, "a string of hex digits")
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
    draft: &'a mut Draft,
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
