//! A log record half read.

use std::fmt::Write as _;
use std::sync::Arc;

use tracestead_model::{
    Attributes, InvalidId, LogRecord, Resource, Scope, SpanId, TraceId, UnixNanos, Value,
};

use super::{Draft, Rejection, optional_time};
use crate::fault::Fault;

/// The fields of a log record as far as they were read. All of them may be missing.
#[derive(Debug)]
pub(crate) struct LogDraft {
    pub(crate) trace_id: Result<Option<TraceId>, InvalidId>,
    pub(crate) span_id: Result<Option<SpanId>, InvalidId>,
    pub(crate) flags: u32,
    pub(crate) time_ns: u64,
    pub(crate) observed_time_ns: u64,
    pub(crate) severity_number: u32,
    pub(crate) severity_text: String,
    pub(crate) event_name: String,
    pub(crate) body: Value,
    pub(crate) attributes: Attributes,
    pub(crate) dropped_attributes_count: u32,
}

impl LogDraft {
    /// Returns a draft in which nothing was read yet.
    pub(crate) fn new() -> Self {
        Self {
            trace_id: Ok(None),
            span_id: Ok(None),
            flags: 0,
            time_ns: 0,
            observed_time_ns: 0,
            severity_number: 0,
            severity_text: String::new(),
            event_name: String::new(),
            body: Value::Empty,
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
        }
    }

    fn check(&self) -> Result<Checked, Fault> {
        Ok(Checked {
            trace_id: self.trace_id.clone().map_err(Fault::Id)?,
            span_id: self.span_id.clone().map_err(Fault::Id)?,
            time: optional_time("time_unix_nano", self.time_ns)?,
            observed_time: optional_time("observed_time_unix_nano", self.observed_time_ns)?,
        })
    }
}

impl Draft for LogDraft {
    type Item = LogRecord;

    fn finish(self, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Result<LogRecord, Rejection> {
        match self.check() {
            Ok(checked) => Ok(LogRecord {
                trace_id: checked.trace_id,
                span_id: checked.span_id,
                flags: self.flags,
                time: checked.time,
                observed_time: checked.observed_time,
                severity_number: self.severity_number,
                severity_text: self.severity_text,
                event_name: self.event_name,
                body: self.body,
                attributes: self.attributes,
                dropped_attributes_count: self.dropped_attributes_count,
                resource: Arc::clone(resource),
                scope: Arc::clone(scope),
            }),
            Err(fault) => Err(self.reject(&fault)),
        }
    }

    fn reject(&self, fault: &Fault) -> Rejection {
        let mut item = "log record".to_owned();
        if let Ok(Some(id)) = &self.span_id {
            let _ = write!(item, " of span {id}");
        }
        Rejection::new(item, self.trace_id.clone().ok().flatten(), &self.event_name, fault)
    }

    fn resource_of(item: &mut LogRecord) -> &mut Arc<Resource> {
        &mut item.resource
    }

    fn scope_of(item: &mut LogRecord) -> &mut Arc<Scope> {
        &mut item.scope
    }
}

struct Checked {
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    time: Option<UnixNanos>,
    observed_time: Option<UnixNanos>,
}

/// Returns a severity as the model has it: numbers that OTLP does not know are 0, "nobody said".
pub(crate) fn severity(number: i64) -> u32 {
    u32::try_from(number).ok().filter(|number| *number <= 24).unwrap_or(0)
}
