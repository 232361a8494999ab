//! What stands for copies in a build without the feature `otlp`: there are none.

use std::time::Instant;

use tracestead_model::Span;

use super::CopyStats;

#[derive(Debug)]
pub(super) struct Copies;

#[derive(Clone, Copy)]
pub(super) enum Copy {}

impl Copies {
    #[expect(clippy::unused_self, reason = "its twin has endpoints")]
    pub(super) fn stats(&self) -> Vec<CopyStats> {
        Vec::new()
    }

    #[expect(clippy::unused_self, reason = "its twin has endpoints")]
    pub(super) fn prepare(&self, _spans: &[Span]) -> Option<Copy> {
        None
    }

    #[expect(clippy::unused_self, reason = "its twin has endpoints")]
    pub(super) fn offer(&self, copy: Option<Copy>) {
        if let Some(never) = copy {
            match never {}
        }
    }

    #[expect(clippy::unused_self, reason = "its twin has endpoints")]
    pub(super) fn wait_until(&self, _deadline: Instant) -> bool {
        true
    }

    #[expect(clippy::unused_self, reason = "its twin has endpoints")]
    pub(super) fn finish(&self, _deadline: Instant) {}
}
