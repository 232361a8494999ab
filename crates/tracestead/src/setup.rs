//! Two lines at the start of a program.

use std::borrow::Cow;
use std::io::Write as _;
use std::time::Duration;

use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, ShouldSample, SpanLimits};
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

#[cfg(feature = "otlp")]
use crate::OtlpExporter;
use crate::environment::{self, InvalidVariable};
use crate::pipeline::{
    FlushTimedOut, Notice, Options, Processing, Redaction, Report, Setup, StartError, Stats,
};
use crate::{Target, TracesteadProcessor, layer, panics};

/// Messages that an agent has read so far are attributes, some six for each: OpenTelemetry's 128 would cut the last ones off.
const MAX_ATTRIBUTES: u32 = 1024;

/// Traces everything from here on into `db`, with the defaults. See [`TracingBuilder`] for what else can be said.
///
/// ```
/// use tracestead::{SqliteDb, setup_tracing};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("traces.db");
/// let tracing = setup_tracing(SqliteDb::open(path)?)?;
/// // … agents run …
/// drop(tracing); // at the end of `main`: what still waits is stored
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If a variable of the environment makes no sense, or the system gives no thread. A database that is not there is no error:
/// see [`crate::Db`].
pub fn setup_tracing(db: impl Into<Target>) -> Result<Tracing, SetupError> {
    TracingBuilder::new(db).install()
}

/// What tracing is to be like.
///
/// What is not said here is taken from OpenTelemetry's variables (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
/// `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`,
/// `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_EXPORT_TIMEOUT`, `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`,
/// `OTEL_SPAN_LINK_COUNT_LIMIT`, `OTEL_SDK_DISABLED`), then has its default.
///
/// ```
/// use std::time::Duration;
/// use tracestead::{SqliteDb, TracingBuilder};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("traces.db");
/// let tracing = TracingBuilder::new(SqliteDb::open(path)?)
///     .service_name("support-bot")
///     .schedule_delay(Duration::from_secs(1))
///     .redact(|key, text| (key == "user.email").then(|| "***".to_owned()))
///     .install()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is traced until `install` or `build`"]
pub struct TracingBuilder {
    target: Target,
    processing: Option<Processing>,
    max_queue_size: Option<usize>,
    max_queue_bytes: Option<usize>,
    max_export_batch_size: Option<usize>,
    schedule_delay: Option<Duration>,
    shutdown_timeout: Option<Duration>,
    max_attributes_per_span: Option<u32>,
    sampler: Option<Box<dyn ShouldSample>>,
    resource: Vec<KeyValue>,
    service_name: Option<Cow<'static, str>>,
    redaction: Option<Redaction>,
    report: Option<Report>,
    #[cfg(feature = "otlp")]
    copies: Vec<OtlpExporter>,
}

