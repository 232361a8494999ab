//! The tables, and how a database gets them.
//!
//! Migrations only go forward. The first one makes Agno's two tables, or extends those Agno made: its columns stay as they
//! are, ours are nullable and come beside them. In tables we make, what is long comes last, so that reading the short
//! columns of a row never walks through its attributes.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tracestead_model::UnixNanos;

/// The version of the tables after all migrations.
pub(crate) const VERSION: u32 = 1;

/// Columns of ours in `agno_traces`.
const TRACE_COLUMNS: &[(&str, &str)] = &[
    ("start_time_ns", "BIGINT"),
    ("end_time_ns", "BIGINT"),
    ("span_count", "BIGINT"),
    ("error_span_count", "BIGINT"),
    ("root_span_id", "VARCHAR"),
    ("entry_span_id", "VARCHAR"),
    ("root_type", "VARCHAR"),
    ("input_tokens", "BIGINT"),
    ("output_tokens", "BIGINT"),
    ("total_tokens", "BIGINT"),
    ("cost_nano_usd", "BIGINT"),
    ("unpriced_call_count", "BIGINT"),
    ("models", "JSON"),
    ("agent_name", "VARCHAR"),
    ("team_name", "VARCHAR"),
    ("workflow_name", "VARCHAR"),
    ("service_name", "VARCHAR"),
    ("environment", "VARCHAR"),
    ("release", "VARCHAR"),
    ("tags", "JSON"),
    ("has_agent_spans", "BOOLEAN"),
    ("input_preview", "VARCHAR"),
    ("output_preview", "VARCHAR"),
];

/// Columns of ours in `agno_spans`.
const SPAN_COLUMNS: &[(&str, &str)] = &[
    ("start_time_ns", "BIGINT"),
    ("end_time_ns", "BIGINT"),
    ("span_type", "VARCHAR"),
    ("span_type_source", "VARCHAR"),
    ("run_id", "VARCHAR"),
    ("session_id", "VARCHAR"),
    ("user_id", "VARCHAR"),
    ("agent_id", "VARCHAR"),
    ("agent_name", "VARCHAR"),
    ("team_id", "VARCHAR"),
    ("team_name", "VARCHAR"),
    ("workflow_id", "VARCHAR"),
    ("workflow_name", "VARCHAR"),
    ("model", "VARCHAR"),
    ("response_model", "VARCHAR"),
    ("response_id", "VARCHAR"),
    ("provider", "VARCHAR"),
    ("tool_name", "VARCHAR"),
    ("input_tokens", "BIGINT"),
    ("output_tokens", "BIGINT"),
    ("cache_read_tokens", "BIGINT"),
    ("cache_write_tokens", "BIGINT"),
    ("reasoning_tokens", "BIGINT"),
    ("total_tokens", "BIGINT"),
    ("cost_nano_usd", "BIGINT"),
    ("cost_source", "VARCHAR"),
    ("cost_missing", "VARCHAR"),
    ("finish_reason", "VARCHAR"),
    ("ttft_ns", "BIGINT"),
    ("error_type", "VARCHAR"),
    ("agg_input_tokens", "BIGINT"),
    ("agg_output_tokens", "BIGINT"),
    ("agg_total_tokens", "BIGINT"),
    ("facts_version", "BIGINT"),
    ("resource_id", "VARCHAR"),
    ("trace_state", "VARCHAR"),
    ("flags", "BIGINT"),
    ("dropped_attributes_count", "BIGINT"),
    ("dropped_events_count", "BIGINT"),
    ("dropped_links_count", "BIGINT"),
    ("scope", "JSON"),
    ("events", "JSON"),
    ("links", "JSON"),
];

const AGNO_TRACE_COLUMNS: &str = "trace_id VARCHAR NOT NULL, name VARCHAR NOT NULL, status VARCHAR NOT NULL, \
    start_time VARCHAR NOT NULL, end_time VARCHAR NOT NULL, duration_ms BIGINT NOT NULL, run_id VARCHAR, \
    session_id VARCHAR, user_id VARCHAR, agent_id VARCHAR, team_id VARCHAR, workflow_id VARCHAR, \
    created_at VARCHAR NOT NULL";

const AGNO_SPAN_COLUMNS: &str = "span_id VARCHAR NOT NULL, trace_id VARCHAR NOT NULL, parent_span_id VARCHAR, \
    name VARCHAR NOT NULL, span_kind VARCHAR NOT NULL, status_code VARCHAR NOT NULL, status_message VARCHAR, \
    start_time VARCHAR NOT NULL, end_time VARCHAR NOT NULL, duration_ms BIGINT NOT NULL, created_at VARCHAR NOT NULL";

