//! Spans on their way, and what is here of their traces.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracestead_model::{SpanShape, UnixNanos};

use super::{CopiedTrace, TraceColumns};
use crate::copy::{Cells, Columns, integer};
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Dialect, MAX_LIST, Value, in_list, of_traces};
use crate::write::commit::{self, Context};
use crate::write::draft::{self, StoredSpan};
use crate::write::rows;
use crate::write::source::{self, SourceRow};
use crate::write::span_events::{self, Joined};
use crate::write::traces::{self, Before};

/// What is here of the spans of a trace.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) count: usize,
    /// Whether some of them are not part of the fold and of the rollups yet.
    pub(super) is_uncounted: bool,
    /// Whether some were sent to us.
    pub(super) has_ours: bool,
    /// The sum of their versions, where rows have one.
    pub(super) versions: u64,
    /// Those that come, by their ids. One whose id is none is no part of any fold: of it only the key matters.
    pub(super) spans: BTreeMap<String, Option<StoredSpan>>,
}

/// What is here of the traces that come.
pub(super) struct Here {
    pub(super) dialect: Dialect,
    pub(super) traces: HashMap<String, Before>,
    pub(super) known: HashMap<String, Known>,
    /// Log records: trace, span and event.
    events: Vec<(String, String, String)>,
    joined: Joined,
    /// Traces to which span ids belong, in a table that has each once.
    pub(super) taken: HashMap<String, String>,
}

impl Here {
    pub(super) fn read(
        session: &mut dyn Session,
        copied: &[CopiedTrace],
        columns: TraceColumns<'_>,
        context: Context<'_>,
    ) -> Result<Self, DatabaseError> {
        let trace_ids: BTreeSet<&str> = copied.iter().map(|trace| trace.trace_id.as_str()).collect();
        let sorted: Vec<&str> = trace_ids.iter().copied().collect();
        let mut coming = Vec::new();
        for trace in copied {
            let id = |cells| (columns.spans.text(cells, "span_id"), trace.trace_id.as_str());
            coming.extend(trace.spans.iter().map(|cells| id(cells)));
        }
        let traces = traces::lock(session, &sorted)?;
        let events = span_events::stored_keys(session, &trace_ids)?;
        let joined = if events.is_empty() { Joined::default() } else { Joined::read(session, &sorted)? };
        Ok(Self {
            dialect: session.dialect(),
            traces,
            known: known(session, &sorted, &coming)?,
            events,
            joined,
            taken: commit::taken_elsewhere(session, &coming, context.tables)?,
        })
    }

