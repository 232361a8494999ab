//! Bringing a database to our version, or only saying what that would take.

use std::path::PathBuf;

use crate::error::DatabaseError;
use crate::schema::{self, MigrateError};
use crate::session::{Access, Session};
use crate::store::off_thread;
use crate::{DatabaseUrl, OpenError, OpenOptions, ReadError, SpanStore};

/// What brings a database to our version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The version that it has; 0 if it has none of our tables.
    pub from: u32,
    /// Ours.
    pub to: u32,
    /// Statements in the order in which they are run; none if there is nothing to do.
    pub statements: Vec<String>,
}

/// A statement that is about to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationStep<'a> {
    /// Which it is, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// The statement.
    pub sql: &'a str,
}

impl SpanStore {
    /// Returns what would be done to the tables of a database to open it, and changes nothing: what is not there yet, a file, a
    /// schema or a database, is not made. Blocks until it answers.
    pub fn plan(options: &OpenOptions) -> Result<Plan, OpenError> {
        off_thread(|| {
            let mut session = options.look()?;
            let (from, statements) = schema::script(session.as_mut(), options.now)
                .map_err(|source| options.cannot_open(source))?;
            let to = schema::VERSION;
            if from > to {
                return Err(options.cannot_migrate(MigrateError::TooNew { found: from }));
            }
            Ok(Plan { from, to, statements })
        })
    }

    /// Brings the tables of a database to our version, as [`SpanStore::open`] does, and tells of each statement before it
    /// is run. Blocks until it is done.
    pub fn migrate(
        options: &OpenOptions,
        tell: &mut (dyn FnMut(MigrationStep<'_>) + Send),
    ) -> Result<(), OpenError> {
        off_thread(|| {
            let mut session = options.reach(Access::Write)?;
            let migrated = schema::migrate(session.as_mut(), options.now, tell);
            migrated.map(|_| ()).map_err(|error| options.cannot_migrate(error))
        })
    }
}

impl SpanStore {
    /// Returns how many spans are still to be filled, all of them counted: see [`SpanStore::backfill`] for what costs less.
    pub async fn unfilled_spans(&self) -> Result<u64, ReadError> {
        self.readers()
            .run(|session| {
                let from = session.dialect().from("agno_spans");
                let sql = format!("SELECT COUNT(*) FROM {from} WHERE is_counted IS NULL");
                Ok(session.query(&sql, &[])?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
            })
            .await
    }
}

impl OpenOptions {
    /// Connects only to look: nothing is made, not even files beside a file. One that is not there is looked at as an empty one.
    pub(crate) fn look(&self) -> Result<Box<dyn Session>, OpenError> {
        let mut looking = Self { read_only: true, ..self.clone() };
        if matches!(&self.url, DatabaseUrl::Sqlite(path) if !path.exists()) {
            looking.url = DatabaseUrl::Sqlite(PathBuf::from(":memory:"));
        }
        looking.connector()?.reach(Access::Read).map_err(|source| self.cannot_open(source))
    }

    /// Connects to where there may be no place for the tables yet.
    pub(crate) fn reach(&self, access: Access) -> Result<Box<dyn Session>, OpenError> {
        self.connector()?.reach(access).map_err(|source| self.cannot_open(source))
    }

    pub(crate) fn cannot_open(&self, source: DatabaseError) -> OpenError {
        OpenError::Open { database: self.url.to_string(), source }
    }

    pub(crate) fn cannot_migrate(&self, error: MigrateError) -> OpenError {
        let database = self.url.to_string();
        match error {
            MigrateError::TooNew { found } => OpenError::TooNew { database, found, known: schema::VERSION },
            MigrateError::Failed { version, source } => OpenError::Migrate { database, version, source },
        }
    }
}
