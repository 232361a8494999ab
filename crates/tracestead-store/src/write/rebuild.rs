//! Derives again what was derived from spans: after a better reading, or new prices.
//!
//! Done in small transactions between commits, trace by trace in the order of their ids, so that it may be stopped and
//! begun again at any time and holds up nobody.

use tracestead_model::PriceBook;

use super::apply;
use super::commit::{self, Context};
use super::draft::{Action, Draft};
use super::source::SourceRow;
use super::span_events::Joined;
use crate::error::DatabaseError;
use crate::session::{Access, Conflict, Session, transaction};
use crate::sql::{Value, of_traces};

/// How many traces one step rebuilds at most.
const STEP_TRACES: u64 = 50;

/// A step ends once it has folded so many spans: others write to the same tables, and Agno does not wait long.
const STEP_SPANS: u64 = 1000;

/// What is derived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Everything that is read from a span, costs included.
    Facts,
    /// What model calls cost, unless the span itself reported it.
    Costs,
    /// The sums over the hours.
    Rollups,
}

/// What a step did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many traces it went through; of rollups, how many hours.
    pub traces: u64,
    /// How many spans it read.
    pub spans: u64,
    /// Where to go on from; `None` when all is done.
    pub position: Option<String>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) what: Rebuild,
    pub(super) after: Option<String>,
}

pub(super) fn step(
    session: &mut dyn Session,
    step: &Step,
    context: Context<'_>,
) -> Result<Rebuilt, DatabaseError> {
    if step.what == Rebuild::Rollups {
        return super::hours::rebuild(session, step.after.as_deref());
    }
    transaction(session, Access::Write, |session| {
        let after = step.after.as_deref().unwrap_or_default();
        let traces = next_traces(session, after, STEP_TRACES, STEP_SPANS)?;
        let trace_ids: Vec<&str> = traces.iter().map(String::as_str).collect();
        let mut rebuilt = Rebuilt { traces: traces.len() as u64, spans: 0, position: traces.last().cloned() };
        let mut drafts = commit::read(session, &trace_ids, context)?;
        for (trace_id, draft) in &mut drafts.drafts {
            draft.is_forced = true;
            rebuilt.spans += understand(session, trace_id, draft, step.what, context.prices)?;
        }
        let joined = Joined::read(session, &trace_ids)?;
        apply::write(session, drafts, &joined, Conflict::Never, context)?;
        Ok(rebuilt)
    })
}

/// Returns the traces after one in the order of their ids: at most so many, and no more once they have so many spans.
pub(super) fn next_traces(
    session: &mut dyn Session,
    after: &str,
    most_traces: u64,
    most_spans: u64,
) -> Result<Vec<String>, DatabaseError> {
    let dialect = session.dialect();
    let (from, trace_id) = (dialect.from("agno_traces"), dialect.id_order("trace_id"));
    let sql = format!(
        "SELECT trace_id, COALESCE(span_count, 0) FROM {from} WHERE {trace_id} > ? ORDER BY {trace_id} LIMIT ?"
    );
    let mut taken = Vec::new();
    let mut spans = 0;
    for mut row in session.query(&sql, &[Value::text(after), Value::count(most_traces)])? {
        taken.push(row.required(0));
        spans += row.whole(1).max(0).unsigned_abs();
        if spans >= most_spans {
            break;
        }
    }
    Ok(taken)
}

/// Understands the spans of a trace anew and returns how many were read.
fn understand(
    session: &mut dyn Session,
    trace_id: &str,
    draft: &mut Draft<'_>,
    what: Rebuild,
    prices: &PriceBook,
) -> Result<u64, DatabaseError> {
    let of_calls = " AND span_type IN ('LLM', 'EMBEDDING', 'RERANKER')";
    let mut values = Vec::new();
    let of_trace = of_traces(session.dialect(), "agno_spans", &[trace_id], &mut values);
    let condition = format!("{of_trace}{}", if what == Rebuild::Costs { of_calls } else { "" });
    let rows = SourceRow::select(session, &condition, &values)?;
    for row in &rows {
        let (facts, cost) = row.facts(prices);
        let Some(entry) = row.span_id.parse().ok().and_then(|id| draft.entries.get_mut(&id)) else {
            continue;
        };
        entry.action = if what == Rebuild::Costs {
            entry.shape.cost_nano_usd = cost.nano_usd;
            Action::Price(cost)
        } else {
            entry.shape = commit::shape(&entry.shape, row, &facts, cost);
            Action::Understand(Box::new((facts, cost)))
        };
    }
    Ok(rows.len() as u64)
}
