//! Traces that may have to go, with what rules need to know of them.

use tracestead_model::query::TraceRecord;

use super::{Key, PAGE_TRACES, STEP_SPANS};
use crate::error::DatabaseError;
use crate::read::fill_traces;
use crate::session::Session;
use crate::sql::{Dialect, MAX_LIST, Row, Value, of_traces};

pub(super) const COLUMNS: &str =
    "trace_id, start_time_ns, end_time_ns, status, user_id, agent_id, environment, tags, span_count";

/// How much one step deletes at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) traces: usize,
    spans: u64,
}

impl Most {
    pub(super) fn of(dialect: Dialect) -> Self {
        match dialect {
            // Nobody waits for a step, and each leaves files behind, however small it is.
            Dialect::ClickHouse => Self { traces: MAX_LIST, spans: 50 * STEP_SPANS },
            _ => Self { traces: 256, spans: STEP_SPANS },
        }
    }
}

/// Which traces a page is of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Which<'a> {
    /// Those that began before.
    pub(super) begun_before: Option<i64>,
    /// Those of one user.
    pub(super) user_id: Option<&'a str>,
}

/// Returns the next traces in the order in which they began, [`PAGE_TRACES`] if there are so many.
pub(super) fn page(
    session: &mut dyn Session,
    which: Which<'_>,
    after: Option<&Key>,
) -> Result<Vec<TraceRecord>, DatabaseError> {
    let dialect = session.dialect();
    let by_id = dialect.id_order("trace_id");
    let mut sql =
        format!("SELECT {COLUMNS} FROM {} WHERE start_time_ns IS NOT NULL", dialect.from("agno_traces"));
    let mut values = Vec::new();
    if let Some(time) = which.begun_before {
        sql.push_str(" AND start_time_ns < ?");
        values.push(Value::int(time));
    }
    if let Some(user_id) = which.user_id {
        sql.push_str(" AND user_id = ?");
        values.push(Value::text(user_id));
    }
    if let Some((start_time_ns, trace_id)) = after {
        // Said twice, because not every database finds its place in an index by the second half alone.
        sql.extend([" AND start_time_ns >= ? AND (start_time_ns > ? OR ", &by_id, " > ?)"]);
        values.extend([Value::int(*start_time_ns), Value::int(*start_time_ns), Value::text(trace_id)]);
    }
    sql.extend([" ORDER BY start_time_ns, ", &by_id, " LIMIT ?"]);
    values.push(Value::count(PAGE_TRACES as u64));
    records(session, &sql, &values)
}

/// Returns these traces as they are now; nobody else changes them before the transaction ends.
pub(super) fn lock(session: &mut dyn Session, trace_ids: &[&str]) -> Result<Vec<TraceRecord>, DatabaseError> {
    let for_update = session.dialect().for_update();
    read(session, trace_ids, for_update)
}

/// Returns these traces in the order of their ids.
pub(super) fn read(
    session: &mut dyn Session,
    trace_ids: &[&str],
    lock: &str,
) -> Result<Vec<TraceRecord>, DatabaseError> {
    let from = session.dialect().from("agno_traces");
    let mut found = Vec::new();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(session.dialect(), "agno_traces", some, &mut values);
        let sql = format!("SELECT {COLUMNS} FROM {from} WHERE {list} ORDER BY trace_id{lock}");
        found.extend(records(session, &sql, &values)?);
    }
    Ok(found)
}

/// A plan may be made of a database that is only to be read, in which not every row is filled.
fn records(
    session: &mut dyn Session,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<TraceRecord>, DatabaseError> {
    let mut rows = session.query(sql, values)?;
    fill_traces(session, COLUMNS, &mut rows)?;
    Ok(rows.into_iter().map(record).collect())
}

/// What was found on a page.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The traces to be deleted now, in the order of their ids.
    pub(super) trace_ids: Vec<String>,
    /// How many spans they have, as far as their rows know.
    pub(super) spans: u64,
    /// The last trace that was looked at.
    pub(super) after: Option<Key>,
    /// Whether there is nothing after it.
    pub(super) is_last: bool,
}

/// Takes the traces that are to go from the beginning of a page, as many as one step deletes.
pub(super) fn choose(page: &[TraceRecord], most: Most, is_to_go: impl Fn(&TraceRecord) -> bool) -> Found {
    let mut found = Found { is_last: page.len() < PAGE_TRACES, ..Found::default() };
    for trace in page {
        if is_to_go(trace) {
            let spans = span_count(trace);
            let is_full = found.trace_ids.len() >= most.traces || found.spans + spans > most.spans;
            if is_full && !found.trace_ids.is_empty() {
                found.is_last = false;
                break;
            }
            found.trace_ids.push(trace.trace_id.clone());
            found.spans += spans;
        }
        found.after = Some((trace.start_time_ns, trace.trace_id.clone()));
    }
    found.trace_ids.sort();
    found
}

/// Returns how many spans a trace has, as far as its row knows.
pub(super) fn span_count(trace: &TraceRecord) -> u64 {
    u64::try_from(trace.span_count).unwrap_or(0)
}

/// Of a trace whose spans were not read yet, the times are those of 1970; it is asked for by its user alone.
pub(super) fn record(mut row: Row) -> TraceRecord {
    TraceRecord {
        start_time_ns: row.whole(1),
        end_time_ns: row.whole(2),
        tags: row.texts(7),
        span_count: row.whole(8),
        trace_id: row.required(0),
        status: row.required(3),
        user_id: row.text(4),
        agent_id: row.text(5),
        environment: row.text(6),
        ..TraceRecord::default()
    }
}
