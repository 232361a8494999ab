//! Traces as they are read: some at once, or a large one in pages.
//!
//! They are read in the order of their ids, as the database that is read has it. Which come next is asked of every table
//! that has traces, for any may have one that the others have not. How many are read is decided by what they hold, not by
//! their number alone: a page is so many rows and so many bytes at most, or one row.

use std::collections::{BTreeSet, HashMap};

use super::columns::{Columns, rows};
use super::plan::Plan;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Dialect, MAX_LIST, Row, Value, in_list, of_traces};
use crate::write::CopiedTrace;

/// How large a page may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSize {
    pub(crate) traces: usize,
    pub(crate) rows: usize,
    pub(crate) bytes: i64,
}

impl PageSize {
    pub(crate) fn new(rows: usize, bytes: usize) -> Self {
        let rows = rows.max(1);
        Self { traces: rows.min(256), rows, bytes: i64::try_from(bytes).unwrap_or(i64::MAX) }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self { traces: 256, rows: 5_000, bytes: 16 << 20 }
    }
}

/// A trace of which the first spans were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) trace_id: String,
    /// The last span that was read.
    pub(crate) span_id: String,
    pub(crate) spans: usize,
    /// Whether all of them are the same on both sides.
    pub(crate) is_same: bool,
}

/// Reads the next traces after one, or the next page of one.
pub(crate) fn next(
    session: &mut dyn Session,
    plan: &Plan,
    after: &str,
    partial: Option<&Partial>,
    page: PageSize,
) -> Result<Vec<CopiedTrace>, DatabaseError> {
    if let Some(partial) = partial {
        return Ok(vec![part(session, plan, partial, page)?]);
    }
    let mut after = after.to_owned();
    loop {
        let trace_ids = next_ids(session, plan, &after, page)?;
        let found = first_of(session, plan, &trace_ids, page)?;
        // On ClickHouse there may be ids of traces that are gone.
        match found.last() {
            Some(CopiedTrace { trace_id, .. }) if found.iter().all(is_gone) => after.clone_from(trace_id),
            _ => return Ok(found.into_iter().filter(|trace| !is_gone(trace)).collect()),
        }
    }
}

fn is_gone(trace: &CopiedTrace) -> bool {
    trace.row.is_none() && trace.spans.is_empty() && trace.spans_before == 0
}

/// Reads as many of these traces as fit a page, or the first page of the first.
fn first_of(
    session: &mut dyn Session,
    plan: &Plan,
    trace_ids: &[String],
    page: PageSize,
) -> Result<Vec<CopiedTrace>, DatabaseError> {
    let sizes = sizes(session, plan, trace_ids)?;
    let (mut spans, mut bytes) = (0, 0);
    let fit = trace_ids.iter().take_while(|trace_id| {
        let (more_spans, more_bytes) = sizes.get(*trace_id).copied().unwrap_or_default();
        spans += more_spans;
        bytes += more_bytes;
        spans <= page.rows && bytes <= page.bytes
    });
    let fit = &trace_ids[..fit.count()];
    let Some(first) = trace_ids.first() else { return Ok(Vec::new()) };
    if fit.is_empty() {
        let begin = Partial { trace_id: first.clone(), span_id: String::new(), spans: 0, is_same: true };
        return Ok(vec![part(session, plan, &begin, page)?]);
    }
    whole(session, plan, fit)
}

/// Returns the next traces in any of the tables that have some.
fn next_ids(
    session: &mut dyn Session,
    plan: &Plan,
    after: &str,
    page: PageSize,
) -> Result<Vec<String>, DatabaseError> {
    let most = page.traces.clamp(1, MAX_LIST);
    if session.dialect() == Dialect::ClickHouse {
        let sql = format!(
            "SELECT DISTINCT trace_id FROM tracestead_trace_places WHERE trace_id > ? ORDER BY trace_id LIMIT {most}"
        );
        let found = session.query(&sql, &[Value::text(after)])?;
        return Ok(found.into_iter().map(|mut row| row.required(0)).collect());
    }
    let tables = [&plan.traces, &plan.spans].into_iter();
    let one = |columns: &Columns| {
        let from = &columns.table;
        // In brackets of its own, so that each has its own end.
        format!(
            "SELECT trace_id FROM (SELECT DISTINCT trace_id FROM {from} WHERE trace_id > ?
                ORDER BY trace_id LIMIT {most}) AS of_{}",
            columns.table
        )
    };
    let parts: Vec<String> = tables.map(one).collect();
    let sql = format!(
        "SELECT DISTINCT trace_id FROM ({}) AS of_all ORDER BY trace_id LIMIT {most}",
        parts.join(" UNION ALL ")
    );
    let values = vec![Value::text(after); parts.len()];
    Ok(session.query(&sql, &values)?.into_iter().map(|mut row| row.required(0)).collect())
}

/// Returns how many spans traces have, and how many bytes these.
fn sizes(
    session: &mut dyn Session,
    plan: &Plan,
    trace_ids: &[String],
) -> Result<HashMap<String, (usize, i64)>, DatabaseError> {
    let dialect = session.dialect();
    let (from, size) = (dialect.from("agno_spans"), plan.spans.size(dialect));
    let total = dialect.whole(&format!("SUM({size})"));
    let mut found = HashMap::new();
    for some in lists(trace_ids) {
        let mut values = Vec::new();
        let list = of_traces(dialect, "agno_spans", &some, &mut values);
        let sql = format!("SELECT trace_id, COUNT(*), {total} FROM {from} WHERE {list} GROUP BY trace_id");
        for mut row in session.query(&sql, &values)? {
            let spans = usize::try_from(row.whole(1)).unwrap_or(0);
            let bytes = row.whole(2);
            found.insert(row.required(0), (spans, bytes));
        }
    }
    Ok(found)
}

