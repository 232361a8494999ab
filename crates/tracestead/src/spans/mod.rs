//! Spans that say what an agent does: runs, model calls, tools, searches.
//!
//! An agent of your own is traced by saying what it does, in its own words. Each type here is a step of a run; what it says
//! is written under the names of both OpenInference and OpenTelemetry's GenAI conventions, so that tracestead, Agno's
//! readers, Phoenix, Langfuse and any other backend that knows one of them understands it.
//!
//! ```
//! use tracestead::spans::{AgentRun, LlmCall, Message, ToolCall, Usage, json};
//!
//! let run = AgentRun::new("support").session_id("s-1").user_id("ann").input("Weather in Paris?").start();
//! let _current = run.enter();
//!
//! let call = LlmCall::new("gpt-4o-mini").provider("openai").messages([("user", "Weather in Paris?")]).start();
//! // … the answer comes …
//! call.output_messages([Message::assistant("").tool_call("c-1", "get_weather", json!({"city": "Paris"}))]);
//! call.usage(Usage::new(52, 17)).finish_reason("tool_calls").end();
//!
//! let weather = ToolCall::new("get_weather")
//!     .call_id("c-1")
//!     .arguments(json!({"city": "Paris"}))
//!     .run(|_| std::fs::read_to_string("/dev/null"))?;
//!
//! run.output(format!("It is {weather}.")).end();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! **Begin and end.** What is known beforehand is said to a type such as [`LlmCall`], and `start` makes it an [`Open`] span,
//! to which the rest is said. `run` does both around a closure and `run_async` around a future: they record what it gives
//! back, an error with its type and its causes, or a panic, which goes on. A span that is dropped without `end` has
//! ended, too: with an error if its thread panics.
//!
//! **Inside and outside.** A span's parent is the one that is current when it starts. [`Open::enter`] makes a span current
//! on this thread and [`Open::instrument`] within a future, wherever it is polled. The session and the user of a run are
//! said by everything within it.
//!
//! **Cheap if nobody listens.** The spans go to OpenTelemetry's global tracer provider, or to the tracer that `start_with`
//! is given. Without one, or of a trace that is not sampled, no text and no JSON is made.

mod agent_run;
mod attributes;
mod embedding;
mod failure;
mod guardrail;
mod hook;
mod keys;
mod llm_call;
mod message;
mod offered;
mod open;
mod retrieval;
mod start;
mod tool_call;
mod usage;
mod workflow_step;

pub use serde_json::{Value as Json, json};

pub use agent_run::{Agent, AgentRun, Run, Team, TeamRun, Workflow, WorkflowRun};
pub use embedding::Embedding;
pub use failure::Failure;
pub use guardrail::Guardrail;
pub use hook::Hook;
pub use llm_call::LlmCall;
pub use message::Message;
pub use offered::Tool;
pub use open::{Entered, Open};
pub use retrieval::{Document, Retrieval};
pub use tool_call::{Delegation, ToolCall};
pub use usage::Usage;
pub use workflow_step::WorkflowStep;
