//! Databases, as programs use them: opened when needed, read without `async`.

mod ask;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "clickhouse"))]
mod kinds;
mod place;

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Runtime;
use tracestead_model::PriceBook;
use tracestead_store::{Batch, DatabaseUrl, OpenOptions, ReadError, SpanStore, Stored, TableNames, UrlError};

#[cfg(feature = "clickhouse")]
pub use kinds::ClickHouseDb;
#[cfg(feature = "mysql")]
pub use kinds::MySqlDb;
#[cfg(feature = "postgres")]
pub use kinds::PostgresDb;
#[cfg(feature = "sqlite")]
pub use kinds::SqliteDb;

pub use ask::{StatsQuery, TraceQuery, TraceStatus, filter_from_json};

use crate::now;
use crate::pipeline::Flush;
use place::Place;

/// A database with traces: SQLite, PostgreSQL, MySQL, MariaDB or ClickHouse.
///
/// It is cheap to clone, and all clones are one. Making one reads the URL only. It is opened when the first spans come or
/// the first question is asked, its tables are made if they are not there, and if it cannot be opened then, that is tried
/// again the next time: a program that traces itself starts whether or not its database has.
///
/// Questions block until they are answered; in `async` code ask them in `tokio::task::spawn_blocking` if the runtime must not
/// wait. What this process has recorded into the database, by whatever `Db`, is stored before a question is asked, so that a
/// program can read what it has just done.
///
/// ```
/// use tracestead::{Db, TraceQuery};
///
/// # let directory = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}", directory.path().join("traces.db").display());
/// let db = Db::open(&url)?;
/// let traces = db.get_traces(TraceQuery { agent_id: Some("support".into()), ..TraceQuery::default() })?;
/// assert!(traces.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    options: OpenOptions,
    place: Place,
    opened: Mutex<Option<Opened>>,
}

#[derive(Clone)]
struct Opened {
    /// A process that was forked from this one has none of the threads of the store, and must not touch its connections.
    process: u32,
    store: Arc<SpanStore>,
    runtime: Arc<Waiting>,
}

impl Opened {
    fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let opened = self.opened.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(opened) = opened.filter(|opened| !opened.is_of_this_process()) {
            std::mem::forget(opened);
        }
    }
}

/// A runtime to wait on. Dropped, it waits for nobody: in `async` code that would be a panic.
struct Waiting(Option<Runtime>);

