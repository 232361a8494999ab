//! `tracestead migrate`: brings a database to our version before a server does, or says what that would take.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_server::Settings;
use tracestead_store::{Catalog, MigrationStep, OpenError, OpenOptions, Plan, SpanStore};

use super::show::{counted, thousands};
use super::{INTERRUPTED, blocking, connect, options};
use crate::arguments::{self, Serve};
use crate::config::Config;
use crate::printer;

/// The exit code of `--dry-run` if there is something to do.
const TO_DO: u8 = 4;

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
    let options = &work.options;
    anyhow::ensure!(
        !options.read_only,
        "{} is only to be read, as `database.read_only` says; `--dry-run` prints what would be done",
        options.url
    );
    if !work.plan.statements.is_empty() {
        migrate(options.clone(), SpanStore::migrate).await?;
    }
    if !work.catalog.is_empty() {
        migrate(work.catalog_options.clone(), Catalog::migrate).await?;
    }
    let filled = if arguments.no_wait {
        None
    } else {
        let Some(filled) = fill(options, &mut interrupt).await? else {
            printer::note("stopped; a server goes on where it stopped, and so does `tracestead migrate`");
            return Ok(ExitCode::from(INTERRUPTED));
        };
        Some(filled)
    };
    work.report(filled, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be done, and where.
struct Work {
    options: OpenOptions,
    plan: Plan,
    catalog_options: OpenOptions,
    /// The statements that make the catalogue.
    catalog: Vec<String>,
}

impl Work {
    async fn plan(settings: &Settings) -> anyhow::Result<Self> {
        let options = options(settings);
        let catalog_options = OpenOptions { url: settings.catalog_url(), ..options.clone() };
        let is_beside_spans = options.url.same_place(&catalog_options.url);
        let (of_spans, of_catalog) = (options.clone(), catalog_options.clone());
        let plan =
            blocking(move || SpanStore::plan(&of_spans)).await?.context("cannot look at the database")?;
        let catalog = blocking(move || Catalog::plan(&of_catalog, is_beside_spans)).await?;
        let catalog = catalog.context("cannot look at the catalogue")?;
        Ok(Self { options, plan, catalog_options, catalog })
    }

    fn count(&self) -> u64 {
        (self.plan.statements.len() + self.catalog.len()) as u64
    }

    /// Prints the statements, so that they can be read, kept, and run by hand.
    fn show(&self, is_json: bool) -> anyhow::Result<ExitCode> {
        if is_json {
            printer::line(&self.json().to_string())?;
        } else if self.count() == 0 {
            printer::note(&format!(
                "{} is at version {}: there is nothing to do",
                self.options.url, self.plan.to
            ));
        } else {
            let is_apart = !self.options.url.same_place(&self.catalog_options.url);
            for (at, statement) in self.plan.statements.iter().chain(&self.catalog).enumerate() {
                if is_apart && at == self.plan.statements.len() {
                    printer::line(&format!("-- the catalogue, in {}", self.catalog_options.url))?;
                }
                printer::line(&format!("{statement};"))?;
            }
        }
        Ok(ExitCode::from(if self.count() == 0 { 0 } else { TO_DO }))
    }

    fn report(&self, filled: Option<u64>, is_json: bool) -> std::io::Result<()> {
        if is_json {
            let mut json = self.json();
            json["filled_spans"] = filled.into();
            return printer::line(&json.to_string());
        }
        let (url, to) = (&self.options.url, self.plan.to);
        let tables = match self.count() {
            0 => format!("{url} is at version {to} already"),
            count => format!("{url} is at version {to} now, by {}", counted(count, "statement")),
        };
        printer::line(&match filled {
            None => format!("{tables}; a server fills the rows that Agno wrote"),
            Some(0) => format!("{tables}; no row was to be filled"),
            Some(spans) => format!("{tables}; {} filled", counted(spans, "span")),
        })
    }

    fn json(&self) -> Value {
        json!({
            "database": self.options.url.to_string(),
            "from": self.plan.from,
            "to": self.plan.to,
            "statements": self.plan.statements,
            "catalog": {"database": self.catalog_options.url.to_string(), "statements": self.catalog},
        })
    }
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
