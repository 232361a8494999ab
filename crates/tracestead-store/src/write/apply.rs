//! Folds drafts and writes what they say: traces, spans, rollups.

use std::collections::{BTreeMap, HashMap};

use tracestead_model::TraceShape;

use super::commit::Context;
use super::draft::{Action, Draft, Entry};
use super::rollups::Rollups;
use super::rows::{self, Changes};
use super::span_events::Joined;
use super::traces::{self, Before, TraceRow};
use super::{clickhouse, retention, summary};
use crate::error::DatabaseError;
use crate::session::{Conflict, Session};
use crate::sql::{Dialect, Value, of_traces};

/// Traces as they will be, and what their rows said.
#[derive(Debug, Default)]
pub(super) struct Drafts<'a> {
    pub(super) drafts: BTreeMap<String, Draft<'a>>,
    pub(super) before: HashMap<String, Before>,
}

/// Folds the drafts and writes what they say, such that it is right whoever else writes; `spans` says what happens to a new
/// span whose key is taken.
pub(super) fn write(
    session: &mut dyn Session,
    drafts: Drafts<'_>,
    joined: &Joined,
    spans: Conflict<'static>,
    context: Context<'_>,
) -> Result<(), DatabaseError> {
    if session.dialect() == Dialect::ClickHouse {
        return clickhouse::write(session, drafts, joined, context);
    }
    fold(session, drafts, joined, spans)
}

/// Folds the drafts and writes what they say.
pub(super) fn fold(
    session: &mut dyn Session,
    drafts: Drafts<'_>,
    joined: &Joined,
    spans: Conflict<'static>,
) -> Result<(), DatabaseError> {
    let Drafts { mut drafts, before } = drafts;
    // Of what changes nothing, nothing is written. Where there are no transactions, a writer may have come no further than
    // the spans: then what is sent again is all known, and the trace's row is still to be written.
    let may_be_half = session.dialect() == Dialect::ClickHouse;
    drafts.retain(|trace_id, draft| may_be_half || is_changed(draft) || !before.contains_key(trace_id));
    let mut rows = Vec::with_capacity(drafts.len());
    let mut folded = Vec::with_capacity(drafts.len());
    for (trace_id, draft) in &drafts {
        let shape = draft.fold();
        if shape.span_count == 0 {
            continue;
        }
        let before = before.get(trace_id);
        let description = summary::describe(session, trace_id, draft, &shape, before, joined)?;
        let created_at = match created_at(draft) {
            Some(created_at) => Some(created_at.to_owned()),
            // There a commit may have ended between the two.
            None if before.is_none() && session.dialect() == Dialect::ClickHouse => {
                first_created_at(session, trace_id)?
            }
            None => None,
        };
        rows.push(TraceRow::new(trace_id, draft, shape.clone(), description, before, created_at.as_deref()));
        folded.push((trace_id.as_str(), draft, shape));
    }
    // A table of Agno's wants the trace to be there before its spans. Where there are no transactions, a trace must not be
    // there without them.
    if session.dialect() == Dialect::ClickHouse {
        write_spans(session, &folded, spans)?;
        traces::write(session, &rows)
    } else {
        traces::write(session, &rows)?;
        write_spans(session, &folded, spans)
    }
}

fn is_changed(draft: &Draft<'_>) -> bool {
    draft.is_forced || !draft.removed.is_empty() || draft.entries.values().any(Entry::is_new)
}

/// A trace is as old as its first batch.
fn created_at<'a>(draft: &'a Draft<'_>) -> Option<&'a str> {
    let created = draft.entries.values().filter_map(|entry| match &entry.action {
        Action::Insert(_, created_at) => Some(*created_at),
        _ => None,
    });
    created.min()
}

/// Returns when the first of the spans was stored of a trace that has no row.
fn first_created_at(session: &mut dyn Session, trace_id: &str) -> Result<Option<String>, DatabaseError> {
    let dialect = session.dialect();
    let mut values = Vec::new();
    let of_trace = of_traces(dialect, "agno_spans", &[trace_id], &mut values);
    let from = dialect.from("agno_spans");
    let first = dialect.bytes_order("created_at");
    let sql = format!("SELECT created_at FROM {from} WHERE {of_trace} ORDER BY {first} LIMIT 1");
    Ok(session.query(&sql, &values)?.pop().and_then(|mut row| row.text(0)))
}

type Folded<'a, 'b> = (&'b str, &'b Draft<'a>, TraceShape);

fn write_spans(
    session: &mut dyn Session,
    folded: &[Folded<'_, '_>],
    conflict: Conflict<'static>,
) -> Result<(), DatabaseError> {
    let mut rollups = Rollups::of(session.dialect());
    let mut changes = Changes::default();
    for (trace_id, draft, shape) in folded {
        for removed in &draft.removed {
            if let Some(was_counted) = removed.is_counted {
                rollups.take_out(&removed.shape, was_counted);
            }
        }
        let removed: Vec<String> = draft.removed.iter().map(|stored| stored.shape.span_id.to_hex()).collect();
        retention::delete_spans(session, trace_id, &removed)?;
        // Rows whose only change is whether they count, by what they are to say.
        let mut marked: [Vec<String>; 2] = [Vec::new(), Vec::new()];
        for (span_id, entry) in &draft.entries {
            let is_counted = shape.counted.contains(span_id);
            match &entry.action {
                Action::Insert(span, created_at) => changes.insert(span, is_counted, created_at),
                Action::Replace(span) => changes.replace(span, is_counted),
                Action::Understand(understood) => {
                    let (facts, cost) = &**understood;
                    let mut set = rows::understood(facts, *cost);
                    set.push(("is_counted", Value::Bool(Some(is_counted))));
                    changes.update(*trace_id, vec![span_id.to_hex()], set);
                }
                Action::Price(cost) => {
                    let mut set = rows::priced(*cost);
                    set.push(("is_counted", Value::Bool(Some(is_counted))));
                    changes.update(*trace_id, vec![span_id.to_hex()], set);
                }
                Action::Stay => {
                    if entry.stored.as_ref().is_some_and(|stored| stored.is_counted == Some(is_counted)) {
                        continue;
                    }
                    marked[usize::from(is_counted)].push(span_id.to_hex());
                }
            }
            if let Some((stored, was_counted)) =
                entry.stored.as_ref().and_then(|stored| Some((stored, stored.is_counted?)))
            {
                rollups.take_out(&stored.shape, was_counted);
            }
            rollups.add(&entry.shape, is_counted);
        }
        for (is_counted, span_ids) in [false, true].into_iter().zip(marked) {
            changes.update(*trace_id, span_ids, vec![("is_counted", Value::Bool(Some(is_counted)))]);
        }
    }
    // Where sums are made of the spans themselves, they are wrong from the first row on.
    session.touch_hours(&rollups.hours());
    changes.write(session, conflict)?;
    rollups.write(session)
}
