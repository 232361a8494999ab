//! Rows as dictionaries, of which Python makes its dataclasses: the keys are the names of their fields.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use tracestead::{SessionStats, SpanRecord, TraceRecord};
use tracestead_model::{Attributes, Event, Link, Value};

/// Puts fields into a dictionary, each under its own name.
macro_rules! dictionary {
    ($py:expr, $record:expr, [$($field:ident),* $(,)?]) => {{
        let made = PyDict::new($py);
        $(made.set_item(pyo3::intern!($py, stringify!($field)), $record.$field)?;)*
        made
    }};
}

pub(crate) fn traces(py: Python<'_>, traces: Vec<TraceRecord>) -> PyResult<Bound<'_, PyList>> {
    list(py, traces, trace)
}

pub(crate) fn trace(py: Python<'_>, record: TraceRecord) -> PyResult<Bound<'_, PyDict>> {
    Ok(dictionary!(
        py,
        record,
        [
            trace_id,
            name,
            status,
            start_time_ns,
            end_time_ns,
            duration_ms,
            run_id,
            session_id,
            user_id,
            agent_id,
            team_id,
            workflow_id,
            agent_name,
            team_name,
            workflow_name,
            created_at,
            span_count,
            error_span_count,
            root_span_id,
            root_type,
            input_preview,
            output_preview,
            input_tokens,
            output_tokens,
            total_tokens,
            cost_nano_usd,
            unpriced_call_count,
            models,
            service_name,
            environment,
            release,
            tags,
            has_agent_spans,
        ]
    ))
}

pub(crate) fn spans(py: Python<'_>, spans: Vec<SpanRecord>) -> PyResult<Bound<'_, PyList>> {
    list(py, spans, span)
}

pub(crate) fn span(py: Python<'_>, record: SpanRecord) -> PyResult<Bound<'_, PyDict>> {
    let attributes = dictionary(py, &record.attributes)?;
    let events = list(py, record.events, event)?;
    let links = list(py, record.links, link)?;
    let made = dictionary!(
        py,
        record,
        [
            trace_id,
            span_id,
            parent_span_id,
            name,
            span_kind,
            status_code,
            status_message,
            start_time_ns,
            end_time_ns,
            duration_ms,
            span_type,
            run_id,
            session_id,
            user_id,
            agent_id,
            agent_name,
            team_id,
            team_name,
            workflow_id,
            workflow_name,
            model,
            response_model,
            response_id,
            provider,
            tool_name,
            finish_reason,
            ttft_ns,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            total_tokens,
            cost_nano_usd,
            cost_source,
            cost_missing,
            error_type,
        ]
    );
    made.set_item("attributes", attributes)?;
    made.set_item("events", events)?;
    made.set_item("links", links)?;
    Ok(made)
}

pub(crate) fn sessions(py: Python<'_>, sessions: Vec<SessionStats>) -> PyResult<Bound<'_, PyList>> {
    list(py, sessions, |py, record| {
        Ok(dictionary!(
            py,
            record,
            [
                session_id,
                user_id,
                agent_id,
                team_id,
                workflow_id,
                total_traces,
                first_trace_at,
                last_trace_at
            ]
        ))
    })
}

fn event(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("name", event.name)?;
    made.set_item("time_ns", event.time.as_i64())?;
    made.set_item("attributes", dictionary(py, &event.attributes)?)?;
    Ok(made)
}

#[expect(clippy::needless_pass_by_value, reason = "as all that read a record")]
fn link(py: Python<'_>, link: Link) -> PyResult<Bound<'_, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("trace_id", link.trace_id.to_hex())?;
    made.set_item("span_id", link.span_id.to_hex())?;
    made.set_item("attributes", dictionary(py, &link.attributes)?)?;
    Ok(made)
}

fn list<T>(
    py: Python<'_>,
    records: Vec<T>,
    read: impl Fn(Python<'_>, T) -> PyResult<Bound<'_, PyDict>>,
) -> PyResult<Bound<'_, PyList>> {
    let made = PyList::empty(py);
    for record in records {
        made.append(read(py, record)?)?;
    }
    Ok(made)
}

fn dictionary<'py>(py: Python<'py>, attributes: &Attributes) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    for (key, item) in attributes.iter() {
        made.set_item(key, value(py, item)?)?;
    }
    Ok(made)
}

fn value<'py>(py: Python<'py>, item: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match item {
        Value::Empty => py.None().into_bound(py),
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::Double(number) => number.into_pyobject(py)?.into_any(),
        Value::Bytes(bytes) => pyo3::types::PyBytes::new(py, bytes).into_any(),
        Value::Array(items) => {
            let made = PyList::empty(py);
            for item in items {
                made.append(value(py, item)?)?;
            }
            made.into_any()
        }
        Value::Map(attributes) => dictionary(py, attributes)?.into_any(),
    })
}
