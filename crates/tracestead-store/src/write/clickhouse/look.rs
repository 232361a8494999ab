//! Looks again at what was written: another server may have written to the same traces meanwhile.
//!
//! Each server writes spans, then the rows of their traces, then looks. Take the server that writes the row of a trace last.
//! If it had not seen a span when it folded, that span came after it had read; and it came before it looked, for whoever
//! wrote the span would else have written the row still later. So it sees that the trace is not what it was folded from,
//! and folds it anew.

use std::collections::{BTreeMap, BTreeSet};

use super::gone;
use crate::error::DatabaseError;
use crate::session::{Conflict, Session};
use crate::sql::{MAX_LIST, Row, in_list, of_traces};
use crate::write::apply::{self, Drafts};
use crate::write::commit::{self, Context};
use crate::write::draft::{Draft, Entry};
use crate::write::span_events::Joined;
use crate::write::traces::Before;

/// Whoever writes to a trace all the time also looks at it all the time: someone else will fold it.
const MOST_LOOKS: usize = 5;

/// What tells whether a trace is what it was.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Mark {
    spans: i64,
    /// The sum of their versions.
    versions: i64,
    log_records: i64,
    /// Rows of the trace: two of them if two servers took it to have begun at different times.
    rows: i64,
}

/// What was seen of each trace.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::write) struct Seen(BTreeMap<String, Mark>);

impl Seen {
    /// Returns what the traces will be once the drafts are written.
    pub(super) fn of(drafts: &Drafts<'_>, joined: &Joined) -> Self {
        let mark = |(trace_id, draft): (&String, &Draft<'_>)| {
            let versions = draft.entries.values().map(Entry::version).fold(0, u64::wrapping_add);
            let rows = drafts.before.get(trace_id).map_or(0, Before::rows);
            let mark = Mark {
                spans: i64::try_from(draft.entries.len()).unwrap_or(i64::MAX),
                versions: versions.cast_signed(),
                log_records: joined.count(trace_id),
                rows: if draft.entries.is_empty() { rows } else { 1 },
            };
            (trace_id.clone(), mark)
        };
        Self(drafts.drafts.iter().map(mark).collect())
    }

    /// Says what a trace will be: how many spans with which sum of versions, how many log records, and how many rows.
    pub(in crate::write) fn expect(
        &mut self,
        trace_id: &str,
        [spans, log_records, rows]: [i64; 3],
        versions: u64,
    ) {
        let mark = Mark { spans, versions: versions.cast_signed(), log_records, rows };
        self.0.insert(trace_id.to_owned(), mark);
    }

    /// Returns what traces are of which nothing is left.
    pub(super) fn nothing_of(trace_ids: &[&str]) -> Self {
        Self(trace_ids.iter().map(|trace_id| ((*trace_id).to_owned(), Mark::default())).collect())
    }

    /// Looks at the traces.
    fn look(session: &mut dyn Session, trace_ids: &[&str]) -> Result<Self, DatabaseError> {
        let dialect = session.dialect();
        let mut seen = Self::nothing_of(trace_ids);
        for some in trace_ids.chunks(dialect.most_ids()) {
            let mut values = Vec::new();
            let spans = of_traces(dialect, "agno_spans", some, &mut values);
            let records = in_list("trace_id", some, &mut values);
            let traces = of_traces(dialect, "agno_traces", some, &mut values);
            let sql = format!(
                "SELECT trace_id, sum(spans), reinterpretAsInt64(sum(versions)), sum(records), sum(traces) FROM (
                    SELECT trace_id, count() AS spans, sum(row_version) AS versions, 0 AS records, 0 AS traces
                    FROM agno_spans FINAL WHERE {spans} GROUP BY trace_id
                    UNION ALL
                    SELECT trace_id, 0 AS spans, 0 AS versions, count() AS records, 0 AS traces
                    FROM tracestead_span_events FINAL WHERE {records} GROUP BY trace_id
                    UNION ALL
                    SELECT trace_id, 0 AS spans, 0 AS versions, 0 AS records, count() AS traces
                    FROM agno_traces FINAL WHERE {traces} GROUP BY trace_id
                 ) GROUP BY trace_id"
            );
            let mark = |row: &Row| Mark {
                spans: row.whole(1),
                versions: row.whole(2),
                log_records: row.whole(3),
                rows: row.whole(4),
            };
            for mut row in session.query(&sql, &values)? {
                let mark = mark(&row);
                seen.0.insert(row.required(0), mark);
            }
        }
        Ok(seen)
    }

    /// Returns the traces whose spans are gone since `written`, but not their rows.
    fn emptied<'a>(&self, trace_ids: &[&'a str], written: &Self) -> Vec<&'a str> {
        let spans = |seen: &Self, trace_id: &str| seen.0.get(trace_id).map_or(0, |mark| mark.spans);
        let has_row = |trace_id: &str| self.0.get(trace_id).is_some_and(|mark| mark.rows > 0);
        let is_emptied = |trace_id: &&&str| {
            has_row(trace_id) && spans(self, trace_id) == 0 && spans(written, trace_id) > 0
        };
        trace_ids.iter().filter(is_emptied).copied().collect()
    }

    /// Says whether the trace is not what `other` says.
    fn is_new(&self, trace_id: &str, other: &Self) -> bool {
        self.0.get(trace_id) != other.0.get(trace_id)
    }
}

/// Folds those traces anew that are not what they were to be.
pub(in crate::write) fn settle(
    session: &mut dyn Session,
    written: Seen,
    context: Context<'_>,
) -> Result<(), DatabaseError> {
    let trace_ids: Vec<String> = written.0.keys().cloned().collect();
    let mut trace_ids: Vec<&str> = trace_ids.iter().map(String::as_str).collect();
    let (mut written, mut before) = (written, Seen::default());
    for _ in 0..MOST_LOOKS {
        let seen = Seen::look(session, &trace_ids)?;
        // What is as it was when it was last folded cannot be folded any better: someone wrote rows by hand.
        trace_ids.retain(|trace_id| seen.is_new(trace_id, &written) && seen.is_new(trace_id, &before));
        if trace_ids.is_empty() {
            break;
        }
        // Someone has deleted what this was folded from: there is nothing to fold.
        for some in seen.emptied(&trace_ids, &written).chunks(MAX_LIST) {
            gone::delete_rows(session, some)?;
        }
        written = fold_anew(session, &trace_ids, context)?;
        before = seen;
    }
    Ok(())
}

fn fold_anew(
    session: &mut dyn Session,
    trace_ids: &[&str],
    context: Context<'_>,
) -> Result<Seen, DatabaseError> {
    let mut drafts = commit::read(session, trace_ids, context)?;
    let joined = Joined::read(session, trace_ids)?;
    let spans: BTreeSet<(&str, &str)> = joined.spans().collect();
    commit::join(session, &mut drafts, &spans, &joined, context.prices)?;
    let written = Seen::of(&drafts, &joined);
    apply::fold(session, drafts, &joined, Conflict::Keep)?;
    Ok(written)
}
