//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be opened or made.
    #[error("cannot open database {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The tables cannot be made or extended.
    #[error("cannot migrate database {path} to version {version}: {source}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The migration that failed.
        version: u32,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A later tracestead made the tables.
    #[error(
        "database {path} is at version {found}, this tracestead knows versions up to {known}; run a newer tracestead"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
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
}

/// A question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The database refused.
    #[error("cannot read database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The reading thread ended.
    #[error("cannot read database: shutting down")]
    Closed,
}
