//! Rig: an agent with a tool, a stream, a tool that fails, a run in a span of the app, embeddings, a failure.

mod connect;

use std::error::Error;

use futures::StreamExt;
use rig::prelude::*;
use rig::providers::openai::OpenAI;
use rig::rig_tool;
use rig::tool::ToolExecutionError;
use tracing::Instrument;

/// Tells the weather in a city.
#[rig_tool]
fn get_weather(city: String) -> Result<String, ToolExecutionError> {
    Ok(format!("sunny in {city}, 24C"))
}

/// Forecasts the weather in a city.
#[rig_tool]
fn broken_forecast(city: String) -> Result<String, ToolExecutionError> {
    Err(ToolExecutionError::other(format!("no forecast for {city}")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = connect::connect()?;

    let openai = OpenAI::from_env()?;
    let agent = AgentBuilder::new(openai.completion("gpt-4o-mini"))
        .name("weather agent")
        .preamble("You tell the weather.")
        .temperature(0.2)
        .default_max_turns(3)
        .tool(GetWeather)
        .tool(BrokenForecast)
        .record_content_telemetry(true) // off by default: it shows what was said
        .build();

    println!("{}", agent.prompt("What is the weather in Paris?").await?.output());

    let mut stream = agent.prompt("Is it sunny in Paris?").stream();
    while let Some(item) = stream.next().await {
        if let MultiTurnStreamItem::FinalResponse(answer) = item? {
            println!("{}", answer.output());
        }
    }

    println!("{}", agent.prompt("Use broken_forecast for Paris.").await?.output());

    // With a span of its own around it, an app can tell the session and the user.
    let span = tracing::info_span!("answer_user", session.id = "session-1", user.id = "ann");
    let run = async { agent.prompt("What is the weather in Paris?").await }.instrument(span);
    println!("{}", run.await?.output());

    let embeddings = openai.embedding("text-embedding-3-small", None);
    println!("{}", embeddings.call(vec!["sunny in Paris".to_owned()]).await?.embeddings.len());

    if let Err(error) = agent.prompt("fail the model").await {
        println!("{error}");
    }

    provider.shutdown()?;
    Ok(())
}
