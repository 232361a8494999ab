//! Tables of which a row is what it is: read in pages in the order of their key, written where the key is free.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use super::columns::{Cells, Column, Columns, Holds, integer, quoted, rows, text, value};
use super::plan::{Merge, TablePlan};
use super::traces::{PageSize, fitting};
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Cell, Dialect, Value};

/// How many keys are asked for at once.
const KEYS_AT_ONCE: usize = 100;

/// How many values a statement of ours has at most.
const MAX_VALUES: usize = 10_000;

/// What became of the rows of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// New here.
    pub(crate) new: u64,
    /// Here already, but older.
    pub(crate) updated: u64,
}

/// Reads the next page after the row with these values of the key.
pub(crate) fn read(
    session: &mut dyn Session,
    columns: &Columns,
    after: &[Cell],
    page: PageSize,
) -> Result<Vec<Cells>, DatabaseError> {
    let dialect = session.dialect();
    let mut values = Vec::new();
    let condition = after_key(columns, after, dialect, &mut values);
    let from = dialect.from(&columns.table);
    let order = columns.quoted_key().join(", ");
    let tail = format!("FROM {from} WHERE {condition} ORDER BY {order} LIMIT");
    let sizes = session.query(&format!("SELECT {} {tail} {}", columns.size(dialect), page.rows), &values)?;
    let fit = fitting(&sizes, page);
    rows(session, &format!("SELECT {} {tail} {fit}", columns.select_from(dialect)), &values)
}

/// Returns the condition that the key comes after these values, such that an index on it is of use everywhere.
fn after_key(
    columns: &Columns,
    after: &[Cell],
    dialect: Dialect,
    values: &mut Vec<Value<'static>>,
) -> String {
    let mut parts = columns.key.iter().zip(after).map(|(at, cell)| {
        let column = &columns.all[*at];
        let holds = column.from.as_ref().unwrap_or(&column.to);
        (quoted(&column.name), mark(holds, dialect), value(holds, cell.clone(), dialect))
    });
    let Some((first, mark, bound)) = parts.next() else { return "1 = 1".to_owned() };
    let rest: Vec<_> = parts.collect();
    let mut sql = format!("{first} {} {mark}", if rest.is_empty() { ">" } else { ">=" });
    values.push(bound.clone());
    let (mut before, mut before_mark, mut before_bound) = (first, mark, bound);
    let levels = rest.len();
    for (at, (name, mark, bound)) in rest.into_iter().enumerate() {
        let comparison = if at + 1 == levels { ">" } else { ">=" };
        let _ = write!(sql, " AND ({before} > {before_mark} OR ({name} {comparison} {mark}");
        values.extend([before_bound, bound.clone()]);
        (before, before_mark, before_bound) = (name, mark, bound);
    }
    sql.push_str(&"))".repeat(levels));
    sql
}

/// Returns what stands for a value of this kind in a statement.
pub(crate) fn mark(holds: &Holds, dialect: Dialect) -> String {
    match holds {
        Holds::Other(kind) if dialect == Dialect::Postgres => format!("CAST(? AS {kind})"),
        _ => "?".to_owned(),
    }
}

/// Returns what tells rows apart.
pub(crate) fn key_of(columns: &Columns, cells: &[Cell]) -> Vec<String> {
    columns
        .key
        .iter()
        .filter_map(|at| cells.get(*at))
        .map(|cell| text(cell.clone()).unwrap_or_default())
        .collect()
}

/// Returns the rows that are here with the keys of `rows`, by these.
pub(crate) fn here(
    session: &mut dyn Session,
    columns: &Columns,
    of: &[Cells],
) -> Result<HashMap<Vec<String>, Cells>, DatabaseError> {
    let dialect = session.dialect();
    let (from, select) = (dialect.from(&columns.table), columns.select_to(dialect));
    let mut found = HashMap::new();
    for some in of.chunks(KEYS_AT_ONCE) {
        let mut values = Vec::new();
        let one = |cells: &Cells| {
            let parts = columns.key.iter().map(|at| {
                let column = &columns.all[*at];
                values.push(value(&column.to, cells[*at].clone(), dialect));
                format!("{} = {}", quoted(&column.name), mark(&column.to, dialect))
            });
            format!("({})", parts.collect::<Vec<_>>().join(" AND "))
        };
        let list: Vec<String> = some.iter().map(one).collect();
        let sql = format!("SELECT {select} FROM {from} WHERE {}", list.join(" OR "));
        found.extend(rows(session, &sql, &values)?.into_iter().map(|cells| (key_of(columns, &cells), cells)));
    }
    Ok(found)
}