    /// Returns how many log records a trace has here.
    pub(super) fn log_records(&self, trace_id: &str) -> i64 {
        let count = self.events.iter().filter(|(of_trace, _, _)| of_trace == trace_id).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Returns the spans of a trace that have log records here which they do not have there.
    pub(super) fn with_more_events(
        &self,
        trace_id: &str,
        events: &BTreeSet<(String, String)>,
    ) -> BTreeSet<&str> {
        let is_more = |(of_trace, span_id, event_id): &&(String, String, String)| {
            of_trace == trace_id && !events.contains(&(span_id.clone(), event_id.clone()))
        };
        self.events.iter().filter(is_more).map(|(_, span_id, _)| span_id.as_str()).collect()
    }
}

/// Reads what is here of the spans of some traces, and those that come: span and trace.
fn known(
    session: &mut dyn Session,
    trace_ids: &[&str],
    coming: &[(&str, &str)],
) -> Result<HashMap<String, Known>, DatabaseError> {
    let dialect = session.dialect();
    let from = dialect.from("agno_spans");
    let mut found: HashMap<String, Known> = HashMap::new();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(dialect, "agno_spans", some, &mut values);
        let versions =
            if dialect == Dialect::ClickHouse { "reinterpretAsInt64(sum(row_version))" } else { "0" };
        let sql = format!(
            "SELECT trace_id, COUNT(*), COUNT(is_counted), COUNT(resource_id), {versions} FROM {from}
             WHERE {list} GROUP BY trace_id"
        );
        for mut row in session.query(&sql, &values)? {
            let (count, counted) = (row.whole(1), row.whole(2));
            let known = Known {
                count: usize::try_from(count).unwrap_or(0),
                is_uncounted: counted < count,
                has_ours: row.whole(3) > 0,
                versions: row.whole(4).cast_unsigned(),
                spans: BTreeMap::new(),
            };
            found.insert(row.required(0), known);
        }
    }
    let coming: Vec<&(&str, &str)> =
        coming.iter().filter(|(_, trace_id)| found.contains_key(*trace_id)).collect();
    for some in coming.chunks(MAX_LIST) {
        let trace_ids: BTreeSet<&str> = some.iter().map(|(_, trace_id)| *trace_id).collect();
        let trace_ids: Vec<&str> = trace_ids.into_iter().collect();
        let span_ids: Vec<&str> = some.iter().map(|(span_id, _)| *span_id).collect();
        let mut values = Vec::new();
        let of_traces = of_traces(dialect, "agno_spans", &trace_ids, &mut values);
        let of_spans = in_list("span_id", &span_ids, &mut values);
        let sql = format!("SELECT {} FROM {from} WHERE {of_traces} AND {of_spans}", draft::COLUMNS);
        for row in session.query(&sql, &values)? {
            let span_id = row.str(1).to_owned();
            if let Some(known) = found.get_mut(row.str(0)) {
                known.spans.insert(span_id, draft::stored_of(row).map(|(_, span)| span));
            }
        }
    }
    Ok(found)
}

/// A span on its way.
pub(super) struct Coming {
    pub(super) span_id: String,
    pub(super) cells: Cells,
    /// None if its id is none.
    pub(super) stored: Option<StoredSpan>,
    /// Whether it was understood and counted where it comes from, and nothing more is known here.
    pub(super) is_settled: bool,
}

impl Coming {
    pub(super) fn new(
        mut cells: Cells,
        has_more_events: bool,
        here: &Here,
        columns: &Columns,
        context: Context<'_>,
    ) -> Self {
        let is_there = |name: &str| columns.cell(&cells, name).is_some();
        let is_read = is_there("facts_version") && is_there("start_time_ns") && !has_more_events;
        let is_settled = is_read && is_there("is_counted");
        if !is_read {
            let mut row = SourceRow::read(columns.pick(&cells, source::COLUMNS));
            row.join(&here.joined);
            let (facts, cost) = row.facts(context.prices);
            for (name, value) in rows::understood(&facts, cost) {
                columns.set(&mut cells, name, &value);
            }
            columns.set(&mut cells, "start_time_ns", &Value::int(row.start_time.as_i64()));
            columns.set(&mut cells, "end_time_ns", &Value::Int(row.end_time.map(UnixNanos::as_i64)));
        }
        let stored = draft::stored_of(columns.pick(&cells, draft::COLUMNS)).map(|(_, span)| span);
        Self { span_id: columns.text(&cells, "span_id").to_owned(), cells, stored, is_settled }
    }

    /// Says whether it tells more than what is here: what was sent to us more than what Agno wrote, then what ended later.
    pub(super) fn is_more_than(&self, here: &StoredSpan) -> bool {
        let rank = |span: &StoredSpan| (span.is_ours, span.shape.end_time_ns);
        match &self.stored {
            // What Agno has just written here has no times yet.
            Some(coming) if here.is_unread => coming.is_ours,
            Some(coming) => rank(coming) > rank(here),
            None => false,
        }
    }

    /// Returns the version of its row, where rows have one.
    pub(super) fn version(&self, columns: &Columns) -> u64 {
        let is_there = |name: &str| columns.cell(&self.cells, name);
        draft::version(is_there("resource_id").is_some(), is_there("end_time_ns").and_then(integer))
    }

    pub(super) fn shape(&self) -> Option<&SpanShape> {
        self.stored.as_ref().map(|stored| &stored.shape)
    }
}
