//! A trace as it will be: what is stored of it, and what is about to be written.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracestead_model::{
    Cost, PriceBook, RunContext, SpanFacts, SpanId, SpanShape, SpanType, TraceShape, Usage,
};

use super::commit;
use super::source::SourceRow;
use crate::batch::PreparedSpan;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Row, of_traces};

/// A span of the trace.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// What it will be.
    pub(super) shape: SpanShape,
    /// What its row says, if it has one.
    pub(super) stored: Option<StoredSpan>,
    /// What is to be done with its row.
    pub(super) action: Action<'a>,
}

impl Entry<'_> {
    /// Says whether the trace was folded without it as it will be: its row is to be written, or another program wrote it.
    pub(super) fn is_new(&self) -> bool {
        let is_uncounted = self.stored.as_ref().is_some_and(|stored| stored.is_counted.is_none());
        is_uncounted || !matches!(self.action, Action::Stay)
    }

    /// Returns what the row's version is where rows have one: of two rows with one key the one with the greater stands, by
    /// the rule of [`Draft::offer`].
    pub(super) fn version(&self) -> u64 {
        let is_ours = match self.action.prepared() {
            Some(span) => span.resource.is_some(),
            None => self.stored.as_ref().is_some_and(|stored| stored.is_ours),
        };
        version(is_ours, self.shape.end_time_ns)
    }
}

/// Returns the version of a row of a span where rows have one.
pub(super) fn version(is_ours: bool, end_time_ns: Option<i64>) -> u64 {
    u64::try_from(end_time_ns.unwrap_or(0)).unwrap_or(0) | u64::from(is_ours) << 63
}

/// What the row of a span says.
#[derive(Debug, Clone)]
pub(super) struct StoredSpan {
    pub(super) shape: SpanShape,
    /// Whether its usage is part of the trace's; `None` if it is not in the rollups yet.
    pub(super) is_counted: Option<bool>,
    /// Whether it was sent to us: only such spans have a resource.
    pub(super) is_ours: bool,
    /// Whether our columns are empty, as Agno has just written the row.
    pub(super) is_unread: bool,
}

impl StoredSpan {
    pub(super) fn version(&self) -> u64 {
        version(self.is_ours, self.shape.end_time_ns)
    }
}

/// What is to be done with the row of a span.
#[derive(Debug)]
pub(super) enum Action<'a> {
    Stay,
    Insert(Cow<'a, PreparedSpan>, &'a str),
    Replace(Cow<'a, PreparedSpan>),
    /// What was understood of it is written again.
    Understand(Box<(SpanFacts, Cost)>),
    /// What its call cost is written again.
    Price(Cost),
}

impl Action<'_> {
    /// Returns the span that is at hand, to be written.
    pub(super) fn prepared(&self) -> Option<&PreparedSpan> {
        match self {
            Self::Insert(span, _) | Self::Replace(span) => Some(span),
            Self::Stay | Self::Understand(_) | Self::Price(_) => None,
        }
    }
}

/// What became of a span that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    New,
    Known,
}

/// A trace as it will be.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    /// Written again although nothing of it has changed.
    pub(super) is_forced: bool,
    pub(super) entries: BTreeMap<SpanId, Entry<'a>>,
    /// Spans that are stored and are to be deleted.
    pub(super) removed: Vec<StoredSpan>,
}

impl<'a> Draft<'a> {
    /// Takes stored spans out of the trace, to be deleted.
    pub(super) fn remove(&mut self, span_ids: &BTreeSet<SpanId>) {
        let entries = span_ids.iter().filter_map(|span_id| self.entries.remove(span_id));
        self.removed.extend(entries.filter_map(|entry| entry.stored));
    }

    /// Decides about a span that was sent. If its key is taken, it is written over what is there only if it ended later, or
    /// if what is there came from Agno's own exporter, which leaves out much. So the order in which copies come does not
    /// matter.
    pub(super) fn offer(&mut self, span: &'a PreparedSpan, created_at: &'a str) -> Offered {
        let Some(entry) = self.entries.get_mut(&span.shape.span_id) else {
            let action = Action::Insert(Cow::Borrowed(span), created_at);
            let entry = Entry { shape: span.shape.clone(), stored: None, action };
            self.entries.insert(span.shape.span_id, entry);
            return Offered::New;
        };
        let is_agno =
            entry.stored.as_ref().is_some_and(|stored| !stored.is_ours) && entry.action.prepared().is_none();
        let ends_later = span.shape.end_time_ns > entry.shape.end_time_ns;
        let tells_more = is_agno && span.resource.is_some();
        if !ends_later && !tells_more {
            return Offered::Known;
        }
        entry.shape = span.shape.clone();
        entry.action = match (&entry.stored, &entry.action) {
            (None, Action::Insert(_, first_created_at)) => {
                Action::Insert(Cow::Borrowed(span), first_created_at)
            }
            _ => Action::Replace(Cow::Borrowed(span)),
        };
        Offered::New
    }

    pub(super) fn fold(&self) -> TraceShape {
        TraceShape::fold(&self.entries.values().map(|entry| &entry.shape).collect::<Vec<_>>())
    }

