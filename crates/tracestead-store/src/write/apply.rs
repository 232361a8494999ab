//! Folds drafts and writes what they say: traces, spans, rollups.

use std::collections::{BTreeMap, HashMap};

use tracestead_model::TraceShape;

use super::draft::{Action, Draft, Entry};
use super::rollups::Rollups;
use super::span_events::Joined;
use super::traces::{self, Before, TraceRow};
use super::{retention, rows, summary};
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value};

/// Traces as they will be, and what their rows said.
#[derive(Debug, Default)]
pub(super) struct Drafts<'a> {
    pub(super) drafts: BTreeMap<String, Draft<'a>>,
    pub(super) before: HashMap<String, Before>,
}

/// Writes the drafts; `spans` says what happens to a new span whose key is taken.
pub(super) fn write(
    session: &mut dyn Session,
    drafts: Drafts<'_>,
    joined: &Joined,
    spans: Conflict<'static>,
) -> Result<(), DatabaseError> {
    let Drafts { mut drafts, before } = drafts;
    // Of what changes nothing, nothing is written.
    drafts.retain(|trace_id, draft| is_changed(draft) || !before.contains_key(trace_id));
    let mut rows = Vec::with_capacity(drafts.len());
    let mut folded = Vec::with_capacity(drafts.len());
    for (trace_id, draft) in &drafts {
        let shape = draft.fold();
        if shape.span_count == 0 {
            continue;
        }
        let before = before.get(trace_id);
        let description = summary::describe(session, trace_id, draft, &shape, before, joined)?;
        rows.push(TraceRow::new(trace_id, draft, shape.clone(), description, before, created_at(draft)));
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

type Folded<'a, 'b> = (&'b str, &'b Draft<'a>, TraceShape);

fn write_spans(
    session: &mut dyn Session,
    folded: &[Folded<'_, '_>],
    conflict: Conflict<'static>,
) -> Result<(), DatabaseError> {
    let mut rollups = Rollups::default();
    let mut new: Vec<Vec<Value<'_>>> = Vec::new();
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
                Action::Insert(span, created_at) => new.push(rows::values(span, is_counted, created_at)),
                Action::Replace(span) => rows::replace(session, span, is_counted)?,
                Action::Understand(understood) => {
                    let (facts, cost) = &**understood;
                    let mut set = rows::understood(facts, *cost);
                    set.push(("is_counted", Value::Bool(Some(is_counted))));
                    rows::update(session, trace_id, &[&span_id.to_hex()], set)?;
                }
                Action::Price(cost) => {
                    let mut set = rows::priced(*cost);
                    set.push(("is_counted", Value::Bool(Some(is_counted))));
                    rows::update(session, trace_id, &[&span_id.to_hex()], set)?;
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
        for (is_counted, span_ids) in [false, true].into_iter().zip(&marked) {
            let span_ids: Vec<&str> = span_ids.iter().map(String::as_str).collect();
            rows::update(session, trace_id, &span_ids, vec![("is_counted", Value::Bool(Some(is_counted)))])?;
        }
    }
    insert_spans(session, &new, conflict)?;
    rollups.write(session)
}

fn insert_spans(
    session: &mut dyn Session,
    new: &[Vec<Value<'_>>],
    conflict: Conflict<'static>,
) -> Result<(), DatabaseError> {
    if new.is_empty() {
        return Ok(());
    }
    let columns = rows::columns();
    let written = session.insert(&Insert { table: "agno_spans", columns: &columns, conflict }, new)?;
    if written < new.len() as u64 {
        let says = "another writer has written the same span";
        return Err(DatabaseError::new(ErrorKind::Conflict, says));
    }
    Ok(())
}
