//! Logfire: spans with a message, logs that are spans without length, placeholders of spans that have begun.
//!
//! Source: `logfire` 5.2. A `pending_span` has an id of its own and is a child of the span it announces. `logfire.metrics`
//! repeats usage and is never read.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const SPAN_TYPE: &str = "logfire.span_type";

/// Reads placeholders: they say of a span that has begun all that the span itself will say.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    (reader.text(SPAN_TYPE)? == "pending_span").then_some(SpanType::Other)
}

pub(crate) const TAGS: &str = "logfire.tags";
