//! Code before or after a run. No convention names it yet; these are the names in use.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

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
