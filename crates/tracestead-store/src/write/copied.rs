//! Traces that come from another database, rows as they are.
//!
//! Nothing is understood anew that was understood: a row is written with every column it had. Where nothing of a trace is
//! here yet, its own row comes as it was, too, for it is the fold of the same spans. Where spans of it are here already, the
//! two are merged as if all had been sent (ADR 0005), and the trace is folded anew. Of rows that Agno wrote and nobody read
//! yet, our columns are filled on the way.
//!
//! In the rollups is what has `is_counted`, as always: a row that comes with it adds to them in the same transaction, and a
//! row that waits for the fold comes without it. So a trace of which a part is missing says so itself: it is not listed,
//! and whoever folds it next (this copy, or a server that receives meanwhile) counts what is there.

mod coming;
mod traces;

use std::collections::BTreeSet;

use coming::{Coming, Here, Known};
pub(crate) use traces::is_settled_row;

use super::clickhouse::{self, Seen};
use super::commit::{self, Context};
use super::rollups::Rollups;
use super::rows::Changes;
use super::span_events::{self, Joined};
use super::traces::Before;
use super::{apply, backfill, resources};
use crate::copy::{Cells, Columns, Rules};
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value};

/// A trace of another database, or a part of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct CopiedTrace {
    pub(crate) trace_id: String,
    /// Its row; none where someone wrote spans without a trace.
    pub(crate) row: Option<Cells>,
    /// Its spans, or some of them.
    pub(crate) spans: Vec<Cells>,
    /// The log records that its spans have there: span and event.
    pub(crate) events: BTreeSet<(String, String)>,
    /// How many of its spans were copied before.
    pub(crate) spans_before: usize,
    /// Whether those are here as they are there.
    pub(crate) is_same_before: bool,
    /// Whether no more of it comes.
    pub(crate) is_last: bool,
}

/// What became of a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Spans that are new here, or told more than what was here.
    pub(crate) written: u64,
    /// Why spans were refused, each alone.
    pub(crate) refused: Vec<String>,
    /// Whether all of its spans so far are here as they are there.
    pub(crate) is_same: bool,
}

/// The columns of both tables, and when two values are the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TraceColumns<'a> {
    pub(crate) traces: &'a Columns,
    pub(crate) spans: &'a Columns,
    pub(crate) rules: Rules,
}

/// Writes traces, of which none may come twice, within a transaction.
pub(crate) fn write(
    session: &mut dyn Session,
    copied: Vec<CopiedTrace>,
    columns: TraceColumns<'_>,
    context: Context<'_>,
) -> Result<Vec<Copied>, DatabaseError> {
    let here = Here::read(session, &copied, columns, context)?;
    let mut plan = Plan { rollups: Rollups::of(session.dialect()), ..Plan::default() };
    let outcomes = copied.into_iter().map(|trace| plan.add(trace, &here, columns, context)).collect();
    drop(here);
    plan.write(session, columns, context)?;
    Ok(outcomes)
}

/// Writes log records that are not here yet, within a transaction, and returns how many there were. Spans that are here
/// already are understood anew if they get some.
pub(crate) fn write_events(
    session: &mut dyn Session,
    columns: &Columns,
    rows: Vec<Cells>,
    context: Context<'_>,
) -> Result<u64, DatabaseError> {
    let key =
        |cells: &Cells| ["trace_id", "span_id", "event_id"].map(|name| columns.text(cells, name).to_owned());
    let trace_ids: BTreeSet<String> = rows.iter().map(|cells| key(cells)[0].clone()).collect();
    let trace_ids: BTreeSet<&str> = trace_ids.iter().map(String::as_str).collect();
    let sorted: Vec<&str> = trace_ids.iter().copied().collect();
    let mut drafts = commit::read(session, &sorted, context)?;
    let here = span_events::stored_keys(session, &trace_ids)?;
    let here: BTreeSet<[String; 3]> =
        here.into_iter().map(|(trace, span, event)| [trace, span, event]).collect();
    let new: Vec<Cells> = rows.into_iter().filter(|cells| !here.contains(&key(cells))).collect();
    let touched: Vec<[String; 3]> = new.iter().map(key).collect();
    let touched =
        touched.iter().map(|[trace_id, span_id, _]| (trace_id.as_str(), span_id.as_str())).collect();
    let written = new.len() as u64;
    insert(session, columns, new)?;
    let joined = Joined::read(session, &sorted)?;
    commit::join(session, &mut drafts, &touched, &joined, context.prices)?;
    apply::write(session, drafts, &joined, Conflict::Never, context)?;
    Ok(written)
}

