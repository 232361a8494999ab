//! `GET /traces/filter-schema`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What can be asked for, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilterSchema {
    fields: Vec<FilterField>,
    logical_operators: Vec<&'static str>,
}

/// A field that can be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FilterField {
    key: &'static str,
    label: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    operators: Vec<&'static str>,
    values: Option<Vec<&'static str>>,
}

/// The fields that a filter expression can name.
#[utoipa::path(
    get,
    path = "/traces/filter-schema",
    operation_id = "get_traces_filter_schema",
    tag = "Traces",
    responses((status = 200, body = FilterSchema))
)]
pub(super) async fn filter_schema() -> Json<FilterSchema> {
    let field = |key, label, kind, operators: &str, values| FilterField {
        key,
        label,
        kind,
        operators: OPERATORS
            .iter()
            .copied()
            .filter(|name| operators.split(' ').any(|one| one == *name))
            .collect(),
        values,
    };
    let text = |key, label| field(key, label, "string", "EQ NEQ CONTAINS STARTSWITH IN", None);
    let time = |key, label| field(key, label, "datetime", "GT GTE LT LTE", None);
    Json(FilterSchema {
        fields: vec![
            field("status", "Status", "enum", "EQ NEQ IN", Some(vec!["OK", "ERROR"])),
            text("user_id", "User ID"),
            text("agent_id", "Agent ID"),
            text("team_id", "Team ID"),
            text("workflow_id", "Workflow ID"),
            text("session_id", "Session ID"),
            text("run_id", "Run ID"),
            field("name", "Trace Name", "string", "EQ NEQ CONTAINS STARTSWITH", None),
            text("trace_id", "Trace ID"),
            field("duration_ms", "Duration (ms)", "number", "EQ NEQ GT GTE LT LTE", None),
            time("start_time", "Start Time"),
            time("end_time", "End Time"),
            time("created_at", "Created At"),
        ],
        logical_operators: vec!["AND", "OR"],
    })
}

const OPERATORS: [&str; 9] = ["EQ", "NEQ", "GT", "GTE", "LT", "LTE", "CONTAINS", "STARTSWITH", "IN"];
