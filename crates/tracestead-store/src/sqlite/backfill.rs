//! Fills our columns in rows that Agno wrote, or still writes, into the same file.
//!
//! Agno's columns stay as Agno left them, faults included: this is its data. Work is done in small steps while nothing
//! else waits, so that it never holds up ingest; what is left is found again after a restart by `facts_version IS NULL`.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, TransactionBehavior, params};
use tracestead_model::facts::FACTS_VERSION;
use tracestead_model::json::from_agno_json;
use tracestead_model::{SpanFacts, UnixNanos};

use super::commit::Progress;
use super::fold;

/// How many rows one step fills.
const STEP_ROWS: u32 = 500;

/// Traces of ours whose status Agno's own exporter set back: it overwrites what a failed span said before. The first three
/// conditions are those of an index that is almost always empty.
const STALE: &str = "status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL
    AND EXISTS (SELECT 1 FROM agno_spans s WHERE s.trace_id = agno_traces.trace_id AND s.resource_id IS NOT NULL)";

/// Fills some rows and returns whether there may be more.
pub(super) fn step(connection: &mut Connection, progress: &mut Progress) -> rusqlite::Result<bool> {
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
        let mut traces = fill_spans(&transaction)?;
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
pub(super) fn fill_spans_of(connection: &Connection, trace_id: &str) -> rusqlite::Result<()> {
    let mut select = connection
        .prepare_cached(&format!("{SELECT_UNREAD} WHERE facts_version IS NULL AND trace_id = ?1"))?;
    let unread: Vec<Unread> = select.query_map([trace_id], Unread::read)?.collect::<rusqlite::Result<_>>()?;
    unread.iter().try_for_each(|span| fill_span(connection, span))
}

fn stale_traces(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select =
        connection.prepare_cached(&format!("SELECT trace_id FROM agno_traces WHERE {STALE} LIMIT ?1"))?;
    select.query_map([STEP_ROWS], |row| row.get(0))?.collect()
}

const SELECT_UNREAD: &str = "SELECT rowid, trace_id, name, attributes, start_time, end_time FROM agno_spans";

struct Unread {
    rowid: i64,
    trace_id: String,
    name: String,
    attributes: Option<String>,
    start_time: String,
    end_time: String,
}

impl Unread {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            rowid: row.get(0)?,
            trace_id: row.get(1)?,
            name: row.get(2)?,
            attributes: row.get(3)?,
            start_time: row.get(4)?,
            end_time: row.get(5)?,
        })
    }
}

fn fill_spans(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut select =
        connection.prepare_cached(&format!("{SELECT_UNREAD} WHERE facts_version IS NULL LIMIT ?1"))?;
    let unread: Vec<Unread> =
        select.query_map([STEP_ROWS], Unread::read)?.collect::<rusqlite::Result<_>>()?;
    for span in &unread {
        fill_span(connection, span)?;
    }
    Ok(unread.into_iter().map(|span| span.trace_id).collect())
}

fn fill_span(connection: &Connection, span: &Unread) -> rusqlite::Result<()> {
    let attributes = from_agno_json(span.attributes.as_deref().unwrap_or_default());
    let facts = SpanFacts::of(&span.name, &attributes);
    connection
        .prepare_cached(
            "UPDATE agno_spans SET start_time_ns = ?2, end_time_ns = ?3, span_type = ?4, run_id = ?5, session_id = ?6,
                user_id = ?7, agent_id = ?8, team_id = ?9, workflow_id = ?10, model = ?11, provider = ?12,
                tool_name = ?13, input_tokens = ?14, output_tokens = ?15, cache_read_tokens = ?16,
                cache_write_tokens = ?17, reasoning_tokens = ?18, total_tokens = ?19, cost_nano_usd = ?20,
                finish_reason = ?21, agg_input_tokens = ?22, agg_output_tokens = ?23, facts_version = ?24
             WHERE rowid = ?1",
        )?
        .execute(params![
            span.rowid,
            nanos(&span.start_time),
            nanos(&span.end_time),
            facts.span_type.as_str(),
            facts.run_id,
            facts.session_id,
            facts.user_id,
            facts.agent_id,
            facts.team_id,
            facts.workflow_id,
            facts.model,
            facts.provider,
            facts.tool_name,
            facts.usage.input_tokens,
            facts.usage.output_tokens,
            facts.usage.cache_read_tokens,
            facts.usage.cache_write_tokens,
            facts.usage.reasoning_tokens,
            facts.usage.total_tokens,
            facts.cost_nano_usd,
            facts.finish_reason,
            facts.aggregate.input_tokens,
            facts.aggregate.output_tokens,
            FACTS_VERSION,
        ])?;
    Ok(())
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
