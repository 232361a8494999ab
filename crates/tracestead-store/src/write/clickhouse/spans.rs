//! Rows of spans that are there are read, changed here and written again, together with what is new.
//!
//! The database could do it by itself (`INSERT … SELECT * REPLACE …`), but with a statement for each span, and each would
//! leave a file of its own behind.

use std::borrow::Cow;
use std::collections::HashMap;

use super::gone::gone;
use crate::error::DatabaseError;
use crate::schema::{Column, Kind, SPAN_TABLES};
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Cell, Row, Value, in_list, of_traces};
use crate::write::rollups::HOUR_NS;
use crate::write::rows::{self, Changes, Update};

const TABLE: &str = "agno_spans";

/// Where a row is, and its version.
const KEY: [&str; 5] = ["trace_id", "span_id", "start_time_ns", "end_time_ns", "resource_id"];

/// So many rows are read and written again at once, attributes and all.
const AT_ONCE: usize = 256;

/// Writes the changes. A row that is written again keeps its version or gets a greater one, and comes later: it stands.
pub(in crate::write) fn write(session: &mut dyn Session, changes: Changes<'_>) -> Result<(), DatabaseError> {
    let Changes { new, updates } = changes;
    // As nearly always. A row is there unless it says that it is gone.
    if updates.is_empty() {
        let insert = Insert { table: TABLE, columns: &rows::columns(), conflict: Conflict::Never };
        return session.insert(&insert, &new).map(|_| ());
    }
    let columns = columns();
    let keys: Vec<(&Update<'_>, &str)> = updates
        .iter()
        .flat_map(|update| update.span_ids.iter().map(move |span_id| (update, span_id.as_str())))
        .collect();
    let mut rows: Vec<Vec<Value<'_>>> = new;
    for row in &mut rows {
        row.push(Value::Bool(Some(false)));
    }
    for some in keys.chunks(AT_ONCE) {
        rows.extend(changed(session, &columns, some)?);
        insert(session, &columns, &rows)?;
        rows.clear();
    }
    insert(session, &columns, &rows)
}

fn insert(
    session: &mut dyn Session,
    columns: &[Column],
    rows: &[Vec<Value<'_>>],
) -> Result<(), DatabaseError> {
    let mut names: Vec<&str> = rows::columns();
    debug_assert_eq!(names.len(), columns.len(), "a column for each value");
    names.push("is_deleted");
    session.insert(&Insert { table: TABLE, columns: &names, conflict: Conflict::Never }, rows)?;
    Ok(())
}

/// Returns what there is to know of the columns that are written.
fn columns() -> Vec<Column> {
    let known = SPAN_TABLES.iter().find(|table| table.name == TABLE).map_or(&[][..], |table| table.columns);
    let find = |name: &str| known.iter().find(|column| column.name == name).copied();
    rows::columns().into_iter().filter_map(find).collect()
}

/// Reads the rows of some spans and returns them as they are to be.
fn changed<'a>(
    session: &mut dyn Session,
    columns: &[Column],
    keys: &[(&Update<'a>, &str)],
) -> Result<Vec<Vec<Value<'a>>>, DatabaseError> {
    let of_key = |(at, (update, span_id)): (usize, &(&Update<'a>, &'_ str))| {
        ((update.trace_id.clone().into_owned(), (*span_id).to_owned()), at)
    };
    let by_key: HashMap<(String, String), usize> = keys.iter().enumerate().map(of_key).collect();
    let mut trace_ids: Vec<&str> = keys.iter().map(|(update, _)| &*update.trace_id).collect();
    trace_ids.dedup();
    let span_ids: Vec<&str> = keys.iter().map(|(_, span_id)| *span_id).collect();
    let mut values = Vec::new();
    let of_traces = of_traces(session.dialect(), TABLE, &trace_ids, &mut values);
    let list = in_list("span_id", &span_ids, &mut values);
    let from = session.dialect().from(TABLE);
    let sql = format!("SELECT {} FROM {from} WHERE {of_traces} AND {list}", rows::columns().join(", "));
    let mut changed = Vec::with_capacity(keys.len());
    for row in session.query(&sql, &values)? {
        let key = (row.str(0).to_owned(), row.str(1).to_owned());
        if let Some(at) = by_key.get(&key) {
            changed.extend(with(columns, row, &keys[*at].0.set));
        }
    }
    Ok(changed)
}

/// Returns the row with some of its columns set and, if that moves it to another hour, one that says that it is gone from
/// where it was.
fn with<'a>(columns: &[Column], row: Row, set: &[(Cow<'static, str>, Value<'a>)]) -> Vec<Vec<Value<'a>>> {
    let before: Vec<Value<'a>> =
        columns.iter().zip(row.0).map(|(column, cell)| value(*column, cell)).collect();
    let mut after = before.clone();
    for (name, value) in set {
        if let Some(at) = columns.iter().position(|column| column.name == name.trim_matches('"')) {
            after[at] = value.clone();
        }
    }
    let hour = |row: &[Value<'a>]| {
        let at = columns.iter().position(|column| column.name == "start_time_ns");
        match at.and_then(|at| row.get(at)) {
            Some(Value::Int(Some(time))) => time.div_euclid(HOUR_NS),
            _ => 0,
        }
    };
    let is_moved = hour(&before) != hour(&after);
    let gone = is_moved.then(|| gone(TABLE, &rows::columns(), before, &KEY));
    after.push(Value::Bool(Some(false)));
    std::iter::once(after).chain(gone).collect()
}

fn value<'a>(column: Column, cell: Cell) -> Value<'a> {
    match (column.kind, cell) {
        (Kind::Integer, Cell::Int(number)) => Value::Int(Some(number)),
        (Kind::Integer, _) => Value::Int(None),
        (Kind::Flag, Cell::Int(flag)) => Value::Bool(Some(flag != 0)),
        (Kind::Flag, _) => Value::Bool(None),
        (_, Cell::Text(text)) => Value::from(text),
        (_, Cell::Bytes(bytes)) => Value::Bytes(bytes.into()),
        (_, _) => Value::Text(None),
    }
}
