//! Deletes resources that no span refers to: marks all, reads all spans, and what still has its mark goes.
//!
//! See [`resources`] for what those do meanwhile who store spans. Two that sweep at once set marks of their own, and each
//! deletes what has its own; a mark that a stopped sweep left says nothing to the next one.

use std::collections::BTreeSet;

use tracestead_model::UnixNanos;

use super::{Key, Pruned};
use crate::copy;
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::sql::{Dialect, MAX_LIST, Row, Value, in_list};
use crate::write::{clickhouse, resources};

/// So many spans are read in one step.
const PAGE_SPANS: u64 = 5000;

/// More resources than this are not remembered; their mark is taken away again, which changes nothing.
const MOST_REMEMBERED: usize = 5000;

#[derive(Debug, Clone)]
pub(super) struct Phase {
    mark: i64,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Mark { after: String },
    Read { after: (Key, String), known: BTreeSet<String> },
    Delete,
}

impl Phase {
    pub(super) fn first(now: UnixNanos) -> Self {
        Self { mark: now.as_i64(), place: Place::Mark { after: String::new() } }
    }

    fn at(&self, place: Place) -> Pruned {
        Pruned::at(super::Phase::Resources(Self { mark: self.mark, place }))
    }
}

pub(super) fn step(session: &mut dyn Session, phase: &Phase) -> Result<Pruned, DatabaseError> {
    // There nothing is marked: one statement tells what no span refers to.
    if session.dialect() == Dialect::ClickHouse {
        let (resources, has_more) = clickhouse::delete_resources(session)?;
        if has_more {
            return Ok(Pruned { resources, ..phase.at(Place::Delete) });
        }
        if resources > 0 {
            clickhouse::merge(session, "tracestead_resources", None)?;
        }
        return Ok(Pruned { resources, ..Pruned::default() });
    }
    match &phase.place {
        Place::Mark { after } => {
            let last = transaction(session, Access::Write, |session| mark(session, after, phase.mark))?;
            let first =
                || Place::Read { after: ((i64::MIN, String::new()), String::new()), known: BTreeSet::new() };
            Ok(phase.at(last.map_or_else(first, |after| Place::Mark { after })))
        }
        Place::Read { after, known } => read(session, phase, after, known.clone()),
        Place::Delete => {
            let deleted = transaction(session, Access::Write, |session| delete(session, phase.mark))?;
            let Some(resources) = deleted else { return Ok(Pruned::default()) };
            Ok(Pruned { resources, ..phase.at(Place::Delete) })
        }
    }
}

/// Marks some resources and returns the last of them.
fn mark(session: &mut dyn Session, after: &str, mark: i64) -> Result<Option<String>, DatabaseError> {
    let by_id = session.dialect().id_order("resource_id");
    let sql =
        format!("SELECT resource_id FROM tracestead_resources WHERE {by_id} > ? ORDER BY {by_id} LIMIT ?");
    let found = ids(session.query(&sql, &[Value::text(after), limit()])?);
    set(session, "UPDATE tracestead_resources SET unused_since_ns = ? WHERE", mark, &found)?;
    Ok(found.last().cloned())
}

/// Takes the marks away that the next spans say are wrong.
fn read(
    session: &mut dyn Session,
    phase: &Phase,
    ((start_time_ns, trace_id), span_id): &(Key, String),
    mut known: BTreeSet<String>,
) -> Result<Pruned, DatabaseError> {
    let dialect = session.dialect();
    let (by_trace, by_span) = (dialect.id_order("trace_id"), dialect.id_order("span_id"));
    let sql = format!(
        "SELECT start_time_ns, trace_id, span_id, resource_id FROM agno_spans WHERE start_time_ns >= ?
             AND (start_time_ns > ? OR {by_trace} > ? OR ({by_trace} = ? AND {by_span} > ?))
         ORDER BY start_time_ns, {by_trace}, {by_span} LIMIT ?"
    );
    let values = [
        Value::int(*start_time_ns),
        Value::int(*start_time_ns),
        Value::text(trace_id),
        Value::text(trace_id),
        Value::text(span_id),
        Value::count(PAGE_SPANS),
    ];
    let mut rows = transaction(session, Access::Read, |session| session.query(&sql, &values))?;
    let Some(last) = rows.last_mut() else { return Ok(phase.at(Place::Delete)) };
    let after = ((last.whole(0), last.str(1).to_owned()), last.str(2).to_owned());
    let new: BTreeSet<String> = rows
        .iter()
        .map(|row| row.str(3))
        .filter(|id| !id.is_empty() && !known.contains(*id))
        .map(str::to_owned)
        .collect();
    if !new.is_empty() {
        let ids: Vec<&str> = new.iter().map(String::as_str).collect();
        transaction(session, Access::Write, |session| {
            ids.chunks(MAX_LIST).try_for_each(|some| resources::unmark(session, some))
        })?;
    }
    if known.len() < MOST_REMEMBERED {
        known.extend(new);
    }
    Ok(phase.at(Place::Read { after, known }))
}

/// Deletes some resources that still have the mark, and returns how many; `None` if there are none.
fn delete(session: &mut dyn Session, mark: i64) -> Result<Option<u64>, DatabaseError> {
    let by_id = session.dialect().id_order("resource_id");
    let sql = format!(
        "SELECT resource_id FROM tracestead_resources WHERE unused_since_ns = ? ORDER BY {by_id} LIMIT ?"
    );
    let found = ids(session.query(&sql, &[Value::int(mark), limit()])?);
    // What a copy has brought has no spans before the copy comes to these.
    if found.is_empty() || copy::is_under_way(session)? {
        return Ok(None);
    }
    // Whoever stores a span of one has taken its mark away since, or waits until it is gone and stores it again.
    set(session, "DELETE FROM tracestead_resources WHERE unused_since_ns = ? AND", mark, &found).map(Some)
}

fn set(session: &mut dyn Session, head: &str, mark: i64, ids: &[String]) -> Result<u64, DatabaseError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut values = vec![Value::int(mark)];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let list = in_list("resource_id", &ids, &mut values);
    session.execute(&format!("{head} {list}"), &values)
}

fn ids(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|mut row| row.required(0)).collect()
}

fn limit() -> Value<'static> {
    Value::count(MAX_LIST as u64)
}