/// A row that is written over.
struct Replaced {
    trace_id: String,
    span_id: String,
    cells: Cells,
}

/// What is to be written.
#[derive(Default)]
struct Plan {
    traces: Vec<Cells>,
    spans: Vec<Cells>,
    replaced: Vec<Replaced>,
    rollups: Rollups,
    /// Traces that are folded anew.
    refold: BTreeSet<String>,
    /// Rows of traces that are in the end as they are there, and whether a span of them was sent to us.
    as_there: Vec<(Cells, bool)>,
    /// What the traces will be, where others may write to them meanwhile.
    expected: Seen,
}

impl Plan {
    fn add(
        &mut self,
        mut trace: CopiedTrace,
        here: &Here,
        columns: TraceColumns<'_>,
        context: Context<'_>,
    ) -> Copied {
        let more_events = here.with_more_events(&trace.trace_id, &trace.events);
        let coming: Vec<Coming> = std::mem::take(&mut trace.spans)
            .into_iter()
            .map(|cells| {
                let has_more = more_events.contains(columns.spans.text(&cells, "span_id"));
                Coming::new(cells, has_more, here, columns.spans, context)
            })
            .collect();
        let before = here.traces.get(&trace.trace_id);
        let none = Known::default();
        let known = here.known.get(&trace.trace_id).unwrap_or(&none);
        let is_settled = coming.iter().all(|span| span.is_settled)
            && trace.row.as_ref().is_some_and(|row| is_settled_row(row, columns.traces));
        let is_whole = trace.spans_before == 0 && trace.is_last;
        let log_records = here.log_records(&trace.trace_id);
        let mut versions = known.versions;
        if before.is_none() && known.count == 0 && is_whole && is_settled {
            versions =
                coming.iter().fold(versions, |sum, span| sum.wrapping_add(span.version(columns.spans)));
            self.expected.expect(&trace.trace_id, [number(coming.len()), log_records, 1], versions);
            return self.add_plain(trace.row, coming);
        }
        let mut copied = Copied { is_same: trace.is_same_before, ..Copied::default() };
        let mut rows = before.map_or(0, Before::rows);
        if before.is_none()
            && let Some(row) = traces::begun(&trace, &coming, here, columns)
        {
            self.traces.push(row);
            rows = 1;
        }
        let has_ours =
            known.has_ours || coming.iter().any(|span| span.stored.as_ref().is_some_and(|span| span.is_ours));
        let of_source = trace.spans_before + coming.len();
        let mut of_target = known.count;
        let mut is_uncounted = known.is_uncounted;
        for mut span in coming {
            copied.is_same &= span.is_settled;
            columns.spans.set(&mut span.cells, "is_counted", &Value::Bool(None));
            match known.spans.get(&span.span_id) {
                None => {
                    if let Some(other) = here.taken.get(&span.span_id).filter(|id| **id != trace.trace_id) {
                        copied.refused.push(commit::taken_by(&span.span_id, other));
                        copied.is_same = false;
                        continue;
                    }
                    of_target += 1;
                    versions = versions.wrapping_add(span.version(columns.spans));
                    self.spans.push(span.cells);
                }
                Some(Some(stored)) if span.is_more_than(stored) => {
                    if let Some(is_counted) = stored.is_counted {
                        self.rollups.take_out(&stored.shape, is_counted);
                    }
                    let more = span.version(columns.spans).wrapping_sub(stored.version());
                    versions = versions.wrapping_add(more);
                    let (trace_id, span_id) = (trace.trace_id.clone(), span.span_id);
                    self.replaced.push(Replaced { trace_id, span_id, cells: span.cells });
                }
                Some(stored) => {
                    copied.is_same &= stored.as_ref().map(|stored| &stored.shape) == span.shape();
                    continue;
                }
            }
            is_uncounted = true;
            copied.written += 1;
        }
        if !trace.is_last || of_target == 0 {
            self.expected.expect(&trace.trace_id, [number(of_target), log_records, rows], versions);
            return copied;
        }
        // What this copy wrote earlier is not counted either, or somebody has folded it since.
        let is_listed = before.is_some_and(Before::is_listed);
        if is_uncounted || !is_listed {
            rows = 1;
            self.refold.insert(trace.trace_id.clone());
        }
        self.expected.expect(&trace.trace_id, [number(of_target), log_records, rows], versions);
        let row = trace.row.filter(|row| is_settled_row(row, columns.traces));
        if copied.is_same && of_target == of_source {
            self.as_there.extend(row.map(|row| (row, has_ours)));
        }
        copied
    }

