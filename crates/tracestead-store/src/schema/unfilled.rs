//! How tables are read whose columns of ours are missing or empty, where nobody may add or fill them.
//!
//! Each table becomes a `SELECT` that has every column it should have: what is missing is NULL, and the times that lists are
//! put in order by are read from Agno's texts. What else our columns would say takes understanding spans, which SQL does
//! not; see `read::attached`.

use std::collections::BTreeSet;

use super::present::Present;
use super::tables::{SPAN_TABLES, Table};
use super::types::{Column, Kind, quoted};
use crate::sql::Dialect;
use crate::write::{STALE, WHOLE};

/// Returns each table that cannot be read as it is, and the statement that stands for it.
pub(crate) fn unfilled(present: &Present, dialect: Dialect) -> Vec<(&'static str, String)> {
    let to_derive = SPAN_TABLES.iter().filter(|table| table.is_agnos || !is_whole(table, present));
    to_derive.map(|table| (table.name, select(table, present.columns.get(table.name), dialect))).collect()
}

/// Says whether no table or column is missing, so that at most rows are to be filled.
pub(crate) fn are_whole(present: &Present) -> bool {
    SPAN_TABLES.iter().all(|table| is_whole(table, present))
}

fn is_whole(table: &Table, present: &Present) -> bool {
    let columns = present.columns.get(table.name);
    columns.is_some_and(|columns| table.columns.iter().all(|column| columns.contains(column.name)))
}

fn select(table: &Table, present: Option<&BTreeSet<String>>, dialect: Dialect) -> String {
    let has = |name: &str| present.is_some_and(|columns| columns.contains(name));
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let name = quoted(column.name);
            let read = if has(column.name) { name.clone() } else { null(column, dialect) };
            match (table.is_agnos, column.name) {
                (true, "start_time_ns") => {
                    // A time that cannot be read is the epoch, as the back-fill has it.
                    format!("COALESCE({read}, {}, 0) AS {name}", dialect.nanos_of_iso("start_time"))
                }
                (true, "end_time_ns") if has("start_time_ns") => format!(
                    "CASE WHEN start_time_ns IS NULL THEN {} ELSE {read} END AS {name}",
                    dialect.nanos_of_iso("end_time")
                ),
                (true, "end_time_ns") => format!("{} AS {name}", dialect.nanos_of_iso("end_time")),
                (true, "status") if has("error_span_count") && has("service_name") => {
                    format!("CASE WHEN {STALE} THEN 'ERROR' ELSE {read} END AS {name}")
                }
                _ if read == name => name,
                _ => format!("{read} AS {name}"),
            }
        })
        .collect();
    let columns = columns.join(", ");
    match (present, dialect) {
        (Some(_), _) if table.name == "agno_traces" && has("span_count") => {
            // What is half deleted has no beginning either, and is no trace any more.
            format!("SELECT {columns} FROM {} WHERE {WHOLE}", table.name)
        }
        (Some(_), _) => format!("SELECT {columns} FROM {}", table.name),
        (None, Dialect::MySql) => format!("SELECT {columns} FROM DUAL WHERE 1 = 0"),
        (None, _) => format!("SELECT {columns} WHERE 1 = 0"),
    }
}

/// Returns a NULL of the type of a column, which PostgreSQL wants to know.
fn null(column: &Column, dialect: Dialect) -> String {
    let kind = match (dialect, column.kind) {
        (Dialect::Sqlite | Dialect::MySql | Dialect::ClickHouse, _) => return "NULL".to_owned(),
        (Dialect::Postgres, Kind::Integer) => "BIGINT",
        (Dialect::Postgres, Kind::Flag) => "BOOLEAN",
        (Dialect::Postgres, Kind::Json) => "JSONB",
        (Dialect::Postgres, Kind::Bytes) => "BYTEA",
        (Dialect::Postgres, _) => "VARCHAR",
    };
    format!("CAST(NULL AS {kind})")
}
