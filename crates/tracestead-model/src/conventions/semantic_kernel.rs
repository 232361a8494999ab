//! Semantic Kernel: an early generation of the GenAI conventions.
//!
//! Source: `semantic-kernel` (Python). One finish reason, in the singular; messages as events.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Reads the one span that has no operation: the rounds of model and functions of one answer.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    (reader.source.name == "AutoFunctionInvocationLoop").then_some(SpanType::Chain)
}

pub(crate) const FINISH_REASON: &str = "gen_ai.response.finish_reason";
pub(crate) const FUNCTIONS: &str = "sk.available_functions";
