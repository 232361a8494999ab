//! One module a command.

pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod demo;
pub(crate) mod doctor;
mod fill;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod prune;
pub(crate) mod rebuild;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod spans;
pub(crate) mod traces;

use anyhow::Context as _;
use tracestead_model::{PriceBook, UnixNanos};
use tracestead_server::Settings;
use tracestead_store::{DatabaseUrl, OpenError, OpenOptions, SpanStore};

use crate::arguments::{Serve, Source};
use crate::config::Config;

/// Opens the database to look at what is stored, and changes nothing in it.
pub(crate) async fn open_to_read(source: &Source) -> anyhow::Result<SpanStore> {
    open_as(&Serve { source: source.clone(), read_only: true, ..Serve::default() }).await
}

/// Opens the database for commands that change what is stored.
pub(crate) async fn open(source: &Source) -> anyhow::Result<SpanStore> {
    open_as(&Serve { source: source.clone(), ..Serve::default() }).await
}

async fn open_as(serve: &Serve) -> anyhow::Result<SpanStore> {
    let config = existing(serve)?;
    connect(options(&config.server)).await.context("cannot use the database")
}

/// Reads the configuration of a command for which a file must exist, as it has no reason to make one.
pub(crate) fn existing(serve: &Serve) -> anyhow::Result<Config> {
    let config = Config::load(serve)?;
    if let DatabaseUrl::Sqlite(path) = &config.server.database {
        anyhow::ensure!(
            path.exists(),
            "there is no database at {}; name one with --db, or start `tracestead serve` to make it",
            path.display()
        );
    }
    Ok(config)
}

/// Opens a database: it may take as long as a network and a migration take.
pub(crate) async fn connect(options: OpenOptions) -> Result<SpanStore, OpenError> {
    blocking(move || SpanStore::open(&options)).await.map_err(OpenError::Thread)?
}

/// Does work that blocks, off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// Returns how to open the database. Prices matter to readers too: an open store reads the spans that Agno wrote.
pub(crate) fn options(settings: &Settings) -> OpenOptions {
    let mut options = OpenOptions::new(settings.database.clone(), now());
    options.read_only = settings.read_only;
    options.synchronous = settings.synchronous;
    options.prices = PriceBook::new(settings.prices.clone());
    options
}

/// Returns the time of the wall clock. It is asked here only.
pub(crate) fn now() -> UnixNanos {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX);
    UnixNanos::new(nanos).unwrap_or(UnixNanos::EPOCH)
}

/// The exit code of a program that Ctrl-C ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code for a thing that is not there.
pub(crate) const NOT_FOUND: u8 = 3;

/// The exit code of a dry run if there is something to do.
pub(crate) const TO_DO: u8 = 4;
