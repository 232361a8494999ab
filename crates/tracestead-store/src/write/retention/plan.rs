//! What a prune would delete, without deleting it.
//!
//! It is counted page by page on a reading connection, so that it holds up nobody however much there is.

use tracestead_model::query::TraceRecord;
use tracestead_model::retention::spans_of_user;
use tracestead_model::{SpanShape, UnixNanos};

use super::candidates::{self, Which};
use super::size::{Excess, Size};
use super::{Key, PAGE_TRACES, Prune, STEP_SPANS, delete, user};
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Dialect, MAX_LIST};
use crate::write::draft::StoredSpans;
use crate::write::rebuild;

/// How much would go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planned {
    /// Whole traces.
    pub traces: u64,
    /// Spans, those of these traces included.
    pub spans: u64,
    /// About how many bytes that is.
    pub bytes: u64,
}

/// What would go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// By each rule, in the order of the rules.
    pub rules: Vec<Planned>,
    /// Because all is too much.
    pub size: Planned,
    /// Because it is one user's.
    pub user: Planned,
    /// What is left of traces that a prune began to delete before it was stopped.
    pub unfinished: Planned,
    /// How large the database is now.
    pub bytes: u64,
}

impl PrunePlan {
    /// Returns how much would go in all.
    #[must_use]
    pub fn total(&self) -> Planned {
        let all = self.rules.iter().chain([&self.size, &self.user, &self.unfinished]);
        all.fold(Planned::default(), |sum, part| Planned {
            traces: sum.traces + part.traces,
            spans: sum.spans + part.spans,
            bytes: sum.bytes + part.bytes,
        })
    }
}

/// A plan that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Planning {
    what: Prune,
    now: UnixNanos,
    plan: PrunePlan,
    size: Size,
    next: Next,
}

#[derive(Debug, Clone)]
enum Next {
    Measure,
    Age(Option<Key>),
    Excess(Option<Key>, Excess),
    Traces(Option<Key>),
    Spans(String),
    Nothing,
}

impl Planning {
    pub(crate) fn new(what: Prune, now: UnixNanos) -> Self {
        let mut plan = PrunePlan::default();
        if let Prune::Rules(retention) = &what {
            plan.rules = vec![Planned::default(); retention.rules.len()];
        }
        Self { what, now, plan, size: Size::default(), next: Next::Measure }
    }

    /// Returns the plan once it is made.
    pub(crate) fn done(&self) -> Option<&PrunePlan> {
        matches!(self.next, Next::Nothing).then_some(&self.plan)
    }

