//! A database: one writer thread, readers beside it.

use std::sync::Arc;
use std::time::Duration;

use tracestead_model::{PriceBook, Retention, UnixNanos};

use crate::engine::{Connector, Original};
use crate::read::Attached;
use crate::readers::Readers;
use crate::session::{Access, Session};
use crate::sql::Dialect;
use crate::write::{Background, Planning, Writer};
use crate::{Backfill, Batch, DatabaseUrl, IngestError, OpenError, Prune, PrunePlan, PrunePosition, Pruned};
use crate::{ReadError, Rebuild, Rebuilt, TableNames, schema};

/// When a commit is on disk. SQLite only: servers have settings of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it returns: it survives power loss.
    #[default]
    Full,
    /// At the next checkpoint: it survives the end of the process, perhaps not power loss.
    Normal,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Where it is.
    pub url: DatabaseUrl,
    /// What the tables of traces and spans are called there.
    pub tables: TableNames,
    /// Nothing is written, not even tables.
    pub read_only: bool,
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
    /// What is deleted in the background, as long as it is open.
    pub retention: Option<Retention>,
}

impl OpenOptions {
    /// Returns the defaults for the database at `url`.
    #[must_use]
    pub fn new(url: impl Into<DatabaseUrl>, now: UnixNanos) -> Self {
        Self {
            url: url.into(),
            tables: TableNames::default(),
            read_only: false,
            synchronous: Synchronous::Full,
            readers: 4,
            busy_timeout: Duration::from_secs(10),
            now,
            prices: PriceBook::default(),
            retention: None,
        }
    }

    pub(crate) fn connector(&self) -> Result<Connector, OpenError> {
        Connector::new(self)
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

/// A database with traces.
#[derive(Debug)]
pub struct SpanStore {
    /// None if nothing is to be written.
    writer: Option<Writer>,
    readers: Readers,
    url: DatabaseUrl,
    file: Option<Original>,
    prices: Arc<PriceBook>,
}

impl SpanStore {
    /// Opens the database, brings its tables to our version and starts the writer. Blocks until the database answers.
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        let connector = options.connector()?;
        let prices = Arc::new(options.prices.clone());
        let (writer, attached) = if options.read_only {
            (None, Some(off_thread(|| attached(options, &connector, &prices))?))
        } else {
            let (session, tables) = off_thread(|| migrated(options, &connector))?;
            let background = options.retention.as_ref();
            let background = background.and_then(|retention| Background::new(retention, options.now));
            let writer = Writer::start(session, connector.clone(), tables, Arc::clone(&prices), background);
            (Some(writer.map_err(OpenError::Thread)?), None)
        };
        let readers = Readers::new(connector, options.readers, attached);
        let file = match &options.url {
            DatabaseUrl::Sqlite(path) => Some(Original::of(path)),
            _ => None,
        };
        Ok(Self { writer, readers, url: options.url.clone(), file, prices })
    }

    /// Writes a batch and returns once the commit that holds it is on disk. Writing it again changes nothing: who shares it
    /// can try again what failed.
    pub async fn ingest(&self, batch: impl Into<Arc<Batch>>) -> Result<Stored, IngestError> {
        self.writer()?.ingest(batch.into()).await
    }

    /// Derives some of what is derived from spans again, going on from `position`. Call it again with
    /// [`Rebuilt::position`] until that is `None`.
    pub async fn rebuild_step(
        &self,
        what: Rebuild,
        position: Option<String>,
    ) -> Result<Rebuilt, IngestError> {
        self.writer()?.rebuild(what, position).await
    }

    /// Deletes some of what is to go at `now`, going on from `position`. Call it again with [`Pruned::position`] until that
    /// is `None`.
    pub async fn prune_step(
        &self,
        what: &Prune,
        now: UnixNanos,
        position: Option<PrunePosition>,
    ) -> Result<Pruned, IngestError> {
        self.writer()?.prune(what.clone(), now, position).await
    }

    /// Returns what a prune would delete at `now`.
    pub async fn prune_plan(&self, what: &Prune, now: UnixNanos) -> Result<PrunePlan, ReadError> {
        let mut planning = Planning::new(what.clone(), now);
        loop {
            if let Some(plan) = planning.done() {
                return Ok(plan.clone());
            }
            planning = self.readers().run(move |session| planning.clone().step(session)).await?;
        }
    }

    /// Returns what calls cost, for [`Batch::prepare`].
    #[must_use]
    pub fn prices(&self) -> &PriceBook {
        &self.prices
    }

    /// Writes what waits, closes the database and returns. Batches given afterwards are refused.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    /// Says whether batches can be written: false once the store is closed or its writer has failed.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::is_alive)
    }

    /// Says whether the database is where it was opened: false once its file was deleted or replaced. Then nothing is written
    /// any more unless it has our tables; opening it anew makes them.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.file.as_ref().is_none_or(Original::is_there)
    }

    /// Returns how far our columns are filled in rows that Agno wrote; `None` if nobody fills them.
    #[must_use]
    pub fn backfill(&self) -> Option<Backfill> {
        self.writer.as_ref().map(|writer| writer.progress().now())
    }

    /// Says whether it was opened only to be read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// Returns where the database is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    fn writer(&self) -> Result<&Writer, IngestError> {
        self.writer.as_ref().ok_or(IngestError::ReadOnly)
    }
}

/// Waits for an answer on a thread of its own: waiting for a server is not allowed on every thread.
pub(crate) fn off_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match std::thread::scope(|scope| scope.spawn(work).join()) {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Connects and looks what is there; nothing is changed.
fn attached(
    options: &OpenOptions,
    connector: &Connector,
    prices: &Arc<PriceBook>,
) -> Result<Attached, OpenError> {
    let database = options.url.to_string();
    let mut session = connector.reach(Access::Read).map_err(|source| options.cannot_open(source))?;
    let (found, present) = schema::look(session.as_mut()).map_err(|source| options.cannot_open(source))?;
    let (known, dialect) = (schema::VERSION, session.dialect());
    if found > known {
        return Err(OpenError::TooNew { database, found, known });
    }
    if !present.has("agno_traces") || !present.has("agno_spans") {
        return Err(OpenError::Empty { database });
    }
    // What is missing can be read around where Agno's tables may be; nobody else makes some there.
    if dialect == Dialect::ClickHouse && found < known {
        return Err(OpenError::Outdated { database, found, known });
    }
    Ok(Attached::new(&present, dialect, Arc::clone(prices)))
}

/// Connects and brings the tables to our version.
pub(crate) fn migrated(
    options: &OpenOptions,
    connector: &Connector,
) -> Result<(Box<dyn Session>, schema::Tables), OpenError> {
    let mut session = connector.reach(Access::Write).map_err(|source| options.cannot_open(source))?;
    let tables = schema::migrate(session.as_mut(), options.now, &mut |_| {})
        .map_err(|error| options.cannot_migrate(error))?;
    Ok((session, tables))
}
