//! `tracestead migrate`: brings databases to our version before a server does, or says what that would take.

mod work;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_store::{Catalog, MigrationStep, OpenError, OpenOptions, SpanStore};

use super::show::thousands;
use super::{INTERRUPTED, TO_DO, blocking, connect};
use crate::arguments::{self, Serve};
use crate::config::Config;
use crate::printer;
use work::Work;

/// How often it is asked how many rows are left.
const LOOK: Duration = Duration::from_millis(200);

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
        let Some(spans) = fill(&part.options, &mut interrupt).await? else {
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
async fn fill(options: &OpenOptions, interrupt: &mut Signal) -> anyhow::Result<Option<u64>> {
    let looking = OpenOptions { read_only: true, ..options.clone() };
    // Counted before the writer begins.
    let mut most = connect(looking).await.context("cannot use the database")?.unfilled_spans().await?;
    let store = connect(options.clone()).await.context("cannot use the database")?;
    let filling = async {
        let is_seen = std::io::stderr().is_terminal();
        loop {
            let left = store.unfilled_spans().await?;
            most = left.max(most);
            if is_seen && most > 0 {
                printer::progress(&bar(most - left, most));
            }
            if left == 0 {
                if is_seen && most > 0 {
                    printer::note("");
                }
                return anyhow::Ok(most);
            }
            anyhow::ensure!(
                store.is_writing(),
                "the writer has stopped; run it again once the cause is gone"
            );
            tokio::time::sleep(LOOK).await;
        }
    };
    let filled = tokio::select! {
        filled = filling => Some(filled),
        _ = interrupt.recv() => None,
    };
    store.close().await;
    filled.transpose()
}

fn bar(done: u64, of: u64) -> String {
    let number = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    format!("{} {} of {} spans filled", printer::bar(done, of), number(done), number(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(0, 1), "[........................] 0 of 1 spans filled");
        assert_eq!(bar(1500, 3000), "[############............] 1,500 of 3,000 spans filled");
        assert_eq!(bar(3000, 3000), "[########################] 3,000 of 3,000 spans filled");
    }
}
