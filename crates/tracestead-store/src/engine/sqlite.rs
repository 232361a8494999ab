//! SQLite: one file, in this process.

mod still;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

use super::original::Original;
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Insert, Session};
use crate::sql::{Cell, Dialect, Row, Value};
use crate::store::{OpenOptions, Synchronous};
use still::Still;

/// How to connect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    /// Whether reading must not make files beside the database, see [`still`].
    pub(crate) leaves_no_trace: bool,
}

impl Options {
    pub(super) fn of(options: &OpenOptions) -> Self {
        Self {
            synchronous: options.synchronous,
            busy_timeout: options.busy_timeout,
            leaves_no_trace: options.read_only,
        }
    }
}

/// A connection to a file.
#[derive(Debug)]
pub(crate) struct SqliteSession {
    connection: Connection,
    original: Original,
    still: Option<Still>,
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        if !self.original.is_there() {
            // The log that has the name of ours may be another file's by now. This fails only if there is no such switch, and
            // then there is nothing to switch off.
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens the file, and makes it if it is to be written.
pub(crate) fn connect(path: &Path, access: Access, options: Options) -> Result<SqliteSession, DatabaseError> {
    let still = if options.leaves_no_trace { Still::of(path) } else { None };
    let connection = match (access, &still) {
        (Access::Write, _) => Connection::open(path)?,
        (Access::Read, None) => Connection::open_with_flags(path, READ_ONLY)?,
        (Access::Read, Some(still)) => {
            Connection::open_with_flags(still.uri(), READ_ONLY | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    connection.busy_timeout(options.busy_timeout)?;
    if access == Access::Write {
        // WAL lets readers and Agno's own connections go on while we write.
        switch_to_wal(&connection, options.busy_timeout)?;
        let synchronous = if options.synchronous == Synchronous::Full { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        // The trace's row is written after its spans, in the same transaction.
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.pragma_update(None, "cache_size", -32_000)?;
    }
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(SqliteSession { connection, original: Original::of(path), still })
}

/// SQLite does not wait for others when it changes the journal mode, so we do.
fn switch_to_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let gives_up = Instant::now() + patience;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < gives_up =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

impl SqliteSession {
    fn check_still(&self) -> Result<(), DatabaseError> {
        match &self.still {
            Some(still) => still.check(),
            None => Ok(()),
        }
    }
}

impl Session for SqliteSession {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn begin(&mut self, access: Access) -> Result<(), DatabaseError> {
        self.check_still()?;
        if !self.original.is_there() {
            // As a connection that is lost: the next one opens what is there.
            return Err(DatabaseError::new(
                ErrorKind::Connection,
                "the database's file was deleted or replaced",
            ));
        }
        // Immediate: a writer waits its turn at the beginning, where nothing is lost if it waits too long.
        let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        Ok(self.connection.execute_batch(begin)?)
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.connection.execute_batch("COMMIT")?;
        // What was read while another program wrote may be half of this and half of that.
        self.check_still()
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        // SQLite may have ended the transaction by itself, when its disk was full.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        Ok(self.connection.execute_batch("ROLLBACK")?)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let width = statement.column_count();
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let cells = (0..width).map(|at| Ok(cell(row.get_ref(at)?))).collect::<rusqlite::Result<_>>()?;
            found.push(Row(cells));
        }
        Ok(found)
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        let (head, tail) = insert.around(Dialect::Sqlite);
        let marks = vec!["?"; insert.columns.len()].join(", ");
        let mut statement = self.connection.prepare_cached(&format!("{head} VALUES ({marks}){tail}"))?;
        let mut written = 0;
        for row in rows {
            bind(&mut statement, row)?;
            written += statement.raw_execute()? as u64;
        }
        Ok(written)
    }

    /// Changes when another connection has committed; asking costs nothing.
    fn data_version(&mut self) -> Result<Option<i64>, DatabaseError> {
        Ok(Some(self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?))
    }

    /// Leaves one file behind instead of three.
    fn finish(&mut self) {
        if !self.original.is_there() {
            return;
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
        {
            tracing::debug!(%error, "the last checkpoint was left to the next start");
        }
    }
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, Borrowed(value))?;
    }
    Ok(())
}

/// A value that need not be copied to be bound.
struct Borrowed<'a>(&'a Value<'a>);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Text(Some(text)) | Value::Json(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Int(Some(number)) => ValueRef::Integer(*number),
            Value::Bool(Some(flag)) => ValueRef::Integer((*flag).into()),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None) => ValueRef::Null,
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(number) => Cell::Real(number),
        // Another program may have written bytes that are no text.
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}
