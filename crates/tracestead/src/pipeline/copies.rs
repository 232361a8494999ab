//! Copies of what is stored, to other backends: after our own commit, and without holding it up.
//!
//! Each endpoint has a thread and a queue of its own, so that one that is slow or gone does not keep others waiting. The queue
//! is bounded in bytes; what does not fit is dropped and counted. It is in memory: a copy that is not sent when the process
//! ends is not sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracestead_model::Span;

use super::backoff::Backoff;
use super::{CopyStats, Notice, Report};
use crate::OtlpExporter;
use crate::target::Sent;

const MAX_BYTES: usize = 64 << 20;
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The endpoints that get copies.
#[derive(Debug)]
pub(super) struct Copies(Vec<Arc<Outlet>>);

/// Spans as they are sent.
#[derive(Clone)]
pub(super) struct Copy {
    body: Arc<[u8]>,
    spans: usize,
}

#[derive(Debug)]
struct Outlet {
    exporter: OtlpExporter,
    counts: CopyCounts,
    report: Report,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct CopyCounts {
    sent: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    last_error: Mutex<Option<String>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Copy>,
    bytes: usize,
    is_sending: bool,
    end: Option<Instant>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Copies {
    pub(super) fn start(exporters: Vec<OtlpExporter>, report: &Report) -> std::io::Result<Self> {
        let outlets = exporters.into_iter().map(|exporter| {
            let (counts, state, changed) = (CopyCounts::default(), Mutex::default(), Condvar::new());
            let outlet = Arc::new(Outlet { exporter, counts, report: report.clone(), state, changed });
            let sender = Arc::clone(&outlet);
            std::thread::Builder::new().name("tracestead-copy".to_owned()).spawn(move || sender.run())?;
            Ok(outlet)
        });
        Ok(Self(outlets.collect::<std::io::Result<_>>()?))
    }

    pub(super) fn stats(&self) -> Vec<CopyStats> {
        self.0.iter().map(|outlet| outlet.counts.stats(outlet.exporter.endpoint())).collect()
    }

    /// Makes a copy if somebody wants one.
    pub(super) fn prepare(&self, spans: &[Span]) -> Option<Copy> {
        let encode = || Copy { body: tracestead_otlp::encode_traces(spans).into(), spans: spans.len() };
        (!self.0.is_empty()).then(encode)
    }

    /// Hands a copy to all who want one.
    pub(super) fn offer(&self, copy: Option<Copy>) {
        if let Some(copy) = copy {
            self.0.iter().for_each(|outlet| outlet.offer(copy.clone()));
        }
    }

    /// Waits until everything that was offered is sent; says whether it was before `deadline`.
    pub(super) fn wait_until(&self, deadline: Instant) -> bool {
        self.0.iter().all(|outlet| outlet.wait_until(deadline))
    }

    /// Sends what can be sent until `deadline`, and ends the threads.
    pub(super) fn finish(&self, deadline: Instant) {
        for outlet in &self.0 {
            outlet.lock().end = Some(deadline);
            outlet.changed.notify_all();
        }
        self.wait_until(deadline);
    }
}

impl Outlet {
    fn offer(&self, copy: Copy) {
        let mut state = self.lock();
        if state.end.is_some() || (state.bytes > 0 && state.bytes + copy.body.len() > MAX_BYTES) {
            self.counts.dropped.fetch_add(copy.spans as u64, Ordering::Relaxed);
            return;
        }
        state.bytes += copy.body.len();
        state.waiting.push_back(copy);
        self.changed.notify_all();
    }

    fn wait_until(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_busy = |state: &mut State| state.is_sending || !state.waiting.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), left, is_busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn run(&self) {
        while let Some(copy) = self.next() {
            self.send(&copy);
            let mut state = self.lock();
            state.bytes -= copy.body.len();
            state.is_sending = false;
            self.changed.notify_all();
        }
    }

    /// Waits for a copy; `None` once no more will come.
    fn next(&self) -> Option<Copy> {
        let mut state = self.lock();
        loop {
            if let Some(copy) = state.waiting.pop_front() {
                state.is_sending = true;
                return Some(copy);
            }
            if state.end.is_some() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn send(&self, copy: &Copy) {
        let spans = copy.spans as u64;
        let mut backoff = Backoff::new(MAX_BACKOFF);
        loop {
            if self.is_over() {
                self.counts.failed.fetch_add(spans, Ordering::Relaxed);
                return;
            }
            match self.exporter.send(&copy.body, copy.spans) {
                Sent::Stored { refused, reason } => {
                    self.counts.sent.fetch_add(spans - refused.min(spans), Ordering::Relaxed);
                    self.counts.failed.fetch_add(refused, Ordering::Relaxed);
                    match reason {
                        Some(reason) => self.report.tell(&Notice::Refused { spans: refused, reason }),
                        None => self.counts.note_success(),
                    }
                    return;
                }
                Sent::Never { error } => {
                    self.counts.failed.fetch_add(spans, Ordering::Relaxed);
                    self.say(error);
                    return;
                }
                Sent::Later { error, pause } => {
                    self.say(error);
                    self.rest(backoff.pause(pause));
                }
            }
        }
    }

    fn say(&self, error: String) {
        if self.counts.note_error(&error) {
            let endpoint = self.exporter.endpoint().to_owned();
            self.report.tell(&Notice::CopyFailing { endpoint, error });
        }
    }

    fn is_over(&self) -> bool {
        self.lock().end.is_some_and(|end| end <= Instant::now())
    }

    /// Sleeps, but not beyond the end.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        loop {
            let until = state.end.map_or(until, |end| end.min(until));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CopyCounts {
    /// Notes an error; returns whether all was well before.
    fn note_error(&self, error: &str) -> bool {
        self.error().replace(error.to_owned()).is_none()
    }

    /// Notes that something was sent.
    fn note_success(&self) {
        *self.error() = None;
    }

    fn stats(&self, endpoint: &str) -> CopyStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CopyStats {
            endpoint: endpoint.to_owned(),
            sent: count(&self.sent),
            dropped: count(&self.dropped),
            failed: count(&self.failed),
            last_error: self.error().clone(),
        }
    }

    fn error(&self) -> MutexGuard<'_, Option<String>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