fn whole(
    session: &mut dyn Session,
    plan: &Plan,
    trace_ids: &[String],
) -> Result<Vec<CopiedTrace>, DatabaseError> {
    let new = |trace_id: &String| CopiedTrace {
        trace_id: trace_id.clone(),
        is_same_before: true,
        is_last: true,
        ..CopiedTrace::default()
    };
    let mut traces: HashMap<String, CopiedTrace> =
        trace_ids.iter().map(|trace_id| (trace_id.clone(), new(trace_id))).collect();
    for some in lists(trace_ids) {
        for (columns, is_span) in [(&plan.traces, false), (&plan.spans, true)] {
            let order = if is_span { "trace_id, span_id" } else { "trace_id" };
            let mut values = Vec::new();
            let list = of_traces(session.dialect(), &columns.table, &some, &mut values);
            let sql = format!("{} ORDER BY {order}", select(session.dialect(), columns, &list));
            for cells in rows(session, &sql, &values)? {
                let Some(trace) = traces.get_mut(columns.text(&cells, "trace_id")) else { continue };
                if is_span {
                    trace.spans.push(cells);
                } else {
                    trace.row = Some(cells);
                }
            }
        }
        let mut values = Vec::new();
        let list = in_list("trace_id", &some, &mut values);
        for (trace_id, span_id, event_id) in event_ids(session, plan, &list, &values)? {
            if let Some(trace) = traces.get_mut(&trace_id) {
                trace.events.insert((span_id, event_id));
            }
        }
    }
    Ok(trace_ids.iter().filter_map(|trace_id| traces.remove(trace_id)).collect())
}

fn select(dialect: Dialect, columns: &Columns, condition: &str) -> String {
    let from = dialect.from(&columns.table);
    format!("SELECT {} FROM {from} WHERE {condition}", columns.select_from(dialect))
}

/// Returns trace, span and event of the log records that are there.
fn event_ids(
    session: &mut dyn Session,
    plan: &Plan,
    condition: &str,
    values: &[Value<'_>],
) -> Result<Vec<(String, String, String)>, DatabaseError> {
    let Some(columns) = plan.events() else { return Ok(Vec::new()) };
    let from = session.dialect().from(&columns.table);
    let found = session
        .query(&format!("SELECT trace_id, span_id, event_id FROM {from} WHERE {condition}"), values)?;
    Ok(found.into_iter().map(|mut row| (row.required(0), row.required(1), row.required(2))).collect())
}

/// Reads the next page of a trace.
fn part(
    session: &mut dyn Session,
    plan: &Plan,
    before: &Partial,
    page: PageSize,
) -> Result<CopiedTrace, DatabaseError> {
    let dialect = session.dialect();
    let (from, size) = (dialect.from("agno_spans"), plan.spans.size(dialect));
    let mut of_page = Vec::new();
    let after = of_traces(dialect, "agno_spans", &[&before.trace_id], &mut of_page);
    let after = format!("{after} AND span_id > ?");
    of_page.push(Value::text(&before.span_id));
    let sql =
        format!("SELECT span_id, {size} FROM {from} WHERE {after} ORDER BY span_id LIMIT {}", page.rows + 1);
    let sizes = session.query(&sql, &of_page)?;
    let fit = fitting(&sizes, page);
    let sql = format!("{} ORDER BY span_id LIMIT {fit}", select(dialect, &plan.spans, &after));
    let spans = rows(session, &sql, &of_page)?;
    let of_trace = [Value::text(&before.trace_id)];
    let mut of_row = Vec::new();
    let condition = of_traces(dialect, "agno_traces", &[&before.trace_id], &mut of_row);
    let row = rows(session, &select(dialect, &plan.traces, &condition), &of_row)?.pop();
    let is_of_page: BTreeSet<&str> = spans.iter().map(|cells| plan.spans.text(cells, "span_id")).collect();
    let events = event_ids(session, plan, "trace_id = ?", &of_trace)?;
    let events = events
        .into_iter()
        .filter(|(_, span_id, _)| is_of_page.contains(span_id.as_str()))
        .map(|(_, span_id, event_id)| (span_id, event_id))
        .collect();
    Ok(CopiedTrace {
        trace_id: before.trace_id.clone(),
        row,
        events,
        spans_before: before.spans,
        is_same_before: before.is_same,
        is_last: sizes.len() <= fit,
        spans,
    })
}

/// Returns how many of the rows fit a page, at least one; the last column of each is its size.
pub(crate) fn fitting(sizes: &[Row], page: PageSize) -> usize {
    let mut bytes = 0;
    let within = |row: &&Row| {
        bytes += row.whole(row.0.len().saturating_sub(1));
        bytes <= page.bytes
    };
    sizes.iter().take(page.rows).take_while(within).count().max(1)
}

/// Returns the traces in lists that a statement takes at once.
fn lists(trace_ids: &[String]) -> impl Iterator<Item = Vec<&str>> {
    trace_ids.chunks(MAX_LIST).map(|some| some.iter().map(String::as_str).collect())
}

/// Returns where to go on after a page of a trace, unless it was the last.
pub(crate) fn after(trace: &CopiedTrace, columns: &Columns) -> Option<Partial> {
    let last = trace.spans.last().filter(|_| !trace.is_last)?;
    Some(Partial {
        trace_id: trace.trace_id.clone(),
        span_id: columns.text(last, "span_id").to_owned(),
        spans: trace.spans_before + trace.spans.len(),
        is_same: trace.is_same_before,
    })
}
