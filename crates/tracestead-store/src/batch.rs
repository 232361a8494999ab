//! Spans made ready to be written: every text that a column holds, computed before the writer sees it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use tracestead_model::content::Previews;
use tracestead_model::json::to_agno_json;
use tracestead_model::query::duration_ms;
use tracestead_model::{
    Attributes, Cost, Event, Link, LogRecord, PriceBook, Resource, Scope, Span, SpanFacts, SpanShape,
    SpanSource, UnixNanos, event_rank,
};

/// Bytes that were to be a span and are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Why it is none.
    pub reason: String,
    /// How it was encoded, such as `protobuf`.
    pub encoding: &'static str,
    /// The bytes, perhaps cut.
    pub bytes: Vec<u8>,
    /// How many bytes there were.
    pub size_bytes: usize,
}

/// Spans that are to be written together, log records that belong to spans, and malformed ones to be kept aside.
#[derive(Debug)]
pub struct Batch {
    pub(crate) received_at: UnixNanos,
    pub(crate) spans: Vec<PreparedSpan>,
    pub(crate) events: Vec<PreparedEvent>,
    pub(crate) resources: Vec<Arc<PreparedResource>>,
    pub(crate) malformed: Vec<Malformed>,
    /// Dropped with the batch: once it is stored, or has failed to be.
    guard: Option<Box<dyn Any + Send + Sync>>,
}

#[derive(Debug)]
pub(crate) struct PreparedResource {
    pub(crate) resource_id: String,
    pub(crate) attributes: String,
    pub(crate) dropped_attributes_count: u32,
    pub(crate) schema_url: String,
    pub(crate) service_name: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) release: Option<String>,
}

/// A log record as an event of its span.
#[derive(Debug)]
pub(crate) struct PreparedEvent {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    /// Made of what the event says: sent again, it is the same event.
    pub(crate) event_id: String,
    pub(crate) time_ns: i64,
    /// Its place among events with one time, made of what it says: of exports there must be no trace.
    pub(crate) rank: i64,
    pub(crate) event: String,
}

/// A span as its row has it.
#[derive(Debug, Clone)]
pub(crate) struct PreparedSpan {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) span_kind: &'static str,
    pub(crate) status_code: &'static str,
    pub(crate) status_message: Option<String>,
    pub(crate) start_time: String,
    pub(crate) end_time: String,
    pub(crate) duration_ms: i64,
    pub(crate) attributes: String,
    pub(crate) events: Option<String>,
    pub(crate) links: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) resource: Option<Arc<PreparedResource>>,
    pub(crate) trace_state: Option<String>,
    pub(crate) flags: u32,
    pub(crate) dropped_attributes_count: u32,
    pub(crate) dropped_events_count: u32,
    pub(crate) dropped_links_count: u32,
    pub(crate) facts: SpanFacts,
    pub(crate) cost: Cost,
    /// Made for spans that may stand for their trace in lists; others' are read from their row if need be.
    pub(crate) previews: Option<Previews>,
    pub(crate) shape: SpanShape,
}

impl Batch {
    /// Reads the facts of `spans`, prices their calls and makes the texts of their columns. `received_at` becomes
    /// `created_at`.
    #[must_use]
    pub fn prepare(
        spans: Vec<Span>,
        malformed: Vec<Malformed>,
        received_at: UnixNanos,
        prices: &PriceBook,
    ) -> Self {
        let mut shared = Shared::default();
        let mut spans: Vec<PreparedSpan> =
            spans.into_iter().map(|span| prepare(span, &mut shared, prices)).collect();
        // Rows are written in key order, so that two writers cannot wait for each other. The sort is stable: of two
        // spans with one id, the one sent first is written first.
        spans.sort_by(|a, b| (&a.trace_id, &a.span_id).cmp(&(&b.trace_id, &b.span_id)));
        Self {
            received_at,
            spans,
            events: Vec::new(),
            resources: shared.resources.into_values().map(|(_, made)| made).collect(),
            malformed,
            guard: None,
        }
    }

    /// Makes log records ready that belong to spans, here or in any other batch. Those that do not are left out.
    #[must_use]
    pub fn prepare_logs(records: Vec<LogRecord>, malformed: Vec<Malformed>, received_at: UnixNanos) -> Self {
        let events = records.into_iter().filter_map(LogRecord::into_span_event);
        let events = events
            .map(|(trace_id, span_id, event)| {
                let json = event_json(&event);
                let event_id = blake3::hash(json.as_bytes()).to_hex()[..32].to_owned();
                PreparedEvent {
                    trace_id: trace_id.to_hex(),
                    span_id: span_id.to_hex(),
                    event_id,
                    time_ns: event.time.as_i64(),
                    rank: event_rank(&event),
                    event: json,
                }
            })
            .collect();
        Self { received_at, spans: Vec::new(), events, resources: Vec::new(), malformed, guard: None }
    }

    /// Keeps `guard` until the batch is stored or has failed to be, even if nobody waits for it any more: what the batch
    /// takes of a budget is given back then and not before.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }

    /// Returns how many spans, or log records of spans, there are to write.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len() + self.events.len()
    }

    /// Says whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.malformed.is_empty()
    }
}

