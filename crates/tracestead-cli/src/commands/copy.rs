//! `tracestead copy`: everything from one database into another, then a comparison of both.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracestead_model::PriceBook;
use tracestead_store::{Copier, CopyDone, CopyError, OpenOptions, Verified, Verifier};

use super::show::{counted, thousands};
use super::{INTERRUPTED, blocking, now};
use crate::ExitCode;
use crate::arguments::{self, Serve, Source};
use crate::config::{Config, database_url_with_password};
use crate::printer;

pub(crate) async fn run(arguments: &arguments::Copy) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let [from, to] = ends(arguments)?;
    let mut about = json!({"from": from.url.to_string(), "to": to.url.to_string()});
    let mut is_whole = true;
    if !arguments.verify_only {
        let done = copy(&from, &to, &mut interrupt).await?;
        let Some(done) = done else { return Ok(ExitCode::from(INTERRUPTED)) };
        is_whole = done.refused == 0;
        for reason in &done.reasons {
            printer::note(&format!("not copied: {reason}"));
        }
        for table in &done.left_out {
            printer::note(&format!("left out: {}, for {}", table.table, table.reason));
        }
        if arguments.json {
            about["copied"] = of_copy(&done);
        } else {
            printer::line(&copied(&done, &from, &to))?;
        }
    }
    if !arguments.no_verify {
        let verified = compare(&from, &to, &mut interrupt).await?;
        let Some(verified) = verified else { return Ok(ExitCode::from(INTERRUPTED)) };
        is_whole &= verified.differences == 0;
        if arguments.json {
            about["compared"] = of_comparison(&verified);
        } else {
            compared(&verified)?;
        }
    }
    if arguments.json {
        printer::line(&about.to_string())?;
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns how to open both databases. What calls cost that nobody has priced yet, the configuration says.
fn ends(arguments: &arguments::Copy) -> anyhow::Result<[OpenOptions; 2]> {
    let source = Source { db: None, config: arguments.config.clone() };
    let settings = Config::load(&Serve { source, ..Serve::default() })?.server;
    let from =
        database_url_with_password(&arguments.from, arguments.from_password_file.as_deref(), "--from")?;
    let to = database_url_with_password(&arguments.to, arguments.to_password_file.as_deref(), "--to")?;
    let options = |url| {
        let mut options = OpenOptions::new(url, now());
        options.synchronous = settings.synchronous;
        options.prices = PriceBook::new(settings.prices.clone());
        options
    };
    Ok([options(from), options(to)])
}

/// Something that is done in steps, each of which blocks.
trait Steps: Send + Sized + 'static {
    /// Does one step and says whether there may be more.
    fn step(&mut self) -> Result<bool, CopyError>;

    /// How far it is, of so many traces.
    fn progress(&self, traces: u64) -> String;
}

impl Steps for Copier {
    fn step(&mut self) -> Result<bool, CopyError> {
        Copier::step(self)
    }

    fn progress(&self, traces: u64) -> String {
        let done = self.done();
        progress(done.traces, traces, done.spans, done.rows, "copied")
    }
}

impl Steps for Verifier {
    fn step(&mut self) -> Result<bool, CopyError> {
        Verifier::step(self)
    }

    fn progress(&self, traces: u64) -> String {
        let done = self.verified();
        progress(done.traces, traces, done.spans, done.rows, "compared")
    }
}

fn progress(traces: u64, of: u64, spans: u64, rows: u64, what: &str) -> String {
    let number = |count: u64| thousands(i64::try_from(count).unwrap_or(i64::MAX));
    // Traces may come in meanwhile.
    let bar = printer::bar(traces, of.max(traces));
    let of = number(of.max(traces));
    format!(
        "{bar} {} of {of} traces {what}, {} spans, {} other rows",
        number(traces),
        number(spans),
        number(rows)
    )
}

/// Does all steps. Returns what has done them, and whether it came to the end; a first Ctrl-C ends it after a step.
async fn all<S: Steps>(
    mut steps: S,
    traces: Option<u64>,
    interrupt: &mut Signal,
) -> anyhow::Result<(S, Result<bool, CopyError>)> {
    loop {
        let step = blocking(move || {
            let more = steps.step();
            (steps, more)
        });
        tokio::pin!(step);
        let (done, is_interrupted) = tokio::select! {
            done = &mut step => (done, false),
            _ = interrupt.recv() => {
                printer::note("\nstopping: ending what was begun; a second Ctrl-C ends at once");
                tokio::select! {
                    done = &mut step => (done, true),
                    // What was begun leaves nothing: it is one transaction.
                    _ = interrupt.recv() => std::process::exit(i32::from(INTERRUPTED)),
                }
            }
        };
        let (is_at, more) = done?;
        steps = is_at;
        if let Some(traces) = traces {
            printer::progress(&steps.progress(traces));
        }
        match more {
            Ok(true) if !is_interrupted => {}
            more => {
                if traces.is_some() {
                    printer::note("");
                }
                return Ok((steps, more.map(|more| !more && !is_interrupted)));
            }
        }
    }
}

