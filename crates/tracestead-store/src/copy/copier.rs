//! The copy itself, in steps.

use tracestead_model::{PriceBook, UnixNanos};

use super::ends::{self, Readable};
use super::plan::{LeftOut, Plan, TablePlan};
use super::position::{self, Position};
use super::traces::{self, PageSize, Partial};
use super::{Cells, CopyError, pages};
use crate::connection::Connection;
use crate::error::{DatabaseError, ErrorKind};
use crate::schema::Tables;
use crate::session::{Access, Session, transaction};
use crate::store::migrated;
use crate::write::{Context, Copied, CopiedTrace, Summing, TraceColumns, write_copied, write_events};
use crate::{OpenError, OpenOptions};

/// Of so many rows that were refused the reasons are kept.
const MOST_REASONS: usize = 20;

/// The table that stands for traces and their spans in a position.
const TRACES: &str = "agno_traces";

/// What a copy has done, those before it that were interrupted included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyDone {
    /// How many traces it went through.
    pub traces: u64,
    /// How many spans it went through.
    pub spans: u64,
    /// How many rows of other tables it went through.
    pub rows: u64,
    /// How many spans and rows this copy has written; the rest was in the target.
    pub written: u64,
    /// How many rows the target would not take.
    pub refused: u64,
    /// Why, of the first of them.
    pub reasons: Vec<String>,
    /// Tables that are not copied.
    pub left_out: Vec<LeftOut>,
}

/// A copy from one database into another. It blocks, and must not be used where that is not allowed.
#[derive(Debug)]
pub struct Copier {
    source: Readable,
    target: Connection,
    /// Sums hours, where they are not kept with the spans.
    _summing: Option<Summing>,
    to: String,
    plan: Plan,
    tables: Tables,
    prices: PriceBook,
    now: UnixNanos,
    /// What its place is called.
    name: String,
    position: Position,
    partial: Option<Partial>,
    page: PageSize,
    done: CopyDone,
}

impl Copier {
    /// Connects to both databases and compares them; then the target gets its tables. A copy that was interrupted goes on.
    pub fn open(from: &OpenOptions, to: &OpenOptions) -> Result<Self, CopyError> {
        let from = &OpenOptions { read_only: true, ..from.clone() };
        let mut plan = ends::plan(from, to, Access::Write)?;
        let connector = to.connector()?;
        let (session, tables) = migrated(to, &connector)?;
        let summing = Summing::start(&connector).map_err(OpenError::Thread)?;
        let mut target = Connection::new(session, connector, Access::Write);
        let name = position::name(&from.url);
        let to_name = to.url.to_string();
        let cannot_write = |source| CopyError::Write { database: to_name.clone(), source };
        let position = target
            .run(|session, _| {
                plan.make_missing(session)?;
                transaction(session, Access::Read, |session| Position::read(session, &name))
            })
            .map_err(cannot_write)?;
        let done = CopyDone {
            traces: position.traces,
            spans: position.spans,
            rows: position.rows,
            left_out: plan.left_out.clone(),
            ..CopyDone::default()
        };
        Ok(Self {
            source: ends::readable(from)?,
            target,
            _summing: summing,
            to: to_name,
            plan,
            tables,
            prices: to.prices.clone(),
            now: to.now,
            name,
            position,
            partial: None,
            page: PageSize::default(),
            done,
        })
    }

    /// Copies at most so many rows, and so many bytes, in one transaction; a single row may have more.
    #[must_use]
    pub fn with_pages_of(mut self, rows: usize, bytes: usize) -> Self {
        self.page = PageSize::new(rows, bytes);
        self
    }

    /// Copies the next page in one transaction and returns whether there may be more.
    pub fn step(&mut self) -> Result<bool, CopyError> {
        loop {
            let table = match self.position.table.as_deref() {
                Some(TRACES) => None,
                Some(name) => self.plan.tables.iter().position(|table| table.columns.table == name),
                None => Some(0),
            };
            let is_there = match table.and_then(|at| self.plan.tables.get(at).cloned()) {
                Some(table) => self.copy_page(&table)?,
                None => return self.copy_traces(),
            };
            if is_there {
                return Ok(true);
            }
            let next = table.and_then(|at| self.plan.tables.get(at + 1));
            let next = next.map_or(TRACES, |table| table.columns.table.as_str()).to_owned();
            self.position.table = Some(next);
            self.position.after.clear();
        }
    }

    /// Returns what was done so far.
    #[must_use]
    pub fn done(&self) -> &CopyDone {
        &self.done
    }

