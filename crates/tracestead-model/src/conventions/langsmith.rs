//! LangSmith's export to OpenTelemetry.
//!
//! Source: `langsmith` 0.14. Its `gen_ai.operation.name` misleads (a prompt says `chat`, a retriever `embeddings`), so its
//! own kind is asked first. `langsmith.trace.session_*` is the project, not a conversation. Scope `langsmith`.

use crate::facts::reader::{Reader, json_count};
use crate::facts::{SpanType, Usage};

use super::langgraph;

pub(crate) const SPAN_KIND: &str = "langsmith.span.kind";
pub(crate) const SPAN_ID: &str = "langsmith.span.id";
pub(crate) const TAGS: &str = "langsmith.span.tags";
/// What the framework and the user attach.
pub(crate) const METADATA: &str = "langsmith.metadata.";
pub(crate) const MODEL: &str = "langsmith.metadata.ls_model_name";
pub(crate) const PROVIDER: &str = "langsmith.metadata.ls_provider";
pub(crate) const AGENT_NAME: &str = "langsmith.metadata.lc_agent_name";
pub(crate) const VECTOR_STORE: &str = "langsmith.metadata.ls_vector_store_provider";
const PARENT_ID: &str = "langsmith.span.parent_id";

/// Reads the run's type. The root of an agent is a chain that names the agent.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(SPAN_KIND)?.to_ascii_lowercase().as_str() {
        "llm" => SpanType::Llm,
        "retriever" => SpanType::Retriever,
        "tool" => SpanType::Tool,
        "embedding" => SpanType::Embedding,
        "chain" if is_agent(reader) => SpanType::Agent,
        "prompt" | "parser" | "chain" => SpanType::Chain,
        _ => return None,
    })
}

fn is_agent(reader: &Reader<'_>) -> bool {
    let agent = reader.text(AGENT_NAME);
    let is_root = !reader.has(PARENT_ID) && !reader.has("langsmith.metadata.langgraph_node");
    agent.is_some() && (is_root || agent == Some(reader.source.name)) && !langgraph::is_node(reader)
}

/// Reads token counts of its metadata.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let Some(json) =
        reader.json("langsmith.metadata.usage_metadata").or_else(|| reader.json("langsmith.usage_metadata"))
    else {
        return details(reader);
    };
    let count = |pointer: &str| json.pointer(pointer).and_then(json_count);
    Usage {
        input_tokens: count("/input_tokens"),
        output_tokens: count("/output_tokens"),
        cache_read_tokens: count("/input_token_details/cache_read"),
        cache_write_tokens: count("/input_token_details/cache_creation"),
        reasoning_tokens: count("/output_token_details/reasoning"),
        input_audio_tokens: count("/input_token_details/audio"),
        output_audio_tokens: count("/output_token_details/audio"),
        total_tokens: count("/total_tokens"),
    }
    .or(details(reader))
}

fn details(reader: &Reader<'_>) -> Usage {
    let input = reader.json("gen_ai.usage.input_token_details").unwrap_or_default();
    let output = reader.json("gen_ai.usage.output_token_details").unwrap_or_default();
    Usage {
        cache_read_tokens: input.get("cache_read").and_then(json_count),
        cache_write_tokens: input.get("cache_creation").and_then(json_count),
        reasoning_tokens: output.get("reasoning").and_then(json_count),
        ..Usage::default()
    }
}
