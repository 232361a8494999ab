//! Fills our columns in rows that Agno wrote, or still writes, into the same tables.
//!
//! Agno's columns stay as Agno left them, faults included: this is its data. Work is done in small steps while nothing
//! else waits, so that it never holds up ingest; what is left is found again after a restart by `is_counted IS NULL`. Rows
//! that an earlier version of ours wrote are found the same way.

use std::collections::BTreeSet;

use tracestead_model::{PriceBook, UnixNanos};

use super::apply;
use super::commit::{self, Context, Memory};
use super::rows::{self, Changes};
use super::source::SourceRow;
use super::span_events::Joined;
use crate::error::DatabaseError;
use crate::session::{Access, Conflict, Session, transaction};
use crate::sql::{Dialect, MAX_LIST, Row, Value, of_traces};

/// How many rows one step fills.
const STEP_ROWS: i64 = 500;

/// Traces of ours whose status Agno's own exporter set back: it overwrites what a failed span said before. The first three
/// conditions are those of an index that is almost always empty.
pub(crate) const STALE: &str = "status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL
    AND EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = agno_traces.trace_id AND s.resource_id IS NOT NULL)";

/// Agno writes a trace before its spans, each in a transaction of its own.
const BEGUN: &str = "start_time_ns IS NULL
    AND NOT EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = agno_traces.trace_id)";

/// Fills some rows and returns whether there may be more.
pub(super) fn step(
    session: &mut dyn Session,
    memory: &mut Memory,
    context: Context<'_>,
) -> Result<bool, DatabaseError> {
    // There only we write, and our rows are whole.
    if session.dialect() == Dialect::ClickHouse {
        return Ok(false);
    }
    let data_version = session.data_version()?;
    if data_version.is_some() && memory.data_version == data_version {
        return Ok(false);
    }
    // Looking takes no lock: most of the time there is nothing to do.
    let (unread, begun) =
        transaction(session, Access::Read, |session| Ok((unread_traces(session)?, begun_traces(session)?)))?;
    let done = unread.len() + begun.len();
    if done > 0 {
        transaction(session, Access::Write, |session| {
            let trace_ids: Vec<&str> = unread.iter().map(String::as_str).collect();
            refold(session, &trace_ids, context)?;
            begun.into_iter().try_for_each(|row| fill_begun(session, row))
        })?;
    } else {
        memory.data_version = data_version;
    }
    Ok(done > 0)
}

/// Returns traces with rows to be filled, few enough for one step.
fn unread_traces(session: &mut dyn Session) -> Result<BTreeSet<String>, DatabaseError> {
    let limit = [Value::int(STEP_ROWS)];
    let uncounted = "SELECT trace_id FROM agno_spans WHERE is_counted IS NULL LIMIT ?";
    let stale = format!("SELECT trace_id FROM agno_traces WHERE {STALE} LIMIT ?");
    let mut found = session.query(uncounted, &limit)?;
    found.extend(session.query(&stale, &limit)?);
    Ok(found.into_iter().map(|mut row| row.required(0)).collect())
}

fn begun_traces(session: &mut dyn Session) -> Result<Vec<Row>, DatabaseError> {
    let sql = format!("SELECT trace_id, start_time, end_time FROM agno_traces WHERE {BEGUN} LIMIT ?");
    session.query(&sql, &[Value::int(STEP_ROWS)])
}

/// Such a trace gets its times, and the rest when its spans come.
fn fill_begun(session: &mut dyn Session, mut row: Row) -> Result<(), DatabaseError> {
    let (start_time_ns, end_time_ns) = (nanos(row.str(1)), nanos(row.str(2)));
    session.execute(
        "UPDATE agno_traces SET start_time_ns = ?, end_time_ns = ?, span_count = 0, error_span_count = 0,
            has_agent_spans = ? WHERE trace_id = ? AND start_time_ns IS NULL",
        &[
            Value::int(start_time_ns),
            Value::int(end_time_ns),
            Value::Bool(Some(false)),
            Value::from(row.required(0)),
        ],
    )?;
    Ok(())
}

/// Folds traces of which no span is at hand. If Agno alone wrote one, our columns are filled and Agno's stay as Agno left
/// them; if spans of it came to us, the row is ours to keep right.
fn refold(session: &mut dyn Session, trace_ids: &[&str], context: Context<'_>) -> Result<(), DatabaseError> {
    let mut drafts = commit::read(session, trace_ids, context)?;
    let joined = Joined::read(session, trace_ids)?;
    for draft in drafts.drafts.values_mut() {
        draft.is_forced = true;
    }
    apply::write(session, drafts, &joined, Conflict::Never)
}

/// Fills the rows of some traces, so that they can be folded whole.
pub(super) fn fill_spans_of(
    session: &mut dyn Session,
    trace_ids: &[&str],
    prices: &PriceBook,
) -> Result<(), DatabaseError> {
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(session.dialect(), "agno_spans", some, &mut values);
        let unread = format!("facts_version IS NULL AND {list}");
        let spans = SourceRow::select(session, &unread, &values)?;
        let understood: Vec<_> = spans.iter().map(|span| (span, span.facts(prices))).collect();
        let mut changes = Changes::default();
        for (span, (facts, cost)) in &understood {
            let mut set = rows::understood(facts, *cost);
            set.push(("start_time_ns", Value::int(span.start_time.as_i64())));
            set.push(("end_time_ns", Value::Int(span.end_time.map(UnixNanos::as_i64))));
            changes.update(&span.trace_id, vec![span.span_id.clone()], set);
        }
        changes.write(session, Conflict::Never)?;
    }
    Ok(())
}

/// A time that cannot be read becomes the epoch: the row must not be found unread for ever.
fn nanos(time: &str) -> i64 {
    UnixNanos::from_iso(time).unwrap_or(UnixNanos::EPOCH).as_i64()
}
