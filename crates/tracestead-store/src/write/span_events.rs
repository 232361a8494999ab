//! Log records that belong to a span, kept beside it: either may come first, and both may come again.
//!
//! Agno's table has one column for the events of a span, which is the sender's. What came as a log record is joined to it
//! when it is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;
use tracestead_model::json::from_json;
use tracestead_model::{Attributes, Event, UnixNanos, Value as Said};

use crate::batch::PreparedEvent;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value, in_list};

/// Trace and span.
type Key<'a> = (&'a str, &'a str);

const COLUMNS: [&str; 6] = ["trace_id", "span_id", "event_id", "time_ns", r#""rank""#, "event"];

/// Stores events and returns the spans that got new ones.
pub(super) fn store<'a>(
    session: &mut dyn Session,
    events: &[&'a PreparedEvent],
) -> Result<BTreeSet<Key<'a>>, DatabaseError> {
    let trace_ids: BTreeSet<&str> = events.iter().map(|event| event.trace_id.as_str()).collect();
    let stored = stored_keys(session, &trace_ids)?;
    let mut new: BTreeMap<(&str, &str, &str), &'a PreparedEvent> = BTreeMap::new();
    for event in events {
        new.entry((&event.trace_id, &event.span_id, &event.event_id)).or_insert(event);
    }
    for (trace_id, span_id, event_id) in &stored {
        new.remove(&(trace_id.as_str(), span_id.as_str(), event_id.as_str()));
    }
    let row = |event: &&'a PreparedEvent| -> Vec<Value<'a>> {
        vec![
            Value::text(&event.trace_id),
            Value::text(&event.span_id),
            Value::text(&event.event_id),
            Value::int(event.time_ns),
            Value::int(event.rank),
            Value::json(Some(&event.event)),
        ]
    };
    let rows: Vec<Vec<Value<'_>>> = new.values().map(row).collect();
    if !rows.is_empty() {
        let table = "tracestead_span_events";
        session.insert(&Insert { table, columns: &COLUMNS, conflict: Conflict::Keep }, &rows)?;
    }
    Ok(new.values().map(|event| (event.trace_id.as_str(), event.span_id.as_str())).collect())
}

/// Returns trace, span and event of the log records that are stored of some traces.
pub(crate) fn stored_keys(
    session: &mut dyn Session,
    trace_ids: &BTreeSet<&str>,
) -> Result<Vec<(String, String, String)>, DatabaseError> {
    let trace_ids: Vec<&str> = trace_ids.iter().copied().collect();
    let from = session.dialect().from("tracestead_span_events");
    let mut found = Vec::new();
    for some in trace_ids.chunks(session.dialect().most_ids()) {
        let mut values = Vec::new();
        let list = in_list("trace_id", some, &mut values);
        let sql = format!("SELECT trace_id, span_id, event_id FROM {from} WHERE {list}");
        let rows = session.query(&sql, &values)?;
        found.extend(rows.into_iter().map(|mut row| (row.required(0), row.required(1), row.required(2))));
    }
    Ok(found)
}

/// Says whether there are any at all: most databases have none.
pub(crate) fn exist(session: &mut dyn Session) -> Result<bool, DatabaseError> {
    Ok(!session.query("SELECT 1 FROM tracestead_span_events LIMIT 1", &[])?.is_empty())
}

/// More log records than this of one span are kept but not read: whoever writes thousands logs every piece of a stream.
const MOST_JOINED: usize = 2000;

/// The log records of spans, by trace and span.
#[derive(Debug, Default)]
pub(crate) struct Joined(HashMap<String, OfTrace>);

#[derive(Debug, Default)]
struct OfTrace {
    /// How many there are, read or not.
    count: i64,
    spans: HashMap<String, Vec<Event>>,
}

impl Joined {
    /// Reads the log records of all spans of some traces.
    pub(crate) fn read(session: &mut dyn Session, trace_ids: &[&str]) -> Result<Self, DatabaseError> {
        let mut joined = Self::default();
        // Where asking is what costs, the answer is none soon enough.
        let is_slow = session.dialect() == Dialect::ClickHouse;
        if trace_ids.is_empty() || (!is_slow && !exist(session)?) {
            return Ok(joined);
        }
        let from = session.dialect().from("tracestead_span_events");
        for some in trace_ids.chunks(session.dialect().most_ids()) {
            let mut values = Vec::new();
            let list = in_list("trace_id", some, &mut values);
            let sql = format!(
                "SELECT trace_id, span_id, event FROM {from} WHERE {list}
                 ORDER BY trace_id, span_id, time_ns, \"rank\", event_id"
            );
            for mut row in session.query(&sql, &values)? {
                let of_trace = joined.0.entry(row.required(0)).or_default();
                of_trace.count += 1;
                let events = of_trace.spans.entry(row.required(1)).or_default();
                if events.len() < MOST_JOINED {
                    events.extend(serde_json::from_str(row.str(2)).ok().as_ref().map(event));
                }
            }
        }
        Ok(joined)
    }

    pub(crate) fn has(&self, trace_id: &str, span_id: &str) -> bool {
        self.0.get(trace_id).is_some_and(|of_trace| of_trace.spans.contains_key(span_id))
    }

    /// Returns the spans that have any: trace and span.
    pub(super) fn spans(&self) -> impl Iterator<Item = Key<'_>> {
        self.0.iter().flat_map(|(trace_id, of_trace)| {
            of_trace.spans.keys().map(move |span_id| (trace_id.as_str(), span_id.as_str()))
        })
    }

    /// Returns how many a trace has.
    pub(super) fn count(&self, trace_id: &str) -> i64 {
        self.0.get(trace_id).map_or(0, |of_trace| of_trace.count)
    }

    /// Adds the span's log records to its `events`, in the order of time.
    pub(crate) fn add_to(&self, trace_id: &str, span_id: &str, events: &mut Vec<Event>) {
        let Some(more) = self.0.get(trace_id).and_then(|of_trace| of_trace.spans.get(span_id)) else {
            return;
        };
        let had = events.len();
        events.extend(more.iter().cloned());
        if had > 0 {
            events.sort_by_key(|event| event.time);
        }
    }
}

/// Reads the column of events.
pub(crate) fn from_column(json: &str) -> Vec<Event> {
    let items: Vec<Json> = serde_json::from_str(json).unwrap_or_default();
    items.iter().map(event).collect()
}

fn event(json: &Json) -> Event {
    Event {
        time: UnixNanos::from_i64(json.get("time_ns").and_then(Json::as_i64).unwrap_or(0)),
        name: json.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
        attributes: attributes(json),
        dropped_attributes_count: number(json, "dropped_attributes_count"),
    }
}

/// Returns the attributes of a stored event, link or scope.
pub(crate) fn attributes(json: &Json) -> Attributes {
    match json.get("attributes").cloned().map(from_json) {
        Some(Said::Map(attributes)) => attributes,
        _ => Attributes::new(),
    }
}

/// Returns a small count of a stored event, link or scope.
pub(crate) fn number(json: &Json, key: &str) -> u32 {
    json.get(key).and_then(Json::as_u64).and_then(|number| number.try_into().ok()).unwrap_or(0)
}