impl Waiting {
    fn block_on<T: Send>(&self, work: impl Future<Output = T> + Send) -> Result<T, DbError> {
        let Some(runtime) = &self.0 else {
            return Err(std::io::Error::other("the runtime has ended").into());
        };
        Ok(outside_of_async(|| runtime.block_on(work)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The database does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// What was given does not name a database.
    #[error("cannot read the database's URL: {0}")]
    Url(#[from] UrlError),
    /// It cannot be opened, or its tables cannot be made.
    #[error(transparent)]
    Open(#[from] tracestead_store::OpenError),
    /// It does not answer a question.
    #[error(transparent)]
    Read(#[from] tracestead_store::ReadError),
    /// It does not take spans.
    #[error(transparent)]
    Ingest(#[from] tracestead_store::IngestError),
    /// The directory in which a file is to be cannot be made.
    #[error("cannot make directory {directory} for the database: {source}")]
    Directory {
        /// Its path.
        directory: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gives no threads.
    #[error("cannot prepare to open the database: {0}")]
    System(#[from] std::io::Error),
    /// Another process opened it, from which this one was forked.
    #[error(
        "the database was opened by the process from which this one was forked; open it (and set tracing up) after the fork"
    )]
    Forked,
    /// The value cannot be asked for.
    #[error("cannot read the question: {0}")]
    Question(String),
}

impl Db {
    /// Names a database by its URL, as `sqlite:PATH` or `postgres://USER@HOST/DATABASE`; SQLAlchemy's forms are understood
    /// as well. See `docs/config.md` for all of them.
    ///
    /// # Errors
    ///
    /// If that is no URL of a database.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let url: DatabaseUrl = url.parse()?;
        Ok(Self::with_options(OpenOptions::new(url, now())))
    }

    /// Names a database with options of the store's own.
    #[must_use]
    pub fn with_options(mut options: OpenOptions) -> Self {
        if let DatabaseUrl::Sqlite(path) = &mut options.url
            && let Ok(absolute) = std::path::absolute(&*path)
        {
            // It is opened later, and opened again: a program may have gone to another directory meanwhile.
            *path = absolute;
        }
        let place = Place::new(&options.url, &options.tables);
        Self { inner: Arc::new(Inner { options, place, opened: Mutex::new(None) }) }
    }

    /// Returns the same database with other names of the tables of traces and spans, as Agno's database objects may have.
    #[must_use]
    pub fn with_tables(&self, tables: TableNames) -> Self {
        let mut options = self.inner.options.clone();
        options.tables = tables;
        Self::with_options(options)
    }

    /// Returns the same database with connections of its own.
    #[must_use]
    pub fn unconnected(&self) -> Self {
        Self::with_options(self.inner.options.clone())
    }

    /// Says whether both are the same tables, whatever the two are called and whoever logs in.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.inner.place.is_same_as(&other.inner.place)
    }

    /// Returns where it is. Shown, it has no password.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.options.url
    }

    /// Opens it now, unless it is open.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or its tables cannot be made.
    pub fn check(&self) -> Result<(), DbError> {
        self.opened().map(|_| ())
    }

    /// Closes its connections. Whoever uses it later opens it again.
    pub fn close(&self) {
        let opened = self.lock().take_if(|opened| opened.is_of_this_process());
        if let Some(opened) = opened {
            // It fails only if there is nothing to close.
            let _ = opened.runtime.block_on(opened.store.close());
        }
    }

    pub(crate) fn prices(&self) -> &PriceBook {
        &self.inner.options.prices
    }

    /// Remembers who records into it.
    pub(crate) fn is_fed_by(&self, feed: &Arc<dyn Flush>) {
        self.inner.place.is_fed_by(feed);
    }

    /// Stores what this process has recorded into it, unless that fails anyway. All questions begin so.
    pub fn flush_before_reading(&self) {
        self.inner.place.flush_before_reading();
    }

    /// Writes a batch, and returns once it is on disk.
    pub(crate) fn ingest(&self, batch: &Arc<Batch>) -> Result<Stored, DbError> {
        let opened = self.opened()?;
        let stored = opened.runtime.block_on(opened.store.ingest(Arc::clone(batch)))?;
        if stored.is_err() && !opened.store.is_writing() {
            // Its writer has failed: the next try opens it anew.
            *self.lock() = None;
        }
        Ok(stored?)
    }

    /// Stores what this process has recorded, then asks.
    fn ask<T, Answer>(&self, question: impl FnOnce(Arc<SpanStore>) -> Answer) -> Result<T, DbError>
    where
        T: Send,
        Answer: Future<Output = Result<T, ReadError>> + Send,
    {
        self.flush_before_reading();
        let opened = self.opened()?;
        Ok(opened.runtime.block_on(question(Arc::clone(&opened.store)))??)
    }

    fn opened(&self) -> Result<Opened, DbError> {
        let mut opened = self.lock();
        if let Some(opened) = &*opened {
            if !opened.is_of_this_process() {
                return Err(DbError::Forked);
            }
            // A file that was deleted is made again, as one that was not there.
            if opened.store.is_in_place() {
                return Ok(opened.clone());
            }
        }
        let mut options = self.inner.options.clone();
        options.now = now();
        if let DatabaseUrl::Sqlite(path) = &options.url {
            make_directory(path)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .thread_name("tracestead-reader")
            .max_blocking_threads(4)
            .enable_all()
            .build()?;
        let store = Arc::new(SpanStore::open(&options)?);
        let made = Opened { process: std::process::id(), store, runtime: Arc::new(Waiting(Some(runtime))) };
        *opened = Some(made.clone());
        Ok(made)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Opened>> {
        self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Db").field(&self.url().to_string()).finish()
    }
}

/// The directory of `tmp/traces.db` is made as well, as Agno does.
fn make_directory(path: &Path) -> Result<(), DbError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => std::fs::create_dir_all(parent)
            .map_err(|source| DbError::Directory { directory: parent.display().to_string(), source }),
        _ => Ok(()),
    }
}

/// Runs what blocks. Within an async runtime that is not allowed on its own threads, so there it is done on another.
fn outside_of_async<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    match std::thread::scope(|scope| scope.spawn(work).join()) {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
