//! smolagents through OpenInference. Agents repeat the sum of their calls' counts.
//!
//! Source: `smolagents` 1.26 with `openinference-instrumentation-smolagents`.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells steps from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    let number = reader.source.name.strip_prefix("Step ")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(SpanType::Step)
}