    /// Returns how many traces the source has.
    pub fn trace_count(&mut self) -> Result<u64, CopyError> {
        self.source.trace_count()
    }

    /// Leaves the target tidy.
    pub fn close(mut self) {
        self.target.finish();
    }

    /// Copies the next page of a table and returns whether there was one.
    fn copy_page(&mut self, table: &TablePlan) -> Result<bool, CopyError> {
        let (after, page) = (&self.position.after, self.page);
        let rows = self.source.read(|session| pages::read(session, &table.columns, after, page))?;
        let Some(last) = rows.last() else { return Ok(false) };
        let after = table.columns.key.iter().filter_map(|at| last.get(*at).cloned()).collect();
        let position = Position {
            table: Some(table.columns.table.clone()),
            after,
            rows: self.position.rows + rows.len() as u64,
            ..self.position.clone()
        };
        let writing = Writing { tables: &self.tables, prices: &self.prices, name: &self.name, now: self.now };
        let written =
            writing.write(&mut self.target, rows, Some(&position), &mut |session, rows, context| {
                if table.has_events {
                    return write_events(session, &table.columns, rows, context);
                }
                pages::write(session, table, rows).map(|rows| rows.new + rows.updated)
            });
        let outcome = written.map_err(|source| self.cannot_write(source))?;
        let of_row = |cells: &Cells| {
            format!("{} {}", table.columns.table, pages::key_of(&table.columns, cells).join(", "))
        };
        self.done.written += outcome.results.iter().sum::<u64>();
        for (row, reason) in &outcome.refused {
            self.refuse(format!("{}: {reason}", of_row(row)));
        }
        self.position = position;
        self.done.rows = self.position.rows;
        Ok(true)
    }

    /// Copies the next traces and returns whether there may be more.
    fn copy_traces(&mut self) -> Result<bool, CopyError> {
        let after = crate::sql::Row(self.position.after.clone());
        let (plan, partial, page) = (&self.plan, self.partial.as_ref(), self.page);
        let found = self.source.read(|session| traces::next(session, plan, after.str(0), partial, page))?;
        let Some(last) = found.last() else { return self.end() };
        let (trace_id, next) = (last.trace_id.clone(), traces::after(last, &self.plan.spans));
        let spans: usize = found.iter().map(|trace| trace.spans.len()).sum();
        let whole = found.iter().filter(|trace| trace.is_last).count();
        let mut position = self.position.clone();
        position.table = Some(TRACES.to_owned());
        // A trace that is interrupted is begun again: what was copied of it is there.
        if next.is_none() {
            position.after = vec![crate::sql::Cell::Text(trace_id)];
            position.traces += whole as u64;
            let before = self.partial.as_ref().map_or(0, |partial| partial.spans);
            position.spans += (before + spans) as u64;
        }
        let columns =
            TraceColumns { traces: &self.plan.traces, spans: &self.plan.spans, rules: self.plan.rules };
        let writing = Writing { tables: &self.tables, prices: &self.prices, name: &self.name, now: self.now };
        let written =
            writing.write(&mut self.target, found, Some(&position), &mut |session, traces, context| {
                write_copied(session, traces, columns, context)
            });
        let outcome = written.map_err(|source| self.cannot_write(source))?;
        let copied: Vec<Copied> = outcome.results.into_iter().flatten().collect();
        self.done.written += copied.iter().map(|copied| copied.written).sum::<u64>();
        let is_same = outcome.refused.is_empty() && copied.iter().all(|copied| copied.is_same);
        for reason in copied.into_iter().flat_map(|copied| copied.refused) {
            self.refuse(reason);
        }
        for (trace, reason) in &outcome.refused {
            let span = trace.spans.first().map(|cells| self.plan.spans.text(cells, "span_id"));
            self.refuse(match span {
                Some(span_id) => format!("span {span_id} of trace {}: {reason}", trace.trace_id),
                None => format!("trace {}: {reason}", trace.trace_id),
            });
        }
        self.partial = next.map(|next| Partial { is_same, ..next });
        self.position = position;
        self.done.traces = self.position.traces;
        let of_partial = self.partial.as_ref().map_or(0, |partial| partial.spans);
        self.done.spans = self.position.spans + of_partial as u64;
        Ok(true)
    }

    /// Forgets the place: the next copy begins at the beginning.
    fn end(&mut self) -> Result<bool, CopyError> {
        let name = &self.name;
        let position = Position { table: None, ..Position::default() };
        let now = self.now;
        let ended = self.target.run(|session, _| {
            transaction(session, Access::Write, |session| position.write(session, name, now))
        });
        ended.map_err(|source| self.cannot_write(source))?;
        Ok(false)
    }

