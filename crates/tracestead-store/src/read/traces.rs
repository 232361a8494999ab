//! Lists of traces and single ones.

use tracestead_model::UnixNanos;
use tracestead_model::query::{Filter, PageStart, TraceQuery, TraceRecord};

use super::attached::{self, asks_spans, fill_traces};
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Condition, Dialect, Row, Value, of_traces};
use crate::{ReadError, SpanStore};

const COLUMNS: &str = r#"trace_id, name, status, start_time_ns, end_time_ns, duration_ms, run_id, session_id, user_id,
    agent_id, team_id, workflow_id, created_at, span_count, error_span_count, root_span_id, root_type, input_preview,
    output_preview, input_tokens, output_tokens, total_tokens, cost_nano_usd, models, service_name, environment, tags,
    has_agent_spans, start_time, end_time, agent_name, team_name, workflow_name, "release", unpriced_call_count"#;

impl SpanStore {
    /// Returns a page of traces, newest first.
    pub async fn traces(&self, query: TraceQuery) -> Result<Vec<TraceRecord>, ReadError> {
        self.readers().run(move |session| list(session, &query)).await
    }

    /// Returns how many traces match.
    pub async fn count_traces(&self, filter: Option<Filter>) -> Result<u64, ReadError> {
        self.readers().run(move |session| count(session, filter.as_ref())).await
    }

    /// Returns one trace; `None` if there is none with this id.
    pub async fn trace(&self, trace_id: &str) -> Result<Option<TraceRecord>, ReadError> {
        let trace_id = trace_id.to_owned();
        self.readers()
            .run(move |session| {
                let from = session.dialect().from("agno_traces");
                let mut values = Vec::new();
                let of_trace = of_traces(session.dialect(), "agno_traces", &[&trace_id], &mut values);
                let sql = format!("SELECT {COLUMNS} FROM {from} WHERE {of_trace}");
                let mut rows = session.query(&sql, &values)?;
                fill_traces(session, COLUMNS, &mut rows)?;
                Ok(rows.pop().map(record))
            })
            .await
    }

