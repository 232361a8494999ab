//! Deletes traces with everything that is theirs, in one transaction.

use tracestead_model::query::TraceRecord;

use super::STEP_SPANS;
use super::candidates;
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Session, transaction};
use crate::sql::{Dialect, MAX_LIST, Row, Value, in_list};
use crate::write::clickhouse;
use crate::write::commit::Context;
use crate::write::draft;
use crate::write::rollups::Rollups;
use crate::write::span_events;

/// The row of a trace of which some spans are gone already. A row that waits for its spans has no beginning either, but no
/// row has ever such a count.
pub(super) const UNFINISHED: &str = "start_time_ns IS NULL AND span_count = -1";

/// Every other row: some have no count yet.
pub(crate) const WHOLE: &str = "COALESCE(span_count, 0) <> -1";

/// What was deleted.
#[derive(Debug, Default)]
pub(super) struct Deleted {
    pub(super) traces: u64,
    pub(super) spans: u64,
    /// Whether a trace has spans left to be deleted.
    pub(super) is_unfinished: bool,
    /// Whether traces were left alone, because those before them were all that one step takes.
    pub(super) is_cut: bool,
}

/// Deletes those of the traces about which `is_to_go` still says so once nobody else can change them.
pub(super) fn traces(
    session: &mut dyn Session,
    trace_ids: &[String],
    context: Context<'_>,
    is_to_go: impl Fn(&TraceRecord) -> bool,
) -> Result<Deleted, DatabaseError> {
    transaction(session, Access::Write, |session| {
        let trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
        let traces = candidates::lock(session, &trace_ids)?;
        let going: Vec<&str> =
            traces.iter().filter(|trace| is_to_go(trace)).map(|trace| trace.trace_id.as_str()).collect();
        locked(session, &going, context)
    })
}

/// Deletes more of a trace of which some spans are gone; `None` if there is none.
pub(super) fn unfinished(
    session: &mut dyn Session,
    context: Context<'_>,
) -> Result<Option<Deleted>, DatabaseError> {
    // There a trace goes whole, however large it is.
    if session.dialect() == Dialect::ClickHouse {
        return Ok(None);
    }
    let found = transaction(session, Access::Read, |session| {
        session.query(&format!("SELECT trace_id FROM agno_traces WHERE {UNFINISHED} LIMIT 1"), &[])
    })?;
    let Some(trace_id) = found.into_iter().next().map(|mut row| row.required(0)) else { return Ok(None) };
    transaction(session, Access::Write, |session| {
        let for_update = session.dialect().for_update();
        let sql = format!("SELECT trace_id FROM agno_traces WHERE trace_id = ? AND {UNFINISHED}{for_update}");
        // A span that came meanwhile made a trace of it again.
        let is_there = !session.query(&sql, &[Value::text(&trace_id)])?.is_empty();
        let going: &[&str] = if is_there { &[&trace_id] } else { &[] };
        let deleted = locked(session, going, context)?;
        Ok(Some(Deleted { is_unfinished: true, ..deleted }))
    })
}

/// Deletes traces whose rows are locked.
pub(super) fn locked(
    session: &mut dyn Session,
    trace_ids: &[&str],
    context: Context<'_>,
) -> Result<Deleted, DatabaseError> {
    let Some(first) = trace_ids.first() else { return Ok(Deleted::default()) };
    if session.dialect() == Dialect::ClickHouse {
        let spans = clickhouse::delete_traces(session, trace_ids, context)?;
        return Ok(Deleted { traces: trace_ids.len() as u64, spans, ..Deleted::default() });
    }
    if let Some(spans) = all_spans(session, trace_ids)? {
        return whole(session, trace_ids, spans);
    }
    let is_cut = trace_ids.len() > 1;
    let deleted = match all_spans(session, &[first])? {
        Some(spans) => whole(session, &[first], spans)?,
        None => part(session, first)?,
    };
    Ok(Deleted { is_cut, ..deleted })
}

/// Returns all spans of some traces; `None` if that is more than one step deletes.
fn all_spans(session: &mut dyn Session, trace_ids: &[&str]) -> Result<Option<Vec<Row>>, DatabaseError> {
    if event_count(session, trace_ids)? > STEP_SPANS {
        return Ok(None);
    }
    let mut values = Vec::new();
    // There are no more of them than one step deletes.
    let list = in_list("trace_id", trace_ids, &mut values);
    values.push(Value::count(STEP_SPANS + 1));
    let sql = format!("SELECT {} FROM agno_spans WHERE {list} LIMIT ?", draft::COLUMNS);
    let spans = session.query(&sql, &values)?;
    Ok(Some(spans).filter(|spans| spans.len() as u64 <= STEP_SPANS))
}