    fn refuse(&mut self, reason: String) {
        self.done.refused += 1;
        if self.done.reasons.len() < MOST_REASONS {
            self.done.reasons.push(reason);
        }
    }

    fn cannot_write(&self, source: DatabaseError) -> CopyError {
        CopyError::Write { database: self.to.clone(), source }
    }
}

/// Writes a page, or a part of it, within a transaction.
type Work<'a, P, T> = dyn FnMut(&mut dyn Session, P, Context<'_>) -> Result<T, DatabaseError> + 'a;

/// How pages are written.
struct Writing<'a> {
    tables: &'a Tables,
    prices: &'a PriceBook,
    name: &'a str,
    now: UnixNanos,
}

/// What became of a page.
struct Outcome<I, T> {
    /// What each transaction said.
    results: Vec<T>,
    /// What the database would not take, and why.
    refused: Vec<(I, DatabaseError)>,
}

/// What may be written in two parts if the database does not take the whole.
trait Parts: Clone {
    /// What is refused alone.
    type One;

    fn part(self) -> Parted<Self, Self::One>;
}

enum Parted<P, O> {
    Two(P, P),
    /// It is refused; perhaps something is to be done in its place.
    One(O, Option<P>),
}

impl Writing<'_> {
    /// Writes a page and its position in one transaction. If the database does not take it, it is tried in ever smaller
    /// parts, so that one row does not keep the others out.
    fn write<P: Parts, T>(
        &self,
        target: &mut Connection,
        page: P,
        position: Option<&Position>,
        work: &mut Work<'_, P, T>,
    ) -> Result<Outcome<P::One, T>, DatabaseError> {
        let context = Context { prices: self.prices, tables: self.tables };
        let mut outcome = Outcome { results: Vec::new(), refused: Vec::new() };
        let mut waiting = vec![(page, position)];
        while let Some((page, position)) = waiting.pop() {
            let written = target.run(|session, _| {
                transaction(session, Access::Write, |session| {
                    let done = work(session, page.clone(), context)?;
                    if let Some(position) = position {
                        position.write(session, self.name, self.now)?;
                    }
                    Ok(done)
                })
            });
            match written {
                Ok(done) => outcome.results.push(done),
                Err(error) if matches!(error.kind, ErrorKind::Rows | ErrorKind::Conflict) => {
                    match page.part() {
                        // The place is that after the last part.
                        Parted::Two(first, second) => waiting.extend([(second, position), (first, None)]),
                        Parted::One(one, rest) => {
                            outcome.refused.push((one, error));
                            match rest {
                                Some(rest) => waiting.push((rest, position)),
                                None => self.keep(target, position)?,
                            }
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }

    /// Keeps a position without anything else.
    fn keep(&self, target: &mut Connection, position: Option<&Position>) -> Result<(), DatabaseError> {
        let Some(position) = position else { return Ok(()) };
        target.run(|session, _| {
            transaction(session, Access::Write, |session| position.write(session, self.name, self.now))
        })
    }
}

impl Parts for Vec<Cells> {
    type One = Cells;

    fn part(mut self) -> Parted<Self, Cells> {
        let second = self.split_off(self.len() / 2);
        match self.pop() {
            Some(last) => {
                self.push(last);
                Parted::Two(self, second)
            }
            None => Parted::One(second.into_iter().next().unwrap_or_default(), None),
        }
    }
}

impl Parts for Vec<CopiedTrace> {
    type One = CopiedTrace;

    fn part(mut self) -> Parted<Self, CopiedTrace> {
        if self.len() > 1 {
            let second = self.split_off(self.len() / 2);
            return Parted::Two(self, second);
        }
        let Some(mut trace) = self.pop() else { return Parted::One(CopiedTrace::default(), None) };
        if trace.spans.len() > 1 {
            let mut second = trace.clone();
            second.spans = trace.spans.split_off(trace.spans.len() / 2);
            second.spans_before += trace.spans.len();
            second.is_same_before = false;
            trace.is_last = false;
            return Parted::Two(vec![trace], vec![second]);
        }
        // The spans before it still want their trace to be folded.
        let is_end = trace.is_last && trace.spans_before > 0 && !trace.spans.is_empty();
        let end = CopiedTrace { spans: Vec::new(), is_same_before: false, ..trace.clone() };
        Parted::One(trace, is_end.then(|| vec![end]))
    }
}
