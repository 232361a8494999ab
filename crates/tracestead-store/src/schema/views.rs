//! The views: what people ask with SQL, the same names and columns in every database.
//!
//! They are a contract. Columns are added at the end and never change their meaning. Times are times of the database (texts
//! on SQLite, which has no others) in UTC, money is US dollars, durations are milliseconds with a fraction. Sums over
//! `total_tokens` or `cost_usd` count each call once: both are empty where another row tells of the same call.

use crate::sql::Dialect;

/// A view: its name and what it selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) select: String,
}

/// Returns every view.
pub(crate) fn views(dialect: Dialect) -> Vec<View> {
    let words = Words { dialect };
    vec![
        View { name: "tracestead_runs", select: words.runs() },
        View { name: "tracestead_llm_calls", select: words.llm_calls() },
        View { name: "tracestead_tool_calls", select: words.tool_calls() },
        View { name: "tracestead_retrievals", select: words.retrievals() },
        View { name: "tracestead_sessions", select: words.grouped("session_id") },
        View { name: "tracestead_users", select: words.grouped("user_id") },
    ]
}

/// What a span of a trace has in every view.
const IDS: &str = "s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.parent_span_id AS parent_span_id,
    COALESCE(s.run_id, t.run_id) AS run_id,
    COALESCE(s.session_id, t.session_id) AS session_id,
    COALESCE(s.user_id, t.user_id) AS user_id,
    COALESCE(s.agent_id, t.agent_id) AS agent_id,
    COALESCE(s.agent_name, t.agent_name) AS agent_name,
    COALESCE(s.team_id, t.team_id) AS team_id,
    COALESCE(s.workflow_id, t.workflow_id) AS workflow_id,
    t.environment AS environment,
    t.service_name AS service_name";

const OUTCOME: &str =
    "CASE WHEN s.status_code = 'ERROR' OR s.error_type IS NOT NULL THEN 'ERROR' ELSE 'OK' END AS status,
    s.error_type AS error_type,
    s.status_message AS status_message";

struct Words {
    dialect: Dialect,
}

