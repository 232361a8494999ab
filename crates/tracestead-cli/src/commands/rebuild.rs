//! `tracestead rebuild`: derives again what was read from stored spans.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracestead_store::{Rebuild, Rebuilt, SpanStore};

use super::open;
use super::show::counted;
use crate::arguments;
use crate::printer;

/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

pub(crate) async fn run(arguments: &arguments::Rebuild) -> anyhow::Result<ExitCode> {
    // Facts include costs.
    let what = if arguments.facts { Rebuild::Facts } else { Rebuild::Costs };
    let mut interrupt = signal(SignalKind::interrupt())?;
    let store = open(&arguments.source)?;
    let mut progress = Progress::new(&store, what).await?;
    let mut done = Rebuilt::default();
    let ended = tokio::select! {
        ended = rebuild(&store, what, &mut done, &mut progress) => Some(ended),
        _ = interrupt.recv() => None,
    };
    // Waits for the step that is being done.
    store.close().await;
    progress.end();
    let Some(ended) = ended else {
        printer::note(&format!(
            "stopped after {}; run it again for the rest, doing a trace twice changes nothing",
            traces(&done)
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    };
    ended.with_context(|| {
        format!("cannot go on after {}; run it again once the cause is gone", traces(&done))
    })?;
    printer::line(&if arguments.json {
        json!({"what": word(what), "traces": done.traces, "spans": done.spans}).to_string()
    } else {
        summary(what, &done)
    })?;
    Ok(ExitCode::SUCCESS)
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
        progress.show(done.traces);
    }
}

/// How far it is, for people who wait; nothing if nobody looks.
struct Progress {
    what: Rebuild,
    /// How many traces there are; `None` if nobody looks.
    total: Option<u64>,
    is_shown: bool,
}

impl Progress {
    async fn new(store: &SpanStore, what: Rebuild) -> anyhow::Result<Self> {
        let total = if std::io::stderr().is_terminal() { Some(store.trace_count().await?) } else { None };
        Ok(Self { what, total, is_shown: false })
    }

    fn show(&mut self, traces: u64) {
        if let Some(total) = self.total {
            // Traces may come in meanwhile.
            let total = total.max(traces);
            printer::progress(&format!("rebuilding {}: {traces} of {total} traces", word(self.what)));
            self.is_shown = true;
        }
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
    }
}

fn traces(done: &Rebuilt) -> String {
    counted(done.traces, "trace")
}

fn summary(what: Rebuild, done: &Rebuilt) -> String {
    let of = match what {
        Rebuild::Facts => format!("the facts and costs of {}", counted(done.spans, "span")),
        Rebuild::Costs => format!("the costs of {}", counted(done.spans, "call")),
    };
    format!("rebuilt {of} in {}", traces(done))
}
