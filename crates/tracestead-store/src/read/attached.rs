//! Reading a database that is only to be read, although rows in it are not filled.
//!
//! Agno may have made the tables and never have heard of us, or may have just written to tables of ours. Lists are read
//! over statements that stand for the tables (`schema::unfilled`), and what our columns would say of the rows of a page is
//! derived from their spans (`write::derive`). It costs more than reading what is filled, and changes nothing.
//!
//! What lists are narrowed by is in Agno's columns, but for the type of a span and whether a trace has any of an agent: for
//! these, rows are read until there are enough that match.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use tracestead_model::PriceBook;
use tracestead_model::query::{Field, Filter, PageStart, TraceQuery, TraceRecord};

use super::traces;
use crate::error::{DatabaseError, ErrorKind};
use crate::schema::{self, Present};
use crate::session::{Access, Insert, Session};
use crate::sql::{Dialect, Row, Value};
use crate::write::{self, STALE, Said, WHOLE};

/// How many rows are read at once to look for those that match.
const PAGE_ROWS: u32 = 500;

/// What is known of a database that is only to be read.
#[derive(Debug)]
pub(crate) struct Attached {
    /// What stands for tables.
    tables: Vec<(&'static str, String)>,
    /// No table or column is missing, so that there is something to derive only if a row is not filled.
    is_whole: bool,
    dialect: Dialect,
    prices: Arc<PriceBook>,
}

impl Attached {
    pub(crate) fn new(present: &Present, dialect: Dialect, prices: Arc<PriceBook>) -> Self {
        let tables = schema::unfilled(present, dialect);
        Self { tables, is_whole: schema::are_whole(present), dialect, prices }
    }

    /// Runs `read` on a session to which every row looks filled.
    pub(crate) fn read<T>(
        &self,
        session: &mut dyn Session,
        read: impl FnOnce(&mut dyn Session) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        if self.is_filled(session)? { read(session) } else { read(&mut Deriving { session, attached: self }) }
    }

    /// Agno may write at any time, and another tracestead may fill.
    fn is_filled(&self, session: &mut dyn Session) -> Result<bool, DatabaseError> {
        // Agno does not write there.
        if self.dialect == Dialect::ClickHouse {
            return Ok(true);
        }
        if !self.is_whole {
            return Ok(false);
        }
        let sql = format!(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM agno_spans WHERE is_counted IS NULL)
                OR EXISTS (SELECT 1 FROM agno_traces WHERE start_time_ns IS NULL AND {WHOLE})
                OR EXISTS (SELECT 1 FROM agno_traces WHERE {STALE}) THEN 1 ELSE 0 END"
        );
        Ok(!session.query(&sql, &[])?.first().is_some_and(|row| row.flag(0)))
    }

    /// Puts what stands for a table in its place. Our statements have words of SQL in upper case, and names in lower case.
    fn rewrite(&self, sql: &str) -> String {
        let mut rewritten = String::with_capacity(sql.len());
        let mut rest = sql;
        let mut before = "";
        while let Some(start) = rest.find(is_of_word) {
            let (between, from_word) = rest.split_at(start);
            let (word, after) =
                from_word.split_at(from_word.find(|at| !is_of_word(at)).unwrap_or(from_word.len()));
            rewritten.push_str(between);
            match self.tables.iter().find(|(table, _)| *table == word) {
                Some((table, select)) if matches!(before, "FROM" | "JOIN") => {
                    let has_name = after.trim_start().starts_with(|at: char| at.is_ascii_lowercase());
                    rewritten.extend(["(", select, ") AS ", if has_name { "" } else { table }]);
                }
                _ => rewritten.push_str(word),
            }
            (before, rest) = (word, after);
        }
        rewritten + rest
    }
}

fn is_of_word(at: char) -> bool {
    at.is_ascii_alphanumeric() || at == '_'
}

/// A session to which every row looks filled.
struct Deriving<'a> {
    session: &'a mut dyn Session,
    attached: &'a Attached,
}

impl Deriving<'_> {
    fn refuse<T>() -> Result<T, DatabaseError> {
        Err(DatabaseError::new(ErrorKind::Other, "the database was opened only to be read"))
    }
}

