//! Lists of traces and single ones.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use tracestead_model::UnixNanos;
use tracestead_model::query::{Filter, PageStart, TraceQuery, TraceRecord};

use super::super::SqliteStore;
use super::super::filter::Condition;
use super::{texts, whole};
use crate::ReadError;

const COLUMNS: &str = "trace_id, name, status, start_time_ns, end_time_ns, duration_ms, run_id, session_id, user_id, \
    agent_id, team_id, workflow_id, created_at, span_count, error_span_count, root_span_id, root_type, input_preview, \
    output_preview, input_tokens, output_tokens, total_tokens, cost_nano_usd, models, service_name, environment, tags, \
    has_agent_spans, start_time, end_time, agent_name, team_name, workflow_name, release, unpriced_call_count";

impl SqliteStore {
    /// Returns a page of traces, newest first.
    pub async fn traces(&self, query: TraceQuery) -> Result<Vec<TraceRecord>, ReadError> {
        self.readers.run(move |connection| list(connection, &query)).await
    }

    /// Returns how many traces match.
    pub async fn count_traces(&self, filter: Option<Filter>) -> Result<u64, ReadError> {
        self.readers
            .run(move |connection| {
                let condition = Condition::of(filter.as_ref());
                let sql = format!("SELECT COUNT(*) FROM agno_traces WHERE {}", condition.sql);
                let mut statement = connection.prepare_cached(&sql)?;
                statement.query_row(params_from_iter(condition.values), |row| {
                    row.get::<_, i64>(0).map(i64::unsigned_abs)
                })
            })
            .await
    }

    /// Returns one trace; `None` if there is none with this id.
    pub async fn trace(&self, trace_id: &str) -> Result<Option<TraceRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers
            .run(move |connection| {
                let sql = format!("SELECT {COLUMNS} FROM agno_traces WHERE trace_id = ?1");
                connection.prepare_cached(&sql)?.query_row([trace_id], record).optional()
            })
            .await
    }

    /// Returns the ids of agents, teams and workflows that ran, at most `limit` of each, in order.
    pub async fn run_ids(&self, limit: u32) -> Result<[Vec<String>; 3], ReadError> {
        self.readers
            .run(move |connection| {
                let ids = |column| distinct(connection, column, limit);
                Ok([ids("agent_id")?, ids("team_id")?, ids("workflow_id")?])
            })
            .await
    }
}

fn list(connection: &Connection, query: &TraceQuery) -> rusqlite::Result<Vec<TraceRecord>> {
    let mut condition = Condition::of(query.filter.as_ref());
    if let PageStart::After { start_time_ns, trace_id } = &query.from {
        condition.sql.push_str(" AND (start_time_ns, trace_id) < (");
        condition.bind(*start_time_ns);
        condition.sql.push_str(", ");
        condition.bind(trace_id.clone());
        condition.sql.push(')');
    }
    let mut sql = format!(
        "SELECT {COLUMNS} FROM agno_traces WHERE {} ORDER BY start_time_ns DESC, trace_id DESC LIMIT ?",
        condition.sql
    );
    condition.values.push(Sql::from(i64::from(query.limit)));
    if let PageStart::Offset(offset) = query.from {
        sql.push_str(" OFFSET ?");
        condition.values.push(Sql::from(i64::try_from(offset).unwrap_or(i64::MAX)));
    }
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(params_from_iter(condition.values), record)?.collect()
}

/// Jumps from value to value through the index instead of reading all rows.
fn distinct(connection: &Connection, column: &str, limit: u32) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "WITH RECURSIVE ids (id) AS (
            SELECT MIN({column}) FROM agno_traces WHERE {column} IS NOT NULL
            UNION ALL
            SELECT (SELECT MIN({column}) FROM agno_traces WHERE {column} > ids.id) FROM ids WHERE ids.id IS NOT NULL
         ) SELECT id FROM ids WHERE id IS NOT NULL LIMIT ?1"
    );
    connection.prepare_cached(&sql)?.query_map([limit], |row| row.get(0))?.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<TraceRecord> {
    // Without our columns Agno has just written the row; its own texts tell the times.
    let time = |ours: usize, agno: usize| -> rusqlite::Result<i64> {
        Ok(match row.get(ours)? {
            Some(nanos) => nanos,
            None => UnixNanos::from_iso(row.get_ref(agno)?.as_str()?).unwrap_or(UnixNanos::EPOCH).as_i64(),
        })
    };
    Ok(TraceRecord {
        trace_id: row.get(0)?,
        name: row.get(1)?,
        status: row.get(2)?,
        start_time_ns: time(3, 28)?,
        end_time_ns: time(4, 29)?,
        duration_ms: whole(row, 5)?,
        run_id: row.get(6)?,
        session_id: row.get(7)?,
        user_id: row.get(8)?,
        agent_id: row.get(9)?,
        team_id: row.get(10)?,
        workflow_id: row.get(11)?,
        created_at: row.get(12)?,
        span_count: whole(row, 13)?,
        error_span_count: whole(row, 14)?,
        root_span_id: row.get(15)?,
        root_type: row.get(16)?,
        input_preview: row.get(17)?,
        output_preview: row.get(18)?,
        input_tokens: row.get(19)?,
        output_tokens: row.get(20)?,
        total_tokens: row.get(21)?,
        cost_nano_usd: row.get(22)?,
        models: texts(row, 23)?,
        service_name: row.get(24)?,
        environment: row.get(25)?,
        tags: texts(row, 26)?,
        has_agent_spans: row.get::<_, Option<bool>>(27)?.unwrap_or(false),
        agent_name: row.get(30)?,
        team_name: row.get(31)?,
        workflow_name: row.get(32)?,
        release: row.get(33)?,
        unpriced_call_count: whole(row, 34)?,
    })
}