/// Copies; `None` if it was interrupted.
async fn copy(
    from: &OpenOptions,
    to: &OpenOptions,
    interrupt: &mut Signal,
) -> anyhow::Result<Option<CopyDone>> {
    let (source, target) = (from.clone(), to.clone());
    let is_seen = std::io::stderr().is_terminal();
    let opened = blocking(move || {
        let mut copier = Copier::open(&source, &target)?;
        let traces = if is_seen { Some(copier.trace_count()?) } else { None };
        Ok::<_, CopyError>((copier, traces))
    });
    let (copier, traces) = opened.await?.context("cannot begin to copy")?;
    if copier.done().traces + copier.done().rows > 0 {
        printer::note(&format!("going on after {}", so_far(copier.done())));
    }
    let (copier, ended) = all(copier, traces, interrupt).await?;
    let done = copier.done().clone();
    blocking(move || copier.close()).await?;
    let ended = ended.with_context(|| {
        format!("cannot go on after {}; run it again once the cause is gone", so_far(&done))
    })?;
    if !ended {
        printer::note(&format!("stopped after {}; run it again for the rest", so_far(&done)));
    }
    Ok(Some(done).filter(|_| ended))
}

/// Compares; `None` if it was interrupted.
async fn compare(
    from: &OpenOptions,
    to: &OpenOptions,
    interrupt: &mut Signal,
) -> anyhow::Result<Option<Verified>> {
    let (source, target) = (from.clone(), to.clone());
    let is_seen = std::io::stderr().is_terminal();
    let opened = blocking(move || {
        let mut verifier = Verifier::open(&source, &target)?;
        let traces = if is_seen { Some(verifier.trace_count()?) } else { None };
        Ok::<_, CopyError>((verifier, traces))
    });
    let (verifier, traces) = opened.await?.context("cannot compare the databases")?;
    let (verifier, ended) = all(verifier, traces, interrupt).await?;
    if !ended.context("cannot go on comparing")? {
        printer::note("stopped; compare again with --verify-only");
        return Ok(None);
    }
    Ok(Some(verifier.verified().clone()))
}

fn so_far(done: &CopyDone) -> String {
    format!("{} and {}", counted(done.traces, "trace"), counted(done.rows, "other row"))
}

fn copied(done: &CopyDone, from: &OpenOptions, to: &OpenOptions) -> String {
    format!(
        "copied {} with {} and {} from {} to {}; {} not there before",
        counted(done.traces, "trace"),
        counted(done.spans, "span"),
        counted(done.rows, "other row"),
        from.url,
        to.url,
        match done.written {
            1 => "1 span or row was".to_owned(),
            written =>
                format!("{} spans and rows were", thousands(i64::try_from(written).unwrap_or(i64::MAX))),
        }
    )
}

fn compared(verified: &Verified) -> std::io::Result<()> {
    for difference in &verified.first {
        let what = match (&difference.column, difference.key.is_empty()) {
            (Some(column), _) => format!("{} {}: {column} differs", difference.table, difference.key),
            (None, true) => format!("{}: the table is missing", difference.table),
            (None, false) => format!("{} {}: missing", difference.table, difference.key),
        };
        printer::line(&what)?;
    }
    let more = verified.differences.saturating_sub(verified.first.len() as u64);
    if more > 0 {
        printer::line(&format!("and {more} more"))?;
    }
    let compared = format!(
        "compared {} with {} and {}",
        counted(verified.traces, "trace"),
        counted(verified.spans, "span"),
        counted(verified.rows, "other row")
    );
    let here = [
        (verified.newer, "later in the target"),
        (verified.older, "in the target before"),
        (verified.more, "only in the target"),
    ];
    let here = here.into_iter().filter(|(count, _)| *count > 0);
    let here: Vec<String> = here.map(|(count, what)| format!("{count} {what}")).collect();
    let here = if here.is_empty() { String::new() } else { format!(" ({})", here.join(", ")) };
    printer::line(&match verified.differences {
        0 => format!("{compared}: all there and the same{here}"),
        differences => format!(
            "{compared}: {} missing or different{here}; what came meanwhile is copied by the next copy",
            counted(differences, "row")
        ),
    })
}

fn of_copy(done: &CopyDone) -> Value {
    let left_out: Vec<Value> =
        done.left_out.iter().map(|table| json!({"table": table.table, "reason": table.reason})).collect();
    json!({
        "traces": done.traces, "spans": done.spans, "rows": done.rows, "written": done.written,
        "refused": done.refused, "reasons": done.reasons, "left_out": left_out,
    })
}

fn of_comparison(verified: &Verified) -> Value {
    let first: Vec<Value> = verified
        .first
        .iter()
        .map(|difference| {
            json!({"table": difference.table, "key": difference.key, "column": difference.column})
        })
        .collect();
    json!({
        "traces": verified.traces, "spans": verified.spans, "rows": verified.rows,
        "differences": verified.differences, "first": first, "newer": verified.newer, "older": verified.older,
        "more": verified.more,
    })
}