/// Tracing could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A variable of the environment makes no sense.
    #[error(transparent)]
    Variable(#[from] InvalidVariable),
    /// Options contradict each other, or the system gives no thread.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl TracingBuilder {
    /// Begins with a database, or with a tracestead server.
    pub fn new(target: impl Into<Target>) -> Self {
        Self {
            target: target.into(),
            processing: None,
            max_queue_size: None,
            max_queue_bytes: None,
            max_export_batch_size: None,
            schedule_delay: None,
            shutdown_timeout: None,
            max_attributes_per_span: None,
            sampler: None,
            resource: Vec::new(),
            service_name: None,
            redaction: None,
            report: None,
            #[cfg(feature = "otlp")]
            copies: Vec::new(),
        }
    }

    /// Says when spans are written: in batches by another thread (the default), or each as it ends.
    pub fn processing(mut self, processing: Processing) -> Self {
        self.processing = Some(processing);
        self
    }

    /// Lets so many spans wait; 2,048.
    pub fn max_queue_size(mut self, spans: usize) -> Self {
        self.max_queue_size = Some(spans);
        self
    }

    /// Lets spans of so many bytes wait; 64 MiB.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.max_queue_bytes = Some(bytes);
        self
    }

    /// Writes so many spans together at most; 512.
    pub fn max_export_batch_size(mut self, spans: usize) -> Self {
        self.max_export_batch_size = Some(spans);
        self
    }

    /// Lets a span wait so long for others while its run goes on; 5 s. When a run ends, what waits is written at once.
    pub fn schedule_delay(mut self, delay: Duration) -> Self {
        self.schedule_delay = Some(delay);
        self
    }

    /// Lets the end of the program be held up so long by what is not yet stored; 5 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// Keeps so many attributes of a span; 1,024.
    pub fn max_attributes_per_span(mut self, attributes: u32) -> Self {
        self.max_attributes_per_span = Some(attributes);
        self
    }

    /// Says which traces are recorded; all, unless `OTEL_TRACES_SAMPLER` says otherwise.
    pub fn sampler(mut self, sampler: impl Into<Box<dyn ShouldSample>>) -> Self {
        self.sampler = Some(sampler.into());
        self
    }

    /// Says what this program is, as `deployment.environment.name` or `service.version`.
    pub fn resource(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.resource.extend(attributes);
        self
    }

    /// Names this program.
    pub fn service_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Changes texts before anything is stored or copied, see [`Redaction`].
    pub fn redact(mut self, redact: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.redaction = Some(Redaction::new(redact));
        self
    }

    /// Tells someone if something is wrong, instead of the log.
    pub fn report(mut self, tell: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.report = Some(Report::new(tell));
        self
    }

    /// Sends a copy of everything that was stored to another endpoint as well.
    #[cfg(feature = "otlp")]
    pub fn copy_to(mut self, exporter: OtlpExporter) -> Self {
        self.copies.push(exporter);
        self
    }

    /// Makes everything and makes it global: the tracer provider of `opentelemetry`, and the subscriber of `tracing`. If
    /// there is a subscriber already, it is kept and does not record its spans, which a warning says: then use
    /// [`TracingBuilder::install_provider`].
    ///
    /// # Errors
    ///
    /// See [`setup_tracing`].
    pub fn install(mut self) -> Result<Tracing, SetupError> {
        let is_alone = !tracing::dispatcher::has_been_set();
        if is_alone && self.report.is_none() {
            // Nobody else would show it.
            self.report = Some(Report::new(say_on_stderr));
        }
        let tracing = self.install_provider()?;
        // Between the two somebody may have been faster; theirs is kept.
        if !is_alone || Registry::default().with(tracing.layer()).try_init().is_err() {
            tracing::warn!(
                "the program has a subscriber of its own, so spans of the `tracing` crate are not stored (rig's among them): \
                 use `TracingBuilder::install_provider` and add `Tracing::layer` to the subscriber"
            );
        }
        Ok(tracing)
    }

    /// Makes everything and makes the tracer provider global, but leaves the subscriber of `tracing` to you: for a program
    /// that logs as well.
    ///
    /// ```
    /// use tracestead::{SqliteDb, TracingBuilder};
    /// use tracing_subscriber::prelude::*;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("traces.db");
    /// let tracing = TracingBuilder::new(SqliteDb::open(path)?).install_provider()?;
    /// tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(tracing.layer()).init();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`setup_tracing`].
    pub fn install_provider(self) -> Result<Tracing, SetupError> {
        let tracing = self.build()?;
        panics::listen();
        global::set_tracer_provider(tracing.provider.clone());
        Ok(tracing)
    }

    /// Makes everything and makes nothing global: for who has a subscriber and a provider of their own.
    ///
    /// # Errors
    ///
    /// See [`setup_tracing`].
    pub fn build(self) -> Result<Tracing, SetupError> {
        let mut setup = Setup::new(self.target);
        setup.options = environment::options(Options::default())?;
        let options = &mut setup.options;
        options.processing = self.processing.unwrap_or_default();
        options.max_queue_size = self.max_queue_size.unwrap_or(options.max_queue_size);
        options.max_queue_bytes = self.max_queue_bytes.unwrap_or(options.max_queue_bytes);
        options.max_export_batch_size = self.max_export_batch_size.unwrap_or(options.max_export_batch_size);
        options.schedule_delay = self.schedule_delay.unwrap_or(options.schedule_delay);
        options.shutdown_timeout = self.shutdown_timeout.unwrap_or(options.shutdown_timeout);
        setup.redaction = self.redaction;
        setup.report = self.report.unwrap_or_default();
        #[cfg(feature = "otlp")]
        {
            setup.copies = self.copies;
        }
        let shutdown_timeout = setup.options.shutdown_timeout;
        let processor = TracesteadProcessor::start(setup)?;

        let mut provider = SdkTracerProvider::builder()
            .with_span_processor(processor.clone())
            .with_resource(resource(self.service_name, self.resource))
            .with_span_limits(limits(self.max_attributes_per_span)?);
        if let Some(sampler) = self.sampler {
            provider = provider.with_sampler(sampler);
        }
        if environment::is_disabled()? {
            provider = provider.with_sampler(opentelemetry_sdk::trace::Sampler::AlwaysOff);
        }
        Ok(Tracing { provider: provider.build(), processor, shutdown_timeout })
    }
}

