//! Deletes what is one user's.
//!
//! A trace is its user's as a whole. In traces of others, spans may name another user: a team that serves several, a
//! conversation that was handed over. Those spans go with what is below them ([`spans_of_user`]), and the trace is folded
//! anew from what is left. Malformed spans are bytes of nobody knows whom, so all of them go.

use std::collections::BTreeSet;

use tracestead_model::query::TraceRecord;
use tracestead_model::retention::spans_of_user;
use tracestead_model::{SpanShape, TraceShape};

use super::candidates::{self, Found, Most, Which};
use super::delete::{self, Deleted};
use super::{Key, Pruned, STEP_SPANS, shrink};
use crate::error::DatabaseError;
use crate::session::{Access, Conflict, Session, transaction};
use crate::sql::{Dialect, MAX_LIST, Value, of_traces};
use crate::write::commit::{self, Context};
use crate::write::draft::Draft;
use crate::write::span_events::Joined;
use crate::write::{apply, clickhouse, rebuild};

/// How many traces of others are looked into in one step: each is read and folded whole.
const AT_ONCE: usize = 32;

#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// Traces of the user, in the order in which they began.
    Traces(Option<Key>),
    /// Those that have not begun for us: Agno has just written them, or they are half deleted.
    Unread,
    /// Spans of the user in the traces of others, in the order of the traces' ids.
    Spans(String),
    Quarantine,
}

impl Default for Phase {
    fn default() -> Self {
        Self::Traces(None)
    }
}

pub(super) fn step(
    session: &mut dyn Session,
    user_id: &str,
    phase: Phase,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    overwrite(session, true)?;
    let done = one_step(session, user_id, phase, context);
    overwrite(session, false)?;
    done
}

fn one_step(
    session: &mut dyn Session,
    user_id: &str,
    phase: Phase,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    // A table that Agno made on MySQL finds users whose names are alike.
    let is_theirs = |trace: &TraceRecord| trace.user_id.as_deref() == Some(user_id);
    let most = Most::of(session.dialect());
    match phase {
        Phase::Traces(after) => {
            let which = Which { begun_before: None, user_id: Some(user_id) };
            let page = transaction(session, Access::Read, |session| {
                candidates::page(session, which, after.as_ref())
            })?;
            let found = candidates::choose(&page, most, is_theirs);
            if found.trace_ids.is_empty() && found.is_last {
                return Ok(next(&Deleted::default(), Phase::Unread));
            }
            let deleted = delete::traces(session, &found.trace_ids, context, is_theirs)?;
            Ok(next(&deleted, Phase::Traces(if deleted.is_cut { after } else { found.after })))
        }
        Phase::Unread => {
            let unread = transaction(session, Access::Read, |session| unread(session, user_id))?;
            let found: Found = candidates::choose(&unread, most, is_theirs);
            let deleted = delete::traces(session, &found.trace_ids, context, is_theirs)?;
            let phase = if deleted.traces == 0 { Phase::Spans(String::new()) } else { Phase::Unread };
            Ok(next(&deleted, phase))
        }
        Phase::Spans(after) => spans(session, user_id, &after, context),
        Phase::Quarantine => {
            if session.dialect() == Dialect::ClickHouse {
                clickhouse::delete_quarantine(session)?;
            } else {
                transaction(session, Access::Write, |session| {
                    session.execute("DELETE FROM tracestead_quarantine WHERE 1 = 1", &[])
                })?;
            }
            Ok(Pruned::at(super::Phase::Shrink(shrink::Phase::of_user())))
        }
    }
}

fn next(deleted: &Deleted, phase: Phase) -> Pruned {
    Pruned::of(deleted, super::Phase::User(phase))
}

fn unread(session: &mut dyn Session, user_id: &str) -> Result<Vec<TraceRecord>, DatabaseError> {
    let sql = format!(
        "SELECT {} FROM agno_traces WHERE user_id = ? AND start_time_ns IS NULL LIMIT ?",
        candidates::COLUMNS
    );
    let values = [Value::text(user_id), Value::count(super::PAGE_TRACES as u64)];
    Ok(session.query(&sql, &values)?.into_iter().map(candidates::record).collect())
}

