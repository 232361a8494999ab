//! Strands Agents: GenAI conventions, messages as span events, counts in old and new spelling at once.
//!
//! Source: `strands-agents` 1.62. The provider it names is itself. Scope `strands.telemetry.tracer`.

pub(crate) const CYCLE_ID: &str = "event_loop.cycle_id";
/// Milliseconds.
pub(crate) const TIME_TO_FIRST_TOKEN: &str = "gen_ai.server.time_to_first_token";
pub(crate) const TOOL_STATUS: &str = "gen_ai.tool.status";
pub(crate) const TOOL_SCHEMA: &str = "gen_ai.tool.json_schema";
/// Names of the tools an agent has.
pub(crate) const AGENT_TOOLS: &str = "gen_ai.agent.tools";