/// Indexes of ours, the same on tables we made and on Agno's.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_start ON agno_traces (start_time_ns, trace_id);
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_status ON agno_traces (status, start_time_ns, trace_id);
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_run ON agno_traces (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_session ON agno_traces (session_id, start_time_ns, trace_id) WHERE session_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_user ON agno_traces (user_id, start_time_ns, trace_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_agent ON agno_traces (agent_id, start_time_ns, trace_id) WHERE agent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_team ON agno_traces (team_id, start_time_ns, trace_id) WHERE team_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_workflow ON agno_traces (workflow_id, start_time_ns, trace_id) WHERE workflow_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_unread ON agno_traces (trace_id) WHERE start_time_ns IS NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_traces_stale ON agno_traces (trace_id) WHERE status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_tracestead_spans_start ON agno_spans (start_time_ns);
CREATE INDEX IF NOT EXISTS idx_tracestead_spans_unread ON agno_spans (trace_id) WHERE facts_version IS NULL;
";

const OWN_TABLES: &str = "
CREATE TABLE IF NOT EXISTS tracestead_resources (
    resource_id VARCHAR NOT NULL PRIMARY KEY,
    service_name VARCHAR,
    environment VARCHAR,
    release VARCHAR,
    attributes JSON NOT NULL,
    dropped_attributes_count BIGINT NOT NULL,
    schema_url VARCHAR NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tracestead_span_events (
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    time_ns BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    event JSON NOT NULL,
    PRIMARY KEY (trace_id, span_id, event_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tracestead_quarantine (
    quarantine_id VARCHAR NOT NULL PRIMARY KEY,
    received_at VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    encoding VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    bytes BLOB NOT NULL
);
";

/// Why a database cannot be brought to [`VERSION`].
#[derive(Debug)]
pub(crate) enum MigrateError {
    TooNew { found: u32 },
    Failed { version: u32, source: rusqlite::Error },
}

/// Brings the database to [`VERSION`]; several processes may try at once, one does it.
pub(crate) fn migrate(connection: &mut Connection, now: UnixNanos) -> Result<(), MigrateError> {
    let failed = |version| move |source| MigrateError::Failed { version, source };
    // Most starts find nothing to do, and then must not wait for another process that writes.
    let found = version(connection).map_err(failed(0))?;
    if found == VERSION {
        return Ok(());
    }
    if found > VERSION {
        return Err(MigrateError::TooNew { found });
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(0))?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS tracestead_migrations (
                version BIGINT NOT NULL PRIMARY KEY, applied_at VARCHAR NOT NULL)",
        )
        .map_err(failed(0))?;
    for next in version(&transaction).map_err(failed(0))? + 1..=VERSION {
        apply(&transaction, next, now).map_err(failed(next))?;
    }
    transaction.commit().map_err(failed(VERSION))
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    if !table_exists(connection, "tracestead_migrations")? {
        return Ok(0);
    }
    connection.query_row("SELECT COALESCE(MAX(version), 0) FROM tracestead_migrations", [], |row| row.get(0))
}

fn apply(transaction: &Transaction<'_>, version: u32, now: UnixNanos) -> rusqlite::Result<()> {
    if version == 1 {
        first(transaction, now)?;
    }
    transaction.execute(
        "INSERT INTO tracestead_migrations (version, applied_at) VALUES (?1, ?2)",
        (version, now.to_agno()),
    )?;
    Ok(())
}

fn first(transaction: &Transaction<'_>, now: UnixNanos) -> rusqlite::Result<()> {
    create_or_extend(
        transaction,
        "agno_traces",
        AGNO_TRACE_COLUMNS,
        TRACE_COLUMNS,
        "PRIMARY KEY (trace_id)",
        now,
    )?;
    create_or_extend(
        transaction,
        "agno_spans",
        AGNO_SPAN_COLUMNS,
        &[SPAN_COLUMNS, &[("attributes", "JSON")]].concat(),
        "PRIMARY KEY (trace_id, span_id), FOREIGN KEY (trace_id) REFERENCES agno_traces (trace_id)",
        now,
    )?;
    transaction.execute_batch(INDEXES)?;
    transaction.execute_batch(OWN_TABLES)
}

fn create_or_extend(
    transaction: &Transaction<'_>,
    table: &str,
    agno_columns: &str,
    our_columns: &[(&str, &str)],
    keys: &str,
    now: UnixNanos,
) -> rusqlite::Result<()> {
    if table_exists(transaction, table)? {
        let present = columns(transaction, table)?;
        for (name, sql_type) in
            our_columns.iter().filter(|(name, _)| !present.iter().any(|column| column == name))
        {
            transaction.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {name} {sql_type}"))?;
        }
        return Ok(());
    }
    let ours: Vec<String> = our_columns.iter().map(|(name, sql_type)| format!("{name} {sql_type}")).collect();
    transaction
        .execute_batch(&format!("CREATE TABLE {table} ({agno_columns}, {}, {keys})", ours.join(", ")))?;
    // Agno asks this table which version its own tables are; the times in it have no offset.
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS agno_schema_versions (
            table_name VARCHAR NOT NULL, version VARCHAR NOT NULL, created_at VARCHAR NOT NULL, updated_at VARCHAR,
            PRIMARY KEY (table_name));
         CREATE INDEX IF NOT EXISTS idx_agno_schema_versions_created_at ON agno_schema_versions (created_at)",
    )?;
    let time = now.to_agno().trim_end_matches("+00:00").to_owned();
    transaction.execute(
        "INSERT OR IGNORE INTO agno_schema_versions (table_name, version, created_at, updated_at) VALUES (?1, '3.0.0', ?2, ?2)",
        (table, time),
    )?;
    Ok(())
}

fn table_exists(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)";
    connection.query_row(sql, [table], |row| row.get(0))
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}
