//! Genkit: whole requests and answers as JSON, usage within the answer.
//!
//! Source: `genkit` 1.x. Only those of a model are asked for usage: an outer `generate` repeats them.

use crate::facts::reader::{Reader, json_count};
use crate::facts::{SpanType, Usage};

pub(crate) const SUBTYPE: &str = "genkit:metadata:subtype";
pub(crate) const INPUT: &str = "genkit:input";
pub(crate) const OUTPUT: &str = "genkit:output";
pub(crate) const NAME: &str = "genkit:name";
pub(crate) const SESSION_ID: &str = "genkit:metadata:sessionId";
pub(crate) const USER_ID: &str = "genkit:metadata:userId";
const TYPE: &str = "genkit:type";

/// Reads the action's type; a call of `generate` runs models and tools in turn.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    if let Some(subtype) = reader.text(SUBTYPE) {
        return Some(match subtype.to_ascii_lowercase().as_str() {
            "model" => SpanType::Llm,
            "embedder" => SpanType::Embedding,
            "retriever" => SpanType::Retriever,
            "reranker" => SpanType::Reranker,
            "tool" | "tool.v2" => SpanType::Tool,
            "evaluator" => SpanType::Evaluator,
            "flow" => SpanType::Workflow,
            "agent" => SpanType::Agent,
            _ => return None,
        });
    }
    let name = reader.text(NAME)?;
    match reader.text(TYPE)? {
        "flow" => Some(SpanType::Workflow),
        "flowStep" => Some(SpanType::Step),
        "util" if name == "generate" => Some(SpanType::Agent),
        _ => Some(SpanType::Chain),
    }
}

/// Reads the model's name, for a call of a model.
pub(crate) fn model(reader: &Reader<'_>) -> Option<String> {
    matches!(reader.text(SUBTYPE)?, "model" | "embedder" | "reranker")
        .then(|| reader.text(NAME).map(str::to_owned))?
}

/// Reads token counts of the answer.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    if !reader.has(OUTPUT) || !reader.has(TYPE) {
        return Usage::default();
    }
    let usage = reader.json(OUTPUT).and_then(|output| output.get("usage").cloned()).unwrap_or_default();
    let count = |key: &str| usage.get(key).and_then(json_count);
    Usage {
        input_tokens: count("inputTokens"),
        output_tokens: count("outputTokens"),
        cache_read_tokens: count("cachedContentTokens"),
        reasoning_tokens: count("thoughtsTokens"),
        total_tokens: count("totalTokens"),
        ..Usage::default()
    }
}
