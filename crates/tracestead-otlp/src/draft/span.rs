//! A span half read.

use std::sync::Arc;

use tracestead_model::{
    Attributes, Event, InvalidId, Link, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId, UnixNanos,
};

use super::{Draft, Rejection, optional_time, time};
use crate::fault::Fault;

/// The fields of a span as far as they were read.
#[derive(Debug)]
pub(crate) struct SpanDraft {
    pub(crate) trace_id: Result<TraceId, InvalidId>,
    pub(crate) span_id: Result<SpanId, InvalidId>,
    pub(crate) parent_span_id: Result<Option<SpanId>, InvalidId>,
    pub(crate) trace_state: String,
    pub(crate) flags: u32,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) start_time_ns: u64,
    pub(crate) end_time_ns: u64,
    pub(crate) attributes: Attributes,
    pub(crate) dropped_attributes_count: u32,
    pub(crate) events: Vec<Event>,
    pub(crate) dropped_events_count: u32,
    pub(crate) links: Vec<Link>,
    pub(crate) dropped_links_count: u32,
    /// How many links were left out here because an id in them is none.
    pub(crate) refused_links_count: u32,
    pub(crate) status: Status,
}

impl SpanDraft {
    /// Returns a draft in which nothing was read yet; `trace_id` and `span_id` are the errors for ids that never come.
    pub(crate) fn new(trace_id: InvalidId, span_id: InvalidId) -> Self {
        Self {
            trace_id: Err(trace_id),
            span_id: Err(span_id),
            parent_span_id: Ok(None),
            trace_state: String::new(),
            flags: 0,
            name: String::new(),
            kind: SpanKind::default(),
            start_time_ns: 0,
            end_time_ns: 0,
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            refused_links_count: 0,
            status: Status::default(),
        }
    }

    /// Adds a link, or counts it as dropped if it points nowhere.
    pub(crate) fn push_link(&mut self, link: LinkDraft) {
        match (link.trace_id, link.span_id) {
            (Ok(trace_id), Ok(span_id)) => self.links.push(Link {
                trace_id,
                span_id,
                trace_state: link.trace_state,
                flags: link.flags,
                attributes: link.attributes,
                dropped_attributes_count: link.dropped_attributes_count,
            }),
            _ => self.refused_links_count = self.refused_links_count.saturating_add(1),
        }
    }

    fn check(&self) -> Result<Checked, Fault> {
        Ok(Checked {
            trace_id: self.trace_id.clone().map_err(Fault::Id)?,
            span_id: self.span_id.clone().map_err(Fault::Id)?,
            parent_span_id: self.parent_span_id.clone().map_err(Fault::Parent)?,
            start_time: time("start_time_unix_nano", self.start_time_ns)?,
            end_time: optional_time("end_time_unix_nano", self.end_time_ns)?,
        })
    }
}

impl Draft for SpanDraft {
    type Item = Span;

    fn finish(self, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Result<Span, Rejection> {
        match self.check() {
            Ok(checked) => Ok(Span {
                trace_id: checked.trace_id,
                span_id: checked.span_id,
                parent_span_id: checked.parent_span_id,
                trace_state: self.trace_state,
                flags: self.flags,
                name: self.name,
                kind: self.kind,
                start_time: checked.start_time,
                end_time: checked.end_time,
                attributes: self.attributes,
                dropped_attributes_count: self.dropped_attributes_count,
                events: self.events,
                dropped_events_count: self.dropped_events_count,
                links: self.links,
                dropped_links_count: self.dropped_links_count.saturating_add(self.refused_links_count),
                status: self.status,
                resource: Arc::clone(resource),
                scope: Arc::clone(scope),
            }),
            Err(fault) => Err(self.reject(&fault)),
        }
    }

    fn reject(&self, fault: &Fault) -> Rejection {
        let item = match &self.span_id {
            Ok(id) => format!("span {id}"),
            Err(_) => "span without id".to_owned(),
        };
        Rejection::new(item, self.trace_id.clone().ok(), &self.name, fault)
    }

    fn resource_of(item: &mut Span) -> &mut Arc<Resource> {
        &mut item.resource
    }

    fn scope_of(item: &mut Span) -> &mut Arc<Scope> {
        &mut item.scope
    }
}

struct Checked {
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    start_time: UnixNanos,
    end_time: Option<UnixNanos>,
}

/// A link half read.
#[derive(Debug)]
pub(crate) struct LinkDraft {
    pub(crate) trace_id: Result<TraceId, InvalidId>,
    pub(crate) span_id: Result<SpanId, InvalidId>,
    pub(crate) trace_state: String,
    pub(crate) flags: u32,
    pub(crate) attributes: Attributes,
    pub(crate) dropped_attributes_count: u32,
}

impl Default for LinkDraft {
    fn default() -> Self {
        Self {
            trace_id: TraceId::from_bytes(&[]),
            span_id: SpanId::from_bytes(&[]),
            trace_state: String::new(),
            flags: 0,
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
        }
    }
}

/// Returns an event time, or why it is none.
pub(crate) fn event_time(nanos: u64) -> Result<UnixNanos, Fault> {
    time("time_unix_nano of an event", nanos)
}
