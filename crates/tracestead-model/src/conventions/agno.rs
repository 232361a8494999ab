//! Agno's own attributes, beside the OpenInference ones its instrumentor writes.
//!
//! Source: `openinference-instrumentation-agno` 1.0.15 and Agno 3.1.10.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const RUN_ID: &str = "agno.run.id";
pub(crate) const SESSION_ID: &str = "agno.session.id";
pub(crate) const USER_ID: &str = "agno.user.id";
pub(crate) const AGENT_ID: &str = "agno.agent.id";
pub(crate) const TEAM_ID: &str = "agno.team.id";
pub(crate) const TEAM_NAME: &str = "agno.team";
pub(crate) const WORKFLOW_ID: &str = "agno.workflow.id";
pub(crate) const KNOWLEDGE: &str = "agno.knowledge";

// Agno's reader takes these without a prefix as well, and writes them in older versions.
pub(crate) const BARE_RUN_ID: &str = "run_id";
pub(crate) const BARE_SESSION_ID: &str = "session_id";
pub(crate) const BARE_USER_ID: &str = "user_id";
pub(crate) const BARE_AGENT_ID: &str = "agent_id";
pub(crate) const BARE_TEAM_ID: &str = "team_id";
pub(crate) const DOTTED_TEAM_ID: &str = "team.id";
pub(crate) const BARE_WORKFLOW_ID: &str = "workflow_id";

/// Steps that are plain functions carry no `agno.step.*`; only their name and their graph node tell.
const STEP_NAMES: &[&str] = &[".execute", ".aexecute", ".execute_stream", ".aexecute_stream"];

/// Says whether the span's input leaves the cache out: Agno hands on what Anthropic and Bedrock say, and both do. Agno's own
/// writer keeps no scope; its spelling of the providers is its own.
pub(crate) fn leaves_out_cache(reader: &Reader<'_>) -> bool {
    let is_agno = matches!(reader.source.scope_name, "" | "openinference.instrumentation.agno");
    is_agno && matches!(reader.text("llm.provider"), Some("Anthropic" | "AwsBedrock" | "AWS Bedrock"))
}

/// Tells a team from an agent, for a span of OpenInference's kind AGENT.
pub(crate) fn is_team(reader: &Reader<'_>) -> bool {
    reader.has(TEAM_ID) || reader.has(DOTTED_TEAM_ID)
}

/// Tells workflows and their steps from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    if reader.has(WORKFLOW_ID) || reader.has("agno.workflow.steps_count") {
        return Some(SpanType::Workflow);
    }
    let is_step = reader.has("agno.step.type")
        || reader.has("agno.parallel.step_count")
        || (reader.has("graph.node.id")
            && STEP_NAMES.iter().any(|suffix| reader.source.name.ends_with(suffix)));
    is_step.then_some(SpanType::Step)
}
