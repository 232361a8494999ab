//! `GET /api/v1/traces`, `GET /api/v1/facets`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use tracestead_model::query::{Comparison, Field, Filter, FilterValue, PageStart, TraceQuery, TraceRecord};
use utoipa::ToSchema;

use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

const DEFAULT_LIMIT: u64 = 50;
const MOST_PER_PAGE: u64 = 200;
const MOST_FACETS: u32 = 200;

/// A page of traces.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TracePage {
    data: Vec<TraceRow>,
    /// Give it as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
}

/// A trace. Times are decimal strings of nanoseconds since 1970, durations are nanoseconds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceRow {
    trace_id: String,
    name: String,
    status: String,
    start_time_ns: String,
    end_time_ns: String,
    duration_ns: i64,
    span_count: i64,
    error_span_count: i64,
    root_span_id: Option<String>,
    root_type: Option<String>,
    input_preview: Option<String>,
    output_preview: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    total_tokens: Option<i64>,
    cost_nano_usd: Option<i64>,
    /// How many model calls have no known cost: with one or more, the cost is a part of the truth.
    unpriced_call_count: i64,
    models: Vec<String>,
    service_name: Option<String>,
    environment: Option<String>,
    release: Option<String>,
    tags: Vec<String>,
    has_agent_spans: bool,
    run_id: Option<String>,
    session_id: Option<String>,
    user_id: Option<String>,
    agent_id: Option<String>,
    agent_name: Option<String>,
    team_id: Option<String>,
    team_name: Option<String>,
    workflow_id: Option<String>,
    workflow_name: Option<String>,
}

impl From<TraceRecord> for TraceRow {
    fn from(trace: TraceRecord) -> Self {
        Self {
            trace_id: trace.trace_id,
            name: trace.name,
            status: trace.status,
            start_time_ns: trace.start_time_ns.to_string(),
            end_time_ns: trace.end_time_ns.to_string(),
            duration_ns: trace.end_time_ns.saturating_sub(trace.start_time_ns),
            span_count: trace.span_count,
            error_span_count: trace.error_span_count,
            root_span_id: trace.root_span_id,
            root_type: trace.root_type,
            input_preview: trace.input_preview,
            output_preview: trace.output_preview,
            input_tokens: trace.input_tokens,
            output_tokens: trace.output_tokens,
            total_tokens: trace.total_tokens,
            cost_nano_usd: trace.cost_nano_usd,
            unpriced_call_count: trace.unpriced_call_count,
            models: trace.models,
            service_name: trace.service_name,
            environment: trace.environment,
            release: trace.release,
            tags: trace.tags,
            has_agent_spans: trace.has_agent_spans,
            run_id: trace.run_id,
            session_id: trace.session_id,
            user_id: trace.user_id,
            agent_id: trace.agent_id,
            agent_name: trace.agent_name,
            team_id: trace.team_id,
            team_name: trace.team_name,
            workflow_id: trace.workflow_id,
            workflow_name: trace.workflow_name,
        }
    }
}

/// Traces, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/traces",
    operation_id = "list_traces",
    tag = "Page",
    params(
        ("limit" = Option<u64>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("status" = Option<String>, Query, description = "`OK` or `ERROR`"),
        ("user_id" = Option<String>, Query),
        ("session_id" = Option<String>, Query),
        ("agent_id" = Option<String>, Query),
        ("team_id" = Option<String>, Query),
        ("workflow_id" = Option<String>, Query),
        ("run_id" = Option<String>, Query),
        ("name" = Option<String>, Query, description = "The name contains it, in any case"),
        ("start_time" = Option<String>, Query, description = "ISO 8601: traces that start then or later"),
        ("end_time" = Option<String>, Query, description = "ISO 8601: traces that start earlier"),
        ("agent_only" = Option<bool>, Query, description = "Leaves out traces in which no agent ran"),
        ("db_id" = Option<String>, Query, description = "The database that is asked; the main one if absent"),
    ),
    responses((status = 200, body = TracePage), (status = 400, description = "A parameter cannot be read"))
)]
pub(super) async fn traces(
    State(app): State<App>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<TracePage>, ApiError> {
    let params = Params::new(params);
    let store = params.database(&app)?;
    let limit = params.number("limit", DEFAULT_LIMIT, 1)?;
    if limit > MOST_PER_PAGE {
        return Err(ApiError::bad_request(format!(
            "Invalid limit: {limit} is more than {MOST_PER_PAGE}; use `cursor` for more"
        )));
    }
    if let Some(status) = params.text("status").filter(|status| !matches!(*status, "OK" | "ERROR")) {
        return Err(ApiError::bad_request(format!("Invalid status: `{status}` is neither OK nor ERROR")));
    }
    let mut filters = params.equal();
    filters.extend(params.started(Comparison::Lt)?);
    if let Some(name) = params.text("name") {
        filters.push(Filter::Contains(Field::Name, name.to_owned()));
    }
    if params.truth("agent_only")? {
        filters.push(Filter::Compare(Field::HasAgentSpans, Comparison::Eq, FilterValue::Number(1.0)));
    }
    let from = params.text("cursor").map_or(Ok(PageStart::Newest), read_cursor)?;
    // One more than asked for tells whether there is a next page.
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let limit = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut traces = store.traces(TraceQuery { filter: Filter::all(filters), limit, from }).await?;
    let has_more = traces.len() > page;
    traces.truncate(page);
    let next_cursor = traces.last().filter(|_| has_more).map(cursor);
    Ok(Json(TracePage { data: traces.into_iter().map(TraceRow::from).collect(), next_cursor }))
}

fn cursor(trace: &TraceRecord) -> String {
    format!("{}-{}", trace.start_time_ns, trace.trace_id)
}

fn read_cursor(text: &str) -> Result<PageStart, ApiError> {
    let read = || {
        let (start_time_ns, trace_id) = text.split_once('-')?;
        Some(PageStart::After { start_time_ns: start_time_ns.parse().ok()?, trace_id: trace_id.to_owned() })
    };
    read().ok_or_else(|| {
        ApiError::bad_request("Invalid cursor: give the `next_cursor` of an answer as it came")
    })
}

/// The ids by which lists can be narrowed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Facets {
    agents: Vec<String>,
    teams: Vec<String>,
    workflows: Vec<String>,
}

/// The ids of agents, teams and workflows that ran, at most 200 of each.
#[utoipa::path(
    get,
    path = "/api/v1/facets",
    operation_id = "facets",
    tag = "Page",
    params(("db_id" = Option<String>, Query, description = "The database that is asked; the main one if absent")),
    responses((status = 200, body = Facets))
)]
pub(super) async fn facets(
    State(app): State<App>,
    Query(params): Query<HashMap<String, String>>,
) -> Result<Json<Facets>, ApiError> {
    let store = Params::new(params).database(&app)?;
    let [agents, teams, workflows] = store.run_ids(MOST_FACETS).await?;
    Ok(Json(Facets { agents, teams, workflows }))
}