    /// Counts some more, within a transaction.
    pub(crate) fn step(mut self, session: &mut dyn Session) -> Result<Self, DatabaseError> {
        self.next = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Measure => {
                self.size = Size::measure(session)?;
                self.plan.bytes = self.size.bytes;
                if self.what != Prune::Resources {
                    self.plan.unfinished = self.unfinished(session)?;
                }
                match &self.what {
                    Prune::Rules(_) => Next::Age(None),
                    Prune::User(_) => Next::Traces(None),
                    Prune::Resources => Next::Nothing,
                }
            }
            Next::Age(after) => self.age(session, after.as_ref())?,
            Next::Excess(after, excess) => self.excess(session, after.as_ref(), excess)?,
            Next::Traces(after) => self.traces(session, after.as_ref())?,
            Next::Spans(after) => self.spans(session, &after)?,
            Next::Nothing => Next::Nothing,
        };
        Ok(self)
    }

    /// Every prune finishes what another one began.
    fn unfinished(&self, session: &mut dyn Session) -> Result<Planned, DatabaseError> {
        // There a trace goes whole.
        if session.dialect() == Dialect::ClickHouse {
            return Ok(Planned::default());
        }
        let traces = format!("FROM agno_traces WHERE {}", delete::UNFINISHED);
        let spans = format!("FROM agno_spans WHERE trace_id IN (SELECT trace_id {traces})");
        let mut count = |from: &str| -> Result<u64, DatabaseError> {
            let counted = session.query(&format!("SELECT COUNT(*) {from}"), &[])?;
            Ok(counted.first().map_or(0, |row| row.whole(0)).unsigned_abs())
        };
        let (traces, spans) = (count(&traces)?, count(&spans)?);
        Ok(Planned { traces, spans, bytes: spans.saturating_mul(self.size.bytes_per_span) })
    }

    fn planned(&self, trace: &TraceRecord) -> Planned {
        let spans = candidates::span_count(trace);
        Planned { traces: 1, spans, bytes: spans.max(1).saturating_mul(self.size.bytes_per_span) }
    }

    fn age(&mut self, session: &mut dyn Session, after: Option<&Key>) -> Result<Next, DatabaseError> {
        let Prune::Rules(retention) = &self.what else { return Ok(Next::Nothing) };
        let page = match retention.begun_before(self.now) {
            Some(time) => {
                let which = Which { begun_before: Some(time), user_id: None };
                candidates::page(session, which, after)?
            }
            None => Vec::new(),
        };
        for trace in &page {
            if let Some(rule) = retention.expired(trace, self.now) {
                let planned = self.planned(trace);
                self.plan.rules[rule].add(planned);
            }
        }
        if let Some(after) = last(&page) {
            return Ok(Next::Age(Some(after)));
        }
        let Some(max_bytes) = retention.max_bytes else { return Ok(Next::Nothing) };
        let freed = self.plan.total().bytes;
        let excess = self.size.without(freed).above(max_bytes);
        Ok(excess.map_or(Next::Nothing, |excess| Next::Excess(None, excess)))
    }

    /// Counts the oldest traces that no rule takes until they make up for what is too much.
    fn excess(
        &mut self,
        session: &mut dyn Session,
        after: Option<&Key>,
        excess: Excess,
    ) -> Result<Next, DatabaseError> {
        let Prune::Rules(retention) = &self.what else { return Ok(Next::Nothing) };
        let page = candidates::page(session, Which::default(), after)?;
        let may_go =
            |trace: &TraceRecord| retention.may_go(trace) && retention.expired(trace, self.now).is_none();
        let enough = excess.reached_within(&page, may_go);
        let going: Vec<&TraceRecord> = page[..enough].iter().filter(|trace| may_go(trace)).collect();
        let mut sum = Planned::default();
        for trace in going {
            sum.add(self.planned(trace));
        }
        self.plan.size.add(sum);
        let excess = excess.without(sum.spans.max(sum.traces));
        Ok(match (excess, last(&page)) {
            (Some(excess), Some(after)) => Next::Excess(Some(after), excess),
            _ => Next::Nothing,
        })
    }

    fn traces(&mut self, session: &mut dyn Session, after: Option<&Key>) -> Result<Next, DatabaseError> {
        let Prune::User(user_id) = &self.what else { return Ok(Next::Nothing) };
        let which = Which { begun_before: None, user_id: Some(user_id) };
        let page = candidates::page(session, which, after)?;
        let mut sum = Planned::default();
        let theirs = page.iter().filter(|trace| trace.user_id.as_ref() == Some(user_id));
        for trace in theirs {
            sum.add(self.planned(trace));
        }
        self.plan.user.add(sum);
        Ok(last(&page).map_or_else(|| Next::Spans(String::new()), |after| Next::Traces(Some(after))))
    }

    /// Counts the user's spans in the traces of others.
    fn spans(&mut self, session: &mut dyn Session, after: &str) -> Result<Next, DatabaseError> {
        let Prune::User(user_id) = &self.what else { return Ok(Next::Nothing) };
        let traces = rebuild::next_traces(session, after, MAX_LIST as u64, 5 * STEP_SPANS)?;
        let Some(last) = traces.last().cloned() else { return Ok(Next::Nothing) };
        let found = user::traces_with_user(session, &traces, user_id)?;
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        let of_others: Vec<String> = candidates::read(session, &found, "")?
            .into_iter()
            .filter(|trace| trace.user_id.as_ref() != Some(user_id))
            .map(|trace| trace.trace_id)
            .collect();
        let of_others: Vec<&str> = of_others.iter().map(String::as_str).collect();
        let mut spans = 0;
        for stored in StoredSpans::read(session, &of_others)?.0.into_values() {
            let shapes: Vec<SpanShape> = stored.into_iter().map(|span| span.shape).collect();
            spans += spans_of_user(&shapes, user_id).len() as u64;
        }
        let bytes = spans.saturating_mul(self.size.bytes_per_span);
        self.plan.user.add(Planned { traces: 0, spans, bytes });
        Ok(Next::Spans(last))
    }
}

impl Planned {
    fn add(&mut self, more: Self) {
        self.traces += more.traces;
        self.spans += more.spans;
        self.bytes = self.bytes.saturating_add(more.bytes);
    }
}

/// Returns the last trace of a page after which there may be others.
fn last(page: &[TraceRecord]) -> Option<Key> {
    page.get(PAGE_TRACES - 1).map(|trace| (trace.start_time_ns, trace.trace_id.clone()))
}
