//! Records the spans of one trace on a clock of its own.

use std::sync::Arc;

use tracestead_model::{
    Attributes, Event, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};

use super::random::Random;

/// A span that was begun: its place in the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(usize);

/// Spans of one trace while they are made. The clock begins at 0 and goes on only by [`Recorder::pass`].
#[derive(Debug)]
pub(super) struct Recorder<'a> {
    pub(super) random: &'a mut Random,
    ids: &'a mut Random,
    trace_id: TraceId,
    clock_ns: i64,
    spans: Vec<Span>,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(random: &'a mut Random, ids: &'a mut Random, service: &Service) -> Self {
        let trace_id = trace_id(ids);
        let attributes = [
            ("telemetry.sdk.language", Value::from("python")),
            ("telemetry.sdk.name", Value::from("opentelemetry")),
            ("telemetry.sdk.version", Value::from("1.45.2")),
            ("service.name", Value::from(service.name)),
            ("service.version", Value::from(service.version)),
            ("deployment.environment.name", Value::from(service.environment)),
        ];
        let resource = Resource { attributes: attributes.into_iter().collect(), ..Resource::default() };
        Self {
            random,
            ids,
            trace_id,
            clock_ns: 0,
            spans: Vec::new(),
            resource: Arc::new(resource),
            scope: scope("openinference.instrumentation.agno", "1.0.15"),
        }
    }

    /// Begins a span.
    pub(super) fn open(&mut self, parent: Option<At>, name: impl Into<String>) -> At {
        let span = Span {
            trace_id: self.trace_id,
            span_id: span_id(self.ids),
            parent_span_id: parent.map(|parent| self.spans[parent.0].span_id),
            trace_state: String::new(),
            flags: 256,
            name: name.into(),
            kind: SpanKind::Internal,
            start_time: UnixNanos::from_i64(self.clock_ns),
            end_time: None,
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::default(),
            resource: Arc::clone(&self.resource),
            scope: Arc::clone(&self.scope),
        };
        self.spans.push(span);
        At(self.spans.len() - 1)
    }

    /// Says something about a span.
    pub(super) fn say(&mut self, at: At, key: impl Into<String>, value: impl Into<Word>) {
        self.spans[at.0].attributes.push(key, value.into().0);
    }

    /// Says that another instrumentation than Agno's recorded the span, and on which side of a call.
    pub(super) fn by(&mut self, at: At, instrumentation: &str, kind: SpanKind) {
        self.spans[at.0].scope = scope(instrumentation, "0.66b1");
        self.spans[at.0].kind = kind;
    }

    /// Lets time go by: so many milliseconds, from `low` to `high`.
    pub(super) fn pass(&mut self, low: i64, high: i64) {
        let micros = self.random.between(low * 1_000, high * 1_000);
        self.clock_ns += micros * 1_000 + self.random.between(0, 999);
    }

    /// Returns the clock, for what runs at the same time.
    pub(super) fn clock(&self) -> i64 {
        self.clock_ns
    }

    /// Puts the clock to a moment of before, or to the end of the longest of what ran at the same time.
    pub(super) fn put_clock(&mut self, clock_ns: i64) {
        self.clock_ns = clock_ns;
    }

    /// Ends a span well.
    pub(super) fn close(&mut self, at: At) {
        self.end(at, Status { code: StatusCode::Ok, message: String::new() });
    }

    /// Ends a span without saying how, as most instrumentation of applications does.
    pub(super) fn close_unset(&mut self, at: At) {
        self.end(at, Status::default());
    }

    /// Ends a span that failed.
    pub(super) fn fail(&mut self, at: At, message: impl Into<String>) {
        self.end(at, Status { code: StatusCode::Error, message: message.into() });
    }

    /// Records an exception now, as OpenTelemetry's Python SDK does.
    pub(super) fn exception(&mut self, at: At, raised: &Raised) {
        let stacktrace = format!("{}{}: {}\n", raised.frames, raised.class, raised.message);
        let attributes = [
            ("exception.type", Value::from(raised.class)),
            ("exception.message", Value::from(raised.message)),
            ("exception.stacktrace", Value::String(stacktrace)),
            ("exception.escaped", Value::from("False")),
        ];
        let event = Event {
            time: UnixNanos::from_i64(self.clock_ns),
            name: "exception".to_owned(),
            attributes: attributes.into_iter().collect(),
            dropped_attributes_count: 0,
        };
        self.spans[at.0].events.push(event);
    }

    fn end(&mut self, at: At, status: Status) {
        let span = &mut self.spans[at.0];
        span.end_time = Some(UnixNanos::from_i64(self.clock_ns));
        span.status = status;
    }

    /// Returns the spans in the order they ended, so that the last of them ended at `end`.
    pub(super) fn finish(mut self, end: UnixNanos) -> Vec<Span> {
        let last = self.spans.iter().filter_map(|span| span.end_time).max().unwrap_or(UnixNanos::EPOCH);
        let shift = end.as_i64() - last.as_i64();
        let moved = |time: UnixNanos| UnixNanos::from_i64(time.as_i64() + shift);
        for span in &mut self.spans {
            span.start_time = moved(span.start_time);
            span.end_time = span.end_time.map(moved);
            for event in &mut span.events {
                event.time = moved(event.time);
            }
        }
        self.spans.sort_by_key(|span| span.end_time);
        self.spans
    }
}

/// A program that runs agents.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) environment: &'static str,
}

/// A Python exception.
#[derive(Debug)]
pub(super) struct Raised {
    pub(super) class: &'static str,
    pub(super) message: &'static str,
    pub(super) frames: &'static str,
}

/// A value of an attribute.
#[derive(Debug)]
pub(super) struct Word(Value);

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(Value::from(text))
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self(Value::String(text))
    }
}

impl From<i64> for Word {
    fn from(number: i64) -> Self {
        Self(Value::Int(number))
    }
}

impl From<f64> for Word {
    fn from(number: f64) -> Self {
        Self(Value::Double(number))
    }
}

impl From<&[&str]> for Word {
    fn from(texts: &[&str]) -> Self {
        Self(Value::Array(texts.iter().map(|text| Value::from(*text)).collect()))
    }
}

fn scope(name: &str, version: &str) -> Arc<Scope> {
    Arc::new(Scope { name: name.to_owned(), version: version.to_owned(), ..Scope::default() })
}

fn trace_id(ids: &mut Random) -> TraceId {
    let bytes = [ids.draw().to_be_bytes(), ids.draw().to_be_bytes()].concat();
    TraceId::from_bytes(&bytes).unwrap_or_else(|_| trace_id(ids))
}

fn span_id(ids: &mut Random) -> SpanId {
    SpanId::from_bytes(&ids.draw().to_be_bytes()).unwrap_or_else(|_| span_id(ids))
}
