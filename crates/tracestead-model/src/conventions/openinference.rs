//! OpenInference: what Agno's instrumentor and many others emit.
//!
//! Source: OpenInference semantic conventions of 2026-08-21. Lists are flattened with dots and indices, as in
//! `llm.input_messages.0.message.role`. Scopes `openinference.instrumentation.*` and `@arizeai/openinference-*`.

use crate::facts::reader::Reader;
use crate::facts::{SpanType, Usage};

use super::{agno, autogen, crewai, haystack, hooks, langgraph, llama_index, openai_agents, smolagents};

pub(crate) const SPAN_KIND: &str = "openinference.span.kind";
pub(crate) const INPUT_VALUE: &str = "input.value";
pub(crate) const OUTPUT_VALUE: &str = "output.value";
pub(crate) const SESSION_ID: &str = "session.id";
pub(crate) const USER_ID: &str = "user.id";
pub(crate) const AGENT_NAME: &str = "agent.name";
pub(crate) const NODE_NAME: &str = "graph.node.name";
pub(crate) const METADATA: &str = "metadata";
pub(crate) const TAGS: &str = "tag.tags";
pub(crate) const REQUEST_MODEL: &str = "llm.request.model_name";
pub(crate) const RESPONSE_MODEL: &str = "llm.response.model_name";
/// Usually the model that answered.
pub(crate) const MODEL: &str = "llm.model_name";
pub(crate) const EMBEDDING_MODEL: &str = "embedding.model_name";
pub(crate) const RERANKER_MODEL: &str = "reranker.model_name";
/// Who serves the model.
pub(crate) const PROVIDER: &str = "llm.provider";
/// Whose API it speaks.
pub(crate) const SYSTEM: &str = "llm.system";
pub(crate) const INVOCATION_PARAMETERS: &str = "llm.invocation_parameters";
pub(crate) const FINISH_REASON: &str = "llm.finish_reason";
pub(crate) const TOOL_NAME: &str = "tool.name";
pub(crate) const TOOL_ID: &str = "tool.id";
pub(crate) const TOOL_CALL_ID: &str = "tool_call.id";
pub(crate) const TOOL_DESCRIPTION: &str = "tool.description";
/// Arguments (Agno, AutoGen) or their JSON Schema (CrewAI, OpenAI Agents, smolagents, LlamaIndex).
pub(crate) const TOOL_PARAMETERS: &str = "tool.parameters";
pub(crate) const COST: &str = "llm.cost.total";
pub(crate) const INPUT_COST: &str = "llm.cost.prompt";
pub(crate) const OUTPUT_COST: &str = "llm.cost.completion";
pub(crate) const FIRST_TOKEN_EVENT: &str = "First Token Stream Event";

/// Reads the span's kind; `UNKNOWN` says nothing. OpenInference has one kind for agents and teams, and one for
/// workflows, steps and glue: the frameworks' own attributes tell them apart.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    let kind = reader.text(SPAN_KIND)?.to_ascii_uppercase();
    Some(match kind.as_str() {
        "AGENT" if agno::is_team(reader) => SpanType::Team,
        "AGENT" => SpanType::Agent,
        "LLM" if llama_index::is_preparation(reader) => SpanType::Chain,
        "LLM" => SpanType::Llm,
        "TOOL" => SpanType::Tool,
        "RETRIEVER" => SpanType::Retriever,
        "EMBEDDING" => SpanType::Embedding,
        "RERANKER" => SpanType::Reranker,
        "GUARDRAIL" => SpanType::Guardrail,
        "EVALUATOR" => SpanType::Evaluator,
        "CHAIN" => hooks::chain_type(reader)
            .or_else(|| agno::chain_type(reader))
            .or_else(|| crewai::chain_type(reader))
            .or_else(|| autogen::chain_type(reader))
            .or_else(|| openai_agents::chain_type(reader))
            .or_else(|| smolagents::chain_type(reader))
            .or_else(|| llama_index::chain_type(reader))
            .or_else(|| haystack::chain_type(reader))
            .or_else(|| langgraph::chain_type(reader))
            .unwrap_or(SpanType::Chain),
        "PROMPT" => SpanType::Chain,
        _ => return None,
    })
}

/// Reads token counts; the prompt's includes what came from a cache.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let count = |key: &str| reader.count(key);
    let read_or_input =
        Usage { cache_read_tokens: count("llm.token_count.prompt_details.cache_input"), ..Usage::default() };
    Usage {
        input_tokens: count("llm.token_count.prompt"),
        output_tokens: count("llm.token_count.completion"),
        cache_read_tokens: count("llm.token_count.prompt_details.cache_read"),
        cache_write_tokens: count("llm.token_count.prompt_details.cache_write"),
        reasoning_tokens: count("llm.token_count.completion_details.reasoning"),
        input_audio_tokens: count("llm.token_count.prompt_details.audio"),
        output_audio_tokens: count("llm.token_count.completion_details.audio"),
        total_tokens: count("llm.token_count.total"),
    }
    .or(read_or_input)
}

/// Reads the reported cost in US dollars.
pub(crate) fn cost_usd(reader: &Reader<'_>) -> Option<f64> {
    reader.number(COST).or_else(|| match (reader.number(INPUT_COST), reader.number(OUTPUT_COST)) {
        (None, None) => None,
        (input, output) => Some(input.unwrap_or(0.0) + output.unwrap_or(0.0)),
    })
}