    /// Adds a trace of which nothing is here, as it is.
    fn add_plain(&mut self, row: Option<Cells>, spans: Vec<Coming>) -> Copied {
        let copied = Copied { written: spans.len() as u64, is_same: true, ..Copied::default() };
        self.traces.extend(row);
        for span in spans {
            if let Some(stored) = &span.stored {
                self.rollups.add(&stored.shape, stored.is_counted == Some(true));
            }
            self.spans.push(span.cells);
        }
        copied
    }

    fn write(
        self,
        session: &mut dyn Session,
        columns: TraceColumns<'_>,
        context: Context<'_>,
    ) -> Result<(), DatabaseError> {
        let all = self.spans.iter().chain(self.replaced.iter().map(|replaced| &replaced.cells));
        let used: BTreeSet<&str> = all.map(|cells| columns.spans.text(cells, "resource_id")).collect();
        let used: Vec<&str> = used.into_iter().filter(|id| !id.is_empty()).collect();
        resources::keep(session, &used)?;
        // A table of Agno's wants the trace to be there before its spans. Where there are no transactions, a trace must not
        // be there without them.
        if session.dialect() == Dialect::ClickHouse {
            insert(session, columns.spans, self.spans)?;
            insert(session, columns.traces, self.traces)?;
        } else {
            insert(session, columns.traces, self.traces)?;
            insert(session, columns.spans, self.spans)?;
        }
        let mut changes = Changes::default();
        for Replaced { trace_id, span_id, cells } in self.replaced {
            let set =
                written_over(columns.spans, cells, &["trace_id", "span_id", "created_at"], session.dialect());
            changes.update(trace_id, vec![span_id], set);
        }
        changes.write(session, Conflict::Never)?;
        self.rollups.write(session)?;
        let refold: Vec<&str> = self.refold.iter().map(String::as_str).collect();
        backfill::refold(session, &refold, context)?;
        traces::write_as_there(session, self.as_there, columns)?;
        if session.dialect() == Dialect::ClickHouse {
            clickhouse::settle(session, self.expected, context)?;
        }
        Ok(())
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn insert(session: &mut dyn Session, columns: &Columns, rows: Vec<Cells>) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let dialect = session.dialect();
    let names = columns.quoted();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows: Vec<Vec<Value<'_>>> = rows.into_iter().map(|cells| columns.values(cells, dialect)).collect();
    // What is here was read before: if a key is taken now, another writer was faster, and all is done again.
    let insert = Insert { table: &columns.table, columns: &names, conflict: Conflict::Never };
    session.insert(&insert, &rows).map(|_| ())
}

/// Returns the columns that are written over, and their values.
fn written_over(
    columns: &Columns,
    cells: Cells,
    kept: &[&str],
    dialect: Dialect,
) -> Vec<(String, Value<'static>)> {
    let values = columns.values(cells, dialect);
    let pairs = columns.all.iter().zip(columns.quoted()).zip(values);
    pairs
        .filter(|((column, _), _)| !kept.contains(&column.name.as_str()))
        .map(|((_, name), value)| (name, value))
        .collect()
}