    /// Returns how many traces there are, listed or not.
    pub async fn trace_count(&self) -> Result<u64, ReadError> {
        self.readers()
            .run(|session| {
                let sql = format!("SELECT COUNT(*) FROM {}", session.dialect().from("agno_traces"));
                Ok(session.query(&sql, &[])?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
            })
            .await
    }

    /// Returns the ids of agents, teams and workflows that ran, at most `limit` of each, in order.
    pub async fn run_ids(&self, limit: u32) -> Result<[Vec<String>; 3], ReadError> {
        self.readers()
            .run(move |session| {
                let mut ids = |column| distinct(session, column, limit);
                Ok([ids("agent_id")?, ids("team_id")?, ids("workflow_id")?])
            })
            .await
    }
}

fn list(session: &mut dyn Session, query: &TraceQuery) -> Result<Vec<TraceRecord>, DatabaseError> {
    if session.derives().is_none() || !query.filter.as_ref().is_some_and(asks_spans) {
        return page(session, query);
    }
    let mut traces = Vec::new();
    attached::each_match(session, query, |trace| {
        traces.push(trace);
        traces.len() < query.limit as usize
    })?;
    traces.truncate(query.limit as usize);
    Ok(traces)
}

/// Returns what one statement answers.
pub(super) fn page(session: &mut dyn Session, query: &TraceQuery) -> Result<Vec<TraceRecord>, DatabaseError> {
    let (sql, values) = plan_list(query, session.dialect());
    let mut rows = session.query(&sql, &values)?;
    fill_traces(session, COLUMNS, &mut rows)?;
    Ok(rows.into_iter().map(record).collect())
}

fn count(session: &mut dyn Session, filter: Option<&Filter>) -> Result<u64, DatabaseError> {
    if session.derives().is_some() && filter.is_some_and(asks_spans) {
        let query = TraceQuery { filter: filter.cloned(), ..TraceQuery::default() };
        let mut count = 0;
        attached::each_match(session, &query, |_| {
            count += 1;
            true
        })?;
        return Ok(count);
    }
    let (sql, values) = plan_count(filter, session.dialect());
    Ok(session.query(&sql, &values)?.first().map_or(0, |row| row.whole(0)).unsigned_abs())
}

/// Returns the statement that counts the traces a filter means, and its values.
pub(crate) fn plan_count(filter: Option<&Filter>, dialect: Dialect) -> (String, Vec<Value<'static>>) {
    let condition = Condition::of(filter, dialect);
    (
        format!("SELECT COUNT(*) FROM {} WHERE {}", dialect.from("agno_traces"), condition.sql),
        condition.values,
    )
}

/// Returns the statement that answers a question for traces, and its values.
pub(crate) fn plan_list(query: &TraceQuery, dialect: Dialect) -> (String, Vec<Value<'static>>) {
    let by_id = dialect.id_order("trace_id");
    let mut condition = Condition::of(query.filter.as_ref(), dialect);
    if let PageStart::After { start_time_ns, trace_id } = &query.from {
        let (key, [or_same, older], bound) = match dialect {
            Dialect::ClickHouse => ("newest_first", [" >= ", " > "], -start_time_ns),
            _ => ("start_time_ns", [" <= ", " < "], *start_time_ns),
        };
        // Said twice, because not every database finds its place in an index by the second half alone.
        condition.sql.extend([" AND ", key, or_same]);
        condition.bind(bound);
        condition.sql.extend([" AND (", key, older]);
        condition.bind(bound);
        condition.sql.extend([" OR ", &by_id, " < "]);
        condition.bind(trace_id.clone());
        condition.sql.push(')');
    }
    let mut sql = format!(
        "SELECT {COLUMNS} FROM {} WHERE {} ORDER BY {}, {by_id} DESC LIMIT ?",
        dialect.from("agno_traces"),
        condition.sql,
        dialect.newest_first("agno_traces")
    );
    condition.values.push(Value::int(query.limit));
    if let PageStart::Offset(offset) = query.from {
        sql.push_str(" OFFSET ?");
        condition.values.push(Value::count(offset));
    }
    (sql, condition.values)
}

/// Jumps from value to value through the index instead of reading all rows.
fn distinct(session: &mut dyn Session, column: &str, limit: u32) -> Result<Vec<String>, DatabaseError> {
    let dialect = session.dialect();
    let by_bytes = dialect.id_order(column);
    let sql = if dialect == Dialect::ClickHouse || session.derives().is_some() {
        format!(
            "SELECT DISTINCT {column} FROM agno_traces WHERE {column} IS NOT NULL ORDER BY {column} LIMIT ?"
        )
    } else {
        format!(
            "WITH RECURSIVE ids (id) AS (
                SELECT MIN({by_bytes}) FROM agno_traces WHERE {column} IS NOT NULL
                UNION ALL
                SELECT (SELECT MIN({by_bytes}) FROM agno_traces WHERE {by_bytes} > ids.id) FROM ids WHERE ids.id IS NOT NULL
             ) SELECT id FROM ids WHERE id IS NOT NULL LIMIT ?"
        )
    };
    let rows = session.query(&sql, &[Value::int(limit)])?;
    Ok(rows.into_iter().map(|mut row| row.required(0)).collect())
}

fn record(mut row: Row) -> TraceRecord {
    // Without our columns Agno has just written the row; its own texts tell the times.
    let time = |ours: usize, agno: usize| {
        let own = || UnixNanos::from_iso(row.str(agno)).unwrap_or(UnixNanos::EPOCH).as_i64();
        row.int(ours).unwrap_or_else(own)
    };
    TraceRecord {
        start_time_ns: time(3, 28),
        end_time_ns: time(4, 29),
        duration_ms: row.whole(5),
        span_count: row.whole(13),
        error_span_count: row.whole(14),
        input_tokens: row.int(19),
        output_tokens: row.int(20),
        total_tokens: row.int(21),
        cost_nano_usd: row.int(22),
        models: row.texts(23),
        tags: row.texts(26),
        has_agent_spans: row.flag(27),
        unpriced_call_count: row.whole(34),
        trace_id: row.required(0),
        name: row.required(1),
        status: row.required(2),
        run_id: row.text(6),
        session_id: row.text(7),
        user_id: row.text(8),
        agent_id: row.text(9),
        team_id: row.text(10),
        workflow_id: row.text(11),
        created_at: row.required(12),
        root_span_id: row.text(15),
        root_type: row.text(16),
        input_preview: row.text(17),
        output_preview: row.text(18),
        service_name: row.text(24),
        environment: row.text(25),
        agent_name: row.text(30),
        team_name: row.text(31),
        workflow_name: row.text(32),
        release: row.text(33),
    }
}
