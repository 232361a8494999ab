//! MLflow tracing.
//!
//! Source: `mlflow/tracing/constant.py`. Every value is JSON, strings in quotes included.

use crate::facts::reader::{Reader, json_count, unquoted};
use crate::facts::{SpanType, Usage};

pub(crate) const SPAN_TYPE: &str = "mlflow.spanType";
pub(crate) const INPUTS: &str = "mlflow.spanInputs";
pub(crate) const OUTPUTS: &str = "mlflow.spanOutputs";
pub(crate) const REQUEST_ID: &str = "mlflow.traceRequestId";
pub(crate) const MODEL: &str = "mlflow.llm.model";
pub(crate) const PROVIDER: &str = "mlflow.llm.provider";
pub(crate) const SESSION: &str = "mlflow.trace.session";
pub(crate) const USER: &str = "mlflow.trace.user";
pub(crate) const TOOLS: &str = "mlflow.chat.tools";
const USAGE: &str = "mlflow.chat.tokenUsage";
const COST: &str = "mlflow.llm.cost";

/// Reads the span's type, predefined ones and those of newer versions.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match unquoted(reader.text(SPAN_TYPE)?).to_ascii_uppercase().as_str() {
        "LLM" | "CHAT_MODEL" => SpanType::Llm,
        "CHAIN" | "PARSER" | "MEMORY" => SpanType::Chain,
        "AGENT" => SpanType::Agent,
        "TOOL" => SpanType::Tool,
        "RETRIEVER" => SpanType::Retriever,
        "RERANKER" => SpanType::Reranker,
        "EMBEDDING" => SpanType::Embedding,
        "WORKFLOW" => SpanType::Workflow,
        "TASK" => SpanType::Step,
        "GUARDRAIL" => SpanType::Guardrail,
        "EVALUATOR" => SpanType::Evaluator,
        _ => return None,
    })
}

/// Reads token counts.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let Some(json) = reader.json(USAGE) else { return Usage::default() };
    let count = |key: &str| json.get(key).and_then(json_count);
    Usage {
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cache_read_tokens: count("cache_read_input_tokens"),
        cache_write_tokens: count("cache_creation_input_tokens"),
        total_tokens: count("total_tokens"),
        ..Usage::default()
    }
}

/// Reads the reported cost in US dollars.
pub(crate) fn cost_usd(reader: &Reader<'_>) -> Option<f64> {
    reader.json(COST)?.get("total_cost")?.as_f64()
}
