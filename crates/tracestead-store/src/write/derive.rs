//! What our columns would say of rows that Agno wrote, where nobody may write it down.
//!
//! It is what the back-fill writes, by the same code, for the few rows that somebody looks at.

use std::collections::{BTreeSet, HashMap};

use tracestead_model::PriceBook;

use super::draft::StoredSpans;
use super::source::SourceRow;
use super::span_events::Joined;
use super::traces::{self, TraceRow};
use super::{rows, summary};
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Cell, MAX_LIST, Value, in_list};

/// Columns and what they would say.
pub(crate) type Said = Vec<(&'static str, Cell)>;

/// Returns what the rows of those of these spans would say that are not filled, by trace and span.
pub(crate) fn spans(
    session: &mut dyn Session,
    spans: &[(String, String)],
    prices: &PriceBook,
) -> Result<HashMap<(String, String), Said>, DatabaseError> {
    let mut said = HashMap::new();
    for some in spans.chunks(MAX_LIST) {
        let of = |part: fn(&(String, String)) -> &str| -> Vec<&str> {
            some.iter().map(part).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let (trace_ids, span_ids) = (of(|(trace_id, _)| trace_id), of(|(_, span_id)| span_id));
        let mut values = Vec::new();
        let of_traces = in_list("trace_id", &trace_ids, &mut values);
        let of_spans = in_list("span_id", &span_ids, &mut values);
        let unread = format!("facts_version IS NULL AND {of_traces} AND {of_spans}");
        for row in SourceRow::select(session, &unread, &values)? {
            let (facts, cost) = row.facts(prices);
            said.insert((row.trace_id, row.span_id), cells(rows::understood(&facts, cost)));
        }
    }
    Ok(said)
}

/// Returns what the rows of those of these traces would say that are not filled.
pub(crate) fn traces(
    session: &mut dyn Session,
    trace_ids: &[String],
    prices: &PriceBook,
) -> Result<HashMap<String, Said>, DatabaseError> {
    let unfilled = unfilled(session, trace_ids)?;
    let trace_ids: Vec<&str> = unfilled.iter().map(String::as_str).collect();
    let before = traces::read(session, &trace_ids, "")?;
    let mut stored = StoredSpans::read(session, &trace_ids)?;
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = in_list("trace_id", some, &mut values);
        for row in SourceRow::select(session, &format!("facts_version IS NULL AND {list}"), &values)? {
            stored.understand(&row, prices);
        }
    }
    let joined = Joined::read(session, &trace_ids)?;
    let mut said = HashMap::new();
    for trace_id in trace_ids {
        let (draft, before) = (stored.draft(trace_id), before.get(trace_id));
        let shape = draft.fold();
        let columns = if shape.span_count == 0 {
            // Agno writes a trace before its spans.
            Vec::new()
        } else {
            let description = summary::describe(session, trace_id, &draft, &shape, before, &joined)?;
            cells(TraceRow::new(trace_id, &draft, shape, description, before, None).says())
        };
        said.insert(trace_id.to_owned(), columns);
    }
    Ok(said)
}

/// Returns those of some traces that have rows to be filled.
fn unfilled(session: &mut dyn Session, trace_ids: &[String]) -> Result<BTreeSet<String>, DatabaseError> {
    let trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
    let mut unfilled = BTreeSet::new();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = in_list("trace_id", some, &mut values);
        for sql in [
            format!("SELECT trace_id FROM agno_traces WHERE span_count IS NULL AND {list}"),
            format!("SELECT DISTINCT trace_id FROM agno_spans WHERE is_counted IS NULL AND {list}"),
        ] {
            unfilled.extend(session.query(&sql, &values)?.into_iter().map(|mut row| row.required(0)));
        }
    }
    Ok(unfilled)
}

fn cells(columns: Vec<(&'static str, Value<'_>)>) -> Said {
    columns.into_iter().map(|(column, value)| (column, Cell::from(value))).collect()
}
