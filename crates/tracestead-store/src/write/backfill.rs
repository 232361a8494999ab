//! Fills our columns in rows that Agno wrote, or still writes, into the same tables.
//!
//! Agno's columns stay as Agno left them, faults included: this is its data. Work is done in small steps while nothing
//! else waits, so that it never holds up ingest; what is left is found again after a restart by `is_counted IS NULL`. Rows
//! that an earlier version of ours wrote are found the same way.

use std::collections::BTreeSet;

use tracestead_model::{PriceBook, UnixNanos};

use super::apply;
use super::commit::{self, Context};
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

/// What the writer remembers of the last time it looked. It saves work and decides nothing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The database's own version at that time.
    data_version: Option<i64>,
    /// Whether it has looked at all.
    has_looked: bool,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Filled {
    pub(super) spans: u64,
    /// Whether there may be more.
    pub(super) has_more: bool,
}

/// Fills some rows.
pub(super) fn step(
    session: &mut dyn Session,
    memory: &mut Memory,
    context: Context<'_>,
) -> Result<Filled, DatabaseError> {
    if session.dialect() == Dialect::ClickHouse {
        return clickhouse_step(session, memory, context);
    }
    let data_version = session.data_version()?;
    if data_version.is_some() && memory.data_version == data_version {
        return Ok(Filled::default());
    }
    // Looking takes no lock: most of the time there is nothing to do.
    let (unread, begun) =
        transaction(session, Access::Read, |session| Ok((unread_traces(session)?, begun_traces(session)?)))?;
    if unread.is_empty() && begun.is_empty() {
        memory.data_version = data_version;
        return Ok(Filled::default());
    }
    let spans = transaction(session, Access::Write, |session| {
        let trace_ids: Vec<&str> = unread.iter().map(String::as_str).collect();
        let spans = refold(session, &trace_ids, context)?;
        begun.into_iter().try_for_each(|row| fill_begun(session, row))?;
        Ok(spans)
    })?;
    Ok(Filled { spans, has_more: true })
}

/// Folds traces of which only the spans were written, as a process ended before it came to their rows and nobody sent them
/// again. There only we write, and our rows are whole, so that is looked for once, at the start.
fn clickhouse_step(
    session: &mut dyn Session,
    memory: &mut Memory,
    context: Context<'_>,
) -> Result<Filled, DatabaseError> {
    if memory.has_looked {
        return Ok(Filled::default());
    }
    // Whatever comes of it: it may be too much to look for, and there are exports to be taken.
    memory.has_looked = true;
    let unfolded = super::clickhouse::unfolded(session)?;
    let mut spans = 0;
    for some in unfolded.chunks(MAX_LIST) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        spans += refold(session, &some, context)?;
    }
    Ok(Filled { spans, has_more: false })
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
    let (columns, values): (Vec<&str>, Vec<Value<'_>>) = begun(row.str(1), row.str(2)).into_iter().unzip();
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
    let sql =
        format!("UPDATE agno_traces SET {} WHERE trace_id = ? AND start_time_ns IS NULL", set.join(", "));
    let values: Vec<Value<'_>> = values.into_iter().chain([Value::from(row.required(0))]).collect();
    session.execute(&sql, &values)?;
    Ok(())
}

/// Returns what our columns say of a trace without spans.
pub(super) fn begun(start_time: &str, end_time: &str) -> [(&'static str, Value<'static>); 5] {
    [
        ("start_time_ns", Value::int(nanos(start_time))),
        ("end_time_ns", Value::int(nanos(end_time))),
        ("span_count", Value::int(0)),
        ("error_span_count", Value::int(0)),
        ("has_agent_spans", Value::Bool(Some(false))),
    ]
}

/// Folds traces of which no span is at hand. If Agno alone wrote one, our columns are filled and Agno's stay as Agno left
/// them; if spans of it came to us, the row is ours to keep right. Returns how many spans were filled.
pub(super) fn refold(
    session: &mut dyn Session,
    trace_ids: &[&str],
    context: Context<'_>,
) -> Result<u64, DatabaseError> {
    let mut drafts = commit::read(session, trace_ids, context)?;
    let joined = Joined::read(session, trace_ids)?;
    let mut filled = 0;
    for draft in drafts.drafts.values_mut() {
        draft.is_forced = true;
        filled += draft.uncounted();
    }
    apply::write(session, drafts, &joined, Conflict::Never, context)?;
    leave_out(session, trace_ids)?;
    Ok(filled)
}

/// Marks what is left: spans whose id is none, which somebody wrote by hand. They are in no fold and in no sum, and must not
/// be found to be filled for ever.
fn leave_out(session: &mut dyn Session, trace_ids: &[&str]) -> Result<(), DatabaseError> {
    let from = session.dialect().from("agno_spans");
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(session.dialect(), "agno_spans", some, &mut values);
        let sql = format!("SELECT trace_id, span_id FROM {from} WHERE is_counted IS NULL AND {list}");
        let mut changes = Changes::default();
        for mut row in session.query(&sql, &values)? {
            let (trace_id, span_id) = (row.required(0), row.required(1));
            changes.update(trace_id, vec![span_id], vec![("is_counted", Value::Bool(Some(false)))]);
        }
        changes.write(session, Conflict::Never)?;
    }
    Ok(())
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
pub(super) fn nanos(time: &str) -> i64 {
    UnixNanos::from_iso(time).unwrap_or(UnixNanos::EPOCH).as_i64()
}