fn resource(service_name: Option<Cow<'static, str>>, attributes: Vec<KeyValue>) -> Resource {
    let mut resource = Resource::builder().with_attributes(attributes);
    if let Some(name) = service_name {
        resource = resource.with_service_name(name);
    }
    resource.build()
}

fn limits(max_attributes: Option<u32>) -> Result<SpanLimits, InvalidVariable> {
    let limits = environment::span_limits(SpanLimits {
        max_attributes_per_span: MAX_ATTRIBUTES,
        ..SpanLimits::default()
    })?;
    let max_attributes_per_span = max_attributes.unwrap_or(limits.max_attributes_per_span);
    Ok(SpanLimits { max_attributes_per_span, ..limits })
}

fn say_on_stderr(notice: &Notice) {
    // There is nothing to be done about a standard error that is closed.
    let _ = writeln!(std::io::stderr(), "tracestead: {notice}");
}

/// Tracing that has been set up. Keep it until the program ends: dropped, it stores what waits, for
/// [`TracingBuilder::shutdown_timeout`] at most, and ends.
#[derive(Debug)]
#[must_use = "dropped, it ends tracing at once"]
pub struct Tracing {
    provider: SdkTracerProvider,
    processor: TracesteadProcessor,
    shutdown_timeout: Duration,
}

impl Tracing {
    /// Returns a layer for a subscriber of your own: it records the spans of the `tracing` crate.
    ///
    /// ```
    /// use tracestead::{SqliteDb, TracingBuilder};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("traces.db");
    /// let tracing = TracingBuilder::new(SqliteDb::open(path)?).build()?;
    /// let subscriber = tracing_subscriber::registry().with(tracing.layer());
    /// # drop(subscriber);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        layer::layer(&self.provider)
    }

    /// Returns the tracer provider, for spans made with OpenTelemetry's own API.
    #[must_use]
    pub fn provider(&self) -> &SdkTracerProvider {
        &self.provider
    }

    /// Returns what became of the spans so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.processor.stats()
    }

    /// Waits until everything that has ended is stored.
    ///
    /// # Errors
    ///
    /// If it was not within `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushTimedOut> {
        self.processor.pipeline().flush(timeout)
    }

    /// Stores what waits and ends tracing. Dropping does the same, without an answer.
    ///
    /// # Errors
    ///
    /// If not everything was stored within `timeout`.
    pub fn shutdown(self, timeout: Duration) -> Result<(), FlushTimedOut> {
        self.end(timeout)
    }

    fn end(&self, timeout: Duration) -> Result<(), FlushTimedOut> {
        let ended = self.processor.pipeline().shutdown(timeout);
        // The pipeline has ended; the provider only stops handing spans to it.
        let _ = self.provider.shutdown_with_timeout(Duration::ZERO);
        ended
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        // What was not stored is counted, and has been reported.
        let _ = self.end(self.shutdown_timeout);
    }
}
