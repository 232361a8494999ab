//! The OpenAI Agents SDK through OpenInference.
//!
//! Source: `openai-agents` 0.24 with `openinference-instrumentation-openai-agents` 2.6. A handoff is a TOOL named
//! `handoff to X`; a turn is one round of model and tools.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells turns from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    (reader.source.name == "turn").then_some(SpanType::Step)
}
