//! The first steps: trace a run, then read it.
//!
//!     cargo run --example quickstart
//!     cargo run -- traces --db sqlite:traces.db
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;

use tracestead::spans::{AgentRun, LlmCall, Message, ToolCall, Usage};
use tracestead::{SqliteDb, TraceQuery, setup_tracing};

fn main() -> Result<(), Box<dyn Error>> {
    let db = SqliteDb::open("traces.db")?;
    let tracing = setup_tracing(db.clone())?;

    let run = AgentRun::new("weather").session_id("session-1").user_id("ann").input("Is it sunny?").start();
    let active = run.enter();
    let question = [Message::user("Is it sunny in Paris?")];
    let call = LlmCall::new("gpt-4o-mini").provider("openai").messages(question).start();
    call.usage(Usage { input_tokens: Some(57), output_tokens: Some(19), ..Usage::default() }).end();
    let weather = ToolCall::new("get_weather").run(|_| Ok::<_, std::io::Error>("sunny, 24C"))?;
    run.output(weather).end();
    drop(active);

    for trace in
        db.get_traces(TraceQuery { session_id: Some("session-1".into()), ..TraceQuery::default() })?
    {
        println!("{} {}: {} spans, {}", trace.trace_id, trace.name, trace.span_count, trace.status);
    }
    drop(tracing);
    Ok(())
}
