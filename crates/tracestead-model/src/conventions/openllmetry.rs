//! OpenLLMetry's instrumentations of clients, old and new.
//!
//! Source: OpenLLMetry 0.40 and 0.62. Until 0.5x prompts are flattened (`gen_ai.prompt.0.content`), since then they follow
//! the GenAI conventions; some keys of its own remain. Scopes `opentelemetry.instrumentation.*`.

use crate::facts::reader::Reader;
use crate::facts::{SpanType, Usage};

pub(crate) const REQUEST_TYPE: &str = "llm.request.type";
pub(crate) const PROMPTS: &str = "gen_ai.prompt";
pub(crate) const COMPLETIONS: &str = "gen_ai.completion";
pub(crate) const FIRST_FINISH_REASON: &str = "gen_ai.completion.0.finish_reason";
pub(crate) const FUNCTIONS: &str = "llm.request.functions";
pub(crate) const USER: &str = "llm.user";
pub(crate) const API_BASE: &str = "gen_ai.openai.api_base";
/// One per piece of a streamed answer.
pub(crate) const CHUNK_EVENTS: &[&str] = &["gen_ai.content.completion.chunk", "llm.content.completion.chunk"];

/// Reads the kind of request.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(REQUEST_TYPE)?.to_ascii_lowercase().as_str() {
        "chat" | "completion" => SpanType::Llm,
        "embedding" => SpanType::Embedding,
        "rerank" => SpanType::Reranker,
        _ => return None,
    })
}

/// Reads the one count that is spelled in no other convention.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    Usage { total_tokens: reader.count("llm.usage.total_tokens"), ..Usage::default() }
}
