//! Fills our columns in rows that Agno wrote, or still writes, into the same file.
//!
//! Agno's columns stay as Agno left them, faults included: this is its data. Work is done in small steps while nothing
//! else waits, so that it never holds up ingest; what is left is found again after a restart by `facts_version IS NULL`.

use std::collections::BTreeSet;

use rusqlite::{Connection, TransactionBehavior};
use tracestead_model::{PriceBook, UnixNanos};

use super::commit::Progress;
use super::fold;
use super::source::SourceRow;

/// How many rows one step fills.
const STEP_ROWS: u32 = 500;

/// Traces of ours whose status Agno's own exporter set back: it overwrites what a failed span said before. The first three
/// conditions are those of an index that is almost always empty.
const STALE: &str = "status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL
    AND EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = agno_traces.trace_id AND s.resource_id IS NOT NULL)";

/// Fills some rows and returns whether there may be more.
pub(super) fn step(
    connection: &mut Connection,
    progress: &mut Progress,
    prices: &PriceBook,
) -> rusqlite::Result<bool> {
    // Changes when another connection has committed; asking costs nothing.
    let data_version: i64 = connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
    if progress.data_version == Some(data_version) {
        return Ok(false);
    }
    let unread = format!(
        "SELECT EXISTS (SELECT 1 FROM agno_spans WHERE facts_version IS NULL)
             OR EXISTS (SELECT 1 FROM agno_traces WHERE start_time_ns IS NULL)
             OR EXISTS (SELECT 1 FROM agno_traces WHERE {STALE})"
    );
    let mut done = 0;
    if connection.query_row(&unread, [], |row| row.get::<_, bool>(0))? {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut traces = fill_spans(&transaction, prices)?;
        traces.extend(stale_traces(&transaction)?);
        for trace_id in &traces {
            fold::fill(&transaction, trace_id)?;
        }
        done = traces.len() + fill_traces(&transaction)?;
        transaction.commit()?;
    }
    if done == 0 {
        progress.data_version = Some(data_version);
    }
    Ok(done > 0)
}

/// Fills the rows of one trace, so that it can be folded whole.
pub(super) fn fill_spans_of(
    connection: &Connection,
    trace_id: &str,
    prices: &PriceBook,
) -> rusqlite::Result<()> {
    let unread = SourceRow::select(connection, "facts_version IS NULL AND trace_id = ?1", [trace_id])?;
    unread.iter().try_for_each(|span| fill_span(connection, span, prices))
}

fn stale_traces(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select =
        connection.prepare_cached(&format!("SELECT trace_id FROM agno_traces WHERE {STALE} LIMIT ?1"))?;
    select.query_map([STEP_ROWS], |row| row.get(0))?.collect()
}

fn fill_spans(connection: &Connection, prices: &PriceBook) -> rusqlite::Result<BTreeSet<String>> {
    let unread = SourceRow::select(connection, "facts_version IS NULL LIMIT ?1", [STEP_ROWS])?;
    for span in &unread {
        fill_span(connection, span, prices)?;
    }
    Ok(unread.into_iter().map(|span| span.trace_id).collect())
}

fn fill_span(connection: &Connection, span: &SourceRow, prices: &PriceBook) -> rusqlite::Result<()> {
    span.write_times(connection)?;
    span.write_facts(connection, prices)
}

/// Agno writes a trace before its spans, each in a transaction of its own: such a trace gets its times, and the rest when
/// its spans come. Returns how many were filled.
fn fill_traces(connection: &Connection) -> rusqlite::Result<usize> {
    let mut select = connection.prepare_cached(
        "SELECT trace_id, start_time, end_time FROM agno_traces t WHERE start_time_ns IS NULL
             AND NOT EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = t.trace_id) LIMIT ?1",
    )?;
    let unread: Vec<(String, String, String)> = select
        .query_map([STEP_ROWS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut update = connection.prepare_cached(
        "UPDATE agno_traces SET start_time_ns = ?2, end_time_ns = ?3, span_count = 0, error_span_count = 0,
            has_agent_spans = 0 WHERE trace_id = ?1",
    )?;
    let count = unread.len();
    for (trace_id, start_time, end_time) in unread {
        update.execute((trace_id, nanos(&start_time), nanos(&end_time)))?;
    }
    Ok(count)
}

/// A time that cannot be read becomes the epoch: the row must not be found unread for ever.
fn nanos(time: &str) -> i64 {
    UnixNanos::from_iso(time).unwrap_or(UnixNanos::EPOCH).as_i64()
}