/// Looks at the spans of some traces that are not the user's, and deletes those that are.
fn spans(
    session: &mut dyn Session,
    user_id: &str,
    after: &str,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    let (last, found) = transaction(session, Access::Read, |session| {
        let traces = rebuild::next_traces(session, after, MAX_LIST as u64, 5 * STEP_SPANS)?;
        let mut found = traces_with_user(session, &traces, user_id)?;
        found.extend(half_done(session, &traces)?);
        Ok((traces.last().cloned(), found))
    })?;
    let Some(last) = last else { return Ok(next(&Deleted::default(), Phase::Quarantine)) };
    let some: Vec<&str> = found.iter().take(AT_ONCE).map(String::as_str).collect();
    let last = if some.len() < found.len() { some.last().map_or(last, |id| (*id).to_owned()) } else { last };
    if some.is_empty() {
        return Ok(next(&Deleted::default(), Phase::Spans(last)));
    }
    let deleted = transaction(session, Access::Write, |session| take_out(session, &some, user_id, context))?;
    // A trace that turned out to be the user's as a whole may be too large for one step.
    let last = if deleted.is_cut { after.to_owned() } else { last };
    Ok(next(&deleted, Phase::Spans(last)))
}

/// Returns those traces whose rows do not know of as many spans as there are: where there are no transactions, a prune may
/// have come no further than the spans, and what the row says may be theirs.
fn half_done(session: &mut dyn Session, trace_ids: &[String]) -> Result<BTreeSet<String>, DatabaseError> {
    let mut found = BTreeSet::new();
    if session.dialect() != Dialect::ClickHouse {
        return Ok(found);
    }
    let trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let of_rows = of_traces(session.dialect(), "agno_traces", some, &mut values);
        let of_spans = of_traces(session.dialect(), "agno_spans", some, &mut values);
        let sql = format!(
            "SELECT trace_id FROM (
                SELECT trace_id, ifNull(span_count, 0) AS spans FROM agno_traces FINAL WHERE {of_rows}
                UNION ALL
                SELECT trace_id, -toInt64(count()) AS spans FROM agno_spans FINAL WHERE {of_spans} GROUP BY trace_id
             ) GROUP BY trace_id HAVING sum(spans) <> 0"
        );
        found.extend(session.query(&sql, &values)?.into_iter().map(|mut row| row.required(0)));
    }
    Ok(found)
}

/// Returns those traces that have spans of the user, or spans that nobody has read yet, in the order of their ids.
pub(super) fn traces_with_user(
    session: &mut dyn Session,
    trace_ids: &[String],
    user_id: &str,
) -> Result<BTreeSet<String>, DatabaseError> {
    let mut found = BTreeSet::new();
    let trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(session.dialect(), "agno_spans", some, &mut values);
        values.push(Value::text(user_id));
        let sql = format!(
            "SELECT DISTINCT trace_id, user_id FROM {} WHERE {list} AND (user_id = ? OR facts_version IS NULL)",
            session.dialect().from("agno_spans")
        );
        for mut row in session.query(&sql, &values)? {
            if row.is_null(1) || row.str(1) == user_id {
                found.insert(row.required(0));
            }
        }
    }
    Ok(found)
}

fn take_out(
    session: &mut dyn Session,
    trace_ids: &[&str],
    user_id: &str,
    context: Context<'_>,
) -> Result<Deleted, DatabaseError> {
    let mut drafts = commit::read(session, trace_ids, context)?;
    let mut whole = Vec::new();
    let mut spans = 0;
    for (trace_id, draft) in &mut drafts.drafts {
        let shapes = shapes(draft);
        let theirs = spans_of_user(&shapes, user_id);
        // Nothing is left, or what was read just now says whose it is.
        if theirs.len() == shapes.len()
            || TraceShape::fold(&shapes).context.user_id.as_deref() == Some(user_id)
        {
            whole.push(trace_id.clone());
        } else {
            spans += theirs.len() as u64;
            draft.remove(&theirs);
            draft.is_forced = true;
        }
    }
    for trace_id in &whole {
        drafts.drafts.remove(trace_id);
    }
    let joined = Joined::read(session, trace_ids)?;
    apply::write(session, drafts, &joined, Conflict::Never, context)?;
    let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
    let deleted = delete::locked(session, &whole, context)?;
    Ok(Deleted { spans: deleted.spans + spans, ..deleted })
}

fn shapes(draft: &Draft<'_>) -> Vec<SpanShape> {
    draft.entries.values().map(|entry| entry.shape.clone()).collect()
}

/// Says whether what is deleted is written over with zeros. Servers have no such thing.
fn overwrite(session: &mut dyn Session, is_on: bool) -> Result<(), DatabaseError> {
    if session.dialect() == Dialect::Sqlite {
        let sql = if is_on { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = FAST" };
        session.query(sql, &[])?;
    }
    Ok(())
}
