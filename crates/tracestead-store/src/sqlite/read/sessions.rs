//! Conversations: traces grouped by `session_id`.

use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use tracestead_model::query::{Filter, SessionStats};

use super::super::SqliteStore;
use super::super::filter::Condition;
use crate::ReadError;

impl SqliteStore {
    /// Returns a page of sessions, the last active first, and how many match in all.
    pub async fn sessions(
        &self,
        filter: Option<Filter>,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<SessionStats>, u64), ReadError> {
        self.readers
            .run(move |connection| {
                let condition = Condition::of(filter.as_ref());
                let from = format!("FROM agno_traces WHERE session_id IS NOT NULL AND {}", condition.sql);
                let count: i64 = connection
                    .prepare_cached(&format!("SELECT COUNT(DISTINCT session_id) {from}"))?
                    .query_row(params_from_iter(condition.values.clone()), |row| row.get(0))?;
                let mut values = condition.values;
                values.push(Sql::from(i64::from(limit)));
                values.push(Sql::from(i64::try_from(offset).unwrap_or(i64::MAX)));
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT session_id, MAX(user_id), MAX(agent_id), MAX(team_id), MAX(workflow_id), COUNT(*),
                        MIN(created_at), MAX(created_at)
                     {from} GROUP BY session_id
                     ORDER BY MAX(created_at) DESC, MAX(start_time_ns) DESC, session_id LIMIT ? OFFSET ?"
                ))?;
                let rows = statement.query_map(params_from_iter(values), |row| {
                    Ok(SessionStats {
                        session_id: row.get(0)?,
                        user_id: row.get(1)?,
                        agent_id: row.get(2)?,
                        team_id: row.get(3)?,
                        workflow_id: row.get(4)?,
                        total_traces: row.get(5)?,
                        first_trace_at: row.get(6)?,
                        last_trace_at: row.get(7)?,
                    })
                })?;
                Ok((rows.collect::<rusqlite::Result<_>>()?, count.unsigned_abs()))
            })
            .await
    }
}
