//! Deletes rows: of each, one is written that says that the row with this key is no more, and merges do the rest.
//!
//! The statements of the database that delete (`DELETE`, `ALTER TABLE … DELETE`) look through all parts of a table each time
//! and go on in the background; an `INSERT` is short, is there at once, and goes through a `Distributed` table as any other.
//! Such a row has the version of the one that it ends and comes later, so it stands; what is sent again comes still later. Only
//! a copy of a deleted span that ended earlier than the one that was deleted does not come back.
//!
//! The rows of spans go before those of their traces: a process that ends in between leaves traces behind that are found
//! again.

use super::look::{self, Seen};
use crate::copy;
use crate::error::DatabaseError;
use crate::schema::{self, Kind, SPAN_TABLES};
use crate::session::{Conflict, Insert, Session};
use crate::sql::{MAX_LIST, Row, Value, in_list, of_traces};
use crate::write::commit::Context;
use crate::write::resources;
use crate::write::rollups::HOUR_NS;

/// Rows of many months may go at once.
const ANY_MONTHS: &str = "SETTINGS max_partitions_per_insert_block = 0";

/// Deletes traces with everything that is theirs, and returns how many spans that were. What comes for them meanwhile from
/// another server stays, and is folded.
pub(in crate::write) fn traces(
    session: &mut dyn Session,
    trace_ids: &[&str],
    context: Context<'_>,
) -> Result<u64, DatabaseError> {
    let mut count = 0;
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let of_spans = of_traces(session.dialect(), "agno_spans", some, &mut values);
        count += delete_spans(session, &of_spans, &values)?;
        let mut values = Vec::new();
        let list = in_list("trace_id", some, &mut values);
        delete_events(session, &list, &values)?;
        delete_rows(session, some)?;
        look::settle(session, Seen::nothing_of(some), context)?;
    }
    Ok(count)
}

/// Deletes some spans of a trace with their log records, and returns how many there were.
pub(in crate::write) fn spans(
    session: &mut dyn Session,
    trace_id: &str,
    span_ids: &[&str],
) -> Result<u64, DatabaseError> {
    let mut count = 0;
    for some in span_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let of_trace = of_traces(session.dialect(), "agno_spans", &[trace_id], &mut values);
        let list = in_list("span_id", some, &mut values);
        count += delete_spans(session, &format!("{of_trace} AND {list}"), &values)?;
        let mut values = vec![Value::text(trace_id)];
        let list = in_list("span_id", some, &mut values);
        delete_events(session, &format!("trace_id = ? AND {list}"), &values)?;
    }
    Ok(count)
}

/// Deletes the rows of some traces.
pub(in crate::write) fn delete_rows(
    session: &mut dyn Session,
    trace_ids: &[&str],
) -> Result<(), DatabaseError> {
    let mut values = Vec::new();
    let of_traces = of_traces(session.dialect(), "agno_traces", trace_ids, &mut values);
    session.execute(
        &format!(
            "INSERT INTO agno_traces (trace_id, start_time_ns, is_deleted)
             SELECT trace_id, start_time_ns, 1 FROM agno_traces FINAL WHERE {of_traces} {ANY_MONTHS}"
        ),
        &values,
    )?;
    Ok(())
}

