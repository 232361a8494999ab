//! From the end of a span to its row, without anyone waiting.
//!
//! ```text
//!   agent's thread                     tracestead's thread
//!   span ends ──▶ queue (bounded in ──▶ take up to a batch ──▶ understand, make rows ──▶ commit ──▶ copies
//!                 spans and bytes;                                   └── fails: again, ever later, with the same batch
//!                 full: dropped,
//!                 counted)
//! ```
//!
//! The agent's thread does one thing: it puts what ended into a queue, or counts it as dropped. It takes no lock, waits for
//! nobody, and wakes the other thread only when there is a reason: a batch is full, or a run has ended. So a trace can be read
//! a moment after its run, while spans of a run that goes on gather for [`Options::schedule_delay`].
//!
//! The other thread has one batch in its hands and tries it until it is stored: at once, then ever later up to
//! [`Options::max_backoff`]. Meanwhile the queue fills and then drops. A database that is gone is said once, and said once
//! when it is back; [`Stats`] has the numbers.
//!
//! It is what [`crate::setup_tracing`] is built on, and the Python package. What ends is a [`Recorded`]: the OpenTelemetry SDK
//! has its own type for it, which is turned into a [`tracestead_model::Span`] on this side of the queue.

mod backoff;
#[cfg_attr(not(feature = "otlp"), path = "no_copies.rs")]
mod copies;
mod counts;
mod delivery;
mod notice;
mod options;
mod queue;
mod redaction;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracestead_model::Span;

pub use counts::{CopyStats, Stats};
pub use notice::{Notice, Report};
pub use options::{InvalidOptions, Options, Processing};
pub use redaction::Redaction;

pub(crate) use counts::Counts;

#[cfg(feature = "otlp")]
use crate::OtlpExporter;
use crate::Target;
use copies::Copies;
use delivery::Delivery;
use queue::{Entrance, Order, queue};
use worker::Worker;

/// What ended and is to be stored.
pub trait Recorded: std::fmt::Debug + Send + 'static {
    /// What is the same for all of a pipeline and so need not be in each.
    type Source: std::fmt::Debug + Default + Send + Sync;

    /// Returns about how many bytes it takes while it waits; always the same.
    fn size_bytes(&self) -> usize;

    /// Says whether it is the first span of a trace in this process, so that with it a run has ended.
    fn ends_run(&self) -> bool;

    /// Returns it as it is stored. Called on tracestead's thread.
    fn into_span(self, source: &Self::Source) -> Span;
}

impl Recorded for Span {
    type Source = ();

    fn size_bytes(&self) -> usize {
        queue::size_of_span(self)
    }

    fn ends_run(&self) -> bool {
        self.parent_span_id.is_none() || self.has_remote_parent()
    }

    fn into_span(self, _source: &()) -> Span {
        self
    }
}

/// Spans were not stored when the time was up. They are still tried, unless the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not everything was stored within {waited:?}; see `stats()` for what waits and the last error")]
pub struct FlushTimedOut {
    /// How long was waited.
    pub waited: Duration,
}

/// What a pipeline is made of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// Where spans go.
    pub target: Target,
    /// How they are gathered.
    pub options: Options,
    /// What is taken out of them first.
    pub redaction: Option<Redaction>,
    /// Who is told if something is wrong.
    pub report: Report,
    /// Who gets a copy of what was stored.
    #[cfg(feature = "otlp")]
    pub copies: Vec<OtlpExporter>,
}

impl Setup {
    /// Returns the defaults for a target.
    #[must_use]
    pub fn new(target: impl Into<Target>) -> Self {
        Self {
            target: target.into(),
            options: Options::default(),
            redaction: None,
            report: Report::default(),
            #[cfg(feature = "otlp")]
            copies: Vec::new(),
        }
    }
}

