//! What has to be done otherwise where there are no transactions and rows are not changed.
//!
//! Every step may be the last one before the process ends, and another server may take any step in between. What makes the
//! end the same all the same:
//!
//! - Spans are written before the row of their trace. Who never got an answer sends again, and then the row is written
//!   again, even if every span is known. If nobody sends again, the next server that starts finds spans without a row.
//! - Who has written looks again (`look`): if a trace is not what it was folded from, it is folded anew. Of two servers that
//!   write to a trace at once, the one that looks last sees what both wrote.
//! - Rows are deleted by writing rows that say so (`gone`), and whoever deletes looks again as well.
//! - Hours are not added to but summed from their spans (`hours`), once they have been left alone for a moment.

mod gone;
mod hours;
mod look;
mod months;
mod spans;

use std::collections::BTreeSet;

use super::apply::{self, Drafts};
use super::commit::Context;
use super::span_events::Joined;
use crate::error::DatabaseError;
use crate::session::{Conflict, Session};
use crate::sql::{Dialect, in_list};

pub(super) use gone::{
    delete_rows, gone, quarantine as delete_quarantine, resources as delete_resources, spans as delete_spans,
    traces as delete_traces,
};
pub(super) use hours::rebuild;
pub(crate) use hours::{Hours, Summing};
pub(super) use look::{Seen, settle};
pub(super) use months::{Month, all as months, give_back, merge};
pub(super) use spans::write as write_spans;

/// Returns traces of which spans were stored within the last hour, but no row. Spans are written first; who writes them now
/// will write the row again, and looks.
pub(super) fn unfolded(session: &mut dyn Session) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT DISTINCT trace_id FROM agno_spans FINAL
        WHERE stored_at > now64(3) - INTERVAL 1 HOUR AND trace_id GLOBAL NOT IN (
            SELECT trace_id FROM agno_traces FINAL WHERE trace_id GLOBAL IN (
                SELECT DISTINCT trace_id FROM agno_spans WHERE stored_at > now64(3) - INTERVAL 1 HOUR))";
    Ok(session.query(sql, &[])?.into_iter().map(|mut row| row.required(0)).collect())
}

/// Returns those traces of which something may be stored. There most traces are new, and to look for one without a place in
/// the large tables costs more than all else.
pub(super) fn known<'a>(
    session: &mut dyn Session,
    trace_ids: &[&'a str],
) -> Result<Vec<&'a str>, DatabaseError> {
    if session.dialect() != Dialect::ClickHouse {
        return Ok(trace_ids.to_vec());
    }
    let mut found = BTreeSet::new();
    for some in trace_ids.chunks(session.dialect().most_ids()) {
        let mut values = Vec::new();
        let list = in_list("trace_id", some, &mut values);
        let sql = format!("SELECT DISTINCT trace_id FROM tracestead_trace_places WHERE {list}");
        found.extend(session.query(&sql, &values)?.into_iter().map(|mut row| row.required(0)));
    }
    Ok(trace_ids.iter().filter(|trace_id| found.contains(**trace_id)).copied().collect())
}

/// Writes the drafts and sees to it that they are right whoever else writes.
pub(super) fn write(
    session: &mut dyn Session,
    drafts: Drafts<'_>,
    joined: &Joined,
    context: Context<'_>,
) -> Result<(), DatabaseError> {
    let written = look::Seen::of(&drafts, joined);
    apply::fold(session, drafts, joined, Conflict::Never)?;
    look::settle(session, written, context)
}
