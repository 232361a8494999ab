//! Reads both databases again and compares them, row by row and value by value.
//!
//! What is in the source must be in the target. The target may have more: it may receive, or have received from elsewhere.
//! Where it has a later copy of a span, or more spans of a trace, its own word stands, and that is counted, not reported.

use std::collections::{BTreeSet, HashMap};

use super::ends::{self, Readable};
use super::pages;
use super::plan::{Plan, TablePlan};
use super::traces::{self, PageSize, Partial};
use super::{Cells, Columns, CopyError};
use crate::OpenOptions;
use crate::error::DatabaseError;
use crate::session::{Access, Session};
use crate::sql::{Cell, MAX_LIST, Row, in_list, of_traces};
use crate::write::{CopiedTrace, is_settled_row, stored_event_keys};

/// So many differences are told one by one.
const MOST_TOLD: usize = 20;

/// Something that is not the same on both sides. Values are not shown: they may be anybody's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// The key of the row, its parts separated by a comma; empty if the table itself is missing.
    pub key: String,
    /// The first column that differs; `None` if the row is missing in the target.
    pub column: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many traces were compared.
    pub traces: u64,
    /// How many spans.
    pub spans: u64,
    /// How many rows of other tables.
    pub rows: u64,
    /// How many of all these are missing or different.
    pub differences: u64,
    /// The first of them.
    pub first: Vec<Difference>,
    /// How many rows the target has a later copy of, or knows more of.
    pub newer: u64,
    /// How many traces and spans the target had before: they are the same but for `created_at`.
    pub older: u64,
    /// How many spans of these traces only the target has.
    pub more: u64,
}

/// A comparison of two databases, in steps. It blocks, and must not be used where that is not allowed.
#[derive(Debug)]
pub struct Verifier {
    source: Readable,
    target: Readable,
    plan: Plan,
    page: PageSize,
    /// The table that is compared; after the last one the traces.
    table: usize,
    after: Vec<Cell>,
    partial: Option<Partial>,
    verified: Verified,
}

impl Verifier {
    /// Connects to both databases, of which none is written.
    pub fn open(from: &OpenOptions, to: &OpenOptions) -> Result<Self, CopyError> {
        let [from, to] = [from, to].map(|options| OpenOptions { read_only: true, ..options.clone() });
        let (from, to) = (&from, &to);
        let plan = ends::plan(from, to, Access::Read)?;
        Ok(Self {
            source: ends::readable(from)?,
            target: ends::readable(to)?,
            plan,
            page: PageSize::default(),
            table: 0,
            after: Vec::new(),
            partial: None,
            verified: Verified::default(),
        })
    }

    /// Compares at most so many rows, and so many bytes, in one step; a single row may have more.
    #[must_use]
    pub fn with_pages_of(mut self, rows: usize, bytes: usize) -> Self {
        self.page = PageSize::new(rows, bytes);
        self
    }

    /// Compares the next page and returns whether there may be more.
    pub fn step(&mut self) -> Result<bool, CopyError> {
        while let Some(table) = self.plan.tables.get(self.table).cloned() {
            if self.compare_page(&table)? {
                return Ok(true);
            }
            self.table += 1;
            self.after.clear();
        }
        self.compare_traces()
    }

    /// Returns how many traces the source has.
    pub fn trace_count(&mut self) -> Result<u64, CopyError> {
        self.source.trace_count()
    }

    /// Returns what was found so far.
    #[must_use]
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    fn compare_page(&mut self, table: &TablePlan) -> Result<bool, CopyError> {
        let columns = &table.columns;
        let (after, page) = (&self.after, self.page);
        let rows = self.source.read(|session| pages::read(session, columns, after, page))?;
        let Some(last) = rows.last() else { return Ok(false) };
        if self.plan.missing.contains(&columns.table) {
            self.verified.tell(&columns.table, String::new(), None);
            return Ok(false);
        }
        self.after = columns.key.iter().filter_map(|at| last.get(*at).cloned()).collect();
        let here = self.target.read(|session| pages::here(session, columns, &rows))?;
        for there in &rows {
            let key = pages::key_of(columns, there);
            match here.get(&key) {
                None => self.verified.tell(&columns.table, key.join(", "), None),
                Some(here) if table.merge.is_later(here, there) => self.verified.newer += 1,
                Some(here) => {
                    if let Some(at) = columns.first_difference(there, here, self.plan.rules) {
                        let column = columns.all[at].name.clone();
                        self.verified.tell(&columns.table, key.join(", "), Some(column));
                    }
                }
            }
        }
        self.verified.rows += rows.len() as u64;
        Ok(true)
    }

