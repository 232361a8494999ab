//! `tracestead prune`: deletes old traces, or whatever is one user's.

mod report;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_model::{Retention, RetentionRule, UnixNanos};
use tracestead_store::{Prune, PrunePlan, Pruned, SpanStore};

use super::show::counted;
use super::{INTERRUPTED, TO_DO, connect, existing, fill, now, options};
use crate::ExitCode;
use crate::arguments::{self, Serve};
use crate::config::ConfigError;
use crate::printer;
use report::Report;

pub(crate) async fn run(arguments: &arguments::Prune) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = existing(&Serve { source: arguments.source.clone(), ..Serve::default() })?;
    let what = asked(arguments, &config.server.retention)?;
    let is_asked = !arguments.yes && !arguments.dry_run;
    if is_asked && !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(
            ConfigError::new("nobody can be asked here whether to delete: pass --yes, or --dry-run").into()
        );
    }
    let mut options = options(&config.server);
    // A dry run works on a database that is only to be read, and leaves any other as it is.
    options.read_only |= arguments.dry_run;
    anyhow::ensure!(
        arguments.dry_run || !options.read_only,
        "{} is only to be read, as `database.read_only` says; `--dry-run` says what would be deleted",
        options.url
    );
    let report = Report { database: options.url.to_string(), what, is_json: arguments.json };
    let store = connect(options).await.context("cannot use the database")?;
    let outcome = tokio::select! {
        outcome = plan_and_prune(&store, &report, arguments.dry_run, is_asked) => outcome,
        _ = interrupt.recv() => Ok(Outcome::Stopped(Pruned::default())),
    };
    let outcome = match outcome {
        Ok(Outcome::Agreed(plan)) => prune(&store, &report.what, plan, now(), &mut interrupt).await,
        outcome => outcome,
    };
    // Waits for the step that is being done.
    store.close().await;
    match outcome? {
        Outcome::Told(plan) if has_something(&plan) => Ok(ExitCode::from(TO_DO)),
        Outcome::Told(_) | Outcome::Refused | Outcome::Agreed(_) => Ok(ExitCode::SUCCESS),
        Outcome::Done(done) => {
            report.done(&done)?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Stopped(done) => {
            let done = counted(done.traces, "trace");
            printer::note(&format!("stopped after {done}; run it again for the rest"));
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

/// How it goes on.
enum Outcome {
    /// It was only asked what would go: this.
    Told(PrunePlan),
    /// Somebody said no, or there is nothing to delete.
    Refused,
    /// All of this is to be deleted.
    Agreed(PrunePlan),
    Done(Pruned),
    Stopped(Pruned),
}

/// Returns what is to be deleted: what was typed, or else what the configuration says. What it keeps for ever stays in any
/// case, but for a user's.
fn asked(arguments: &arguments::Prune, configured: &Retention) -> Result<Prune, ConfigError> {
    if let Some(user_id) = &arguments.user {
        return Ok(Prune::User(user_id.clone()));
    }
    let retention = if arguments.older_than.is_none() && arguments.max_size.is_none() {
        configured.clone()
    } else {
        let kept = configured.rules.iter().filter(|rule| rule.older_than.is_none()).cloned();
        let typed = arguments.older_than.map(|older_than| RetentionRule {
            older_than: Some(older_than),
            status: arguments.status.as_ref().map(|status| status.to_ascii_uppercase()),
            agent_id: arguments.agent.clone(),
            user_id: None,
            environment: arguments.environment.clone(),
            tag: arguments.tag.clone(),
        });
        Retention { rules: kept.chain(typed).collect(), max_bytes: arguments.max_size }
    };
    if retention.is_idle() {
        return Err(ConfigError::new(
            "nothing says what to delete: pass --older-than, --max-size or --user, or write `[[retention]]` tables",
        ));
    }
    Ok(Prune::Rules(retention))
}

fn has_something(plan: &PrunePlan) -> bool {
    let total = plan.total();
    total.spans > 0 || total.traces > 0
}

async fn plan_and_prune(
    store: &SpanStore,
    report: &Report,
    is_dry: bool,
    is_asked: bool,
) -> anyhow::Result<Outcome> {
    if !is_dry {
        // Rules are about what was read of a trace.
        fill::wait(store, 0).await?;
    }
    // How much there is matters to those who look, and to nobody else.
    if !is_dry && !is_asked && !std::io::stderr().is_terminal() {
        return Ok(Outcome::Agreed(PrunePlan::default()));
    }
    let plan = store.prune_plan(&report.what, now()).await?;
    if is_dry {
        report.plan(&plan)?;
        return Ok(Outcome::Told(plan));
    }
    if is_asked {
        if !has_something(&plan) {
            printer::note("there is nothing to delete");
            return Ok(Outcome::Refused);
        }
        report.lines(&plan).iter().for_each(|line| printer::note(line));
        if !is_agreed().await? {
            return Ok(Outcome::Refused);
        }
    }
    Ok(Outcome::Agreed(plan))
}

/// Asks on a thread that nobody waits for: after Ctrl-C there is no answer, and a runtime waits for threads of its own.
async fn is_agreed() -> anyhow::Result<bool> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("question".to_owned()).spawn(move || {
        let _ = answer.send(printer::ask("delete that for ever?"));
    })?;
    Ok(answered.await??)
}

async fn prune(
    store: &SpanStore,
    what: &Prune,
    plan: PrunePlan,
    now: UnixNanos,
    interrupt: &mut Signal,
) -> anyhow::Result<Outcome> {
    let mut done = Pruned::default();
    let mut is_shown = false;
    let deleting = async {
        step_by_step(store, what, now, &mut done, |done| {
            if std::io::stderr().is_terminal() {
                let of = plan.total().spans.max(done.spans);
                printer::progress(&format!("deleting: {} of {}", done.spans, counted(of, "span")));
                is_shown = true;
            }
        })
        .await?;
        // Few processes are gone for good, unless much was deleted.
        if done.spans > 0 {
            step_by_step(store, &Prune::Resources, now, &mut done, |_| {}).await?;
        }
        anyhow::Ok(())
    };
    let ended = tokio::select! {
        ended = deleting => Some(ended),
        _ = interrupt.recv() => None,
    };
    if is_shown {
        printer::note("");
    }
    let Some(ended) = ended else { return Ok(Outcome::Stopped(done)) };
    ended.with_context(|| {
        let done = counted(done.traces, "trace");
        format!("cannot go on after {done}; run it again once the cause is gone")
    })?;
    Ok(Outcome::Done(done))
}

async fn step_by_step(
    store: &SpanStore,
    what: &Prune,
    now: UnixNanos,
    done: &mut Pruned,
    mut show: impl FnMut(&Pruned),
) -> anyhow::Result<()> {
    let mut position = None;
    loop {
        let step = store.prune_step(what, now, position).await?;
        done.traces += step.traces;
        done.spans += step.spans;
        done.resources += step.resources;
        position = step.position;
        if position.is_none() {
            return Ok(());
        }
        show(done);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn typed(flags: &[&str]) -> Result<arguments::Prune, String> {
        let all = ["tracestead", "prune"].iter().chain(flags);
        match Arguments::try_parse_from(all).map_err(|error| error.to_string())?.command {
            Command::Prune(prune) => Ok(prune),
            other => Err(format!("{other:?}")),
        }
    }

    fn rule(days: u64) -> RetentionRule {
        RetentionRule { older_than: Some(Duration::from_secs(days * 86_400)), ..RetentionRule::default() }
    }

    #[test]
    fn what_is_typed_comes_before_what_is_configured() {
        let golden = RetentionRule { tag: Some("golden".to_owned()), ..RetentionRule::default() };
        let configured = Retention { rules: vec![golden.clone(), rule(30)], max_bytes: Some(7) };
        let asked = |flags: &[&str]| asked(&typed(flags).unwrap(), &configured).unwrap();
        assert_eq!(asked(&[]), Prune::Rules(configured.clone()));
        let errors = RetentionRule { status: Some("ERROR".to_owned()), ..rule(9) };
        let kept = Retention { rules: vec![golden.clone(), errors], max_bytes: None };
        assert_eq!(asked(&["--older-than", "9d", "--status", "error"]), Prune::Rules(kept));
        let kept = Retention { rules: vec![golden], max_bytes: Some(10_000_000_000) };
        assert_eq!(asked(&["--max-size", "10GB"]), Prune::Rules(kept));
        assert_eq!(asked(&["--user", "bob"]), Prune::User("bob".to_owned()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let nothing = asked(&typed(&[]).unwrap(), &Retention::default()).unwrap_err().to_string();
        assert!(nothing.starts_with("nothing says what to delete: pass --older-than"), "{nothing}");
        for flags in
            [&["--status", "OK"][..], &["--older-than", "30"], &["--user", "b", "--older-than", "1d"]]
        {
            assert!(typed(flags).is_err(), "{flags:?}");
        }
    }
}