impl Words {
    fn time(&self, ns: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!(
                "strftime('%Y-%m-%d %H:%M:%S', {ns} / 1000000000, 'unixepoch') || printf('.%06d', {ns} / 1000 % 1000000)"
            ),
            Dialect::Postgres => {
                format!("TIMESTAMP WITH TIME ZONE 'epoch' + ({ns} / 1000) * INTERVAL '1 microsecond'")
            }
            Dialect::MySql => {
                format!("TIMESTAMP('1970-01-01 00:00:00') + INTERVAL ({ns} DIV 1000) MICROSECOND")
            }
            Dialect::ClickHouse => format!("fromUnixTimestamp64Nano({ns}, 'UTC')"),
        }
    }

    fn day(&self, ns: &str) -> String {
        let time = self.time(ns);
        match self.dialect {
            Dialect::Sqlite => format!("date({ns} / 1000000000, 'unixepoch')"),
            Dialect::Postgres => format!("CAST(({time}) AT TIME ZONE 'UTC' AS DATE)"),
            Dialect::MySql => format!("DATE({time})"),
            Dialect::ClickHouse => format!("toDate({time}, 'UTC')"),
        }
    }

    fn real(&self, expression: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("CAST({expression} AS REAL)"),
            Dialect::Postgres => format!("CAST({expression} AS DOUBLE PRECISION)"),
            Dialect::MySql => format!("CAST({expression} AS DOUBLE)"),
            Dialect::ClickHouse => format!("toFloat64({expression})"),
        }
    }

    fn sum(&self, column: &str) -> String {
        self.dialect.whole(&format!("SUM({column})"))
    }

    /// A sum that is empty if there is nothing to sum.
    fn sum_or_none(&self, column: &str) -> String {
        match self.dialect {
            // There it has a type that cannot be empty, unless its column can.
            Dialect::ClickHouse => format!("sumOrNull({column})"),
            _ => self.sum(column),
        }
    }

    /// When it happened and how long it took.
    fn times(&self) -> String {
        format!(
            "{} AS started_at,\n    {} AS ended_at,\n    {} AS started_on,\n    {} / 1e6 AS duration_ms",
            self.time("s.start_time_ns"),
            self.time("s.end_time_ns"),
            self.day("s.start_time_ns"),
            self.real("(s.end_time_ns - s.start_time_ns)"),
        )
    }

    fn from(&self, condition: &str) -> String {
        let (spans, traces) = match self.dialect {
            Dialect::ClickHouse => ("agno_spans AS s FINAL", "agno_traces AS t FINAL"),
            _ => ("agno_spans s", "agno_traces t"),
        };
        format!("FROM {spans}\nJOIN {traces} ON t.trace_id = s.trace_id\nWHERE {condition}")
    }

    fn runs(&self) -> String {
        format!(
            "SELECT\n    {},\n    s.team_name AS team_name,\n    s.workflow_name AS workflow_name,\n    s.span_type AS run_type,
    s.name AS name,\n    {},\n    {}\n{}",
            IDS,
            OUTCOME,
            self.times(),
            self.from("s.span_type IN ('AGENT', 'TEAM', 'WORKFLOW')"),
        )
    }

    fn llm_calls(&self) -> String {
        let counted = |column: &str| format!("CASE WHEN s.is_counted THEN s.{column} END AS {column}");
        format!(
            "SELECT\n    {},\n    s.name AS name,\n    s.model AS model,\n    s.response_model AS response_model,
    s.provider AS provider,\n    s.finish_reason AS finish_reason,\n    {},\n    {},
    {} / 1e6 AS time_to_first_token_ms,\n    {},\n    {},\n    {},\n    {},\n    {},\n    {},
    CASE WHEN s.is_counted THEN {} / 1e9 END AS cost_usd\n{}",
            IDS,
            OUTCOME,
            self.times(),
            self.real("s.ttft_ns"),
            counted("input_tokens"),
            counted("output_tokens"),
            counted("cache_read_tokens"),
            counted("cache_write_tokens"),
            counted("reasoning_tokens"),
            counted("total_tokens"),
            self.real("s.cost_nano_usd"),
            self.from("s.span_type = 'LLM'"),
        )
    }

    fn tool_calls(&self) -> String {
        format!(
            "SELECT\n    {},\n    COALESCE(s.tool_name, s.name) AS tool_name,\n    {},\n    {}\n{}",
            IDS,
            OUTCOME,
            self.times(),
            self.from("s.span_type = 'TOOL'"),
        )
    }

    fn retrievals(&self) -> String {
        format!(
            "SELECT\n    {},\n    s.name AS name,\n    {},\n    {}\n{}",
            IDS,
            OUTCOME,
            self.times(),
            self.from("s.span_type = 'RETRIEVER'"),
        )
    }

    /// Traces by session or by user.
    fn grouped(&self, by: &str) -> String {
        let other = if by == "session_id" {
            "MAX(user_id) AS user_id".to_owned()
        } else {
            "COUNT(DISTINCT session_id) AS session_count".to_owned()
        };
        let from = self.dialect.from("agno_traces");
        format!(
            "SELECT\n    {by},\n    {other},\n    COUNT(*) AS trace_count,
    {} AS error_trace_count,\n    {} AS first_started_at,\n    {} AS last_ended_at,\n    {} AS input_tokens,
    {} AS output_tokens,\n    {} AS total_tokens,\n    {} / 1e9 AS cost_usd\nFROM {from}
WHERE {by} IS NOT NULL AND start_time_ns IS NOT NULL\nGROUP BY {by}",
            self.sum("CASE WHEN status = 'ERROR' THEN 1 ELSE 0 END"),
            self.time("MIN(start_time_ns)"),
            self.time("MAX(end_time_ns)"),
            self.sum_or_none("agno_traces.input_tokens"),
            self.sum_or_none("agno_traces.output_tokens"),
            self.sum_or_none("agno_traces.total_tokens"),
            self.real(&self.sum_or_none("cost_nano_usd")),
        )
    }
}