fn delete_spans(
    session: &mut dyn Session,
    condition: &str,
    values: &[Value<'_>],
) -> Result<u64, DatabaseError> {
    let sql = format!(
        "SELECT -newest_hour, toInt64(count()) FROM agno_spans FINAL WHERE {condition} GROUP BY newest_hour"
    );
    let found = session.query(&sql, values)?;
    if found.is_empty() {
        return Ok(0);
    }
    // The sums are wrong from the first row on. They may be made again before the last one, too.
    let hours: Vec<i64> = found.iter().map(|row| row.whole(0).saturating_mul(HOUR_NS)).collect();
    session.touch_hours(&hours);
    session.execute(
        &format!(
            "INSERT INTO agno_spans (trace_id, span_id, start_time_ns, end_time_ns, resource_id, is_deleted)
             SELECT trace_id, span_id, start_time_ns, end_time_ns, resource_id, 1
             FROM agno_spans FINAL WHERE {condition} {ANY_MONTHS}"
        ),
        values,
    )?;
    session.touch_hours(&hours);
    Ok(found.iter().map(|row| row.whole(1).unsigned_abs()).sum())
}

fn delete_events(
    session: &mut dyn Session,
    condition: &str,
    values: &[Value<'_>],
) -> Result<(), DatabaseError> {
    session.execute(
        &format!(
            "INSERT INTO tracestead_span_events (trace_id, span_id, event_id, time_ns, is_deleted)
             SELECT trace_id, span_id, event_id, time_ns, 1
             FROM tracestead_span_events FINAL WHERE {condition} {ANY_MONTHS}"
        ),
        values,
    )?;
    Ok(())
}

/// How many resources go at once; each time all spans are read twice.
const RESOURCES: usize = 4 * MAX_LIST;

/// Deletes some resources that no span refers to, and returns how many, and whether there may be more.
///
/// A server may be about to write the first span of one that it has found to be there. It looks again once its spans are
/// written, as is done here once the resources are gone: one of the two sees what the other did. A copy may be about to, too;
/// it does not look again, so if one is under way by then, all are put back.
pub(in crate::write) fn resources(session: &mut dyn Session) -> Result<(u64, bool), DatabaseError> {
    // What is on another shard counts as well.
    let sql = format!(
        "SELECT resource_id FROM tracestead_resources FINAL WHERE resource_id GLOBAL NOT IN (
            SELECT resource_id FROM agno_spans FINAL WHERE resource_id IS NOT NULL) LIMIT {RESOURCES}"
    );
    let unused = ids(session.query(&sql, &[])?);
    let unused: Vec<&str> = unused.iter().map(String::as_str).collect();
    // What a copy has brought has no spans before the copy comes to these.
    if unused.is_empty() || copy::is_under_way(session)? {
        return Ok((0, false));
    }
    let stored = resources::rows(session, &unused)?;
    let gone: Vec<Vec<Value<'_>>> =
        unused.iter().map(|id| vec![Value::text(id), Value::Bool(Some(true))]).collect();
    let insert = Insert {
        table: "tracestead_resources",
        columns: &["resource_id", "is_deleted"],
        conflict: Conflict::Never,
    };
    session.insert(&insert, &gone)?;
    let used = if copy::is_under_way(session)? {
        unused.iter().map(|id| (*id).to_owned()).collect()
    } else {
        let mut values = Vec::new();
        let list = in_list("resource_id", &unused, &mut values);
        let sql = format!("SELECT DISTINCT resource_id FROM agno_spans FINAL WHERE {list}");
        ids(session.query(&sql, &values)?)
    };
    resources::put_back(session, stored, &used)?;
    Ok(((unused.len() - used.len()) as u64, unused.len() == RESOURCES && used.is_empty()))
}

fn ids(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|mut row| row.required(0)).collect()
}

/// Returns the row that says that this one is no more: nothing is left in it but `kept`, for whoever is in it may be deleted
/// later, and it would not be found.
pub(in crate::write) fn gone<'a>(
    table: &str,
    columns: &[&str],
    row: Vec<Value<'a>>,
    kept: &[&str],
) -> Vec<Value<'a>> {
    let known = SPAN_TABLES.iter().find(|known| known.name == table).map_or(&[][..], |table| table.columns);
    let blank = |name: &str| {
        let column = known.iter().find(|column| column.name == name.trim_matches('"'));
        match column {
            Some(column) if schema::is_nullable(column) => Value::Text(None),
            Some(column) if column.kind == Kind::Integer => Value::int(0),
            Some(column) if column.kind == Kind::Flag => Value::Bool(Some(false)),
            _ => Value::text(""),
        }
    };
    let one = |(name, value): (&&str, Value<'a>)| if kept.contains(name) { value } else { blank(name) };
    columns.iter().zip(row).map(one).chain([Value::Bool(Some(true))]).collect()
}

/// Deletes all malformed spans.
pub(in crate::write) fn quarantine(session: &mut dyn Session) -> Result<(), DatabaseError> {
    let table = schema::rows_of("tracestead_quarantine", session.cluster());
    session.execute(&format!("TRUNCATE TABLE {table}"), &[]).map(|_| ())
}
