//! `tracestead rebuild`: derives again what was read from stored spans.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_store::{Rebuild, Rebuilt, SpanStore};

use super::show::counted;
use super::{INTERRUPTED, open};
use crate::ExitCode;
use crate::arguments;
use crate::printer;

pub(crate) async fn run(arguments: &arguments::Rebuild) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let store = open(&arguments.source).await?;
    let mut outcome = Outcome::Done;
    for what in asked(arguments) {
        outcome = one(&store, what, arguments.json, &mut interrupt).await;
        if !matches!(outcome, Outcome::Done) {
            break;
        }
    }
    // Waits for the step that is being done.
    store.close().await;
    match outcome {
        Outcome::Done => Ok(ExitCode::SUCCESS),
        Outcome::Interrupted => Ok(ExitCode::from(INTERRUPTED)),
        Outcome::Failed(error) => Err(error),
    }
}

/// Returns what is asked for. Everything that is read from spans includes what calls cost, and keeps the sums right.
fn asked(arguments: &arguments::Rebuild) -> Vec<Rebuild> {
    let asked = [
        (arguments.facts, Rebuild::Facts),
        (arguments.costs && !arguments.facts, Rebuild::Costs),
        (arguments.rollups, Rebuild::Rollups),
    ];
    asked.into_iter().filter_map(|(is_asked, what)| is_asked.then_some(what)).collect()
}

/// How it ended.
enum Outcome {
    Done,
    Interrupted,
    Failed(anyhow::Error),
}

async fn one(store: &SpanStore, what: Rebuild, is_json: bool, interrupt: &mut Signal) -> Outcome {
    let mut progress = match Progress::new(store, what).await {
        Ok(progress) => progress,
        Err(error) => return Outcome::Failed(error),
    };
    let mut done = Rebuilt::default();
    let ended = tokio::select! {
        ended = rebuild(store, what, &mut done, &mut progress) => Some(ended),
        _ = interrupt.recv() => None,
    };
    progress.end();
    let parts = parts(what, &done);
    let Some(ended) = ended else {
        let again = format!("run it again for the rest, doing {} twice changes nothing", part(what));
        printer::note(&format!("stopped after {parts}; {again}"));
        return Outcome::Interrupted;
    };
    let ended = ended
        .with_context(|| format!("cannot go on after {parts}; run it again once the cause is gone"))
        .and_then(|()| {
            Ok(printer::line(&if is_json {
                json!({"what": word(what), unit(what): done.traces, "spans": done.spans}).to_string()
            } else {
                summary(what, &done)
            })?)
        });
    ended.map_or_else(Outcome::Failed, |()| Outcome::Done)
}

async fn rebuild(
    store: &SpanStore,
    what: Rebuild,
    done: &mut Rebuilt,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    loop {
        let step = store.rebuild_step(what, done.position.clone()).await?;
        done.traces += step.traces;
        done.spans += step.spans;
        done.position = step.position;
        if done.position.is_none() {
            return Ok(());
        }
        progress.show(done);
    }
}

/// How far it is, for people who wait; nothing if nobody looks.
struct Progress {
    what: Rebuild,
    /// How many traces there are, if that is known and somebody looks.
    total: Option<u64>,
    is_seen: bool,
    is_shown: bool,
}

impl Progress {
    async fn new(store: &SpanStore, what: Rebuild) -> anyhow::Result<Self> {
        // How many hours there are is not known before they are summed.
        let is_counted = what != Rebuild::Rollups;
        let is_seen = std::io::stderr().is_terminal();
        let total = if is_seen && is_counted { Some(store.trace_count().await?) } else { None };
        Ok(Self { what, total, is_seen, is_shown: false })
    }

    fn show(&mut self, done: &Rebuilt) {
        if !self.is_seen {
            return;
        }
        let parts = match self.total {
            // Traces may come in meanwhile.
            Some(total) => format!("{} of {} traces", done.traces, total.max(done.traces)),
            None => parts(self.what, done),
        };
        printer::progress(&format!("rebuilding {}: {parts}", word(self.what)));
        self.is_shown = true;
    }

    fn end(&self) {
        if self.is_shown {
            printer::note("");
        }
    }
}

fn word(what: Rebuild) -> &'static str {
    match what {
        Rebuild::Facts => "facts",
        Rebuild::Costs => "costs",
        Rebuild::Rollups => "rollups",
    }
}

/// Returns what is done at once.
fn part(what: Rebuild) -> &'static str {
    if what == Rebuild::Rollups { "an hour" } else { "a trace" }
}

fn unit(what: Rebuild) -> &'static str {
    if what == Rebuild::Rollups { "hours" } else { "traces" }
}

fn parts(what: Rebuild, done: &Rebuilt) -> String {
    counted(done.traces, if what == Rebuild::Rollups { "hour" } else { "trace" })
}

fn summary(what: Rebuild, done: &Rebuilt) -> String {
    let of = match what {
        Rebuild::Facts => format!("the facts and costs of {}", counted(done.spans, "span")),
        Rebuild::Costs => format!("the costs of {}", counted(done.spans, "call")),
        Rebuild::Rollups => format!("the sums over {}", counted(done.spans, "span")),
    };
    format!("rebuilt {of} in {}", parts(what, done))
}
