//! Conversations: traces grouped by `session_id`.

use tracestead_model::query::{Filter, SessionStats};

use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Condition, Dialect, Row, Value};
use crate::{ReadError, SpanStore};

impl SpanStore {
    /// Returns a page of sessions, the last active first, and how many match in all.
    pub async fn sessions(
        &self,
        filter: Option<Filter>,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<SessionStats>, u64), ReadError> {
        self.readers().run(move |session| page(session, filter.as_ref(), limit, offset)).await
    }
}

fn page(
    session: &mut dyn Session,
    filter: Option<&Filter>,
    limit: u32,
    offset: u64,
) -> Result<(Vec<SessionStats>, u64), DatabaseError> {
    let dialect = session.dialect();
    let condition = Condition::of(filter, dialect);
    let from =
        format!("FROM {} WHERE session_id IS NOT NULL AND {}", dialect.from("agno_traces"), condition.sql);
    let count = format!("SELECT COUNT(DISTINCT {}) {from}", dialect.bytes_order("session_id"));
    let count = session.query(&count, &condition.values)?;
    let count = count.first().map_or(0, |row| row.whole(0));
    let (sql, values) = plan_page(filter, limit, offset, dialect);
    let rows = session.query(&sql, &values)?;
    Ok((rows.into_iter().map(stats).collect(), count.unsigned_abs()))
}

/// Returns the statement for a page of sessions, and its values.
pub(crate) fn plan_page(
    filter: Option<&Filter>,
    limit: u32,
    offset: u64,
    dialect: Dialect,
) -> (String, Vec<Value<'static>>) {
    let condition = Condition::of(filter, dialect);
    let mut values = condition.values;
    values.push(Value::int(limit));
    values.push(Value::count(offset));
    let max = |column: &str| format!("MAX({})", dialect.bytes_order(column));
    let (last, by_id) = (max("created_at"), dialect.bytes_order("session_id"));
    let group = if dialect == Dialect::MySql { &by_id } else { "session_id" };
    let sql = format!(
        "SELECT session_id, {}, {}, {}, {}, COUNT(*), MIN({}), {last}
         FROM {} WHERE session_id IS NOT NULL AND {} GROUP BY {group}
         ORDER BY {last} DESC, MAX(start_time_ns) DESC, {by_id} LIMIT ? OFFSET ?",
        max("user_id"),
        max("agent_id"),
        max("team_id"),
        max("workflow_id"),
        dialect.bytes_order("created_at"),
        dialect.from("agno_traces"),
        condition.sql,
    );
    (sql, values)
}

fn stats(mut row: Row) -> SessionStats {
    SessionStats {
        session_id: row.required(0),
        user_id: row.text(1),
        agent_id: row.text(2),
        team_id: row.text(3),
        workflow_id: row.text(4),
        total_traces: row.whole(5),
        first_trace_at: row.required(6),
        last_trace_at: row.required(7),
    }
}
