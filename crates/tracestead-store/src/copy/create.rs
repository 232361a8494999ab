//! Tables that the target lacks, made after those of the source.

use super::columns::{Holds, quoted};
use super::shape::{ColumnShape, Shape, Shapes};
use crate::session::Session;
use crate::sql::Dialect;

/// The longest key that MySQL takes, in bytes; a character may have four.
const MAX_MYSQL_KEY: i64 = 3072;

/// How long a text is that stands in an index of MySQL and whose length nobody said.
const INDEXED_TEXT: i64 = 255;

/// Returns the statements that make a table like this one, its references to `others` included.
pub(super) fn statements(name: &str, shape: &Shape, others: &Shapes, session: &dyn Session) -> Vec<String> {
    let dialect = session.dialect();
    let is_indexed = |column: &str| {
        shape.key.iter().any(|name| name == column)
            || shape.indexes.iter().any(|index| index.columns.iter().any(|name| name == column))
    };
    let mut parts: Vec<String> = shape
        .columns
        .iter()
        .map(|column| {
            let kind = kind(column, is_indexed(&column.name), dialect);
            let required = if column.is_nullable { "" } else { " NOT NULL" };
            format!("{} {kind}{required}", quoted(&column.name))
        })
        .collect();
    parts.push(format!("PRIMARY KEY ({})", list(&shape.key)));
    for reference in &shape.references {
        let Some(other) = others.get(&reference.table) else { continue };
        // Who names no columns means the key.
        let to = if reference.to.is_empty() { &other.key } else { &reference.to };
        parts.push(format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {}",
            list(&reference.columns),
            reference.table,
            list(to),
            reference.on_delete
        ));
    }
    let mut statements =
        vec![format!("CREATE TABLE {name} (\n    {}\n){}", parts.join(",\n    "), session.table_options())];
    for (at, index) in shape.indexes.iter().enumerate() {
        let lengths = index.columns.iter().map(|name| {
            let column = shape.columns.iter().find(|column| column.name == *name);
            column.map_or(0, |column| if column.holds == Holds::Text { length(column) * 4 } else { 8 })
        });
        let is_too_long = dialect == Dialect::MySql && lengths.sum::<i64>() > MAX_MYSQL_KEY;
        // MySQL has no index of some rows, and to hold all rows to it would be another rule.
        let is_another = dialect == Dialect::MySql && index.is_unique && index.only.is_some();
        if is_too_long || is_another || index.columns.iter().any(String::is_empty) {
            continue;
        }
        let unique = if index.is_unique { "UNIQUE " } else { "" };
        let only = index.only.as_ref().filter(|_| dialect != Dialect::MySql);
        let only = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
        // Some databases name indexes themselves, in a way of their own.
        let index_name = if index.name.starts_with("sqlite_") {
            format!("{name}_unique_{at}")
        } else {
            index.name.clone()
        };
        statements.push(format!(
            "CREATE {unique}INDEX {} ON {name} ({}){only}",
            quoted(&index_name),
            list(&index.columns)
        ));
    }
    statements
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn length(column: &ColumnShape) -> i64 {
    column.length.unwrap_or(INDEXED_TEXT).min(512)
}

fn kind(column: &ColumnShape, is_indexed: bool, dialect: Dialect) -> String {
    let kind = match (&column.holds, dialect) {
        (Holds::Integer, _) => "BIGINT",
        (Holds::Flag, _) => "BOOLEAN",
        (Holds::Real, Dialect::Sqlite) => "REAL",
        (Holds::Real, _) => "DOUBLE PRECISION",
        (Holds::Json, Dialect::Postgres) => "JSONB",
        (Holds::Json, _) => "JSON",
        (Holds::Bytes, Dialect::Postgres) => "BYTEA",
        (Holds::Bytes, Dialect::MySql) => "LONGBLOB",
        (Holds::Bytes, _) => "BLOB",
        (Holds::Other(kind), _) if kind.eq_ignore_ascii_case("date") => "DATE",
        (Holds::Text | Holds::Other(_), Dialect::MySql) if is_indexed => {
            return format!("VARCHAR({})", length(column));
        }
        (Holds::Text | Holds::Other(_), Dialect::MySql) => "LONGTEXT",
        (Holds::Text | Holds::Other(_), _) => "VARCHAR",
    };
    kind.to_owned()
}
