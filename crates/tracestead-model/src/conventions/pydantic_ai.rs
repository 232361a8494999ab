//! Pydantic AI, in the versions of its instrumentation from 1 to 6.
//!
//! Source: `pydantic-ai` 1.0.5 and 2.68. Version 1 and 2 name spans `agent run` and `running tool` and give agents no
//! operation; messages are `events` (version 1) or follow the GenAI conventions. Scope `pydantic-ai`.

use crate::facts::reader::Reader;
use crate::facts::{SpanType, Usage};

pub(crate) const AGENT_NAME: &str = "agent_name";
pub(crate) const MODEL_NAME: &str = "model_name";
pub(crate) const RUN_ID: &str = "gen_ai.agent.call.id";
pub(crate) const FINAL_RESULT: &str = "final_result";
pub(crate) const ALL_MESSAGES: &str = "pydantic_ai.all_messages";
pub(crate) const ALL_MESSAGES_EVENTS: &str = "all_messages_events";
/// Messages of one model call as a list of the older events.
pub(crate) const EVENTS: &str = "events";
pub(crate) const TOOL_ARGUMENTS: &str = "tool_arguments";
pub(crate) const TOOL_RESPONSE: &str = "tool_response";
pub(crate) const REQUEST_PARAMETERS: &str = "model_request_parameters";
pub(crate) const COST: &str = "operation.cost";

/// Reads what spans without an operation are.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    let is_agent =
        reader.has(ALL_MESSAGES) || reader.has(ALL_MESSAGES_EVENTS) || reader.source.name == "agent run";
    if is_agent && reader.has(AGENT_NAME) {
        return Some(SpanType::Agent);
    }
    (reader.source.scope_name == "pydantic-ai"
        && reader.source.name.starts_with("running ")
        && reader.source.name.ends_with(" tools"))
    .then_some(SpanType::Chain)
    .or_else(|| (reader.source.name == "running tools" && reader.has("tools")).then_some(SpanType::Chain))
}

/// Reads what a run of an agent used, all calls together.
pub(crate) fn aggregated_usage(reader: &Reader<'_>) -> Usage {
    Usage {
        input_tokens: reader.count("gen_ai.aggregated_usage.input_tokens"),
        output_tokens: reader.count("gen_ai.aggregated_usage.output_tokens"),
        cache_read_tokens: reader.count("gen_ai.aggregated_usage.cache_read.input_tokens"),
        cache_write_tokens: reader.count("gen_ai.aggregated_usage.cache_creation.input_tokens"),
        reasoning_tokens: reader.count("gen_ai.aggregated_usage.details.reasoning_tokens"),
        ..Usage::default()
    }
}
