//! SQLite: one file, one writer thread, readers beside it.

mod backfill;
mod commit;
mod filter;
mod fold;
mod pool;
mod quarantine;
mod read;
mod rebuild;
mod rows;
mod schema;
mod source;
mod span_events;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tracestead_model::{PriceBook, UnixNanos};

use crate::{Batch, IngestError, OpenError};
use pool::Readers;
use writer::Writer;

pub use read::SpanQuery;
pub use rebuild::{Rebuild, Rebuilt};

/// When a commit is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it returns: it survives power loss.
    #[default]
    Full,
    /// At the next checkpoint: it survives the end of the process, perhaps not power loss.
    Normal,
}

/// How to open a database file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file; made if it does not exist.
    pub path: PathBuf,
    /// When a commit is on disk.
    pub synchronous: Synchronous,
    /// How many reading connections at most.
    pub readers: usize,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
    /// The time at which it is opened, noted beside migrations.
    pub now: UnixNanos,
    /// What calls cost.
    pub prices: PriceBook,
}

impl SqliteOptions {
    /// Returns the defaults for the file at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, now: UnixNanos) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::Full,
            readers: 4,
            busy_timeout: Duration::from_secs(10),
            now,
            prices: PriceBook::default(),
        }
    }
}

/// What a commit did with a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// How many spans were new or told more than what was there.
    pub new_spans: usize,
    /// How many spans were there already.
    pub known_spans: usize,
    /// Why spans were refused, each alone.
    pub refused: Vec<String>,
}

/// A database in one file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
    prices: Arc<PriceBook>,
}

impl SqliteStore {
    /// Opens the file, brings its tables to our version and starts the writer. Blocks for a few milliseconds.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let cannot_open = |source| OpenError::Open { path: options.path.clone(), source };
        let mut connection = connect(options, OpenFlags::default()).map_err(cannot_open)?;
        schema::migrate(&mut connection, options.now).map_err(|error| match error {
            schema::MigrateError::TooNew { found } => {
                OpenError::TooNew { path: options.path.clone(), found, known: schema::VERSION }
            }
            schema::MigrateError::Failed { version, source } => {
                OpenError::Migrate { path: options.path.clone(), version, source }
            }
        })?;
        let readers = Readers::new(options.clone());
        let prices = Arc::new(options.prices.clone());
        let writer = Writer::start(connection, Arc::clone(&prices)).map_err(OpenError::Thread)?;
        Ok(Self { writer, readers, path: options.path.clone(), prices })
    }

    /// Writes a batch and returns once the commit that holds it is on disk. Writing it again changes nothing.
    pub async fn ingest(&self, batch: Batch) -> Result<Stored, IngestError> {
        self.writer.ingest(batch).await
    }

    /// Returns what calls cost, for [`Batch::prepare`].
    #[must_use]
    pub fn prices(&self) -> &PriceBook {
        &self.prices
    }

    /// Writes what waits, closes the file and returns. Batches given afterwards are refused.
    pub async fn close(&self) {
        self.writer.close().await;
    }

    /// Says whether batches can be written: false once the store is closed or its writer has failed.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writer.is_alive()
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn connect(options: &SqliteOptions, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(&options.path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        // WAL lets readers and Agno's own connections go on while we write.
        switch_to_wal(&connection, options.busy_timeout)?;
        let synchronous = if options.synchronous == Synchronous::Full { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        // The trace's row is written after its spans, in the same transaction.
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.pragma_update(None, "cache_size", -32_000)?;
    }
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
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
