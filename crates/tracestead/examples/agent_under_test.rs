//! An agent that does what it is told, line by line, and is traced meanwhile.
//!
//!     agent_under_test TARGET|none [option=value ...]
//!
//! With `none` nothing is traced: how fast it is then is how fast it must be. Each line of standard input is an order; each answer is one JSON object. `tests/sdk/agent.py` is its twin, so that one test
//! of a fault holds for both languages. Not an example of how to write an agent: see `quickstart` for that.
#![expect(clippy::print_stdout, reason = "its answers are on standard output")]

use std::error::Error;
use std::io::BufRead as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tracestead::{Db, DbError, Stats, TraceQuery, Tracing, TracingBuilder};
use tracing::info_span;

/// How long a tool works: what a run takes then depends on what tracing adds, and not on how fast the machine can count.
const WORK: Duration = Duration::from_millis(1);

/// Longer than any test.
const WITHOUT_END: Duration = Duration::from_hours(1);

fn main() -> Result<(), Box<dyn Error>> {
    // A tool that panics says so on standard error; there are many of them here. Set first: tracing listens as well.
    std::panic::set_hook(Box::new(|_| {}));
    let mut typed = std::env::args().skip(1);
    let target = typed.next().ok_or("name a database")?;
    let traced = if target == "none" { None } else { Some(set_up(&target, typed)?) };
    println!("{}", json!({"ready": true}));
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let order: Vec<&str> = line.split_whitespace().collect();
        let Some(mut answer) = answer(&order, traced.as_ref())? else { break };
        answer["stats"] = traced.as_ref().map(|traced| stats(&traced.tracing.stats())).unwrap_or_default();
        println!("{answer}");
    }
    Ok(())
}

struct Traced {
    tracing: Tracing,
    db: Db,
}

fn set_up(target: &str, typed: impl Iterator<Item = String>) -> Result<Traced, Box<dyn Error>> {
    let db = Db::open(target)?;
    let mut builder = TracingBuilder::new(db.clone());
    for option in typed {
        let (name, value) = option.split_once('=').ok_or("options are name=value")?;
        builder = match name {
            "max_queue_size" => builder.max_queue_size(value.parse()?),
            "schedule_delay_millis" => builder.schedule_delay(Duration::from_millis(value.parse()?)),
            "shutdown_timeout" => builder.shutdown_timeout(Duration::from_secs(value.parse()?)),
            _ => return Err(format!("there is no option {name}").into()),
        };
    }
    Ok(Traced { tracing: builder.install()?, db })
}

fn answer(order: &[&str], traced: Option<&Traced>) -> Result<Option<Value>, Box<dyn Error>> {
    Ok(Some(match *order {
        ["run", count] => runs(count.parse()?, false),
        ["fail", count] => runs(count.parse()?, true),
        ["burst", count] => burst(count.parse()?),
        ["flush", seconds] => {
            let seconds = Duration::from_secs_f64(seconds.parse()?);
            json!({"stored": traced.is_none_or(|traced| traced.tracing.flush(seconds).is_ok())})
        }
        ["fork"] => return fork(traced.ok_or("it is not traced")?),
        ["stats"] => json!({}),
        ["vanish"] => std::process::exit(7),
        _ => return Ok(None),
    }))
}

fn tool(number: i64, panics: bool) -> i64 {
    let _tool = info_span!("double", openinference.span.kind = "TOOL", tool.name = "double").entered();
    std::thread::sleep(WORK);
    assert!(!panics, "no {number}");
    2 * number
}

/// One run: an agent, a model call with two kilobytes of prompt, a tool.
fn run(number: i64, panics: bool) -> i64 {
    let run_id = format!("run-{number}");
    let _run = info_span!(
        "agent.run",
        openinference.span.kind = "AGENT",
        agno.agent.id = "under-test",
        agno.run.id = run_id
    )
    .entered();
    let prompt = "x".repeat(2048);
    info_span!(
        "chat",
        openinference.span.kind = "LLM",
        llm.model_name = "gpt-4o-mini",
        llm.token_count.prompt = 100,
        llm.token_count.completion = 10,
        input.value = prompt
    )
    .in_scope(|| {});
    catch_unwind(AssertUnwindSafe(|| tool(number, panics))).unwrap_or(-1)
}

fn runs(count: i64, panics: bool) -> Value {
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut result = 0;
    for number in 0..count {
        let before = Instant::now();
        result += run(number, panics);
        slowest = slowest.max(before.elapsed());
    }
    let seconds = began.elapsed().as_secs_f64();
    json!({"result": result, "seconds": seconds, "slowest_run_ms": slowest.as_secs_f64() * 1000.0})
}

/// Ends spans as fast as it can, on four threads.
fn burst(count: u64) -> Value {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..count / 4 {
                    info_span!("burst").in_scope(|| {});
                }
            });
        }
    });
    json!({"seconds": began.elapsed().as_secs_f64()})
}

/// Runs in a child and in the parent at once. The child has no thread that stores: it must not wait for one, here or at its end.
fn fork(traced: &Traced) -> Result<Option<Value>, Box<dyn Error>> {
    let began = Instant::now();
    let child = match fork::fork()? {
        fork::Fork::Child => {
            let result = run(1000, false);
            let is_stored = traced.tracing.flush(WITHOUT_END).is_ok();
            let asked = traced.db.count_traces(TraceQuery::default());
            if result != 2000 || is_stored || !matches!(asked, Err(DbError::Forked)) {
                std::process::exit(1);
            }
            return Ok(None);
        }
        fork::Fork::Parent(child) => child,
    };
    let result = run(2000, false);
    let status = fork::waitpid(child)?;
    Ok(Some(json!({"result": result, "child": status, "seconds": began.elapsed().as_secs_f64()})))
}

fn stats(stats: &Stats) -> Value {
    json!({
        "recorded": stats.recorded,
        "stored": stats.stored,
        "dropped": stats.dropped,
        "failed": stats.failed,
        "queued": stats.queued,
        "retries": stats.retries,
        "last_error": stats.last_error,
    })
}
