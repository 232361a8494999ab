//! The Langfuse SDK.
//!
//! Source: `langfuse` 5.0. Values of metadata are JSON, strings in quotes included. Usage comes in two shapes: Langfuse's
//! own, whose parts are to be added up, and OpenAI's as it came. Scope `langfuse-sdk`.

use serde_json::Value as Json;

use crate::facts::reader::{Reader, json_count};
use crate::facts::{SpanType, Usage};

pub(crate) const OBSERVATION_TYPE: &str = "langfuse.observation.type";
pub(crate) const INPUT: &str = "langfuse.observation.input";
pub(crate) const OUTPUT: &str = "langfuse.observation.output";
pub(crate) const TRACE_INPUT: &str = "langfuse.trace.input";
pub(crate) const TRACE_OUTPUT: &str = "langfuse.trace.output";
pub(crate) const TRACE_NAME: &str = "langfuse.trace.name";
pub(crate) const MODEL: &str = "langfuse.observation.model.name";
pub(crate) const MODEL_PARAMETERS: &str = "langfuse.observation.model.parameters";
pub(crate) const COMPLETION_START_TIME: &str = "langfuse.observation.completion_start_time";
pub(crate) const LEVEL: &str = "langfuse.observation.level";
pub(crate) const STATUS_MESSAGE: &str = "langfuse.observation.status_message";
pub(crate) const SESSION_ID: &str = "langfuse.session.id";
pub(crate) const USER_ID: &str = "langfuse.user.id";
pub(crate) const TRACE_TAGS: &str = "langfuse.trace.tags";
pub(crate) const TAGS: &str = "langfuse.tags";
pub(crate) const RELEASE: &str = "langfuse.release";
pub(crate) const ENVIRONMENT: &str = "langfuse.environment";
pub(crate) const METADATA: &[&str] =
    &["langfuse.trace.metadata", "langfuse.observation.metadata", "langfuse.metadata"];
const USAGE_DETAILS: &str = "langfuse.observation.usage_details";
const COST_DETAILS: &str = "langfuse.observation.cost_details";

/// Reads the observation's type. Versions up to 3.3 know spans only, whatever they are.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(OBSERVATION_TYPE)?.to_ascii_lowercase().as_str() {
        "generation" => SpanType::Llm,
        "span" | "event" if reader.has(MODEL) && reader.has(USAGE_DETAILS) => SpanType::Llm,
        "span" | "event" | "chain" => SpanType::Chain,
        "agent" => SpanType::Agent,
        "tool" => SpanType::Tool,
        "retriever" => SpanType::Retriever,
        "embedding" => SpanType::Embedding,
        "evaluator" => SpanType::Evaluator,
        "guardrail" => SpanType::Guardrail,
        _ => return None,
    })
}

/// Reads token counts of either shape.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let Some(Json::Object(details)) = reader.json(USAGE_DETAILS) else { return Usage::default() };
    let count = |key: &str| details.get(key).and_then(json_count);
    let nested =
        |outer: &str, inner: &str| details.get(outer).and_then(|outer| json_count(outer.get(inner)?));
    if details.contains_key("prompt_tokens") || details.contains_key("completion_tokens") {
        return Usage {
            input_tokens: count("prompt_tokens"),
            output_tokens: count("completion_tokens"),
            cache_read_tokens: nested("prompt_tokens_details", "cached_tokens"),
            reasoning_tokens: nested("completion_tokens_details", "reasoning_tokens"),
            input_audio_tokens: nested("prompt_tokens_details", "audio_tokens"),
            output_audio_tokens: nested("completion_tokens_details", "audio_tokens"),
            total_tokens: count("total_tokens").or_else(|| count("total")),
            ..Usage::default()
        };
    }
    let sum = |own: &str, is_part: &dyn Fn(&str) -> bool| {
        let parts = details.iter().filter(|(key, _)| key.as_str() == own || is_part(key));
        parts.filter_map(|(_, value)| json_count(value)).reduce(i64::saturating_add)
    };
    let is_cache = |key: &str| matches!(key, "cache_read_input_tokens" | "cache_creation_input_tokens");
    let is_details = details.contains_key("input_tokens_details") || details.contains_key("input_tokens");
    Usage {
        // OpenAI's Responses shape says `input_tokens` and means all of them, Anthropic's leaves out the cache.
        input_tokens: if details.contains_key("input_tokens_details") {
            count("input_tokens")
        } else if is_details {
            sum("input_tokens", &is_cache)
        } else {
            sum("input", &|key| is_cache(key) || key.starts_with("input_"))
        },
        output_tokens: if is_details {
            count("output_tokens")
        } else {
            sum("output", &|key| key.starts_with("output_"))
        },
        cache_read_tokens: count("cache_read_input_tokens")
            .or_else(|| count("input_cached_tokens"))
            .or_else(|| count("input_cache_read"))
            .or_else(|| nested("input_tokens_details", "cached_tokens")),
        cache_write_tokens: count("cache_creation_input_tokens").or_else(|| count("input_cache_creation")),
        reasoning_tokens: count("output_reasoning_tokens")
            .or_else(|| count("output_reasoning"))
            .or_else(|| nested("output_tokens_details", "reasoning_tokens")),
        input_audio_tokens: count("input_audio_tokens"),
        output_audio_tokens: count("output_audio_tokens"),
        total_tokens: count("total").or_else(|| count("total_tokens")),
    }
}

/// Reads the reported cost in US dollars.
pub(crate) fn cost_usd(reader: &Reader<'_>) -> Option<f64> {
    let Json::Object(details) = reader.json(COST_DETAILS)? else { return None };
    details
        .get("total")
        .and_then(Json::as_f64)
        .or_else(|| details.iter().filter_map(|(_, value)| value.as_f64()).reduce(|sum, part| sum + part))
}
