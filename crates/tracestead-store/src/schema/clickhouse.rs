//! How ClickHouse keeps the tables.

use super::tables::Table;

/// Returns the statement that makes a table of these columns.
pub(super) fn create(table: &Table, columns: &str) -> String {
    let (name, key) = (table.name, table.key);
    format!("CREATE TABLE {name} (\n    {columns}\n) ENGINE = ReplacingMergeTree ORDER BY ({key})")
}
