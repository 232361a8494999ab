//! The Vercel AI SDK, versions 4 to 6. Version 7 speaks the GenAI conventions.
//!
//! Source: `ai` 6.0. Outer spans (`ai.generateText`) repeat the counts of the calls inside them (`….doGenerate`).

use crate::facts::reader::Reader;
use crate::facts::{SpanType, Usage};

pub(crate) const OPERATION_ID: &str = "ai.operationId";
pub(crate) const MODEL: &str = "ai.model.id";
pub(crate) const RESPONSE_MODEL: &str = "ai.response.model";
pub(crate) const RESPONSE_ID: &str = "ai.response.id";
pub(crate) const PROVIDER: &str = "ai.model.provider";
pub(crate) const FINISH_REASON: &str = "ai.response.finishReason";
pub(crate) const FIRST_CHUNK_MS: &str = "ai.response.msToFirstChunk";
pub(crate) const STREAM_FIRST_CHUNK_MS: &str = "ai.stream.msToFirstChunk";
pub(crate) const FIRST_CHUNK_EVENT: &str = "ai.stream.firstChunk";
pub(crate) const FUNCTION_ID: &str = "ai.telemetry.functionId";
/// What the user attaches, with keys of the user's choice.
pub(crate) const METADATA: &str = "ai.telemetry.metadata.";
pub(crate) const TAGS: &str = "ai.telemetry.metadata.tags";
pub(crate) const TOOL_NAME: &str = "ai.toolCall.name";
pub(crate) const TOOL_CALL_ID: &str = "ai.toolCall.id";
pub(crate) const TOOL_ARGUMENTS: &str = "ai.toolCall.args";
pub(crate) const TOOL_RESULT: &str = "ai.toolCall.result";
pub(crate) const PROMPT: &str = "ai.prompt";
pub(crate) const PROMPT_MESSAGES: &str = "ai.prompt.messages";
pub(crate) const PROMPT_TOOLS: &str = "ai.prompt.tools";
pub(crate) const RESPONSE_TEXT: &str = "ai.response.text";
pub(crate) const RESPONSE_OBJECT: &str = "ai.response.object";
pub(crate) const RESPONSE_TOOL_CALLS: &str = "ai.response.toolCalls";
pub(crate) const RESPONSE_REASONING: &str = "ai.response.reasoning";
/// The answer's names until version 4.
pub(crate) const RESULT_TEXT: &str = "ai.result.text";
pub(crate) const RESULT_OBJECT: &str = "ai.result.object";
pub(crate) const VALUE: &str = "ai.value";
pub(crate) const VALUES: &str = "ai.values";
pub(crate) const EMBEDDING: &str = "ai.embedding";
pub(crate) const EMBEDDINGS: &str = "ai.embeddings";
pub(crate) const SETTINGS: &str = "ai.settings.";

/// Reads the operation. An outer call may run several model calls and tools, which makes it a run.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(OPERATION_ID)? {
        "ai.toolCall" => SpanType::Tool,
        "ai.generateText" | "ai.streamText" | "ai.generateObject" | "ai.streamObject" => SpanType::Agent,
        "ai.embed" | "ai.embedMany" | "ai.rerank" => SpanType::Chain,
        inner if inner.ends_with(".doGenerate") || inner.ends_with(".doStream") => SpanType::Llm,
        inner if inner.ends_with(".doEmbed") => SpanType::Embedding,
        inner if inner.ends_with(".doRerank") => SpanType::Reranker,
        _ => return None,
    })
}

/// Reads token counts in the spellings of all versions.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let first = |keys: &[&str]| keys.iter().find_map(|key| reader.count(key));
    let cache_write = || {
        let metadata = reader.json("ai.response.providerMetadata")?;
        metadata.pointer("/anthropic/cacheCreationInputTokens")?.as_i64()
    };
    Usage {
        input_tokens: first(&["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"]),
        output_tokens: first(&["ai.usage.outputTokens", "ai.usage.completionTokens"]),
        cache_read_tokens: first(&[
            "ai.usage.inputTokenDetails.cacheReadTokens",
            "ai.usage.cachedInputTokens",
        ]),
        cache_write_tokens: first(&["ai.usage.inputTokenDetails.cacheWriteTokens"]).or_else(cache_write),
        reasoning_tokens: first(&["ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"]),
        total_tokens: first(&["ai.usage.totalTokens"]),
        ..Usage::default()
    }
}
