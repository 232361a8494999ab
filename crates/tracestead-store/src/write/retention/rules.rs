//! Deletes what is too old, then what is too much.

use tracestead_model::query::TraceRecord;
use tracestead_model::{Retention, UnixNanos};

use super::candidates::{self, Most, Which};
use super::{Key, Phase, Pruned, delete, shrink, size};
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};
use crate::write::commit::Context;

/// Deletes some traces that are too old. Which ones is what [`Retention::expired`] says of their rows: rules are not
/// written in SQL, where texts of other case or with spaces at their end may be the same.
pub(super) fn age(
    session: &mut dyn Session,
    retention: &Retention,
    now: UnixNanos,
    after: Option<Key>,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    let Some(time) = retention.begun_before(now) else { return Ok(by_size(retention)) };
    let which = Which { begun_before: Some(time), user_id: None };
    let page =
        transaction(session, Access::Read, |session| candidates::page(session, which, after.as_ref()))?;
    let most = Most::of(session.dialect());
    let found = candidates::choose(&page, most, |trace| retention.expired(trace, now).is_some());
    if found.trace_ids.is_empty() && found.is_last {
        return Ok(by_size(retention));
    }
    let is_to_go = |trace: &TraceRecord| retention.expired(trace, now).is_some();
    let deleted = delete::traces(session, &found.trace_ids, context, is_to_go)?;
    let after = if deleted.is_cut { after } else { found.after };
    Ok(Pruned::of(&deleted, Phase::Age(after)))
}

fn by_size(retention: &Retention) -> Pruned {
    match retention.max_bytes {
        Some(_) => Pruned::at(Phase::Size(None, None)),
        None => Pruned::at(Phase::Shrink(shrink::Phase::default())),
    }
}

/// Deletes some of the oldest traces, as long as there is too much. How much a span takes is an estimate, so that what is
/// left is measured again in the end.
pub(super) fn size(
    session: &mut dyn Session,
    retention: &Retention,
    after: Option<Key>,
    excess: Option<size::Excess>,
    context: Context<'_>,
) -> Result<Pruned, DatabaseError> {
    let Some(max_bytes) = retention.max_bytes else {
        return Ok(Pruned::at(Phase::Shrink(shrink::Phase::default())));
    };
    let excess = match excess {
        Some(excess) => excess,
        None => match size::excess(session, max_bytes)? {
            Some(excess) => excess,
            None => return Ok(Pruned::at(Phase::Shrink(shrink::Phase::default()))),
        },
    };
    let which = Which::default();
    let page =
        transaction(session, Access::Read, |session| candidates::page(session, which, after.as_ref()))?;
    let enough = excess.reached_within(&page, |trace| retention.may_go(trace));
    let most = Most::of(session.dialect());
    let mut found = candidates::choose(&page[..enough], most, |trace| retention.may_go(trace));
    found.is_last &= enough == page.len();
    if found.trace_ids.is_empty() && found.is_last {
        tracing::warn!(max_bytes, "the database is larger than it may be, and no trace is left that may go");
        return Ok(Pruned::at(Phase::Shrink(shrink::Phase::default())));
    }
    let deleted = delete::traces(session, &found.trace_ids, context, |trace| retention.may_go(trace))?;
    let after = if deleted.is_cut { after } else { found.after };
    // What goes of a trace in later steps is not known here.
    let excess = excess.without(deleted.spans.max(deleted.traces)).filter(|_| !deleted.is_unfinished);
    Ok(Pruned::of(&deleted, Phase::Size(after, excess)))
}
