//! `GET /traces`.

use std::collections::HashMap;
use std::time::Instant;

use axum::Json;
use axum::extract::{Query, State};
use tracestead_model::query::{Comparison, Filter, PageStart, TraceQuery};

use super::page::{Meta, Paginated, limit, offset};
use super::summary::TraceSummary;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// Traces, newest first, as AgentOS lists them.
#[utoipa::path(
    get,
    path = "/traces",
    operation_id = "get_traces",
    tag = "Traces",
    params(
        ("run_id" = Option<String>, Query),
        ("session_id" = Option<String>, Query),
        ("user_id" = Option<String>, Query),
        ("agent_id" = Option<String>, Query),
        ("team_id" = Option<String>, Query),
        ("workflow_id" = Option<String>, Query),
        ("status" = Option<String>, Query, description = "`OK` or `ERROR`"),
        ("start_time" = Option<String>, Query, description = "ISO 8601: traces that start then or later"),
        ("end_time" = Option<String>, Query, description = "ISO 8601: traces that start then or earlier"),
        ("page" = Option<u64>, Query, description = "From 1"),
        ("limit" = Option<u64>, Query, description = "Default 20"),
        ("db_id" = Option<String>, Query),
    ),
    responses(
        (status = 200, body = Paginated<TraceSummary>),
        (status = 400, description = "A time cannot be read"),
        (status = 422, description = "A number cannot be read"),
    )
)]
pub(super) async fn traces(
    State(app): State<App>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<Paginated<TraceSummary>>, ApiError> {
    let began = Instant::now();
    let params = Params::new(params);
    let store = params.database(&app)?;
    let page = params.number("page", 1, 0)?;
    let per_page = params.number("limit", 20, 1)?;
    let mut filters = params.equal();
    filters.extend(params.started(Comparison::Lte)?);
    let filter = Filter::all(filters);
    let query = TraceQuery {
        filter: filter.clone(),
        limit: limit(per_page),
        from: PageStart::Offset(offset(page, per_page)),
    };
    let traces = store.traces(query).await?;
    let total_count = store.count_traces(filter).await?;
    let data = traces.into_iter().map(TraceSummary::from).collect();
    Ok(Json(Paginated { data, meta: Meta::new(page, per_page, total_count, began) }))
}
