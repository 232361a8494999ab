//! What can go wrong, by what the caller can do about it.

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be reached, opened or made.
    #[error("cannot open database {database}: {source}")]
    Open {
        /// The database, without its password.
        database: String,
        /// What it says.
        source: DatabaseError,
    },
    /// Its driver was left out of this build.
    #[error(
        "cannot open database {database}: this build has no driver for {server}; enable the cargo feature `{feature}`"
    )]
    NoDriver {
        /// The database, without its password.
        database: String,
        /// Whose driver it is.
        server: &'static str,
        /// The feature of the crate `tracestead-store` that has it.
        feature: &'static str,
    },
    /// The tables cannot be made or extended.
    #[error("cannot migrate database {database} to version {version}: {source}")]
    Migrate {
        /// The database, without its password.
        database: String,
        /// The migration that failed.
        version: u32,
        /// What it says.
        source: DatabaseError,
    },
    /// A later tracestead made the tables.
    #[error(
        "database {database} is at version {found}, this tracestead knows versions up to {known}; run a newer tracestead"
    )]
    TooNew {
        /// The database, without its password.
        database: String,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// There is nothing to read, and nothing may be made.
    #[error("database {database} has no tables of traces, and none are made where it is only to be read")]
    Empty {
        /// The database, without its password.
        database: String,
    },
    /// The tables are older than this tracestead, and may not be changed.
    #[error(
        "database {database} is at version {found} and is only to be read; bring it to version {known} with `tracestead migrate`"
    )]
    Outdated {
        /// The database, without its password.
        database: String,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The writer thread cannot be started.
    #[error("cannot start the writer thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// A batch was not stored. Nothing of it is in the database; sending it again is right.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The database refused: locked, full, gone.
    #[error("cannot store spans: {0}")]
    Database(String),
    /// The store is closed.
    #[error("cannot store spans: shutting down")]
    Closed,
    /// The store was opened only to be read.
    #[error("cannot store spans: the database is only to be read")]
    ReadOnly,
}

/// A question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The database refused.
    #[error("cannot read database: {0}")]
    Database(#[from] DatabaseError),
    /// The reading thread ended.
    #[error("cannot read database: shutting down")]
    Closed,
}

/// What a database says went wrong.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct DatabaseError {
    pub(crate) kind: ErrorKind,
    message: String,
}

/// What can be done about an error of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Doing it again may work: a deadlock, a conflict with another writer.
    Conflict,
    /// The connection is gone, or the database is not there.
    Connection,
    /// Another try would meet it again, with these rows only.
    Rows,
    /// Anything else.
    Other,
}

impl DatabaseError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

#[cfg(feature = "sqlite")]
impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
                ErrorKind::Rows
            }
            _ => ErrorKind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
