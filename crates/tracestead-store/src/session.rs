//! One connection to a database, used by one thread at a time.
//!
//! It blocks. The drivers of PostgreSQL, MySQL and ClickHouse do not, but what is done with a connection is a sequence of
//! statements that depend on each other, the same for all databases, and that reads best and is proved best without
//! colours of functions. A store has one thread that writes and a few at most that read.

use std::sync::Arc;

use tracestead_model::PriceBook;

use crate::TableNames;
use crate::error::DatabaseError;
use crate::names;
use crate::sql::{Dialect, Row, Value};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection. Statements are written with a `?` for each value, see [`crate::sql`].
pub(crate) trait Session: Send {
    fn dialect(&self) -> Dialect;

    /// Returns what the database calls our tables. Statements have it put in; only what the database says of itself has its names.
    fn tables(&self) -> &TableNames {
        &names::DEFAULT
    }

    /// Begins a transaction: every statement until [`Session::commit`] sees one state if it is for reading.
    fn begin(&mut self, access: Access) -> Result<(), DatabaseError>;

    fn commit(&mut self) -> Result<(), DatabaseError>;

    /// Ends the transaction without effect. A connection for which that fails is unusable.
    fn rollback(&mut self) -> Result<(), DatabaseError>;

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError>;

    /// Runs a statement and returns how many rows it wrote.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError>;

    /// Runs `insert` for many rows as fast as the database can, and returns how many were written.
    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError>;

    /// Runs a statement that may take long and must not be within a transaction.
    fn execute_online(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.execute(sql, &[]).map(|_| ())
    }

    /// Waits until nobody else migrates, and keeps others from it.
    fn lock_migrations(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn unlock_migrations(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Goes to where the tables are; fails if there is no such place.
    fn enter(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Returns the statement that makes the place of the tables, a schema or a database, if it is not there. It is asked
    /// within a transaction and before anything is asked about tables.
    fn missing_place(&mut self) -> Result<Option<String>, DatabaseError> {
        Ok(None)
    }

    /// Runs the statement of [`Session::missing_place`] and goes there.
    fn make_place(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.execute(sql, &[]).map(|_| ())
    }

    /// Returns the statements after which those of a migration mean the same to whoever runs them by hand.
    fn preamble(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns what stands at the end of a `CREATE TABLE`.
    fn table_options(&self) -> String {
        String::new()
    }

    /// Returns what stands before the name of a table outside of a transaction.
    fn qualifier(&self) -> String {
        String::new()
    }

    /// Returns the cluster on whose servers the tables are.
    fn cluster(&self) -> Option<&str> {
        None
    }

    /// Says that the sums of these hours are no longer what their spans say, where they are not kept with the spans.
    fn touch_hours(&mut self, _hours: &[i64]) {}

    /// Keeps hours from being summed anew until the transaction ends or, to sum them, others from adding to them.
    fn lock_rollups(&mut self, _to_sum_anew: bool) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Returns a number that changes when another connection has written; `None` if only looking tells.
    fn data_version(&mut self) -> Result<Option<i64>, DatabaseError> {
        Ok(None)
    }

    /// Returns what calls cost if our columns may be empty and nobody may fill them: what they would say is then derived
    /// while they are read.
    fn derives(&self) -> Option<Arc<PriceBook>> {
        None
    }

    /// Tidies up before the last connection is closed.
    fn finish(&mut self) {}
}

/// What to do with many rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Insert<'a> {
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [&'a str],
    pub(crate) conflict: Conflict<'a>,
}

/// What happens to a row whose key is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Conflict<'a> {
    /// Nothing: it is not written.
    Keep,
    /// There is none, or the whole transaction fails.
    Never,
    /// It is written over, but for the columns of its key and those that are kept.
    Replace { key: &'a str, kept: &'a [&'a str] },
    /// Its numbers are added to those that are there; `sums` names the columns.
    Add { key: &'a str, sums: &'a [&'a str] },
}

impl Insert<'_> {
    /// Returns the text that stands before and after the values.
    pub(crate) fn around(&self, dialect: Dialect) -> (String, String) {
        let (verb, tail) = match self.conflict {
            Conflict::Keep => {
                let (verb, tail) = dialect.insert_new();
                (verb, tail.to_owned())
            }
            Conflict::Never => ("INSERT INTO", String::new()),
            Conflict::Replace { key, kept } => {
                let is_written =
                    |column: &&&str| !kept.contains(*column) && !key.split(", ").any(|part| part == **column);
                let columns: Vec<&str> = self.columns.iter().filter(is_written).copied().collect();
                ("INSERT INTO", dialect.on_conflict(key, &columns, |_, new| new.to_owned()))
            }
            Conflict::Add { key, sums } => {
                let table = self.table;
                let add = |column: &str, new: &str| format!("{table}.{column} + {new}");
                ("INSERT INTO", dialect.on_conflict(key, sums, add))
            }
        };
        (format!("{verb} {} ({})", self.table, self.columns.join(", ")), tail)
    }
}

/// Runs `work` in a transaction; of an error nothing stays.
pub(crate) fn transaction<T>(
    session: &mut dyn Session,
    access: Access,
    work: impl FnOnce(&mut dyn Session) -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    session.begin(access)?;
    match work(session) {
        Ok(answer) => session.commit().map(|()| answer),
        Err(error) => {
            // The first error is what went wrong; a connection that cannot roll back says so at its next use.
            let _ = session.rollback();
            Err(error)
        }
    }
}
