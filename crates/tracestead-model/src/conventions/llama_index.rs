//! LlamaIndex through OpenInference: deep chains, and calls that are nested in others of their type
//! (`retrieve` in `_retrieve`).
//!
//! Source: `llama-index-core` 0.14 with `openinference-instrumentation-llama-index`.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells runs of agents and workflows from plain chains, for a span of OpenInference's kind CHAIN: they are told by the
/// class that is run.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    if !reader.source.scope_name.contains("llama_index") {
        return None;
    }
    match reader.source.name.strip_suffix(".run")? {
        "AgentWorkflow" => Some(SpanType::Workflow),
        class => class.ends_with("Agent").then_some(SpanType::Agent),
    }
}

/// Says whether a span of OpenInference's kind LLM calls nothing: it only puts a request together.
pub(crate) fn is_preparation(reader: &Reader<'_>) -> bool {
    reader.source.name.ends_with("._prepare_chat_with_tools")
}

/// Documents in a payload: `{"node": {"text": …}, "score": …}`.
pub(crate) const NODE: &str = "node";
