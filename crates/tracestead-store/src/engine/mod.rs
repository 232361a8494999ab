//! The databases: how each is reached, and what its driver makes of a statement.

pub(crate) mod sqlite;

use std::path::PathBuf;

use crate::error::DatabaseError;
use crate::session::{Access, Session};
use crate::sql::Value;

/// Makes connections to one database.
#[derive(Debug, Clone)]
pub(crate) enum Connector {
    Sqlite(PathBuf, sqlite::Options),
}

impl Connector {
    pub(crate) fn connect(&self, access: Access) -> Result<Box<dyn Session>, DatabaseError> {
        match self {
            Self::Sqlite(path, options) => Ok(Box::new(sqlite::connect(path, access, *options)?)),
        }
    }
}

/// Tells ClickHouse that the row of a trace is no longer where it was: its place depends on when the trace began.
pub(crate) fn forget_moved(
    session: &mut dyn Session,
    trace_id: &str,
    start_time_ns: i64,
) -> Result<(), DatabaseError> {
    session.execute(
        "INSERT INTO agno_traces SELECT * REPLACE (1 AS is_deleted) FROM agno_traces FINAL
            WHERE trace_id = ? AND start_time_ns = ?",
        &[Value::text(trace_id), Value::int(start_time_ns)],
    )?;
    Ok(())
}