/// A queue, a thread, and where spans go.
#[derive(Debug)]
pub struct Pipeline<T: Recorded> {
    entrance: Entrance<T>,
    counts: Arc<Counts>,
    copies: Arc<Copies>,
    source: Arc<T::Source>,
    options: Options,
    report: Report,
    has_told: AtomicBool,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl<T: Recorded> Pipeline<T> {
    /// Starts the thread. Nothing is opened yet: a database that is not there costs no time here.
    ///
    /// # Errors
    ///
    /// If the options contradict each other, or the thread cannot be started.
    pub fn start(setup: Setup) -> Result<Arc<Self>, StartError> {
        let options = setup.options.checked()?;
        let counts = Arc::new(Counts::default());
        let (entrance, exit) = queue(&options, Arc::clone(&counts));
        #[cfg(feature = "otlp")]
        let copies = Copies::start(setup.copies, &setup.report)?;
        #[cfg(not(feature = "otlp"))]
        let copies = Copies;
        let copies = Arc::new(copies);
        let database = setup.target.database().cloned();
        let report = setup.report.clone();
        let delivery = Delivery::new(
            setup.target,
            options.max_backoff,
            Arc::clone(&counts),
            setup.redaction,
            setup.report,
            Arc::clone(&copies),
        );
        let source = Arc::<T::Source>::default();
        let worker = Worker::new(exit, Arc::clone(&source), delivery, &options);
        let thread = std::thread::Builder::new().name("tracestead".to_owned()).spawn(move || worker.run())?;
        entrance.is_served_by(thread.thread().clone());
        let (has_told, worker) = (AtomicBool::new(false), Mutex::new(Some(thread)));
        let pipeline = Arc::new(Self { entrance, counts, copies, source, options, report, has_told, worker });
        if let Some(db) = database {
            let flush: Arc<dyn Flush> = Arc::clone(&pipeline) as Arc<dyn Flush>;
            db.is_fed_by(&flush);
        }
        Ok(pipeline)
    }

    /// Takes what ended. Never waits, but in [`Processing::Simple`], and never fails: what finds no place is counted.
    #[inline]
    pub fn record(&self, ended: T) {
        self.entrance.put(ended);
        // Of a database that is known to be gone nobody waits for.
        if self.options.processing == Processing::Simple && !self.counts.is_failing() {
            self.is_stored_by(Instant::now() + self.options.export_timeout);
        }
    }

    /// Counts a span as failed that cannot be recorded; the first time somebody is told why.
    #[cold]
    pub fn refuse(&self, reason: String) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        self.counts.note_refused(&reason);
        if !self.has_told.swap(true, Ordering::Relaxed) {
            self.report.tell(&Notice::Refused { spans: 1, reason });
        }
    }

    /// Waits until everything recorded before is stored, and copied if there are copies. What the database refuses is not
    /// waited for: it is counted as failed, and [`Stats::last_error`] says why.
    ///
    /// # Errors
    ///
    /// If it was not within `timeout`.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushTimedOut> {
        let deadline = Instant::now() + timeout;
        if self.is_stored_by(deadline) && self.copies.wait_until(deadline) {
            Ok(())
        } else {
            Err(FlushTimedOut { waited: timeout })
        }
    }

    /// Waits for what was recorded before, but for no copies, and not for a database that is known to fail; says whether it
    /// is stored.
    pub fn flush_unless_failing(&self, timeout: Duration) -> bool {
        !self.counts.is_failing() && self.is_stored_by(Instant::now() + timeout)
    }

    fn is_stored_by(&self, deadline: Instant) -> bool {
        self.entrance.order(Order::Flush, deadline)
    }

    /// Stores what waits and ends the thread. What is recorded later is counted as dropped; doing it twice is doing it once.
    ///
    /// # Errors
    ///
    /// If not everything was stored within `timeout`; what is left is counted as failed.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), FlushTimedOut> {
        let Some(thread) = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        let deadline = Instant::now() + timeout;
        self.entrance.close();
        let is_done = self.entrance.order(Order::End { deadline }, deadline);
        if is_done {
            // It has answered, so it ends at once.
            let _ = thread.join();
            Ok(())
        } else {
            Err(FlushTimedOut { waited: timeout })
        }
    }

    /// Returns what is the same for all that is recorded here.
    pub fn source(&self) -> &T::Source {
        &self.source
    }

    /// Returns how spans are gathered.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns what became of the spans so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counts.stats(self.copies.stats())
    }
}

/// Nothing can be traced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The options contradict each other.
    #[error("cannot trace: {0}")]
    Options(#[from] InvalidOptions),
    /// The system gives no thread.
    #[error("cannot start a thread for tracing: {0}")]
    Thread(#[from] std::io::Error),
}

/// A way to wait for what was recorded, whatever its type.
pub(crate) trait Flush: std::fmt::Debug + Send + Sync {
    fn flush_before_reading(&self);
}

/// Who reads its own traces waits this long for them.
const READ_PATIENCE: Duration = Duration::from_secs(5);

impl<T: Recorded> Flush for Pipeline<T> {
    fn flush_before_reading(&self) {
        self.flush_unless_failing(READ_PATIENCE);
    }
}
