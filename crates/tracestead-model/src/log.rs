//! A log record as it was received, and what of it belongs to a span.

use std::sync::Arc;

use crate::{Attributes, Event, Resource, Scope, SpanId, TraceId, UnixNanos, Value};

/// The attribute under which the body of a log record is kept when it has become an event of its span.
pub const BODY: &str = "body";

/// One log record, with nothing left out. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// The trace during which it was written.
    pub trace_id: Option<TraceId>,
    /// The span during which it was written.
    pub span_id: Option<SpanId>,
    /// W3C trace flags.
    pub flags: u32,
    /// When it happened; `None` if the sender does not know.
    pub time: Option<UnixNanos>,
    /// When it was seen by the SDK.
    pub observed_time: Option<UnixNanos>,
    /// OTLP's severity number, 1 to 24; 0 if nobody said.
    pub severity_number: u32,
    /// The severity in the words of its source.
    pub severity_text: String,
    /// The class of event, such as `gen_ai.choice`; empty for plain logs.
    pub event_name: String,
    /// What it says: text, or a structure.
    pub body: Value,
    /// More about it.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// Who produced it.
    pub resource: Arc<Resource>,
    /// Which instrumentation produced it.
    pub scope: Arc<Scope>,
}

impl LogRecord {
    /// Returns the record as an event of its span if it holds what belongs there: a prompt, an answer, a judgement or an
    /// exception. `None` for every other log, and for records outside a span.
    #[must_use]
    pub fn into_span_event(self) -> Option<(TraceId, SpanId, Event)> {
        let (trace_id, span_id) = (self.trace_id?, self.span_id?);
        let name = self.name().to_owned();
        let is_exception =
            ["exception.type", "exception.message"].iter().any(|key| self.attributes.text(key).is_some());
        if !name.starts_with("gen_ai.") && !is_exception {
            return None;
        }
        let mut attributes = self.attributes;
        if self.body != Value::Empty {
            attributes.push(BODY, self.body);
        }
        let event = Event {
            time: self.time.or(self.observed_time).unwrap_or(UnixNanos::EPOCH),
            name: if name.is_empty() { "exception".to_owned() } else { name },
            attributes,
            dropped_attributes_count: self.dropped_attributes_count,
        };
        Some((trace_id, span_id, event))
    }

    /// Older SDKs put the name of the event into an attribute.
    fn name(&self) -> &str {
        if self.event_name.is_empty() {
            self.attributes.text("event.name").unwrap_or_default()
        } else {
            &self.event_name
        }
    }
}

/// Returns where an event that was a log record stands among others of its span and time, as some clocks have milliseconds
/// only: instructions, then the conversation in the order of one turn, then answers by their number. The order in which they
/// came would say more, but it is another one if an export is split.
#[must_use]
pub fn event_rank(event: &Event) -> i64 {
    match event.name.as_str() {
        "gen_ai.system.message" => 0,
        "gen_ai.user.message" => 1,
        "gen_ai.assistant.message" => 2,
        "gen_ai.tool.message" => 3,
        "gen_ai.choice" => {
            let index = match event.attributes.get(BODY) {
                Some(Value::Map(body)) => body.get("index"),
                _ => event.attributes.get("index"),
            };
            5 + index.and_then(Value::as_i64).unwrap_or(0).clamp(0, 1_000)
        }
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event_name: &str, pairs: &[(&str, &str)]) -> LogRecord {
        LogRecord {
            trace_id: TraceId::from_bytes(&[1; 16]).ok(),
            span_id: SpanId::from_bytes(&[2; 8]).ok(),
            flags: 0,
            time: None,
            observed_time: Some(UnixNanos::from_i64(7)),
            severity_number: 9,
            severity_text: String::new(),
            event_name: event_name.to_owned(),
            body: Value::from("hi"),
            attributes: pairs.iter().map(|(key, value)| (*key, Value::from(*value))).collect(),
            dropped_attributes_count: 0,
            resource: Arc::default(),
            scope: Arc::default(),
        }
    }

    #[test]
    fn only_what_belongs_to_a_span_becomes_an_event_of_it() {
        let name = |record: LogRecord| record.into_span_event().map(|(_, _, event)| event.name);
        assert_eq!(name(record("gen_ai.choice", &[])).as_deref(), Some("gen_ai.choice"));
        assert_eq!(
            name(record("", &[("event.name", "gen_ai.user.message")])).as_deref(),
            Some("gen_ai.user.message")
        );
        assert_eq!(name(record("", &[("exception.type", "ValueError")])).as_deref(), Some("exception"));
        assert_eq!(name(record("", &[])), None);
        assert_eq!(name(record("http.request", &[])), None);
        assert_eq!(name(LogRecord { span_id: None, ..record("gen_ai.choice", &[]) }), None);
    }

    #[test]
    fn the_body_and_the_time_at_hand_are_kept() {
        let (_, _, event) = record("gen_ai.choice", &[]).into_span_event().unwrap();
        assert_eq!(event.attributes.get(BODY), Some(&Value::from("hi")));
        assert_eq!(event.time.as_i64(), 7);
    }
}
