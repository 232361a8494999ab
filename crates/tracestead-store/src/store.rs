//! A database: one writer thread, readers beside it.

use std::sync::Arc;
use std::time::Duration;

use tracestead_model::{PriceBook, Retention, UnixNanos};

use crate::engine::{Connector, sqlite};
use crate::error::DatabaseError;
use crate::readers::Readers;
use crate::session::{Access, Session};
use crate::write::{Background, Planning, Writer};
use crate::{Batch, DatabaseUrl, IngestError, OpenError, Prune, PrunePlan, PrunePosition, Pruned, ReadError};
use crate::{Rebuild, Rebuilt, schema};

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
            read_only: false,
            synchronous: Synchronous::Full,
            readers: 4,
            busy_timeout: Duration::from_secs(10),
            now,
            prices: PriceBook::default(),
            retention: None,
        }
    }

    fn connector(&self) -> Connector {
        let options = sqlite::Options { synchronous: self.synchronous, busy_timeout: self.busy_timeout };
        Connector::new(&self.url, options)
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
    prices: Arc<PriceBook>,
}

impl SpanStore {
    /// Opens the database, brings its tables to our version and starts the writer. Blocks until the database answers.
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        let connector = options.connector();
        let prices = Arc::new(options.prices.clone());
        let writer = if options.read_only {
            None
        } else {
            // Waiting for a server is not allowed on every thread.
            let migrated = std::thread::scope(|scope| {
                scope.spawn(|| migrated(options, &connector)).join().map_err(std::panic::resume_unwind)
            });
            let (session, tables) = match migrated {
                Ok(migrated) => migrated?,
                Err(never) => never,
            };
            let background = options.retention.as_ref();
            let background = background.and_then(|retention| Background::new(retention, options.now));
            let writer = Writer::start(session, connector.clone(), tables, Arc::clone(&prices), background);
            Some(writer.map_err(OpenError::Thread)?)
        };
        let readers = Readers::new(connector, options.readers);
        Ok(Self { writer, readers, url: options.url.clone(), prices })
    }

    /// Writes a batch and returns once the commit that holds it is on disk. Writing it again changes nothing.
    pub async fn ingest(&self, batch: Batch) -> Result<Stored, IngestError> {
        self.writer()?.ingest(batch).await
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

/// Connects and brings the tables to our version.
fn migrated(
    options: &OpenOptions,
    connector: &Connector,
) -> Result<(Box<dyn Session>, schema::Tables), OpenError> {
    let database = options.url.to_string();
    let cannot_open = |source: DatabaseError| OpenError::Open { database: options.url.to_string(), source };
    let mut session = connector.connect(Access::Write).map_err(cannot_open)?;
    let tables = schema::migrate(session.as_mut(), options.now).map_err(|error| match error {
        schema::MigrateError::TooNew { found } => {
            OpenError::TooNew { database, found, known: schema::VERSION }
        }
        schema::MigrateError::Failed { version, source } => OpenError::Migrate { database, version, source },
    })?;
    Ok((session, tables))
}
