//! OpenInference: what Agno's instrumentor and many others emit.
//!
//! Source: OpenInference semantic conventions of 2026-08-21. Lists are flattened with dots and indices, as in
//! `llm.input_messages.0.message.role`.

use crate::facts::{SpanType, Usage};
use crate::{Attributes, Value};

/// The kind of span.
pub const SPAN_KIND: &str = "openinference.span.kind";
/// What went in.
pub const INPUT_VALUE: &str = "input.value";
/// What came out.
pub const OUTPUT_VALUE: &str = "output.value";
/// Keys that hold the model's name, the request's before the response's.
pub const MODEL: &[&str] =
    &["llm.request.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name"];
/// Keys that hold the provider's name.
pub const PROVIDER: &[&str] = &["llm.provider", "llm.system"];

/// Reads the span's kind; `UNKNOWN` says nothing.
#[must_use]
pub fn span_type(attributes: &Attributes) -> Option<SpanType> {
    let kind = attributes.text(SPAN_KIND)?.to_ascii_uppercase();
    match kind.as_str() {
        "AGENT" => Some(SpanType::Agent),
        "LLM" => Some(SpanType::Llm),
        "TOOL" => Some(SpanType::Tool),
        "RETRIEVER" => Some(SpanType::Retriever),
        "EMBEDDING" => Some(SpanType::Embedding),
        "RERANKER" => Some(SpanType::Reranker),
        "GUARDRAIL" => Some(SpanType::Guardrail),
        "EVALUATOR" => Some(SpanType::Evaluator),
        "CHAIN" | "PROMPT" => Some(SpanType::Chain),
        _ => None,
    }
}

/// Reads token counts. The prompt's count includes what came from a cache.
#[must_use]
pub fn usage(attributes: &Attributes) -> Usage {
    let count = |key: &str| attributes.get(key).and_then(Value::as_i64).filter(|count| *count >= 0);
    let detail = |keys: [&str; 2]| {
        let [first, second] = keys.map(count);
        // A zero in a detail never beats a positive count from the next source.
        first.filter(|count| *count > 0).or(second).or(first)
    };
    let input_tokens = count("llm.token_count.prompt");
    let output_tokens = count("llm.token_count.completion");
    let sum = match (input_tokens, output_tokens) {
        (None, None) => None,
        (input, output) => input.unwrap_or(0).checked_add(output.unwrap_or(0)),
    };
    Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens: detail([
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
        ]),
        cache_write_tokens: count("llm.token_count.prompt_details.cache_write"),
        reasoning_tokens: count("llm.token_count.completion_details.reasoning"),
        total_tokens: count("llm.token_count.total").or(sum),
    }
}

/// Reads the cost the span reports, in billionths of a US dollar.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub fn cost_nano_usd(attributes: &Attributes) -> Option<i64> {
    let usd = attributes.get("llm.cost.total").and_then(Value::as_f64)?;
    let nano = usd * 1e9;
    (0.0..9e18).contains(&nano).then(|| nano.round() as i64)
}

/// Reads tags: a list of strings, or one string that holds such a list as JSON or with commas.
#[must_use]
pub fn tags(attributes: &Attributes) -> Vec<String> {
    let mut tags: Vec<String> = match attributes.get("tag.tags") {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => match serde_json::from_str::<Vec<String>>(text) {
            Ok(tags) => tags,
            Err(_) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
        },
        _ => Vec::new(),
    };
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    tags
}
