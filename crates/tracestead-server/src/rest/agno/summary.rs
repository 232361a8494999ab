//! A trace in a list.

use serde::Serialize;
use tracestead_model::UnixNanos;
use tracestead_model::query::TraceRecord;
use utoipa::ToSchema;

/// A trace in a list. What is absent is left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceSummary {
    pub(super) trace_id: String,
    pub(super) name: String,
    /// `OK` or `ERROR`.
    pub(super) status: String,
    /// For people: `999ms`, `1.23s`.
    pub(super) duration: String,
    /// ISO 8601.
    pub(super) start_time: String,
    pub(super) end_time: String,
    pub(super) total_spans: i64,
    pub(super) error_count: i64,
    /// What went in: its beginning in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) team_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workflow_id: Option<String>,
    pub(super) created_at: String,
}

impl From<TraceRecord> for TraceSummary {
    fn from(trace: TraceRecord) -> Self {
        Self {
            trace_id: trace.trace_id,
            name: trace.name,
            status: trace.status,
            duration: duration(trace.duration_ms),
            start_time: time(trace.start_time_ns),
            end_time: time(trace.end_time_ns),
            total_spans: trace.span_count,
            error_count: trace.error_span_count,
            input: trace.input_preview,
            output: None,
            error: None,
            run_id: trace.run_id,
            session_id: trace.session_id,
            user_id: trace.user_id,
            agent_id: trace.agent_id,
            team_id: trace.team_id,
            workflow_id: trace.workflow_id,
            created_at: stored_time(&trace.created_at),
        }
    }
}

/// Returns a duration as AgentOS shows it: no minutes, and milliseconds below a second.
#[expect(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
pub(super) fn duration(milliseconds: i64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds}ms")
    } else {
        format!("{:.2}s", milliseconds as f64 / 1000.0)
    }
}

/// Returns an instant as AgentOS writes it.
pub(super) fn time(nanos: i64) -> String {
    UnixNanos::from_i64(nanos).to_rest()
}

/// Returns a time that is stored as text; one that is none is given as it is.
pub(super) fn stored_time(text: &str) -> String {
    UnixNanos::from_iso(text).map_or_else(|_| text.to_owned(), UnixNanos::to_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_agentos() {
        let expected = [
            (0, "0ms"),
            (999, "999ms"),
            (1000, "1.00s"),
            (1005, "1.00s"),
            (1234, "1.23s"),
            (60_000, "60.00s"),
        ];
        for (milliseconds, text) in expected {
            assert_eq!(duration(milliseconds), text);
        }
    }
}
