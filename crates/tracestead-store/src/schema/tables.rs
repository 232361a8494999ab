//! Every table and index there is.

use super::types::{Column, Kind};

/// A table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) key: &'static str,
    /// Whether Agno has it too, and looks for the version of its tables.
    pub(crate) is_agnos: bool,
}

/// An index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// Of which rows, where a database can leave others out.
    pub(crate) only: Option<&'static str>,
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_nullable: false }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_nullable: true }
}

const TRACES: &[Column] = &[
    required("trace_id", Kind::Id),
    required("name", Kind::Text),
    required("status", Kind::Word),
    required("start_time", Kind::Time),
    required("end_time", Kind::Time),
    required("duration_ms", Kind::Integer),
    optional("run_id", Kind::Reference),
    optional("session_id", Kind::Reference),
    optional("user_id", Kind::Reference),
    optional("agent_id", Kind::Reference),
    optional("team_id", Kind::Reference),
    optional("workflow_id", Kind::Reference),
    required("created_at", Kind::Time),
    // Ours.
    optional("start_time_ns", Kind::Integer),
    optional("end_time_ns", Kind::Integer),
    optional("span_count", Kind::Integer),
    optional("error_span_count", Kind::Integer),
    optional("root_span_id", Kind::Id),
    optional("entry_span_id", Kind::Id),
    optional("root_type", Kind::Word),
    optional("input_tokens", Kind::Integer),
    optional("output_tokens", Kind::Integer),
    optional("total_tokens", Kind::Integer),
    optional("cost_nano_usd", Kind::Integer),
    optional("unpriced_call_count", Kind::Integer),
    optional("models", Kind::Json),
    optional("agent_name", Kind::Text),
    optional("team_name", Kind::Text),
    optional("workflow_name", Kind::Text),
    optional("service_name", Kind::Text),
    optional("environment", Kind::Text),
    optional("release", Kind::Text),
    optional("tags", Kind::Json),
    optional("has_agent_spans", Kind::Flag),
    optional("input_preview", Kind::Text),
    optional("output_preview", Kind::Text),
];

const SPANS: &[Column] = &[
    required("span_id", Kind::Id),
    required("trace_id", Kind::Id),
    optional("parent_span_id", Kind::Id),
    required("name", Kind::Text),
    required("span_kind", Kind::Word),
    required("status_code", Kind::Word),
    optional("status_message", Kind::Text),
    required("start_time", Kind::Time),
    required("end_time", Kind::Time),
    required("duration_ms", Kind::Integer),
    required("created_at", Kind::Time),
    // Ours.
    optional("start_time_ns", Kind::Integer),
    optional("end_time_ns", Kind::Integer),
    optional("span_type", Kind::Word),
    optional("span_type_source", Kind::Text),
    optional("run_id", Kind::Reference),
    optional("session_id", Kind::Reference),
    optional("user_id", Kind::Reference),
    optional("agent_id", Kind::Reference),
    optional("agent_name", Kind::Text),
    optional("team_id", Kind::Reference),
    optional("team_name", Kind::Text),
    optional("workflow_id", Kind::Reference),
    optional("workflow_name", Kind::Text),
    optional("model", Kind::Text),
    optional("response_model", Kind::Text),
    optional("response_id", Kind::Text),
    optional("provider", Kind::Text),
    optional("tool_name", Kind::Text),
    optional("input_tokens", Kind::Integer),
    optional("output_tokens", Kind::Integer),
    optional("cache_read_tokens", Kind::Integer),
    optional("cache_write_tokens", Kind::Integer),
    optional("reasoning_tokens", Kind::Integer),
    optional("total_tokens", Kind::Integer),
    optional("cost_nano_usd", Kind::Integer),
    optional("cost_source", Kind::Word),
    optional("cost_missing", Kind::Word),
    optional("finish_reason", Kind::Text),
    optional("ttft_ns", Kind::Integer),
    optional("error_type", Kind::Text),
    optional("agg_input_tokens", Kind::Integer),
    optional("agg_output_tokens", Kind::Integer),
    optional("agg_total_tokens", Kind::Integer),
    optional("facts_version", Kind::Integer),
    optional("is_counted", Kind::Flag),
    optional("resource_id", Kind::Id),
    optional("trace_state", Kind::Text),
    optional("flags", Kind::Integer),
    optional("dropped_attributes_count", Kind::Integer),
    optional("dropped_events_count", Kind::Integer),
    optional("dropped_links_count", Kind::Integer),
    optional("scope", Kind::Json),
    optional("events", Kind::Json),
    optional("links", Kind::Json),
    // Agno's, and the longest.
    optional("attributes", Kind::Json),
];

/// A column of resources that says what a prune is doing in this database, and nothing of the resource.
pub(crate) const UNUSED_SINCE: &str = "unused_since_ns";

const RESOURCES: &[Column] = &[
    required("resource_id", Kind::Id),
    optional("service_name", Kind::Text),
    optional("environment", Kind::Text),
    optional("release", Kind::Text),
    required("attributes", Kind::Json),
    required("dropped_attributes_count", Kind::Integer),
    required("schema_url", Kind::Text),
    optional(UNUSED_SINCE, Kind::Integer),
];

const SPAN_EVENTS: &[Column] = &[
    required("trace_id", Kind::Id),
    required("span_id", Kind::Id),
    required("event_id", Kind::Id),
    required("time_ns", Kind::Integer),
    required("rank", Kind::Integer),
    required("event", Kind::Json),
];

