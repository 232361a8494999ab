//! `tracestead migrate`: brings databases to our version before a server does, or says what that would take.

mod work;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_store::{Catalog, MigrationStep, OpenError, OpenOptions, SpanStore};

use super::{INTERRUPTED, blocking, connect, fill};
use crate::ExitCode;
use crate::arguments::{self, Serve};
use crate::config::Config;
use crate::printer;
use work::Work;

pub(crate) async fn run(arguments: &arguments::Migrate) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A file that is not there is made, as `serve` makes it; a dry run says how.
    let config = Config::load(&Serve { source: arguments.source.clone(), ..Serve::default() })?;
    let work = Work::plan(&config.server).await?;
    if arguments.dry_run {
        return work.show(arguments.json);
    }
    let options = &work.main.options;
    anyhow::ensure!(
        !options.read_only,
        "{} is only to be read, as `database.read_only` says; `--dry-run` prints what would be done",
        options.url
    );
    for part in work.parts().filter(|part| !part.plan.statements.is_empty()) {
        migrate(part.options.clone(), SpanStore::migrate).await?;
    }
    if !work.catalog.is_empty() {
        migrate(work.catalog_options.clone(), Catalog::migrate).await?;
    }
    let mut filled = Vec::new();
    for part in work.parts() {
        if arguments.no_wait {
            filled.push(None);
            continue;
        }
        let Some(spans) = fill_all(&part.options, &mut interrupt).await? else {
            printer::note("stopped; a server goes on where it stopped, and so does `tracestead migrate`");
            return Ok(ExitCode::from(INTERRUPTED));
        };
        filled.push(Some(spans));
    }
    work.report(&filled, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// What runs statements, and tells of each.
type Migrate = fn(&OpenOptions, &mut (dyn FnMut(MigrationStep<'_>) + Send)) -> Result<(), OpenError>;

async fn migrate(options: OpenOptions, migrate: Migrate) -> anyhow::Result<()> {
    let is_seen = std::io::stderr().is_terminal();
    let migrated = blocking(move || {
        migrate(&options, &mut |step| {
            if is_seen {
                let first = step.sql.lines().next().unwrap_or_default();
                let first: String = first.trim_end_matches(" (").chars().take(80).collect();
                printer::progress(&format!("{} of {}: {first}", step.number, step.of));
            }
        })
    });
    let migrated = migrated.await?;
    if is_seen {
        printer::note("");
    }
    migrated.context("cannot bring the database to this version")
}

/// Waits until every row has our columns, and returns how many had not; `None` if it was interrupted.
async fn fill_all(options: &OpenOptions, interrupt: &mut Signal) -> anyhow::Result<Option<u64>> {
    let looking = OpenOptions { read_only: true, ..options.clone() };
    // Counted before the writer begins.
    let most = connect(looking).await.context("cannot use the database")?.unfilled_spans().await?;
    let store = connect(options.clone()).await.context("cannot use the database")?;
    let filled = tokio::select! {
        filled = fill::wait(&store, most) => Some(filled),
        _ = interrupt.recv() => None,
    };
    store.close().await;
    filled.transpose()
}
