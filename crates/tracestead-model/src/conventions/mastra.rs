//! Mastra through its bridge to OpenTelemetry.
//!
//! Source: `@mastra/otel-bridge` 1.5. Usage is on the generation, which covers all calls of a run and is the parent of its
//! tools; steps and inferences within it report none. Payloads are `mastra.{type}.input` and `.output`.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const SPAN_TYPE: &str = "mastra.span.type";
pub(crate) const RUN_ID: &str = "mastra.metadata.runId";
pub(crate) const SESSION_ID: &str = "mastra.metadata.sessionId";
pub(crate) const USER_ID: &str = "mastra.metadata.userId";
pub(crate) const TAGS: &str = "mastra.tags";
pub(crate) const COMPLETION_START_TIME: &str = "mastra.completion_start_time";
/// What the user attaches, with keys of the user's choice.
pub(crate) const METADATA: &str = "mastra.metadata.";
pub(crate) const INPUTS: &[&str] = &[
    "mastra.agent_run.input",
    "mastra.model_generation.input",
    "mastra.tool_call.input",
    "mastra.workflow_run.input",
    "mastra.workflow_step.input",
];
pub(crate) const OUTPUTS: &[&str] = &[
    "mastra.agent_run.output",
    "mastra.model_generation.output",
    "mastra.tool_call.output",
    "mastra.workflow_run.output",
    "mastra.workflow_step.output",
];

/// Reads the span's type.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(SPAN_TYPE)? {
        "agent_run" => SpanType::Agent,
        "model_generation" => SpanType::Llm,
        "tool_call" | "mcp_tool_call" => SpanType::Tool,
        "workflow_run" => SpanType::Workflow,
        "workflow_step" | "model_step" => SpanType::Step,
        _ => SpanType::Chain,
    })
}
