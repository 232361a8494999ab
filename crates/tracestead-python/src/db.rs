//! Databases, as Python sees them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tracestead::{DbError, Filter, PageStart, StatsQuery, TableNames, TraceQuery, TraceStatus};

use crate::records;

pyo3::create_exception!(
    tracestead._native,
    DatabaseError,
    pyo3::exceptions::PyException,
    "The database does not answer."
);

/// A database.
#[pyclass(frozen, module = "tracestead._native")]
#[derive(Debug)]
pub(crate) struct Db(tracestead::Db);

impl Db {
    pub(crate) fn inner(&self) -> &tracestead::Db {
        &self.0
    }
}

/// What is asked of traces, by the names of Python's arguments.
#[derive(Debug, Default, FromPyObject)]
#[pyo3(from_item_all)]
struct Question {
    agent_id: Option<String>,
    team_id: Option<String>,
    workflow_id: Option<String>,
    run_id: Option<String>,
    session_id: Option<String>,
    user_id: Option<String>,
    status: Option<String>,
    start_time_ns: Option<i64>,
    end_time_ns: Option<i64>,
    filter_json: Option<String>,
    limit: u32,
    offset: u64,
}

#[pymethods]
impl Db {
    #[new]
    #[pyo3(signature = (url, traces_table=None, spans_table=None))]
    fn new(url: &str, traces_table: Option<&str>, spans_table: Option<&str>) -> PyResult<Self> {
        let db = tracestead::Db::open(url).map_err(raised)?;
        if traces_table.is_none() && spans_table.is_none() {
            return Ok(Self(db));
        }
        let traces = traces_table.unwrap_or("agno_traces");
        let tables = TableNames::new(traces, spans_table.unwrap_or("agno_spans"));
        let tables = tables.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self(db.with_tables(tables)))
    }

    /// Where it is, without a password.
    #[getter]
    fn url(&self) -> String {
        self.0.url().to_string()
    }

    /// Says whether both are the same tables, whatever the two are called.
    fn is_same_as(&self, other: &Self) -> bool {
        self.0.is_same_as(&other.0)
    }

    /// Returns the same in a process that was just forked: opened by that process. The parent's must be kept and not be used.
    fn for_forked_process(&self) -> Self {
        Self(self.0.unconnected())
    }

    /// Stores what this process has recorded into it, unless that fails anyway.
    fn flush_before_reading(&self, py: Python<'_>) {
        py.detach(|| self.0.flush_before_reading());
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.check()).map_err(raised)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn get_traces<'py>(&self, py: Python<'py>, question: Question) -> PyResult<Bound<'py, PyList>> {
        let question = question.traces()?;
        let traces = py.detach(|| self.0.get_traces(question)).map_err(raised)?;
        records::traces(py, traces)
    }

    fn count_traces(&self, py: Python<'_>, question: Question) -> PyResult<u64> {
        let question = question.traces()?;
        py.detach(|| self.0.count_traces(question)).map_err(raised)
    }

    fn get_trace<'py>(&self, py: Python<'py>, trace_id: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
        let trace = py.detach(|| self.0.get_trace(trace_id)).map_err(raised)?;
        trace.map(|trace| records::trace(py, trace)).transpose()
    }

    fn get_spans<'py>(&self, py: Python<'py>, trace_id: &str) -> PyResult<Bound<'py, PyList>> {
        let spans = py.detach(|| self.0.get_spans(trace_id)).map_err(raised)?;
        records::spans(py, spans)
    }

    fn get_span<'py>(
        &self,
        py: Python<'py>,
        trace_id: &str,
        span_id: &str,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let span = py.detach(|| self.0.get_span(trace_id, span_id)).map_err(raised)?;
        span.map(|span| records::span(py, span)).transpose()
    }

    fn get_trace_stats<'py>(
        &self,
        py: Python<'py>,
        question: Question,
    ) -> PyResult<(Bound<'py, PyList>, u64)> {
        let question = question.sessions()?;
        let (sessions, count) = py.detach(|| self.0.session_page(question)).map_err(raised)?;
        Ok((records::sessions(py, sessions)?, count))
    }
}

impl Question {
    fn traces(self) -> PyResult<TraceQuery> {
        let filter = self.filter()?;
        let status = match self.status.as_deref() {
            None => None,
            Some("OK") => Some(TraceStatus::Ok),
            Some("ERROR") => Some(TraceStatus::Error),
            Some(other) => {
                return Err(PyValueError::new_err(format!("status is `{other}`; it must be OK or ERROR")));
            }
        };
        Ok(TraceQuery {
            agent_id: self.agent_id,
            team_id: self.team_id,
            workflow_id: self.workflow_id,
            run_id: self.run_id,
            session_id: self.session_id,
            user_id: self.user_id,
            status,
            start_time: self.start_time_ns.map(time),
            end_time: self.end_time_ns.map(time),
            filter,
            limit: self.limit,
            from: PageStart::Offset(self.offset),
        })
    }

    fn sessions(self) -> PyResult<StatsQuery> {
        let filter = self.filter()?;
        Ok(StatsQuery {
            agent_id: self.agent_id,
            team_id: self.team_id,
            workflow_id: self.workflow_id,
            user_id: self.user_id,
            start_time: self.start_time_ns.map(time),
            end_time: self.end_time_ns.map(time),
            filter,
            limit: self.limit,
            offset: self.offset,
        })
    }

    fn filter(&self) -> PyResult<Option<Filter>> {
        let Some(json) = &self.filter_json else { return Ok(None) };
        tracestead::filter_from_json(json).map_err(raised)
    }
}

fn time(nanos: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos.max(0).unsigned_abs())
}

/// What was asked wrong is a `ValueError`, what the database does not do a `DatabaseError`.
fn raised(error: DbError) -> PyErr {
    match error {
        DbError::Url(_) | DbError::Question(_) => PyValueError::new_err(error.to_string()),
        error => DatabaseError::new_err(error.to_string()),
    }
}
