//! `GET /trace_session_stats`.

use std::collections::HashMap;
use std::time::Instant;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use tracestead_model::query::{Comparison, Filter, SessionStats};
use utoipa::ToSchema;

use super::page::{Meta, Paginated, limit, offset};
use super::summary::stored_time;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// A session and its traces, counted. What is absent is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceSessionStats {
    session_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<String>,
    total_traces: i64,
    first_trace_at: String,
    last_trace_at: String,
}

impl From<SessionStats> for TraceSessionStats {
    fn from(session: SessionStats) -> Self {
        Self {
            session_id: session.session_id,
            user_id: session.user_id,
            agent_id: session.agent_id,
            team_id: session.team_id,
            workflow_id: session.workflow_id,
            total_traces: session.total_traces,
            first_trace_at: stored_time(&session.first_trace_at),
            last_trace_at: stored_time(&session.last_trace_at),
        }
    }
}

/// Sessions, the last active first.
#[utoipa::path(
    get,
    path = "/trace_session_stats",
    operation_id = "get_trace_stats",
    tag = "Traces",
    params(
        ("user_id" = Option<String>, Query),
        ("agent_id" = Option<String>, Query),
        ("team_id" = Option<String>, Query),
        ("workflow_id" = Option<String>, Query),
        ("start_time" = Option<String>, Query, description = "ISO 8601: traces that start then or later"),
        ("end_time" = Option<String>, Query, description = "ISO 8601: traces that start then or earlier"),
        ("page" = Option<u64>, Query, description = "From 1"),
        ("limit" = Option<u64>, Query, description = "Default 20"),
        ("db_id" = Option<String>, Query),
    ),
    responses((status = 200, body = Paginated<TraceSessionStats>), (status = 400, description = "A time cannot be read"))
)]
pub(super) async fn trace_session_stats(
    State(app): State<App>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<Paginated<TraceSessionStats>>, ApiError> {
    let began = Instant::now();
    let params = Params::new(params);
    let store = params.database(&app)?;
    let page = params.number("page", 1, 1)?;
    let per_page = params.number("limit", 20, 1)?;
    let mut filters = params.equal();
    filters.extend(params.started(Comparison::Lte)?);
    let (rows, count) = store.sessions(Filter::all(filters), limit(per_page), offset(page, per_page)).await?;
    let data = rows.into_iter().map(TraceSessionStats::from).collect();
    Ok(Json(Paginated { data, meta: Meta::new(page, per_page, count, began) }))
}
