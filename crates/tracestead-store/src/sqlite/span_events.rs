//! Log records that belong to a span, kept beside it: either may come first, and both may come again.
//!
//! Agno's table has one column for the events of a span, which is the sender's. What came as a log record is joined to it
//! when it is read.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value as Json;
use tracestead_model::json::from_json;
use tracestead_model::{Attributes, Event, UnixNanos, Value};

use crate::batch::PreparedEvent;

/// Stores events and returns the spans that got new ones.
pub(super) fn store<'a>(
    connection: &Connection,
    events: &'a [PreparedEvent],
) -> rusqlite::Result<BTreeSet<(&'a str, &'a str)>> {
    let mut touched = BTreeSet::new();
    let mut insert = connection.prepare_cached(
        "INSERT INTO tracestead_span_events (trace_id, span_id, event_id, time_ns, rank, event)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    for event in events {
        let is_new = insert.execute((
            &event.trace_id,
            &event.span_id,
            &event.event_id,
            event.time_ns,
            event.rank,
            &event.event,
        ))?;
        if is_new > 0 {
            touched.insert((event.trace_id.as_str(), event.span_id.as_str()));
        }
    }
    Ok(touched)
}

/// Says whether there are any at all: most databases have none.
pub(super) fn exist(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tracestead_span_events)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Says whether the span has any.
pub(super) fn exist_for(connection: &Connection, trace_id: &str, span_id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tracestead_span_events WHERE trace_id = ?1 AND span_id = ?2)";
    connection.prepare_cached(sql)?.query_row([trace_id, span_id], |row| row.get(0))
}

/// More log records than this of one span are kept but not read: whoever writes thousands logs every piece of a stream.
const MOST_JOINED: u32 = 2000;

/// Adds the span's log records to its `events`, in the order of time.
pub(super) fn join(
    connection: &Connection,
    trace_id: &str,
    span_id: &str,
    events: &mut Vec<Event>,
) -> rusqlite::Result<()> {
    let sql = "SELECT event FROM tracestead_span_events WHERE trace_id = ?1 AND span_id = ?2
        ORDER BY time_ns, rank, event_id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((trace_id, span_id, MOST_JOINED))?;
    let before = events.len();
    while let Some(row) = rows.next()? {
        events.extend(serde_json::from_str(row.get_ref(0)?.as_str()?).ok().as_ref().map(event));
    }
    if events.len() > before && before > 0 {
        events.sort_by_key(|event| event.time);
    }
    Ok(())
}

/// Adds the log records of many spans, given by trace, span and its events.
pub(super) fn join_all<'a>(
    connection: &Connection,
    spans: impl Iterator<Item = (&'a str, &'a str, &'a mut Vec<Event>)>,
) -> rusqlite::Result<()> {
    if exist(connection)? {
        for (trace_id, span_id, events) in spans {
            join(connection, trace_id, span_id, events)?;
        }
    }
    Ok(())
}

/// Reads the column of events.
pub(super) fn from_column(json: &str) -> Vec<Event> {
    let items: Vec<Json> = serde_json::from_str(json).unwrap_or_default();
    items.iter().map(event).collect()
}

pub(super) fn event(json: &Json) -> Event {
    Event {
        time: UnixNanos::from_i64(json.get("time_ns").and_then(Json::as_i64).unwrap_or(0)),
        name: json.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
        attributes: attributes(json),
        dropped_attributes_count: number(json, "dropped_attributes_count"),
    }
}

/// Returns the attributes of a stored event, link or scope.
pub(super) fn attributes(json: &Json) -> Attributes {
    match json.get("attributes").cloned().map(from_json) {
        Some(Value::Map(attributes)) => attributes,
        _ => Attributes::new(),
    }
}

/// Returns a small count of a stored event, link or scope.
pub(super) fn number(json: &Json, key: &str) -> u32 {
    json.get(key).and_then(Json::as_u64).and_then(|number| number.try_into().ok()).unwrap_or(0)
}
