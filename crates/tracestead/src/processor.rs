//! What the OpenTelemetry SDK hands ended spans to.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::convert;
use crate::panics;
use crate::pipeline::{FlushTimedOut, Pipeline, Setup, StartError};

/// Stores the spans of a tracer provider: for who builds the provider alone. [`crate::setup_tracing`] does it all.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use tracestead::pipeline::Setup;
/// use tracestead::{SqliteDb, TracesteadProcessor};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("traces.db");
/// let processor = TracesteadProcessor::start(Setup::new(SqliteDb::open(path)?))?;
/// let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TracesteadProcessor {
    pipeline: Arc<Pipeline<SpanData>>,
}

impl TracesteadProcessor {
    /// Starts a pipeline of its own.
    ///
    /// # Errors
    ///
    /// If the options contradict each other, or the system gives no thread.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        Ok(Self { pipeline: Pipeline::start(setup)? })
    }

    /// Returns what became of the spans so far.
    #[must_use]
    pub fn stats(&self) -> crate::Stats {
        self.pipeline.stats()
    }

    pub(crate) fn pipeline(&self) -> &Arc<Pipeline<SpanData>> {
        &self.pipeline
    }
}

impl SpanProcessor for TracesteadProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, data: SpanData) {
        if !data.span_context.is_sampled() {
            return;
        }
        if std::thread::panicking() {
            self.pipeline.record(panics::marked(data));
        } else {
            // Moved as it is: each copy of a span would cost a tenth of all this.
            self.pipeline.record(data);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.pipeline.flush(self.pipeline.options().export_timeout).map_err(timed_out)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.pipeline.shutdown(timeout).map_err(timed_out)
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.pipeline.source().set(convert::resource(resource));
    }
}

fn timed_out(error: FlushTimedOut) -> OTelSdkError {
    OTelSdkError::Timeout(error.waited)
}
