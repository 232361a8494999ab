//! What a program asks of its traces.

use std::time::SystemTime;

use tracestead_model::query::{
    Comparison, Field, Filter, FilterValue, PageStart, SessionStats, SpanRecord, TraceRecord,
};
use tracestead_model::{SpanId, TraceId, UnixNanos};
use tracestead_store::SpanQuery;

use super::{Db, DbError};
use crate::convert::nanos;

/// Which traces, newest first. What is left out does not matter; everything said must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceQuery {
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Of this team.
    pub team_id: Option<String>,
    /// Of this workflow.
    pub workflow_id: Option<String>,
    /// Of this run.
    pub run_id: Option<String>,
    /// Of this conversation.
    pub session_id: Option<String>,
    /// Of this user.
    pub user_id: Option<String>,
    /// Which ended so.
    pub status: Option<TraceStatus>,
    /// Which began then or later.
    pub start_time: Option<SystemTime>,
    /// Which ended then or earlier.
    pub end_time: Option<SystemTime>,
    /// Which match an expression, for anything else. [`Filter::from_json`] reads Agno's form.
    pub filter: Option<Filter>,
    /// How many at most; 20.
    pub limit: u32,
    /// Where to begin.
    pub from: PageStart,
}

impl Default for TraceQuery {
    fn default() -> Self {
        Self {
            agent_id: None,
            team_id: None,
            workflow_id: None,
            run_id: None,
            session_id: None,
            user_id: None,
            status: None,
            start_time: None,
            end_time: None,
            filter: None,
            limit: 20,
            from: PageStart::Newest,
        }
    }
}

/// How a trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStatus {
    /// No span failed.
    Ok,
    /// A span failed.
    Error,
}

/// Which conversations, the last active first.
#[derive(Debug, Clone, PartialEq)]
pub struct StatsQuery {
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Of this team.
    pub team_id: Option<String>,
    /// Of this workflow.
    pub workflow_id: Option<String>,
    /// Of this user.
    pub user_id: Option<String>,
    /// Whose traces began then or later.
    pub start_time: Option<SystemTime>,
    /// Whose traces ended then or earlier.
    pub end_time: Option<SystemTime>,
    /// Whose traces match an expression.
    pub filter: Option<Filter>,
    /// How many at most; 20.
    pub limit: u32,
    /// After so many.
    pub offset: u64,
}

impl Default for StatsQuery {
    fn default() -> Self {
        Self {
            agent_id: None,
            team_id: None,
            workflow_id: None,
            user_id: None,
            start_time: None,
            end_time: None,
            filter: None,
            limit: 20,
            offset: 0,
        }
    }
}

impl Db {
    /// Returns traces, newest first.
    ///
    /// # Errors
    ///
    /// If the database cannot be opened or does not answer. The same holds for all questions.
    pub fn get_traces(&self, query: TraceQuery) -> Result<Vec<TraceRecord>, DbError> {
        let (limit, from) = (query.limit, query.from.clone());
        let question = tracestead_model::query::TraceQuery { filter: query.into_filter(), limit, from };
        self.ask(|store| async move { store.traces(question).await })
    }

    /// Returns how many traces there are, whatever the limit.
    pub fn count_traces(&self, query: TraceQuery) -> Result<u64, DbError> {
        let filter = query.into_filter();
        self.ask(|store| async move { store.count_traces(filter).await })
    }

    /// Returns a trace by its id, 32 hex digits; `None` if there is none.
    pub fn get_trace(&self, trace_id: &str) -> Result<Option<TraceRecord>, DbError> {
        let trace_id = trace(trace_id)?;
        self.ask(|store| async move { store.trace(&trace_id).await })
    }

    /// Returns the spans of a trace with everything they say, the earliest first; none if there is no such trace.
    pub fn get_spans(&self, trace_id: &str) -> Result<Vec<SpanRecord>, DbError> {
        let trace_id = trace(trace_id)?;
        let mut spans = self.ask(|store| async move { store.whole_spans(&trace_id).await })?;
        spans.sort_by(|a, b| (a.start_time_ns, &a.span_id).cmp(&(b.start_time_ns, &b.span_id)));
        Ok(spans)
    }

    /// Returns one span of a trace by its id, 16 hex digits, with its resource and scope.
    pub fn get_span(&self, trace_id: &str, span_id: &str) -> Result<Option<SpanRecord>, DbError> {
        let trace_id = trace(trace_id)?;
        let span_id: SpanId = span_id.parse().map_err(|error| DbError::Question(format!("{error}")))?;
        let span_id = span_id.to_hex();
        self.ask(|store| async move { store.span(&trace_id, &span_id).await })
    }

    /// Returns spans of all traces without what is heavy, newest first.
    pub fn find_spans(&self, query: SpanQuery) -> Result<Vec<SpanRecord>, DbError> {
        self.ask(|store| async move { store.spans(query).await })
    }

    /// Returns what there is of each conversation: how many traces, when the first and the last.
    pub fn get_trace_stats(&self, query: StatsQuery) -> Result<Vec<SessionStats>, DbError> {
        self.session_page(query).map(|(stats, _)| stats)
    }

    /// Returns a page of [`Db::get_trace_stats`], and how many conversations there are in all.
    pub fn session_page(&self, query: StatsQuery) -> Result<(Vec<SessionStats>, u64), DbError> {
        let (limit, offset) = (query.limit, query.offset);
        let traces = TraceQuery {
            agent_id: query.agent_id,
            team_id: query.team_id,
            workflow_id: query.workflow_id,
            user_id: query.user_id,
            start_time: query.start_time,
            end_time: query.end_time,
            filter: query.filter,
            ..TraceQuery::default()
        };
        let filter = traces.into_filter();
        self.ask(|store| async move { store.sessions(filter, limit, offset).await })
    }
}

impl TraceQuery {
    fn into_filter(self) -> Option<Filter> {
        let ids = [
            (Field::AgentId, self.agent_id),
            (Field::TeamId, self.team_id),
            (Field::WorkflowId, self.workflow_id),
            (Field::RunId, self.run_id),
            (Field::SessionId, self.session_id),
            (Field::UserId, self.user_id),
            (Field::Status, self.status.map(|status| status.as_str().to_owned())),
        ];
        let times = [
            (Field::StartTime, Comparison::Gte, self.start_time),
            (Field::EndTime, Comparison::Lte, self.end_time),
        ];
        let ids = ids.into_iter().filter_map(|(field, id)| Some(Filter::equals(field, id?)));
        let times = times.into_iter().filter_map(|(field, comparison, time)| {
            let time = FilterValue::Time(UnixNanos::from_i64(nanos(time?)));
            Some(Filter::Compare(field, comparison, time))
        });
        Filter::all(ids.chain(times).chain(self.filter).collect())
    }
}

impl TraceStatus {
    /// Returns the status as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

fn trace(trace_id: &str) -> Result<String, DbError> {
    let trace_id: TraceId = trace_id.parse().map_err(|error| DbError::Question(format!("{error}")))?;
    Ok(trace_id.to_hex())
}

/// Reads a filter expression in Agno's form, as `{"op": "EQ", "key": "user_id", "value": "ann"}`.
///
/// # Errors
///
/// If it is none; the text says where it goes wrong.
pub fn filter_from_json(json: &str) -> Result<Option<Filter>, DbError> {
    let json = serde_json::from_str(json).map_err(|error| DbError::Question(error.to_string()))?;
    Filter::from_json(&json).map_err(|error| DbError::Question(error.to_string()))
}