    /// Returns how many stored spans of it are in no rollup yet.
    pub(super) fn uncounted(&self) -> u64 {
        let is_uncounted =
            |entry: &&Entry<'_>| entry.stored.as_ref().is_some_and(|stored| stored.is_counted.is_none());
        self.entries.values().filter(is_uncounted).count() as u64
    }

    /// Says whether any of its spans was sent to us.
    pub(super) fn has_ours(&self) -> bool {
        self.entries.values().any(|entry| entry.action.prepared().is_some_and(|span| span.resource.is_some()))
            || self.stored().any(|stored| stored.is_ours)
    }

    /// Returns what the rows of its spans say, those included that are to be deleted.
    pub(super) fn stored(&self) -> impl Iterator<Item = &StoredSpan> {
        self.entries.values().filter_map(|entry| entry.stored.as_ref()).chain(&self.removed)
    }
}

pub(super) const COLUMNS: &str = "trace_id, span_id, parent_span_id, start_time_ns, end_time_ns, span_type, status_code, model, \
    input_tokens, output_tokens, total_tokens, cost_nano_usd, name, run_id, session_id, user_id, agent_id, team_id, \
    workflow_id, agent_name, team_name, workflow_name, error_type, response_id, agg_input_tokens, agg_output_tokens, \
    agg_total_tokens, is_counted, resource_id, facts_version";

/// The spans that are stored of some traces.
#[derive(Debug, Default)]
pub(super) struct StoredSpans(pub(super) HashMap<String, Vec<StoredSpan>>);

impl StoredSpans {
    pub(super) fn read(session: &mut dyn Session, trace_ids: &[&str]) -> Result<Self, DatabaseError> {
        let mut found = Self::default();
        let from = session.dialect().from("agno_spans");
        for some in trace_ids.chunks(session.dialect().most_ids()) {
            let mut values = Vec::new();
            let list = of_traces(session.dialect(), "agno_spans", some, &mut values);
            let sql = format!("SELECT {COLUMNS} FROM {from} WHERE {list}");
            for row in session.query(&sql, &values)? {
                if let Some((trace_id, span)) = stored_of(row) {
                    found.0.entry(trace_id).or_default().push(span);
                }
            }
        }
        Ok(found)
    }

    /// Says whether there are rows of the trace that Agno has just written.
    pub(super) fn has_unread(&self, trace_id: &str) -> bool {
        self.0.get(trace_id).is_some_and(|spans| spans.iter().any(|span| span.is_unread))
    }

    /// Puts in what was understood of a span whose columns are empty.
    pub(super) fn understand(&mut self, row: &SourceRow, prices: &PriceBook) {
        let spans = self.0.get_mut(&row.trace_id).into_iter().flatten();
        for span in spans.filter(|span| span.shape.span_id.to_hex() == row.span_id) {
            let (facts, cost) = row.facts(prices);
            let says_error = span.shape.is_error;
            span.shape = commit::shape(&span.shape, row, &facts, cost);
            span.shape.is_error |= says_error;
            span.is_unread = false;
        }
    }

    /// Takes the spans of a trace as they are.
    pub(super) fn draft<'a>(&mut self, trace_id: &str) -> Draft<'a> {
        let spans = self.0.remove(trace_id).unwrap_or_default();
        let entry = |stored: StoredSpan| {
            let entry = Entry { shape: stored.shape.clone(), stored: Some(stored), action: Action::Stay };
            (entry.shape.span_id, entry)
        };
        Draft {
            is_forced: false,
            entries: spans.into_iter().filter(|span| !span.is_unread).map(entry).collect(),
            removed: Vec::new(),
        }
    }
}

/// A row with an id that is none (someone wrote it by hand) is left out of the fold.
pub(super) fn stored_of(mut row: Row) -> Option<(String, StoredSpan)> {
    let span_id = row.str(1).parse::<SpanId>().ok()?;
    let span_type = row.str(5);
    let span_type = if span_type.is_empty() { SpanType::Other } else { SpanType::from_stored(span_type) };
    let shape = SpanShape {
        span_id,
        parent_span_id: row.str(2).parse().ok(),
        start_time_ns: row.whole(3),
        end_time_ns: row.int(4),
        span_type,
        // Agno's own exporter may have written the status since.
        is_error: !row.is_null(22) || row.str(6) == "ERROR",
        model: row.text(7),
        response_id: row.text(23),
        usage: Usage {
            input_tokens: row.int(8),
            output_tokens: row.int(9),
            total_tokens: row.int(10),
            ..Usage::default()
        },
        aggregate: Usage {
            input_tokens: row.int(24),
            output_tokens: row.int(25),
            total_tokens: row.int(26),
            ..Usage::default()
        },
        cost_nano_usd: row.int(11),
        name: row.required(12),
        context: RunContext {
            run_id: row.text(13),
            session_id: row.text(14),
            user_id: row.text(15),
            agent_id: row.text(16),
            team_id: row.text(17),
            workflow_id: row.text(18),
            agent_name: row.text(19),
            team_name: row.text(20),
            workflow_name: row.text(21),
        },
    };
    let is_counted = row.int(27).map(|flag| flag != 0);
    let (is_ours, is_unread) = (!row.is_null(28), row.is_null(29));
    Some((row.required(0), StoredSpan { shape, is_counted, is_ours, is_unread }))
}
