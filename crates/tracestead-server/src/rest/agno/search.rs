//! `POST /traces/search`.

use std::collections::HashMap;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tracestead_model::query::{Filter, PageStart, TraceQuery};
use utoipa::ToSchema;

use super::detail::{TraceDetail, json_response, write_detail};
use super::page::{Meta, Paginated, limit, offset};
use super::sessions;
use crate::App;
use crate::error::ApiError;
use crate::rest::params::Params;

/// The largest page: answers hold whole trees.
const MOST_PER_PAGE: i64 = 100;

/// A search.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "read by hand, for answers like AgentOS's; here for the document")]
pub(super) struct SearchRequest {
    /// A filter expression such as `{"op": "EQ", "key": "user_id", "value": "bob"}`; null or `{}` for everything.
    filter: Option<Json>,
    /// `run` (default) for traces with their trees, `session` for counts by session.
    group_by: Option<String>,
    /// From 1.
    page: Option<u64>,
    /// 1 to 100, default 20.
    limit: Option<u64>,
}

/// Traces that match a filter expression, with their trees, or sessions of them.
#[utoipa::path(
    post,
    path = "/traces/search",
    operation_id = "search_traces",
    tag = "Traces",
    params(("db_id" = Option<String>, Query)),
    request_body = SearchRequest,
    responses(
        (status = 200, body = Paginated<TraceDetail>),
        (status = 400, description = "The filter expression is none"),
        (status = 422, description = "Another field is wrong"),
    )
)]
pub(super) async fn search(
    State(app): State<App>,
    Query(params): Query<HashMap<String, String>>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let began = Instant::now();
    let store = Params::new(params).database(&app)?;
    let request: Json = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request(format!("Invalid request body: {error}; send a JSON object"))
    })?;
    if !request.is_object() {
        return Err(ApiError::bad_request(
            "Invalid request body: send a JSON object such as {\"filter\": null}",
        ));
    }
    let page = number(&request, "page", 1, None)?;
    let per_page = number(&request, "limit", 20, Some(MOST_PER_PAGE))?;
    let filter = Filter::from_json(&request["filter"])
        .map_err(|error| ApiError::bad_request(format!("Invalid filter expression: {error}")))?;
    match &request["group_by"] {
        Json::Null => {}
        Json::String(group_by) if group_by == "run" => {}
        Json::String(group_by) if group_by == "session" => {
            let (rows, count) = store.sessions(filter, limit(per_page), offset(page, per_page)).await?;
            let data = rows.into_iter().map(sessions::TraceSessionStats::from).collect();
            let answer = Paginated { data, meta: Meta::new(page, per_page, count, began) };
            return Ok(json_response(serde_json::to_string(&answer).unwrap_or_default()));
        }
        other => {
            let context = json!({"expected": "'run' or 'session'"});
            let message = "Input should be 'run' or 'session'";
            return Err(ApiError::unprocessable("enum", ["body", "group_by"], message, other, &context));
        }
    }
    let query = TraceQuery {
        filter: filter.clone(),
        limit: limit(per_page),
        from: PageStart::Offset(offset(page, per_page)),
    };
    let traces = store.traces(query).await?;
    let count = store.count_traces(filter).await?;
    let mut answer = "{\"data\":[".to_owned();
    for (at, trace) in traces.into_iter().enumerate() {
        answer.push_str(if at > 0 { "," } else { "" });
        let spans = store.whole_spans(&trace.trace_id).await?;
        write_detail(&mut answer, &trace, &spans);
    }
    let meta = serde_json::to_string(&Meta::new(page, per_page, count, began)).unwrap_or_default();
    answer.extend(["],\"meta\":", &meta, "}"]);
    Ok(json_response(answer))
}

fn number(request: &Json, name: &str, default: u64, most: Option<i64>) -> Result<u64, ApiError> {
    let refuse = |kind: &str, message: &str, context: Json| {
        ApiError::unprocessable(kind, ["body", name], message, &request[name], &context)
    };
    let number = match &request[name] {
        Json::Null => return Ok(default),
        Json::Number(number) => number.as_i64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| refuse("int_type", "Input should be a valid integer", json!({})))?;
    if let Some(most) = most.filter(|most| number > *most) {
        let message = format!("Input should be less than or equal to {most}");
        return Err(refuse("less_than_equal", &message, json!({"le": most})));
    }
    u64::try_from(number).ok().filter(|number| *number >= 1).ok_or_else(|| {
        refuse("greater_than_equal", "Input should be greater than or equal to 1", json!({"ge": 1}))
    })
}
