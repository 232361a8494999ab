//! One transaction: the spans of a group, their resources and log records, the row of every trace they touch.
//!
//! What is stored of the traces is read first, what came is added to it, and each trace is folded while it is whole in
//! memory. So a row is written once, with what the fold says of it, and nothing is counted that is not new.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tracestead_model::{PriceBook, SpanShape};

use super::apply::{self, Drafts};
use super::draft::{Action, Offered, StoredSpans};
use super::source::SourceRow;
use super::span_events::{self, Joined};
use super::{backfill, clickhouse, quarantine, resources, traces};
use crate::batch::{PreparedEvent, PreparedResource, PreparedSpan};
use crate::error::DatabaseError;
use crate::schema::Tables;
use crate::session::{Access, Conflict, Session, transaction};
use crate::sql::{Dialect, MAX_LIST, in_list};
use crate::{Batch, Malformed, Stored};

/// What every write needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) prices: &'a PriceBook,
    pub(crate) tables: &'a Tables,
}

/// What is to be written in one transaction, each with the number of its batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Work<'a> {
    spans: Vec<(usize, &'a PreparedSpan)>,
    events: Vec<&'a PreparedEvent>,
    malformed: Vec<(&'a Malformed, &'a str)>,
    resources: BTreeMap<&'a str, &'a PreparedResource>,
    /// When each batch was received.
    received: &'a [String],
}

impl<'a> Work<'a> {
    pub(super) fn of(batches: &'a [Arc<Batch>], received: &'a [String]) -> Self {
        let mut work = Self { received, ..Self::default() };
        for (at, batch) in batches.iter().enumerate() {
            work.spans.extend(batch.spans.iter().map(|span| (at, span)));
            work.events.extend(&batch.events);
            work.malformed.extend(batch.malformed.iter().map(|span| (span, received[at].as_str())));
            work.resources
                .extend(batch.resources.iter().map(|resource| (resource.resource_id.as_str(), &**resource)));
        }
        work
    }

    /// Splits the spans into two halves, to find one that the database will not take; a single one is returned.
    pub(super) fn split(mut self) -> Result<(Self, Self), Option<(usize, &'a PreparedSpan)>> {
        match self.spans.len() {
            0 => Err(None),
            1 if self.events.is_empty() && self.malformed.is_empty() => Err(self.spans.pop()),
            1 => {
                let spans = std::mem::take(&mut self.spans);
                let alone = Self {
                    spans,
                    resources: self.resources.clone(),
                    ..Self { received: self.received, ..Self::default() }
                };
                Ok((self, alone))
            }
            length => {
                let spans = self.spans.split_off(length / 2);
                let half = Self {
                    spans,
                    resources: self.resources.clone(),
                    received: self.received,
                    ..Self::default()
                };
                Ok((self, half))
            }
        }
    }
}

/// Commits the work and adds what became of it to `outcomes`, one for each batch; on an error nothing of it is stored.
/// `is_retry` says that another writer got in the way before, so that keys may be taken.
pub(super) fn commit(
    session: &mut dyn Session,
    work: &Work<'_>,
    outcomes: &mut [Stored],
    context: Context<'_>,
    is_retry: bool,
) -> Result<(), DatabaseError> {
    let mut found = vec![Stored::default(); outcomes.len()];
    let resources: Vec<&PreparedResource> = work.resources.values().copied().collect();
    transaction(session, Access::Write, |session| {
        let mut drafts = draft(session, work, &mut found, context)?;
        resources::store(session, &resources)?;
        let touched = span_events::store(session, &work.events)?;
        let trace_ids: Vec<&str> = drafts.drafts.keys().map(String::as_str).collect();
        let joined = Joined::read(session, &trace_ids)?;
        join(session, &mut drafts, &touched, &joined, context.prices)?;
        quarantine::store(session, &work.malformed)?;
        let spans = if is_retry { Conflict::Keep } else { Conflict::Never };
        apply::write(session, drafts, &joined, spans, context)?;
        // Where nothing keeps others from deleting them meanwhile, it is looked once more.
        if session.dialect() == Dialect::ClickHouse {
            resources::store(session, &resources)?;
        }
        Ok(())
    })?;
    for (outcome, found) in outcomes.iter_mut().zip(found) {
        outcome.new_spans += found.new_spans;
        outcome.known_spans += found.known_spans;
        outcome.refused.extend(found.refused);
    }
    Ok(())
}

