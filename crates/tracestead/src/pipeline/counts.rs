//! What became of spans.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What became of the spans recorded so far: `recorded = stored + dropped + failed + queued`, once nothing is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Spans that ended.
    pub recorded: u64,
    /// Spans that are in the database, or that the server has acknowledged.
    pub stored: u64,
    /// Spans that found the queue full or closed.
    pub dropped: u64,
    /// Spans that the database refused, that could not be redacted, or that were left when the time to shut down was up.
    pub failed: u64,
    /// Spans that wait, those of the batch that is being written included.
    pub queued: u64,
    /// How often a batch had to be tried again.
    pub retries: u64,
    /// What went wrong last; `None` once a batch was stored after it.
    pub last_error: Option<String>,
    /// What became of the copies.
    pub copies: Vec<CopyStats>,
}

/// What became of the copies for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CopyStats {
    /// Where they go.
    pub endpoint: String,
    /// Spans that the endpoint has acknowledged.
    pub sent: u64,
    /// Spans that found too many others waiting.
    pub dropped: u64,
    /// Spans that the endpoint refused, or that were left at the end.
    pub failed: u64,
    /// What went wrong last; `None` once something was sent after it.
    pub last_error: Option<String>,
}

/// How many spans wait, and their bytes: one number, so that a span costs one step of the memory bus and not two.
#[derive(Debug, Default)]
pub(crate) struct Waiting(AtomicU64);

/// Bytes are counted below this bit, spans above: a tebibyte, and sixteen million.
const SPAN: u64 = 1 << 40;

impl Waiting {
    /// Adds a span; returns how many there were before it, and how many bytes.
    pub(crate) fn add(&self, bytes: usize) -> (usize, usize) {
        Self::read(self.0.fetch_add(SPAN + bytes as u64, Ordering::SeqCst))
    }

    pub(crate) fn remove(&self, spans: usize, bytes: usize) {
        self.0.fetch_sub(SPAN * spans as u64 + bytes as u64, Ordering::SeqCst);
    }

    /// Returns how many spans wait, and how many bytes.
    pub(crate) fn now(&self) -> (usize, usize) {
        Self::read(self.0.load(Ordering::SeqCst))
    }

    fn read(both: u64) -> (usize, usize) {
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        (whole(both / SPAN), whole(both % SPAN))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) waiting: Waiting,
    pub(crate) stored: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retries: AtomicU64,
    is_failing: AtomicBool,
    last_error: Mutex<Option<String>>,
}

impl Counts {
    /// Says whether the last try failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Notes an error; returns whether all was well before.
    pub(crate) fn note_error(&self, error: &str) -> bool {
        self.note_refused(error);
        !self.is_failing.swap(true, Ordering::Relaxed)
    }

    /// Notes why spans are not stored that others do not wait for.
    pub(crate) fn note_refused(&self, reason: &str) {
        *lock(&self.last_error) = Some(reason.to_owned());
    }

    /// Notes that a batch was stored; returns whether the last try failed.
    pub(crate) fn note_success(&self) -> bool {
        *lock(&self.last_error) = None;
        self.is_failing.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn stats(&self, copies: Vec<CopyStats>) -> Stats {
        // What waits is read first: a span that is stored meanwhile is then counted twice rather than not at all.
        let queued = self.waiting.now().0 as u64;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (stored, dropped, failed) = (count(&self.stored), count(&self.dropped), count(&self.failed));
        Stats {
            recorded: stored + dropped + failed + queued,
            stored,
            dropped,
            failed,
            queued,
            retries: count(&self.retries),
            last_error: lock(&self.last_error).clone(),
            copies,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