const QUARANTINE: &[Column] = &[
    required("quarantine_id", Kind::Id),
    required("received_at", Kind::Time),
    required("reason", Kind::Text),
    required("encoding", Kind::Word),
    required("size_bytes", Kind::Integer),
    required("bytes", Kind::Bytes),
];

const ROLLUPS: &[Column] = &[
    required("bucket_start_ns", Kind::Integer),
    required("rollup_id", Kind::Id),
    required("span_type", Kind::Word),
    required("name", Kind::Text),
    required("agent_id", Kind::Text),
    required("model", Kind::Text),
    required("status", Kind::Word),
    required("latency_bucket", Kind::Integer),
    required("calls", Kind::Integer),
    required("duration_ns", Kind::Integer),
    required("counted_calls", Kind::Integer),
    required("input_tokens", Kind::Integer),
    required("output_tokens", Kind::Integer),
    required("total_tokens", Kind::Integer),
    required("cost_nano_usd", Kind::Integer),
    required("unpriced_calls", Kind::Integer),
];

/// How far long work has come that goes on after a restart.
const PROGRESS: &[Column] =
    &[required("name", Kind::Id), required("position", Kind::Text), required("updated_at", Kind::Time)];

const MIGRATIONS: &[Column] = &[required("version", Kind::Integer), required("applied_at", Kind::Time)];

const SCHEMA_VERSIONS: &[Column] = &[
    required("table_name", Kind::Id),
    required("version", Kind::Word),
    required("created_at", Kind::Time),
    optional("updated_at", Kind::Time),
];

/// Where Agno looks for the versions of its tables.
pub(super) const SCHEMA_VERSIONS_TABLE: Table =
    Table { name: "agno_schema_versions", columns: SCHEMA_VERSIONS, key: "table_name", is_agnos: false };

/// The tables of spans, in the order in which they are made.
pub(crate) const SPAN_TABLES: &[Table] = &[
    Table { name: "tracestead_migrations", columns: MIGRATIONS, key: "version", is_agnos: false },
    SCHEMA_VERSIONS_TABLE,
    Table { name: "agno_traces", columns: TRACES, key: "trace_id", is_agnos: true },
    Table { name: "agno_spans", columns: SPANS, key: "trace_id, span_id", is_agnos: true },
    Table { name: "tracestead_resources", columns: RESOURCES, key: "resource_id", is_agnos: false },
    Table {
        name: "tracestead_span_events",
        columns: SPAN_EVENTS,
        key: "trace_id, span_id, event_id",
        is_agnos: false,
    },
    Table { name: "tracestead_quarantine", columns: QUARANTINE, key: "quarantine_id", is_agnos: false },
    Table {
        name: "tracestead_rollups",
        columns: ROLLUPS,
        key: "bucket_start_ns, rollup_id",
        is_agnos: false,
    },
    Table { name: "tracestead_progress", columns: PROGRESS, key: "name", is_agnos: false },
];

pub(super) const fn index(
    name: &'static str,
    table: &'static str,
    columns: &'static [&'static str],
    only: Option<&'static str>,
) -> Index {
    Index { name, table, columns, only }
}

/// Indexes of ours, the same on tables we made and on Agno's.
pub(crate) const INDEXES: &[Index] = &[
    index("idx_tracestead_traces_start", "agno_traces", &["start_time_ns", "trace_id"], None),
    index("idx_tracestead_traces_status", "agno_traces", &["status", "start_time_ns", "trace_id"], None),
    index("idx_tracestead_traces_run", "agno_traces", &["run_id"], Some("run_id IS NOT NULL")),
    index(
        "idx_tracestead_traces_session",
        "agno_traces",
        &["session_id", "start_time_ns", "trace_id"],
        Some("session_id IS NOT NULL"),
    ),
    index(
        "idx_tracestead_traces_user",
        "agno_traces",
        &["user_id", "start_time_ns", "trace_id"],
        Some("user_id IS NOT NULL"),
    ),
    index(
        "idx_tracestead_traces_agent",
        "agno_traces",
        &["agent_id", "start_time_ns", "trace_id"],
        Some("agent_id IS NOT NULL"),
    ),
    index(
        "idx_tracestead_traces_team",
        "agno_traces",
        &["team_id", "start_time_ns", "trace_id"],
        Some("team_id IS NOT NULL"),
    ),
    index(
        "idx_tracestead_traces_workflow",
        "agno_traces",
        &["workflow_id", "start_time_ns", "trace_id"],
        Some("workflow_id IS NOT NULL"),
    ),
    index("idx_tracestead_traces_unread", "agno_traces", &["trace_id"], Some("start_time_ns IS NULL")),
    index(
        "idx_tracestead_traces_stale",
        "agno_traces",
        &["error_span_count", "status"],
        Some("status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL"),
    ),
    index("idx_tracestead_spans_start", "agno_spans", &["start_time_ns"], None),
    index("idx_tracestead_spans_uncounted", "agno_spans", &["is_counted"], Some("is_counted IS NULL")),
];

/// The indexes that an earlier version made and this one does not need.
pub(crate) const DROPPED_INDEXES: &[Index] =
    &[index("idx_tracestead_spans_unread", "agno_spans", &["trace_id"], None)];

/// The index on a table of Agno's by which a trace finds its spans; ours have it in their key.
pub(crate) const BY_TRACE: Index = index("idx_tracestead_spans_trace", "agno_spans", &["trace_id"], None);
