//! Derives again what was derived from spans: after a better reading, or new prices.
//!
//! Done in small transactions between commits, trace by trace in the order of their ids, so that it may be stopped and
//! begun again at any time and holds up nobody.

use rusqlite::{Connection, TransactionBehavior};
use tracestead_model::PriceBook;

use super::source::SourceRow;
use super::{SqliteStore, backfill, fold};
use crate::{IngestError, ReadError};

/// How many traces one step rebuilds at most.
const STEP_TRACES: u32 = 50;

/// A step ends once it has folded so many spans: others write to the same file, and Agno does not wait long.
const STEP_SPANS: u64 = 1000;

/// What is derived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Everything that is read from a span, costs included.
    Facts,
    /// What model calls cost, unless the span itself reported it.
    Costs,
}

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many traces it went through.
    pub traces: u64,
    /// How many spans it read.
    pub spans: u64,
    /// The last trace it went through, to go on from; `None` when all is done.
    pub last_trace_id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) what: Rebuild,
    pub(super) after: Option<String>,
}

impl SqliteStore {
    /// Rebuilds some traces, those after `after` in the order of their ids. Call it again with
    /// [`Rebuilt::last_trace_id`] until that is `None`.
    pub async fn rebuild_step(&self, what: Rebuild, after: Option<String>) -> Result<Rebuilt, IngestError> {
        self.writer.rebuild(Step { what, after }).await
    }

    /// Returns how many traces there are, to show how far a rebuild is.
    pub async fn trace_count(&self) -> Result<u64, ReadError> {
        self.readers
            .run(|connection| {
                connection.query_row("SELECT COUNT(*) FROM agno_traces", [], |row| row.get::<_, i64>(0))
            })
            .await
            .map(i64::unsigned_abs)
    }
}

pub(super) fn step(
    connection: &mut Connection,
    step: &Step,
    prices: &PriceBook,
) -> rusqlite::Result<Rebuilt> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let traces: Vec<(String, u64)> = transaction
        .prepare_cached(
            "SELECT trace_id, COALESCE(span_count, 0) FROM agno_traces WHERE trace_id > ?1 ORDER BY trace_id LIMIT ?2",
        )?
        .query_map((step.after.as_deref().unwrap_or_default(), STEP_TRACES), |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut folded = 0;
    let mut rebuilt = Rebuilt::default();
    for (trace_id, span_count) in traces {
        // Rows that Agno has just written have no times yet, and facts alone would hide that.
        backfill::fill_spans_of(&transaction, &trace_id, prices)?;
        rebuilt.spans += match step.what {
            Rebuild::Facts => facts(&transaction, &trace_id, prices)?,
            Rebuild::Costs => costs(&transaction, &trace_id, prices)?,
        };
        fold::fill(&transaction, &trace_id)?;
        rebuilt.traces += 1;
        rebuilt.last_trace_id = Some(trace_id);
        folded += span_count;
        if folded >= STEP_SPANS {
            break;
        }
    }
    transaction.commit()?;
    Ok(rebuilt)
}

fn facts(connection: &Connection, trace_id: &str, prices: &PriceBook) -> rusqlite::Result<u64> {
    forget_context(connection, trace_id)?;
    let rows = SourceRow::select(connection, "trace_id = ?1", [trace_id])?;
    for row in &rows {
        row.write_facts(connection, prices)?;
    }
    Ok(rows.len() as u64)
}

/// Takes out of the row of the trace what its spans said until now. The fold keeps context that no span says, as Agno may
/// have written it; what a span said is ours, and goes if the span no longer says it.
fn forget_context(connection: &Connection, trace_id: &str) -> rusqlite::Result<()> {
    let set = ["run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id"].map(|column| {
        format!(
            "{column} = CASE WHEN {column} NOT IN
                (SELECT {column} FROM agno_spans WHERE trace_id = ?1 AND {column} IS NOT NULL) THEN {column} END"
        )
    });
    let sql = format!(
        "UPDATE agno_traces SET {} WHERE trace_id = ?1
             AND EXISTS (SELECT 1 FROM agno_spans WHERE trace_id = ?1 AND resource_id IS NOT NULL)",
        set.join(", ")
    );
    connection.prepare_cached(&sql)?.execute([trace_id])?;
    Ok(())
}

fn costs(connection: &Connection, trace_id: &str, prices: &PriceBook) -> rusqlite::Result<u64> {
    let calls = "trace_id = ?1 AND span_type IN ('LLM', 'EMBEDDING', 'RERANKER')";
    let rows = SourceRow::select(connection, calls, [trace_id])?;
    for row in &rows {
        row.write_cost(connection, prices)?;
    }
    Ok(rows.len() as u64)
}
