//! Why a copy does not begin, or does not go on.

use crate::{DatabaseError, OpenError};

/// A copy cannot begin or go on. What was copied so far is whole, and another try goes on after it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// One of the databases cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is one database only.
    #[error("cannot copy {database} into itself; --from and --to name the same database")]
    Same {
        /// The database, without its password.
        database: String,
    },
    /// There is nothing to copy.
    #[error("cannot copy {database}: it has no tables agno_traces and agno_spans")]
    NoTraces {
        /// The database, without its password.
        database: String,
    },
    /// The target would lose something.
    #[error(
        "cannot copy table {table}: {to} has no place for what is in {columns}; add these columns there first"
    )]
    Columns {
        /// The target, without its password.
        to: String,
        /// The table.
        table: String,
        /// The columns that are missing, separated by commas.
        columns: String,
    },
    /// The source cannot be read.
    #[error("cannot read {database}: {source}")]
    Read {
        /// The database, without its password.
        database: String,
        /// What it says.
        source: DatabaseError,
    },
    /// The target cannot be written.
    #[error("cannot write {database}: {source}")]
    Write {
        /// The database, without its password.
        database: String,
        /// What it says.
        source: DatabaseError,
    },
}