impl Session for Deriving<'_> {
    fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    fn begin(&mut self, _: Access) -> Result<(), DatabaseError> {
        Self::refuse()
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        Self::refuse()
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        Self::refuse()
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        self.session.query(&self.attached.rewrite(sql), values)
    }

    fn execute(&mut self, _: &str, _: &[Value<'_>]) -> Result<u64, DatabaseError> {
        Self::refuse()
    }

    fn insert(&mut self, _: &Insert<'_>, _: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        Self::refuse()
    }

    fn derives(&self) -> Option<Arc<PriceBook>> {
        Some(Arc::clone(&self.attached.prices))
    }
}

/// Fills rows of traces, which have `columns`, the id first.
pub(crate) fn fill_traces(
    session: &mut dyn Session,
    columns: &str,
    rows: &mut [Row],
) -> Result<(), DatabaseError> {
    let Some(prices) = session.derives() else { return Ok(()) };
    let trace_ids: Vec<String> = rows.iter().map(|row| row.str(0).to_owned()).collect();
    let said = write::derive_traces(session, &trace_ids, &prices)?;
    put(columns, rows, &trace_ids, said);
    Ok(())
}

/// Fills rows of spans, which have `columns`, the ids of trace and span first.
pub(super) fn fill_spans(
    session: &mut dyn Session,
    columns: &str,
    rows: &mut [Row],
) -> Result<(), DatabaseError> {
    let Some(prices) = session.derives() else { return Ok(()) };
    let keys: Vec<(String, String)> =
        rows.iter().map(|row| (row.str(0).to_owned(), row.str(1).to_owned())).collect();
    let said = write::derive_spans(session, &keys, &prices)?;
    put(columns, rows, &keys, said);
    Ok(())
}

fn put<K: Eq + Hash>(columns: &str, rows: &mut [Row], keys: &[K], mut said: HashMap<K, Said>) {
    let places: HashMap<&str, usize> =
        columns.split(',').enumerate().map(|(at, column)| (column.trim(), at)).collect();
    for (row, key) in rows.iter_mut().zip(keys) {
        for (column, cell) in said.remove(key).unwrap_or_default() {
            if let Some(place) = places.get(column).and_then(|at| row.0.get_mut(*at)) {
                *place = cell;
            }
        }
    }
}

/// Says whether a filter asks for what only the spans tell.
pub(super) fn asks_spans(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(asks_spans),
        Filter::Not(filter) => asks_spans(filter),
        Filter::Compare(field, ..)
        | Filter::In(field, _)
        | Filter::Contains(field, _)
        | Filter::StartsWith(field, _) => *field == Field::HasAgentSpans,
    }
}

/// Gives the traces that a query means to `take`, newest first, until it has had enough; its limit is not looked at.
pub(super) fn each_match(
    session: &mut dyn Session,
    query: &TraceQuery,
    mut take: impl FnMut(TraceRecord) -> bool,
) -> Result<(), DatabaseError> {
    let mut page =
        TraceQuery { filter: of_columns(query.filter.as_ref()), limit: PAGE_ROWS, ..query.clone() };
    let mut skipped = 0;
    if let PageStart::Offset(offset) = query.from {
        (skipped, page.from) = (offset, PageStart::Newest);
    }
    loop {
        let found = traces::page(session, &page)?;
        let is_last = found.len() < PAGE_ROWS as usize;
        if let Some(last) = found.last() {
            page.from =
                PageStart::After { start_time_ns: last.start_time_ns, trace_id: last.trace_id.clone() };
        }
        for trace in found {
            if query.filter.as_ref().is_some_and(|filter| filter.matches(&trace) != Some(true)) {
                continue;
            }
            if skipped > 0 {
                skipped -= 1;
            } else if !take(trace) {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Returns the part of a filter that columns answer.
fn of_columns(filter: Option<&Filter>) -> Option<Filter> {
    match filter? {
        Filter::And(filters) => {
            Some(Filter::And(filters.iter().filter(|filter| !asks_spans(filter)).cloned().collect()))
        }
        filter if asks_spans(filter) => None,
        filter => Some(filter.clone()),
    }
}
