//! An agent made with rig, which knows nothing of tracing: `setup_tracing` is all.
//!
//!     cargo run --example rig_agent
//!     tracestead traces --db sqlite:traces.db
//!
//! It talks to a model that is part of this example, so that it needs no key. With a real one, leave out `model`, and ask
//! for `OpenAI::from_env()`.
#![expect(clippy::print_stdout, reason = "an example talks to the terminal")]
#![expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "tools of rig are written so")]

mod model;

use std::error::Error;

use futures::StreamExt as _;
use rig::prelude::*;
use rig::providers::openai::OpenAIConfig;
use rig::rig_tool;
use rig::tool::ToolExecutionError;
use tracestead::{SqliteDb, TraceQuery, setup_tracing};
use tracing::{Instrument as _, info_span};

/// Tells the weather in a city.
#[rig_tool]
fn get_weather(city: String) -> Result<String, ToolExecutionError> {
    Ok(format!("sunny in {city}, 24C"))
}

/// Forecasts the weather in a city.
#[rig_tool]
fn forecast(city: String) -> Result<String, ToolExecutionError> {
    Err(ToolExecutionError::other(format!("no forecast for {city}")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "traces.db".to_owned());
    let db = SqliteDb::open(path)?;
    let tracing = setup_tracing(db.clone())?;

    let mut openai = OpenAIConfig::new("none");
    openai.base_url = model::serve().await?;
    let agent = AgentBuilder::new(openai.client().chat("gpt-4o-mini"))
        .name("weather agent")
        .preamble("You tell the weather.")
        .temperature(0.2)
        .default_max_turns(3)
        .tool(GetWeather)
        .tool(Forecast)
        .record_content_telemetry(true) // rig keeps to itself what was said unless it is asked
        .build();

    println!("{}", agent.prompt("What is the weather in Paris?").await?.output());

    let mut stream = agent.prompt("Is it sunny in Oslo?").stream();
    while let Some(item) = stream.next().await {
        if let MultiTurnStreamItem::FinalResponse(answer) = item? {
            println!("{}", answer.output());
        }
    }

    // Rig does not know whose run it is. A span around it says so, and rig then makes none of its own for the run.
    let request = info_span!(
        "answer",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "weather agent",
        session.id = "session-1",
        user.id = "ann"
    );
    let run = async { agent.prompt("What is the forecast for Paris?").await }.instrument(request);
    println!("{}", run.await?.output());

    drop(tracing); // what still waits is stored
    for trace in db.get_traces(TraceQuery::default())? {
        let tokens = trace.total_tokens.unwrap_or_default();
        println!("{:<24} {:<6} {} spans, {tokens} tokens", trace.name, trace.status, trace.span_count);
    }
    Ok(())
}
