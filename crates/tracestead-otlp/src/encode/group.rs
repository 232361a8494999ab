//! Spans sorted into `ResourceSpans` and `ScopeSpans`.

use std::collections::HashMap;
use std::sync::Arc;

use tracestead_model::{Resource, Scope, Span};

/// The spans of one resource.
pub(super) struct ResourceGroup<'a> {
    pub(super) resource: &'a Resource,
    pub(super) scopes: Vec<ScopeGroup<'a>>,
}

/// The spans of one scope within a resource.
pub(super) struct ScopeGroup<'a> {
    pub(super) scope: &'a Scope,
    pub(super) spans: Vec<&'a Span>,
}

/// Groups `spans` by resource and scope, in order of first appearance. Which are the same is decided by the `Arc`, not by
/// comparing attributes: decoding shares them, and equal ones sent twice are legal.
pub(super) fn group(spans: &[Span]) -> Vec<ResourceGroup<'_>> {
    let mut groups: Vec<ResourceGroup<'_>> = Vec::new();
    let mut places = Places::default();
    for span in spans {
        let (of_resource, of_scope) = places.of(span, &mut groups);
        groups[of_resource].scopes[of_scope].spans.push(span);
    }
    groups
}

/// Where the groups of a resource, and of a scope within a resource, are.
#[derive(Default)]
struct Places {
    resources: HashMap<*const Resource, usize>,
    scopes: HashMap<ScopeKey, (usize, usize)>,
    /// The place of the span before: nearly always that of the next one too.
    last: Option<(ScopeKey, (usize, usize))>,
}

type ScopeKey = (*const Resource, *const Scope);

impl Places {
    /// Returns the place of `span`, making its groups if it is the first of them.
    fn of<'a>(&mut self, span: &'a Span, groups: &mut Vec<ResourceGroup<'a>>) -> (usize, usize) {
        let key = (Arc::as_ptr(&span.resource), Arc::as_ptr(&span.scope));
        if let Some((_, place)) = self.last.filter(|(last, _)| *last == key) {
            return place;
        }
        let place = *self.scopes.entry(key).or_insert_with(|| {
            let of_resource = *self.resources.entry(key.0).or_insert_with(|| {
                groups.push(ResourceGroup { resource: &span.resource, scopes: Vec::new() });
                groups.len() - 1
            });
            let scopes = &mut groups[of_resource].scopes;
            scopes.push(ScopeGroup { scope: &span.scope, spans: Vec::new() });
            (of_resource, scopes.len() - 1)
        });
        self.last = Some((key, place));
        place
    }
}