/// Resources and scopes are few and shared: their texts are made once. The `Arc` is kept beside its text, so that its
/// address cannot come to mean another one.
#[derive(Default)]
struct Shared {
    resources: HashMap<usize, (Arc<Resource>, Arc<PreparedResource>)>,
    scopes: HashMap<usize, (Arc<Scope>, Option<String>)>,
}

impl Shared {
    fn resource(&mut self, resource: &Arc<Resource>) -> Arc<PreparedResource> {
        let key = Arc::as_ptr(resource).addr();
        let entry = self.resources.entry(key);
        Arc::clone(&entry.or_insert_with(|| (Arc::clone(resource), Arc::new(prepare_resource(resource)))).1)
    }

    fn scope(&mut self, scope: &Arc<Scope>) -> Option<String> {
        let key = Arc::as_ptr(scope).addr();
        self.scopes.entry(key).or_insert_with(|| (Arc::clone(scope), scope_json(scope))).1.clone()
    }
}

fn prepare_resource(resource: &Resource) -> PreparedResource {
    let attributes = to_agno_json(&resource.attributes);
    let mut hash = blake3::Hasher::new();
    hash.update(attributes.as_bytes());
    hash.update(&[0]);
    hash.update(resource.schema_url.as_bytes());
    hash.update(&resource.dropped_attributes_count.to_be_bytes());
    PreparedResource {
        resource_id: hash.finalize().to_hex()[..32].to_owned(),
        attributes,
        dropped_attributes_count: resource.dropped_attributes_count,
        schema_url: resource.schema_url.clone(),
        service_name: resource.service_name().map(str::to_owned),
        environment: resource.environment().map(str::to_owned),
        release: resource.release().map(str::to_owned),
    }
}

fn prepare(span: Span, shared: &mut Shared, prices: &PriceBook) -> PreparedSpan {
    let source = SpanSource::from(&span);
    let facts = SpanFacts::of(&source);
    let cost = prices.cost(&facts, span.start_time);
    let may_lead = span.parent_span_id.is_none() || facts.span_type.is_run();
    let previews = may_lead.then(|| Previews::of(&source, facts.span_type));
    let shape = SpanShape::new(&span, &facts, cost);
    PreparedSpan {
        trace_id: span.trace_id.to_hex(),
        span_id: span.span_id.to_hex(),
        parent_span_id: span.parent_span_id.map(tracestead_model::SpanId::to_hex),
        span_kind: span.kind.as_str(),
        status_code: span.status.code.as_str(),
        status_message: Some(without_nul(span.status.message)).filter(|message| !message.is_empty()),
        start_time: span.start_time.to_agno(),
        end_time: span.end_time.unwrap_or(span.start_time).to_agno(),
        duration_ms: duration_ms(shape.start_time_ns, shape.end_time_ns),
        attributes: to_agno_json(&span.attributes),
        events: events_json(&span.events),
        links: links_json(&span.links),
        scope: shared.scope(&span.scope),
        resource: Some(shared.resource(&span.resource)),
        trace_state: Some(without_nul(span.trace_state)).filter(|state| !state.is_empty()),
        flags: span.flags,
        dropped_attributes_count: span.dropped_attributes_count,
        dropped_events_count: span.dropped_events_count,
        dropped_links_count: span.dropped_links_count,
        facts,
        cost,
        previews,
        shape,
    }
}

/// No text column of any database keeps a NUL; Agno removes it on PostgreSQL.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

fn scope_json(scope: &Scope) -> Option<String> {
    if *scope == Scope::default() {
        return None;
    }
    let json = serde_json::json!({
        "name": scope.name,
        "version": scope.version,
        "attributes": tracestead_model::json::attributes_to_json(&scope.attributes),
        "dropped_attributes_count": scope.dropped_attributes_count,
        "schema_url": scope.schema_url,
    });
    Some(json.to_string())
}

fn events_json(events: &[Event]) -> Option<String> {
    list_json(events, event_json)
}

fn event_json(event: &Event) -> String {
    let head = object(&[
        ("name", serde_json::Value::from(event.name.as_str())),
        ("time_ns", event.time.as_i64().into()),
        ("dropped_attributes_count", event.dropped_attributes_count.into()),
    ]);
    with_attributes(head, &event.attributes)
}

fn links_json(links: &[Link]) -> Option<String> {
    list_json(links, |link| {
        let head = object(&[
            ("trace_id", link.trace_id.to_hex().into()),
            ("span_id", link.span_id.to_hex().into()),
            ("trace_state", link.trace_state.as_str().into()),
            ("flags", link.flags.into()),
            ("dropped_attributes_count", link.dropped_attributes_count.into()),
        ]);
        with_attributes(head, &link.attributes)
    })
}

fn list_json<T>(items: &[T], item_json: impl Fn(&T) -> String) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let items: Vec<String> = items.iter().map(item_json).collect();
    Some(format!("[{}]", items.join(", ")))
}

fn object(pairs: &[(&str, serde_json::Value)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}", pairs.join(", "))
}

fn with_attributes(head: String, attributes: &Attributes) -> String {
    head + ", \"attributes\": " + &to_agno_json(attributes) + "}"
}
