//! Answers to questions that cannot be answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tracestead_store::ReadError;

/// An error answer: `{"detail": ...}`, as AgentOS has it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: Value,
}

impl ApiError {
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: Value::String(detail.into()) }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, detail: Value::String(detail.into()) }
    }

    /// The form in which `FastAPI`, and so AgentOS, refuses a value: 422 with a list.
    pub(crate) fn unprocessable(
        kind: &str,
        location: [&str; 2],
        message: &str,
        input: &Value,
        context: &Value,
    ) -> Self {
        let detail = json!([{"type": kind, "loc": location, "msg": message, "input": input, "ctx": context}]);
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, detail }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"detail": self.detail}))).into_response()
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "a question could not be answered");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            detail: Value::String(format!("{error}; try again, and see the server's log if it stays so")),
        }
    }
}
