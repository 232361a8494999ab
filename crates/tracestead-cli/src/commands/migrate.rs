//! `tracestead migrate`: brings a database to our version before a server does, or says what that would take.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_store::{OpenOptions, Plan, SpanStore};

use super::show::{counted, thousands};
use super::{INTERRUPTED, blocking, connect, existing, options};
use crate::arguments::{self, Serve};
use crate::printer;

/// The exit code of `--dry-run` if there is something to do.
const TO_DO: u8 = 4;

/// How often it is asked how many rows are left.
const LOOK: Duration = Duration::from_millis(200);

pub(crate) async fn run(arguments: &arguments::Migrate) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = existing(&Serve { source: arguments.source.clone(), ..Serve::default() })?;
    let options = options(&config.server);
    let asked = options.clone();
    let plan = blocking(move || SpanStore::plan(&asked)).await?.context("cannot look at the database")?;
    if arguments.dry_run {
        return show(&options, &plan, arguments.json);
    }
    anyhow::ensure!(
        !options.read_only,
        "{} is only to be read, as `database.read_only` says; `--dry-run` prints what would be done",
        options.url
    );
    if !plan.statements.is_empty() {
        migrate(options.clone()).await?;
    }
    let filled = if arguments.no_wait {
        None
    } else {
        let Some(filled) = fill(&options, &mut interrupt).await? else {
            printer::note("stopped; a server goes on where it stopped, and so does `tracestead migrate`");
            return Ok(ExitCode::from(INTERRUPTED));
        };
        Some(filled)
    };
    report(&options, &plan, filled, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the statements, so that they can be read, kept, and run by hand.
fn show(options: &OpenOptions, plan: &Plan, is_json: bool) -> anyhow::Result<ExitCode> {
    if is_json {
        printer::line(&about(options, plan, json!({"statements": plan.statements})).to_string())?;
    } else if plan.statements.is_empty() {
        printer::note(&format!("{} is at version {}: there is nothing to do", options.url, plan.to));
    } else {
        for statement in &plan.statements {
            printer::line(&format!("{statement};"))?;
        }
    }
    Ok(ExitCode::from(if plan.statements.is_empty() { 0 } else { TO_DO }))
}

async fn migrate(options: OpenOptions) -> anyhow::Result<()> {
    let is_seen = std::io::stderr().is_terminal();
    let migrated = blocking(move || {
        SpanStore::migrate(&options, &mut |step| {
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

fn report(options: &OpenOptions, plan: &Plan, filled: Option<u64>, is_json: bool) -> std::io::Result<()> {
    if is_json {
        let done = json!({"statements": plan.statements, "filled_spans": filled});
        return printer::line(&about(options, plan, done).to_string());
    }
    let (url, to) = (&options.url, plan.to);
    let tables = match plan.statements.len() as u64 {
        0 => format!("{url} is at version {to} already"),
        count => format!("{url} is at version {to} now, by {}", counted(count, "statement")),
    };
    printer::line(&match filled {
        None => format!("{tables}; a server fills the rows that Agno wrote"),
        Some(0) => format!("{tables}; no row was to be filled"),
        Some(spans) => format!("{tables}; {} filled", counted(spans, "span")),
    })
}

fn about(options: &OpenOptions, plan: &Plan, more: Value) -> Value {
    let mut about = json!({"database": options.url.to_string(), "from": plan.from, "to": plan.to});
    if let (Value::Object(about), Value::Object(more)) = (&mut about, more) {
        about.extend(more);
    }
    about
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
