//! Haystack through OpenInference, which describes pipelines and their components.
//!
//! Source: `haystack-ai` 3.4 with `openinference-instrumentation-haystack` 0.1.46.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells runs of agents and pipelines from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    if !reader.source.scope_name.contains("haystack") {
        return None;
    }
    match reader.source.name {
        "Agent.run" | "Agent.run_async" => Some(SpanType::Agent),
        "Pipeline.run" | "AsyncPipeline.run" => Some(SpanType::Workflow),
        _ => None,
    }
}
