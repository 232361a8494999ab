//! A SQLite file in a folder of its own, and everything that is in it.

use std::fmt::Write as _;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use tempfile::TempDir;
use tracestead_model::UnixNanos;
use tracestead_store::{OpenOptions, SpanStore, Synchronous};

use crate::support::NOW;

pub(crate) struct Database {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

impl Database {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("tracestead.db"), _folder: folder }
    }

    pub(crate) fn open(&self) -> SpanStore {
        let mut options = OpenOptions::new(&self.path, UnixNanos::from_i64(NOW));
        options.synchronous = Synchronous::Normal;
        SpanStore::open(&options).unwrap()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// Returns every row of every table, as text and in an order of its own.
    pub(crate) fn contents(&self) -> Vec<String> {
        let connection = self.connect();
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut tables = connection.prepare(sql).unwrap();
        let tables = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
        let mut contents: Vec<String> = tables
            .flat_map(|table: String| rows(&connection, &table, &format!("SELECT * FROM {table}")))
            .collect();
        contents.sort();
        contents
    }
}

/// Returns the rows that `sql` selects: one text each, of the values under their columns' names.
pub(crate) fn rows(connection: &Connection, table: &str, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let row_text = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let mut text = table.to_owned();
        for (at, column) in columns.iter().enumerate() {
            let _ = write!(text, " {column}={:?}", row.get::<_, Sql>(at)?);
        }
        Ok(text)
    };
    let mut rows: Vec<String> = statement.query_map([], row_text).unwrap().map(Result::unwrap).collect();
    rows.sort();
    rows
}