    fn compare_traces(&mut self) -> Result<bool, CopyError> {
        let after = Row(self.after.clone());
        let (plan, partial, page) = (&self.plan, self.partial.as_ref(), self.page);
        let found = self.source.read(|session| traces::next(session, plan, after.str(0), partial, page))?;
        let Some(last) = found.last() else { return Ok(false) };
        let next = traces::after(last, &plan.spans);
        let last = last.trace_id.clone();
        let here = self.target.read(|session| Here::read(session, plan, &found))?;
        let mut is_plain = true;
        for trace in &found {
            is_plain = self.verified.compare_trace(trace, &here, &self.plan);
        }
        if next.is_none() {
            self.after = vec![Cell::Text(last)];
        }
        self.partial = next.map(|next| Partial { is_same: is_plain, ..next });
        Ok(true)
    }
}

/// What is here of the traces that are compared.
struct Here {
    traces: HashMap<String, Cells>,
    /// By trace and span, those of the page only.
    spans: HashMap<Vec<String>, Cells>,
    /// How many spans each trace has.
    counts: HashMap<String, usize>,
    /// Log records: trace, span and event.
    events: Vec<(String, String, String)>,
}

impl Here {
    fn read(session: &mut dyn Session, plan: &Plan, found: &[CopiedTrace]) -> Result<Self, DatabaseError> {
        let dialect = session.dialect();
        let trace_ids: BTreeSet<&str> = found.iter().map(|trace| trace.trace_id.as_str()).collect();
        let sorted: Vec<&str> = trace_ids.iter().copied().collect();
        let mut here = Self {
            traces: HashMap::new(),
            spans: HashMap::new(),
            counts: HashMap::new(),
            events: stored_event_keys(session, &trace_ids)?,
        };
        for some in sorted.chunks(MAX_LIST) {
            let mut values = Vec::new();
            let list = of_traces(dialect, "agno_traces", some, &mut values);
            let (from, select) = (dialect.from("agno_traces"), plan.traces.select_to(dialect));
            for cells in
                super::columns::rows(session, &format!("SELECT {select} FROM {from} WHERE {list}"), &values)?
            {
                here.traces.insert(plan.traces.text(&cells, "trace_id").to_owned(), cells);
            }
            let mut values = Vec::new();
            let list = of_traces(dialect, "agno_spans", some, &mut values);
            let from = dialect.from("agno_spans");
            let sql = format!("SELECT trace_id, COUNT(*) FROM {from} WHERE {list} GROUP BY trace_id");
            for mut row in session.query(&sql, &values)? {
                let count = usize::try_from(row.whole(1)).unwrap_or(0);
                here.counts.insert(row.required(0), count);
            }
        }
        let ids = |trace: &'_ CopiedTrace| -> Vec<(String, String)> {
            let id = |cells: &Cells| (trace.trace_id.clone(), plan.spans.text(cells, "span_id").to_owned());
            trace.spans.iter().map(id).collect()
        };
        let spans: Vec<(String, String)> = found.iter().flat_map(ids).collect();
        let (from, select) = (dialect.from("agno_spans"), plan.spans.select_to(dialect));
        for some in spans.chunks(MAX_LIST) {
            let traces: BTreeSet<&str> = some.iter().map(|(trace_id, _)| trace_id.as_str()).collect();
            let traces: Vec<&str> = traces.into_iter().collect();
            let spans: Vec<&str> = some.iter().map(|(_, span_id)| span_id.as_str()).collect();
            let mut values = Vec::new();
            let of_traces = of_traces(dialect, "agno_spans", &traces, &mut values);
            let of_spans = in_list("span_id", &spans, &mut values);
            let sql = format!("SELECT {select} FROM {from} WHERE {of_traces} AND {of_spans}");
            for cells in super::columns::rows(session, &sql, &values)? {
                let key = ["trace_id", "span_id"].map(|name| plan.spans.text(&cells, name).to_owned());
                here.spans.insert(key.to_vec(), cells);
            }
        }
        Ok(here)
    }
}

impl Verified {
    fn tell(&mut self, table: &str, key: String, column: Option<String>) {
        self.differences += 1;
        if self.first.len() < MOST_TOLD {
            self.first.push(Difference { table: table.to_owned(), key, column });
        }
    }

