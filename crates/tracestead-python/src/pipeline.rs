//! The pipeline, as Python sees it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tracestead::pipeline::{Options, Processing, Report, Setup, StartError};
use tracestead::{OtlpExporter, Redaction, Target};
use tracestead_model::Span;

use crate::convert::Converter;
use crate::db::Db;
use crate::gate::Gate;

/// How long a function of the user's may go on once the time to shut down is up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is called in Python.
#[derive(Debug, Clone)]
struct Functions {
    redact: Option<Arc<Py<PyAny>>>,
    report: Arc<Py<PyAny>>,
}

/// A queue, a thread, and where spans go.
#[pyclass(frozen, module = "tracestead._native")]
#[derive(Debug)]
pub(crate) struct Pipeline {
    setup: Setup,
    functions: Functions,
    converter: Converter,
    gate: Arc<Gate>,
    inner: Arc<tracestead::pipeline::Pipeline<Span>>,
}

#[pymethods]
impl Pipeline {
    #[new]
    #[pyo3(signature = (*, database, server, copies, simple, max_queue_size, max_queue_bytes, max_export_batch_size,
        schedule_delay_millis, export_timeout_millis, redact, report))]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn new(
        database: Option<&Db>,
        server: Option<Endpoint>,
        copies: Vec<Endpoint>,
        simple: bool,
        max_queue_size: usize,
        max_queue_bytes: usize,
        max_export_batch_size: usize,
        schedule_delay_millis: u64,
        export_timeout_millis: u64,
        redact: Option<Py<PyAny>>,
        report: Py<PyAny>,
    ) -> PyResult<Self> {
        let target = match (database, server) {
            (Some(db), None) => Target::from(db.inner().clone()),
            (None, Some(server)) => Target::from(exporter(server)?),
            _ => return Err(PyValueError::new_err("name a database or a server")),
        };
        let mut options = Options::default();
        options.processing = if simple { Processing::Simple } else { Processing::Batch };
        options.max_queue_size = max_queue_size;
        options.max_queue_bytes = max_queue_bytes;
        options.max_export_batch_size = max_export_batch_size;
        options.schedule_delay = Duration::from_millis(schedule_delay_millis);
        options.export_timeout = Duration::from_millis(export_timeout_millis);
        let mut setup = Setup::new(target);
        setup.options = options;
        setup.copies = copies.into_iter().map(exporter).collect::<PyResult<_>>()?;
        Self::start(setup, Functions { redact: redact.map(Arc::new), report: Arc::new(report) })
    }

    /// Takes a span that has ended. Never raises.
    fn record(&self, py: Python<'_>, span: &Bound<'_, PyAny>) {
        match catch_unwind(AssertUnwindSafe(|| self.converter.span(span))) {
            Ok(Ok(Some(span))) if self.setup.options.processing == Processing::Simple => {
                py.detach(|| self.inner.record(span));
            }
            Ok(Ok(Some(span))) => self.inner.record(span),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => self.inner.refuse(format!("a span cannot be read: {error}")),
            Err(_) => self.inner.refuse("a span cannot be read; this is a bug in tracestead".to_owned()),
        }
    }

    /// Waits until everything recorded before is stored; says whether it was in time.
    fn flush(&self, py: Python<'_>, timeout_millis: u64) -> bool {
        py.detach(|| self.inner.flush(Duration::from_millis(timeout_millis)).is_ok())
    }

    /// Waits for the database alone, unless it is known to fail.
    fn flush_unless_failing(&self, py: Python<'_>, timeout_millis: u64) {
        py.detach(|| self.inner.flush_unless_failing(Duration::from_millis(timeout_millis)));
    }

    /// Stores what waits and ends; says whether everything was stored in time.
    fn shutdown(&self, py: Python<'_>, timeout_millis: u64) -> bool {
        py.detach(|| {
            let is_done = self.inner.shutdown(Duration::from_millis(timeout_millis)).is_ok();
            self.gate.close(PATIENCE);
            is_done
        })
    }

    /// Returns what became of the spans so far.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.inner.stats();
        let copies = stats.copies.into_iter().map(|copy| {
            let made = PyDict::new(py);
            made.set_item("endpoint", copy.endpoint)?;
            made.set_item("sent", copy.sent)?;
            made.set_item("dropped", copy.dropped)?;
            made.set_item("failed", copy.failed)?;
            made.set_item("last_error", copy.last_error)?;
            Ok(made)
        });
        let copies = copies.collect::<PyResult<Vec<_>>>()?;
        let made = PyDict::new(py);
        made.set_item("recorded", stats.recorded)?;
        made.set_item("stored", stats.stored)?;
        made.set_item("dropped", stats.dropped)?;
        made.set_item("failed", stats.failed)?;
        made.set_item("queued", stats.queued)?;
        made.set_item("retries", stats.retries)?;
        made.set_item("last_error", stats.last_error)?;
        made.set_item("copies", copies)?;
        Ok(made)
    }

    /// Returns one that does the same in a process that was just forked: with an empty queue, a thread of its own, and the
    /// database opened by that process. The parent's must be kept and not be used.
    fn for_forked_process(&self, database: Option<&Db>) -> PyResult<Self> {
        let mut setup = self.setup.clone();
        if let Some(db) = database {
            setup.target = Target::from(db.inner().clone());
        }
        Self::start(setup, self.functions.clone())
    }
}

impl Pipeline {
    fn start(mut setup: Setup, functions: Functions) -> PyResult<Self> {
        let gate = Arc::<Gate>::default();
        setup.redaction = functions.redact.clone().map(|redact| redaction(redact, Arc::clone(&gate)));
        setup.report = told(Arc::clone(&functions.report), Arc::clone(&gate));
        let inner = tracestead::pipeline::Pipeline::start(setup.clone());
        let inner = inner.map_err(|error| match error {
            StartError::Options(wrong) => PyValueError::new_err(wrong.to_string()),
            other => PyRuntimeError::new_err(other.to_string()),
        })?;
        Ok(Self { setup, functions, converter: Converter::default(), gate, inner })
    }
}

/// An endpoint and its headers.
type Endpoint = (String, Vec<(String, String)>, Option<f64>);

fn exporter((endpoint, headers, timeout_seconds): Endpoint) -> PyResult<OtlpExporter> {
    let wrong = |error: tracestead::InvalidEndpoint| PyValueError::new_err(error.to_string());
    let mut exporter = OtlpExporter::new(endpoint).map_err(wrong)?;
    for (name, value) in &headers {
        exporter = exporter.header(name, value).map_err(wrong)?;
    }
    if let Some(timeout) = timeout_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        exporter = exporter.timeout(timeout);
    }
    Ok(exporter)
}

/// Asks a function of the user's. If it raises, or cannot be called any more because the interpreter ends, nothing may be
/// stored: a panic says so to the pipeline.
fn redaction(redact: Arc<Py<PyAny>>, gate: Arc<Gate>) -> Redaction {
    Redaction::new(move |key, text| {
        let answer =
            gate.through(|py| -> PyResult<Option<String>> { redact.bind(py).call1((key, text))?.extract() });
        match answer {
            Some(Ok(redacted)) => redacted,
            Some(Err(error)) => std::panic::resume_unwind(Box::new(error.to_string())),
            None => std::panic::resume_unwind(Box::new("the interpreter has ended")),
        }
    })
}

fn told(report: Arc<Py<PyAny>>, gate: Arc<Gate>) -> Report {
    Report::new(move |notice| {
        // Whoever is told of trouble must not make more.
        let _ = gate.through(|py| report.call1(py, (notice.is_warning(), notice.to_string())));
    })
}