/// Reads what is stored of the traces and adds the spans that came.
fn draft<'a>(
    session: &mut dyn Session,
    work: &Work<'a>,
    outcomes: &mut [Stored],
    context: Context<'_>,
) -> Result<Drafts<'a>, DatabaseError> {
    let of_spans = work.spans.iter().map(|(_, span)| span.trace_id.as_str());
    let of_events = work.events.iter().map(|event| event.trace_id.as_str());
    let trace_ids: BTreeSet<&str> = of_spans.chain(of_events).collect();
    let trace_ids: Vec<&str> = trace_ids.into_iter().collect();
    let mut drafts = read(session, &trace_ids, context)?;
    let coming: Vec<(&str, &str)> =
        work.spans.iter().map(|(_, span)| (span.span_id.as_str(), span.trace_id.as_str())).collect();
    let taken = taken_elsewhere(session, &coming, context.tables)?;
    for (at, span) in &work.spans {
        if let Some(trace_id) = taken.get(&span.span_id).filter(|trace_id| **trace_id != span.trace_id) {
            outcomes[*at].refused.push(taken_by(&span.span_id, trace_id));
            continue;
        }
        let Some(draft) = drafts.drafts.get_mut(&span.trace_id) else { continue };
        match draft.offer(span, &work.received[*at]) {
            Offered::New => outcomes[*at].new_spans += 1,
            Offered::Known => outcomes[*at].known_spans += 1,
        }
    }
    Ok(drafts)
}

/// Reads what is stored of some traces, and keeps others from changing it.
pub(super) fn read<'a>(
    session: &mut dyn Session,
    trace_ids: &[&str],
    context: Context<'_>,
) -> Result<Drafts<'a>, DatabaseError> {
    let known = clickhouse::known(session, trace_ids)?;
    let before = traces::lock(session, &known)?;
    let mut stored = StoredSpans::read(session, &known)?;
    let unread: Vec<&str> =
        trace_ids.iter().copied().filter(|trace_id| stored.has_unread(trace_id)).collect();
    if !unread.is_empty() {
        backfill::fill_spans_of(session, &unread, context.prices)?;
        stored.0.extend(StoredSpans::read(session, &unread)?.0);
    }
    let drafts = trace_ids.iter().map(|trace_id| ((*trace_id).to_owned(), stored.draft(trace_id))).collect();
    Ok(Drafts { drafts, before })
}

/// Returns the traces of those span ids that are taken, in a table that allows an id once over all traces; `spans` are the
/// ids of spans that come, and of their traces.
pub(super) fn taken_elsewhere(
    session: &mut dyn Session,
    spans: &[(&str, &str)],
    tables: &Tables,
) -> Result<HashMap<String, String>, DatabaseError> {
    let mut taken = HashMap::new();
    if !tables.has_unique_span_ids {
        return Ok(taken);
    }
    let span_ids: Vec<&str> = spans.iter().map(|(span_id, _)| *span_id).collect();
    for some in span_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = in_list("span_id", some, &mut values);
        let sql = format!("SELECT span_id, trace_id FROM agno_spans WHERE {list}");
        taken.extend(
            session.query(&sql, &values)?.into_iter().map(|mut row| (row.required(0), row.required(1))),
        );
    }
    // Of two that come together the first has it.
    for (span_id, trace_id) in spans {
        taken.entry((*span_id).to_owned()).or_insert_with(|| (*trace_id).to_owned());
    }
    Ok(taken)
}

/// Says why such a span is refused.
pub(super) fn taken_by(span_id: &str, trace_id: &str) -> String {
    format!(
        "span {span_id}: its id belongs to trace {trace_id}, and this table, which Agno made, allows an id once"
    )
}

/// Understands those spans anew that came to have log records: records may find their span, spans may find their records.
pub(super) fn join(
    session: &mut dyn Session,
    drafts: &mut Drafts<'_>,
    touched: &BTreeSet<(&str, &str)>,
    joined: &Joined,
    prices: &PriceBook,
) -> Result<(), DatabaseError> {
    for (trace_id, draft) in &mut drafts.drafts {
        for entry in draft.entries.values_mut() {
            let span_id = entry.shape.span_id.to_hex();
            if !joined.has(trace_id, &span_id) {
                continue;
            }
            match &mut entry.action {
                Action::Insert(span, _) | Action::Replace(span) => {
                    let row = SourceRow::of_prepared(span, joined);
                    let (facts, cost) = row.facts(prices);
                    entry.shape = shape(&entry.shape, &row, &facts, cost);
                    let mut whole = span.clone().into_owned();
                    whole.shape = entry.shape.clone();
                    // Made of the row and the records, should it lead its trace.
                    whole.previews = None;
                    (whole.facts, whole.cost) = (facts, cost);
                    *span = Cow::Owned(whole);
                }
                Action::Stay if touched.contains(&(trace_id.as_str(), span_id.as_str())) => {
                    let Some(row) = SourceRow::of_span(session, trace_id, &span_id)? else { continue };
                    let (facts, cost) = row.facts(prices);
                    entry.shape = shape(&entry.shape, &row, &facts, cost);
                    entry.action = Action::Understand(Box::new((facts, cost)));
                }
                Action::Stay | Action::Understand(_) | Action::Price(_) => {}
            }
        }
    }
    Ok(())
}

/// Returns the shape of a span that was understood anew.
pub(super) fn shape(
    before: &SpanShape,
    row: &SourceRow,
    facts: &tracestead_model::SpanFacts,
    cost: tracestead_model::Cost,
) -> SpanShape {
    SpanShape {
        start_time_ns: row.start_time.as_i64(),
        end_time_ns: row.end_time.map(tracestead_model::UnixNanos::as_i64),
        ..SpanShape::understood(before, facts, cost)
    }
}