/// Writes rows whose key is free and those that tell of a later time than what is here, within a transaction.
pub(crate) fn write(
    session: &mut dyn Session,
    plan: &TablePlan,
    coming: Vec<Cells>,
) -> Result<Rows, DatabaseError> {
    let columns = &plan.columns;
    let here = here(session, columns, &coming)?;
    let mut done = Rows::default();
    let mut new = Vec::new();
    for cells in coming {
        match here.get(&key_of(columns, &cells)) {
            None => new.push(cells),
            Some(is) if plan.merge.is_later(&cells, is) => {
                update(session, columns, &cells, plan.merge)?;
                done.updated += 1;
            }
            Some(_) => {}
        }
    }
    done.new = new.len() as u64;
    insert(session, columns, new)?;
    Ok(done)
}

impl Merge {
    /// Says whether a row is written over what is here.
    pub(crate) fn is_later(self, coming: &[Cell], here: &[Cell]) -> bool {
        match self {
            Self::Keep => false,
            Self::Later { updated_at } => {
                let time = |cells: &[Cell]| cells.get(updated_at).and_then(integer);
                time(coming) > time(here)
            }
            Self::Revoked { revoked_at } => {
                let time = |cells: &[Cell]| cells.get(revoked_at).cloned().and_then(text);
                match (time(coming), time(here)) {
                    (Some(coming), Some(here)) => coming < here,
                    (coming, None) => coming.is_some(),
                    (None, Some(_)) => false,
                }
            }
        }
    }

    /// Says whether a column is written where a row is written over what is here.
    fn writes(self, column: usize) -> bool {
        match self {
            Self::Keep | Self::Later { .. } => true,
            Self::Revoked { revoked_at } => column == revoked_at,
        }
    }
}

fn insert(session: &mut dyn Session, columns: &Columns, rows: Vec<Cells>) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let dialect = session.dialect();
    let names = columns.quoted();
    let is_usual = |holds: &Holds| !matches!(holds, Holds::Other(_) | Holds::Real | Holds::Bytes);
    // There bytes are bytes, and tables have no columns but ours.
    let is_all_usual =
        dialect == Dialect::ClickHouse || columns.all.iter().all(|column| is_usual(&column.to));
    if is_all_usual {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let rows: Vec<Vec<Value<'_>>> =
            rows.into_iter().map(|cells| columns.values(cells, dialect)).collect();
        let insert = Insert { table: &columns.table, columns: &names, conflict: Conflict::Never };
        return session.insert(&insert, &rows).map(|_| ());
    }
    let most = (MAX_VALUES / names.len().max(1)).max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut values = Vec::new();
        let lists: Vec<String> = rows
            .by_ref()
            .take(most)
            .map(|cells| {
                let pairs = columns.all.iter().zip(cells);
                let marks = pairs.map(|(column, cell)| cell_mark(column, cell, dialect, &mut values));
                format!("({})", marks.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let sql = format!("INSERT INTO {} ({}) VALUES {}", columns.table, names.join(", "), lists.join(", "));
        session.execute(&sql, &values)?;
    }
    Ok(())
}

fn update(
    session: &mut dyn Session,
    columns: &Columns,
    cells: &Cells,
    merge: Merge,
) -> Result<(), DatabaseError> {
    let dialect = session.dialect();
    let key: BTreeSet<usize> = columns.key.iter().copied().collect();
    let mut values = Vec::new();
    let written = columns.all.iter().zip(cells).enumerate().filter(|(at, _)| merge.writes(*at));
    let set: Vec<String> = written
        .map(|(_, (column, cell))| {
            let mark = cell_mark(column, cell.clone(), dialect, &mut values);
            format!("{} = {mark}", quoted(&column.name))
        })
        .collect();
    let condition = key.iter().map(|at| {
        let column = &columns.all[*at];
        values.push(value(&column.to, cells[*at].clone(), dialect));
        format!("{} = {}", quoted(&column.name), mark(&column.to, dialect))
    });
    let condition = condition.collect::<Vec<_>>().join(" AND ");
    session
        .execute(&format!("UPDATE {} SET {} WHERE {condition}", columns.table, set.join(", ")), &values)?;
    Ok(())
}

/// Returns what stands for a cell; an absent one is said, not bound, so that its type does not matter.
fn cell_mark(column: &Column, cell: Cell, dialect: Dialect, values: &mut Vec<Value<'static>>) -> String {
    if cell == Cell::Null {
        return "NULL".to_owned();
    }
    values.push(value(&column.to, cell, dialect));
    mark(&column.to, dialect)
}
