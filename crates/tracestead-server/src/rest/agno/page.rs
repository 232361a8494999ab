//! Pages as AgentOS answers them: `{"data": [...], "meta": {...}}`.

use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

/// A page of anything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Paginated<T> {
    pub(super) data: Vec<T>,
    pub(super) meta: Meta,
}

/// Which page it is, of how many.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Meta {
    page: u64,
    limit: u64,
    total_pages: u64,
    total_count: u64,
    /// How long the search took, in milliseconds.
    search_time_ms: f64,
}

impl Meta {
    pub(super) fn new(page: u64, limit: u64, total_count: u64, began: Instant) -> Self {
        let search_time_ms = (began.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
        Self { page, limit, total_pages: total_count.div_ceil(limit.max(1)), total_count, search_time_ms }
    }
}

/// Returns how many rows come before a page; pages count from 1, and 0 is the first as well.
pub(super) fn offset(page: u64, limit: u64) -> u64 {
    page.saturating_sub(1).saturating_mul(limit)
}

/// Returns a limit a statement can have.
pub(super) fn limit(limit: u64) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}
