//! Code before or after a run. No convention names it yet; these are the names in use.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells hooks from plain chains, for a span of OpenInference's kind CHAIN: it has no kind of its own for them.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    let says = ["agno.hook.name", "hook.name"].iter().any(|key| reader.has(key));
    says.then_some(SpanType::Hook)
}

/// Reads whether the span is a hook.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    let says =
        ["agno.hook.name", "agno.hook.type", "hook.name", "hook.type"].iter().any(|key| reader.has(key));
    let name = reader.source.name;
    let is_named = ["pre_hook", "post_hook", "pre-hook", "post-hook"].iter().any(|hook| {
        name.strip_prefix(hook).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.', ':']))
    });
    (says || is_named).then_some(SpanType::Hook)
}
