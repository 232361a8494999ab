//! Logfire: spans with a message, logs that are spans without length, placeholders of spans that have begun.
//!
//! Source: `logfire` 5.2. A `pending_span` has an id of its own and is a child of the span it announces. `logfire.metrics`
//! repeats usage and is never read.

pub(crate) const TAGS: &str = "logfire.tags";