    /// Compares a trace, or a part of one, and says whether nothing but what is there is here so far.
    fn compare_trace(&mut self, trace: &CopiedTrace, here: &Here, plan: &Plan) -> bool {
        let of_source = trace.spans_before + trace.spans.len();
        let of_target = here.counts.get(&trace.trace_id).copied().unwrap_or(0);
        let more_events: BTreeSet<&str> = here
            .events
            .iter()
            .filter(|(trace_id, span_id, event_id)| {
                *trace_id == trace.trace_id && !trace.events.contains(&(span_id.clone(), event_id.clone()))
            })
            .map(|(_, span_id, _)| span_id.as_str())
            .collect();
        let mut is_plain = trace.is_same_before;
        for there in &trace.spans {
            let span_id = plan.spans.text(there, "span_id");
            let key = vec![trace.trace_id.clone(), span_id.to_owned()];
            let Some(is) = here.spans.get(&key) else {
                is_plain = false;
                self.tell("agno_spans", key.join(", "), None);
                continue;
            };
            if is_more(is, there, &plan.spans) || more_events.contains(span_id) {
                is_plain = false;
                self.newer += 1;
                continue;
            }
            let is_settled = plan.spans.cell(there, "is_counted").is_some()
                && plan.spans.cell(there, "facts_version").is_some();
            is_plain &= is_settled;
            let there = said(there, is, &plan.spans, is_settled);
            let there = self.with_time_of(there, is, &plan.spans);
            if let Some(at) = plan.spans.first_difference(&there, is, plan.rules) {
                let column = &plan.spans.all[at].name;
                // Which span of a trace counts depends on all of them.
                if column != "is_counted" || of_target == of_source && is_plain {
                    self.tell("agno_spans", key.join(", "), Some(column.clone()));
                }
            }
        }
        self.spans += trace.spans.len() as u64;
        if !trace.is_last {
            return is_plain;
        }
        self.traces += 1;
        self.more += of_target.saturating_sub(of_source) as u64;
        if let Some(there) = &trace.row {
            self.compare_row(there, trace, here, plan, is_plain && of_target == of_source);
        }
        is_plain
    }

    /// A row that was here before the copy came keeps the time at which it was written first.
    fn with_time_of(&mut self, mut there: Cells, here: &Cells, columns: &Columns) -> Cells {
        let time = |cells: &Cells| columns.cell(cells, "created_at").cloned();
        if time(&there) != time(here) {
            self.older += 1;
            columns.put(&mut there, "created_at", time(here).unwrap_or_default());
        }
        there
    }

    fn compare_row(&mut self, there: &Cells, trace: &CopiedTrace, here: &Here, plan: &Plan, is_plain: bool) {
        let Some(is) = here.traces.get(&trace.trace_id) else {
            return self.tell("agno_traces", trace.trace_id.clone(), None);
        };
        let is_settled = is_settled_row(there, &plan.traces);
        let is_unread = plan.traces.cell(there, "start_time_ns").is_none();
        let is_ours = |cells: &Cells| plan.spans.cell(cells, "resource_id").is_some();
        // What only says what its spans say is compared if these are the same; what Agno wrote, if only Agno wrote.
        let is_agnos = is_unread && !trace.spans.iter().any(is_ours);
        if !(is_plain && is_settled || is_agnos) {
            return;
        }
        let there = said(there, is, &plan.traces, is_settled);
        let there = self.with_time_of(there, is, &plan.traces);
        if let Some(at) = plan.traces.first_difference(&there, is, plan.rules) {
            let column = plan.traces.all[at].name.clone();
            self.tell("agno_traces", trace.trace_id.clone(), Some(column));
        }
    }
}

/// Returns a row; of one that is still to be understood what it does not say yet is as it is here.
fn said(there: &Cells, here: &Cells, columns: &Columns, is_settled: bool) -> Cells {
    let mut said = there.clone();
    if !is_settled {
        for (at, cell) in said.iter_mut().enumerate().take(columns.all.len()) {
            if *cell == Cell::Null {
                here.get(at).unwrap_or(&Cell::Null).clone_into(cell);
            }
        }
    }
    said
}

/// Says whether of two copies of a span the one that is here stands.
fn is_more(here: &Cells, there: &Cells, columns: &Columns) -> bool {
    let is_ours = |cells: &Cells| columns.cell(cells, "resource_id").is_some();
    let end = |cells: &Cells| columns.cell(cells, "end_time_ns").and_then(super::integer);
    // What nobody has read yet has no times.
    let is_read = columns.cell(there, "start_time_ns").is_some();
    let ends_later = is_read && end(here) > end(there);
    (is_ours(here) && !is_ours(there)) || (is_ours(here) == is_ours(there) && ends_later)
}
