//! Resources: stored once, by hash, and forgotten when no span refers to them any more.
//!
//! Nothing counts who refers to a resource, and an index for it would cost every span. So now and then all resources are
//! marked, all spans are read, and what they refer to loses its mark; a resource that still has it at the end goes
//! ([`super::retention`]). Whoever stores a span meanwhile takes the mark of its resource away, in the same transaction, and
//! keeps others from marking or deleting it until that ends. So no span is ever without its resource.

use std::collections::BTreeSet;

use crate::batch::PreparedResource;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Cell, Dialect, MAX_LIST, Row, Value, in_list};

const COLUMNS: [&str; 7] = [
    "resource_id",
    "service_name",
    "environment",
    r#""release""#,
    "attributes",
    "dropped_attributes_count",
    "schema_url",
];

/// Stores those resources that are not there, and keeps those that are. They come in the order of their ids.
pub(super) fn store(session: &mut dyn Session, resources: &[&PreparedResource]) -> Result<(), DatabaseError> {
    let ids: Vec<&str> = resources.iter().map(|resource| resource.resource_id.as_str()).collect();
    let present = keep(session, &ids)?;
    let missing = resources.iter().filter(|resource| !present.contains(&resource.resource_id));
    let rows: Vec<Vec<Value<'_>>> = missing.map(|resource| row(resource)).collect();
    if !rows.is_empty() {
        let table = "tracestead_resources";
        session.insert(&Insert { table, columns: &COLUMNS, conflict: Conflict::Keep }, &rows)?;
    }
    Ok(())
}

/// Returns which of these resources are there; they stay until the transaction ends, and have no mark any more.
pub(crate) fn keep(session: &mut dyn Session, ids: &[&str]) -> Result<BTreeSet<String>, DatabaseError> {
    let mut present = BTreeSet::new();
    let (from, lock) = (session.dialect().from("tracestead_resources"), session.dialect().for_share());
    for some in ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = in_list("resource_id", some, &mut values);
        let sql = format!(
            "SELECT resource_id, unused_since_ns FROM {from} WHERE {list} ORDER BY resource_id{lock}"
        );
        let mut marked = Vec::new();
        for mut row in session.query(&sql, &values)? {
            let resource_id = row.required(0);
            if !row.is_null(1) {
                marked.push(resource_id.clone());
            }
            present.insert(resource_id);
        }
        let marked: Vec<&str> = marked.iter().map(String::as_str).collect();
        unmark(session, &marked)?;
    }
    Ok(present)
}

/// Returns the rows of some resources, at most [`Dialect::most_ids`].
pub(super) fn rows(session: &mut dyn Session, ids: &[&str]) -> Result<Vec<Row>, DatabaseError> {
    let mut values = Vec::new();
    let list = in_list("resource_id", ids, &mut values);
    let from = session.dialect().from("tracestead_resources");
    session.query(&format!("SELECT {} FROM {from} WHERE {list}", COLUMNS.join(", ")), &values)
}

/// Writes those of these rows again that have one of these ids.
pub(super) fn put_back(
    session: &mut dyn Session,
    stored: Vec<Row>,
    ids: &[String],
) -> Result<(), DatabaseError> {
    let value = |(at, cell): (usize, Cell)| match cell {
        Cell::Text(text) => Value::from(text),
        Cell::Int(number) => Value::int(number),
        _ if COLUMNS[at] == "dropped_attributes_count" => Value::Int(None),
        _ => Value::Text(None),
    };
    let used = stored.into_iter().filter(|row| ids.iter().any(|id| id == row.str(0)));
    let rows: Vec<Vec<Value<'_>>> =
        used.map(|row| row.0.into_iter().enumerate().map(value).collect()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let table = "tracestead_resources";
    session.insert(&Insert { table, columns: &COLUMNS, conflict: Conflict::Never }, &rows).map(|_| ())
}

/// Takes the mark of some resources away, at most [`MAX_LIST`].
pub(super) fn unmark(session: &mut dyn Session, ids: &[&str]) -> Result<(), DatabaseError> {
    if ids.is_empty() || session.dialect() == Dialect::ClickHouse {
        return Ok(());
    }
    let mut values = Vec::new();
    let list = in_list("resource_id", ids, &mut values);
    let sql = format!(
        "UPDATE tracestead_resources SET unused_since_ns = NULL WHERE {list} AND unused_since_ns IS NOT NULL"
    );
    session.execute(&sql, &values).map(|_| ())
}

fn row(resource: &PreparedResource) -> Vec<Value<'_>> {
    vec![
        Value::text(&resource.resource_id),
        Value::maybe(resource.service_name.as_deref()),
        Value::maybe(resource.environment.as_deref()),
        Value::maybe(resource.release.as_deref()),
        Value::json(Some(&resource.attributes)),
        Value::int(resource.dropped_attributes_count),
        Value::text(&resource.schema_url),
    ]
}