fn event_count(session: &mut dyn Session, trace_ids: &[&str]) -> Result<u64, DatabaseError> {
    if !span_events::exist(session)? {
        return Ok(0);
    }
    let mut values = Vec::new();
    let list = in_list("trace_id", trace_ids, &mut values);
    let sql = format!("SELECT COUNT(*) FROM tracestead_span_events WHERE {list}");
    Ok(session.query(&sql, &values)?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
}

fn whole(session: &mut dyn Session, trace_ids: &[&str], spans: Vec<Row>) -> Result<Deleted, DatabaseError> {
    let count = spans.len() as u64;
    let mut values = Vec::new();
    let list = in_list("trace_id", trace_ids, &mut values);
    session.execute(&format!("DELETE FROM tracestead_span_events WHERE {list}"), &values)?;
    let deleted = session.execute(&format!("DELETE FROM agno_spans WHERE {list}"), &values)?;
    as_read(deleted, count)?;
    take_out(session, spans)?;
    let traces = session.execute(&format!("DELETE FROM agno_traces WHERE {list}"), &values)?;
    Ok(Deleted { traces, spans: count, ..Deleted::default() })
}

/// Deletes some spans of a trace and marks its row.
fn part(session: &mut dyn Session, trace_id: &str) -> Result<Deleted, DatabaseError> {
    let by_id = session.dialect().id_order("span_id");
    // Log records go with their span, and a span may have many.
    let limit = if event_count(session, &[trace_id])? > STEP_SPANS { STEP_SPANS / 20 } else { STEP_SPANS };
    let sql =
        format!("SELECT {} FROM agno_spans WHERE trace_id = ? ORDER BY {by_id} LIMIT ?", draft::COLUMNS);
    let spans = session.query(&sql, &[Value::text(trace_id), Value::count(limit)])?;
    let span_ids: Vec<String> = spans.iter().map(|row| row.str(1).to_owned()).collect();
    let count = delete_spans(session, trace_id, &span_ids)?;
    as_read(count, spans.len() as u64)?;
    take_out(session, spans)?;
    if count == 0 {
        // Log records of spans that never came are all that is left.
        session.execute("DELETE FROM tracestead_span_events WHERE trace_id = ?", &[Value::text(trace_id)])?;
    }
    session.execute(
        "UPDATE agno_traces SET start_time_ns = NULL, span_count = -1 WHERE trace_id = ?",
        &[Value::text(trace_id)],
    )?;
    Ok(Deleted { spans: count, is_unfinished: true, ..Deleted::default() })
}

/// Deletes some spans of a trace with their log records, and returns how many. The rollups are left to the caller.
pub(in crate::write) fn delete_spans(
    session: &mut dyn Session,
    trace_id: &str,
    span_ids: &[String],
) -> Result<u64, DatabaseError> {
    let mut count = 0;
    let span_ids: Vec<&str> = span_ids.iter().map(String::as_str).collect();
    if session.dialect() == Dialect::ClickHouse {
        return clickhouse::delete_spans(session, trace_id, &span_ids);
    }
    for some in span_ids.chunks(MAX_LIST) {
        let mut values = vec![Value::text(trace_id)];
        let list = in_list("span_id", some, &mut values);
        session
            .execute(&format!("DELETE FROM tracestead_span_events WHERE trace_id = ? AND {list}"), &values)?;
        count +=
            session.execute(&format!("DELETE FROM agno_spans WHERE trace_id = ? AND {list}"), &values)?;
    }
    Ok(count)
}

/// What was read was taken out of the sums, so nothing else may have been deleted.
fn as_read(deleted: u64, read: u64) -> Result<(), DatabaseError> {
    if deleted == read {
        return Ok(());
    }
    let says = "another writer has written to a trace that is being deleted";
    Err(DatabaseError::new(ErrorKind::Conflict, says))
}

/// Takes deleted spans out of the sums over the hours.
fn take_out(session: &mut dyn Session, spans: Vec<Row>) -> Result<(), DatabaseError> {
    let mut rollups = Rollups::default();
    for (_, span) in spans.into_iter().filter_map(draft::stored_of) {
        if let Some(was_counted) = span.is_counted {
            rollups.take_out(&span.shape, was_counted);
        }
    }
    rollups.write(session)
}
