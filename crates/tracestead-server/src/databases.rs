//! The databases of a server: the main one, which takes what is sent, others that are only asked, and the catalogue.

use std::sync::Arc;

use tracestead_model::{PriceBook, Retention, UnixNanos};
use tracestead_store::{Backfill, Catalog, DatabaseUrl, OpenError, OpenOptions, SpanStore};

use crate::Settings;

/// A database beside the main one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDatabase {
    /// The name under which it is asked for, `db_id`.
    pub id: String,
    /// Where it is.
    pub url: DatabaseUrl,
    /// Nothing in it is changed.
    pub read_only: bool,
}

/// The databases of a server.
#[derive(Debug)]
pub(crate) struct Databases {
    main: Open,
    others: Vec<Open>,
    /// None if the server only reads.
    catalog: Option<Catalog>,
}

/// One that is open.
#[derive(Debug)]
struct Open {
    id: String,
    store: Arc<SpanStore>,
}

impl Databases {
    /// Opens them one after the other.
    pub(crate) async fn open(settings: &Settings, now: UnixNanos) -> Result<Self, OpenError> {
        let main = NamedDatabase {
            id: settings.database_id.clone(),
            url: settings.database.clone(),
            read_only: settings.read_only,
        };
        // The rules are about what is sent here.
        let main = open(&main, settings, Some(&settings.retention), now).await?;
        let mut opened = Self { main, others: Vec::new(), catalog: None };
        for database in &settings.databases {
            match open(database, settings, None, now).await {
                Ok(open) => opened.others.push(open),
                Err(error) => {
                    opened.close().await;
                    return Err(error);
                }
            }
        }
        if !settings.read_only {
            match open_catalog(settings, now).await {
                Ok(catalog) => opened.catalog = Some(catalog),
                Err(error) => {
                    opened.close().await;
                    return Err(error);
                }
            }
        }
        Ok(opened)
    }

    pub(crate) fn main(&self) -> &Arc<SpanStore> {
        &self.main.store
    }

    pub(crate) fn catalog(&self) -> Option<&Catalog> {
        self.catalog.as_ref()
    }

    /// Returns the one with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&SpanStore> {
        self.all().find(|(known, _)| *known == id).map(|(_, store)| store)
    }

    /// Returns all with their ids, the main one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &SpanStore)> {
        std::iter::once(&self.main).chain(&self.others).map(|open| (open.id.as_str(), open.store.as_ref()))
    }

    /// Says whether all can be written to that are to be.
    pub(crate) fn are_writing(&self) -> bool {
        self.all().all(|(_, store)| store.is_read_only() || store.is_writing())
    }

    /// Returns how far the rows of all are filled; `None` if all are only read.
    pub(crate) fn backfill(&self) -> Option<Backfill> {
        self.all().filter_map(|(_, store)| store.backfill()).reduce(|one, other| Backfill {
            pending: one.pending + other.pending,
            done: one.done + other.done,
        })
    }

    /// Writes what waits and closes them.
    pub(crate) async fn close(&self) {
        for (_, store) in self.all() {
            store.close().await;
        }
    }
}

/// Opens a database off the async threads: it may take as long as a network and a migration take.
async fn open(
    database: &NamedDatabase,
    settings: &Settings,
    retention: Option<&Retention>,
    now: UnixNanos,
) -> Result<Open, OpenError> {
    let mut options = OpenOptions::new(database.url.clone(), now);
    options.read_only = database.read_only;
    options.synchronous = settings.synchronous;
    options.prices = PriceBook::new(settings.prices.clone());
    options.retention = retention.cloned();
    let opened = tokio::task::spawn_blocking(move || SpanStore::open(&options));
    let store = opened.await.map_err(|error| OpenError::Thread(error.into()))??;
    Ok(Open { id: database.id.clone(), store: Arc::new(store) })
}

async fn open_catalog(settings: &Settings, now: UnixNanos) -> Result<Catalog, OpenError> {
    let mut options = OpenOptions::new(settings.catalog_url(), now);
    options.synchronous = settings.synchronous;
    let opened = tokio::task::spawn_blocking(move || Catalog::open(&options));
    opened.await.map_err(|error| OpenError::Thread(error.into()))?
}
