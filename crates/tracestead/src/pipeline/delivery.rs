//! One batch at a time, until it is stored.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracestead_model::Span;

use super::backoff::Backoff;
use super::copies::Copies;
use super::queue::Exit;
use super::{Counts, Notice, Redaction, Report};
use crate::target::{Parcel, Sent};
use crate::{Target, now};

/// Lost spans are not spoken of more often than that.
const SAY_AGAIN: Duration = Duration::from_mins(1);

pub(super) struct Delivery {
    target: Target,
    counts: Arc<Counts>,
    redaction: Option<Redaction>,
    report: Report,
    copies: Arc<Copies>,
    max_backoff: Duration,
    /// How many dropped spans have been spoken of, and when.
    said: (u64, Option<Instant>),
    /// How many spans were refused and not spoken of yet, and when that was last done.
    refused: (u64, Option<Instant>),
}

impl Delivery {
    pub(super) fn new(
        target: Target,
        max_backoff: Duration,
        counts: Arc<Counts>,
        redaction: Option<Redaction>,
        report: Report,
        copies: Arc<Copies>,
    ) -> Self {
        Self { target, counts, redaction, report, copies, max_backoff, said: (0, None), refused: (0, None) }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Stores the spans, however often that takes, unless the time is up.
    pub(super) fn deliver<T>(&mut self, spans: Vec<Span>, queue: &Exit<T>) {
        let spans = self.redacted(spans, queue);
        let count = spans.len() as u64;
        if count == 0 {
            return;
        }
        if queue.is_over() {
            self.counts.failed.fetch_add(count, Ordering::Relaxed);
            return;
        }
        let prepared = caught(|| {
            let copy = self.copies.prepare(&spans);
            (copy, self.target.parcel(spans, now()))
        });
        let (copy, parcel) = match prepared {
            Ok(prepared) => prepared,
            Err(panic) => return self.refuse(count, panic),
        };
        if self.send(&parcel, count, queue) {
            self.copies.offer(copy);
        }
        self.speak_of_dropped();
    }

    /// Says whether the parcel, or some of it, is there in the end.
    fn send<T>(&mut self, parcel: &Parcel, count: u64, queue: &Exit<T>) -> bool {
        let mut backoff = Backoff::new(self.max_backoff);
        let mut dropped_before = 0;
        loop {
            let sent = caught(|| self.target.send(parcel));
            match sent.unwrap_or_else(|panic| Sent::Never { error: panic }) {
                Sent::Stored { refused, reason } => {
                    self.counts.stored.fetch_add(count - refused.min(count), Ordering::Relaxed);
                    let was_failing = self.counts.note_success();
                    if let Some(reason) = reason {
                        self.refuse(refused, reason);
                    }
                    if was_failing {
                        let dropped = self.counts.dropped.load(Ordering::Relaxed) - dropped_before;
                        self.report.tell(&Notice::Recovered { target: self.target.name(), dropped });
                    }
                    return true;
                }
                Sent::Never { error } => {
                    self.refuse(count, error);
                    return false;
                }
                Sent::Later { error, pause } => {
                    if self.counts.note_error(&error) {
                        dropped_before = self.counts.dropped.load(Ordering::Relaxed);
                        self.report.tell(&Notice::Failing { target: self.target.name(), error });
                    }
                    if queue.is_over() {
                        self.counts.failed.fetch_add(count, Ordering::Relaxed);
                        return false;
                    }
                    let pause = backoff.pause(pause);
                    queue.rest(queue.left().map_or(pause, |left| left.min(pause)));
                    self.counts.retries.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Ends the copies; what is left of them at `deadline` is counted as failed.
    pub(super) fn finish(&mut self, deadline: Instant) {
        self.copies.finish(deadline);
        if let Some(db) = self.target.database() {
            db.close();
        }
    }

    fn redacted<T>(&mut self, spans: Vec<Span>, queue: &Exit<T>) -> Vec<Span> {
        let Some(redaction) = self.redaction.clone() else { return spans };
        let before = spans.len();
        // Once the time is up nothing of the user's is called: perhaps it is not there any more.
        let in_time: Vec<_> =
            spans.into_iter().map_while(|span| (!queue.is_over()).then(|| redaction.apply(span))).collect();
        self.counts.failed.fetch_add((before - in_time.len()) as u64, Ordering::Relaxed);
        let redacted = in_time.len();
        let spans: Vec<Span> = in_time.into_iter().flatten().collect();
        let lost = (redacted - spans.len()) as u64;
        if lost > 0 {
            self.refuse(lost, "the redaction function panicked".to_owned());
        }
        spans
    }

    pub(super) fn refuse(&mut self, spans: u64, reason: String) {
        self.counts.failed.fetch_add(spans, Ordering::Relaxed);
        self.counts.note_refused(&reason);
        let (unsaid, when) = &mut self.refused;
        *unsaid += spans;
        if is_due(*when) {
            *when = Some(Instant::now());
            self.report.tell(&Notice::Refused { spans: std::mem::take(unsaid), reason });
        }
    }

    fn speak_of_dropped(&mut self) {
        let dropped = self.counts.dropped.load(Ordering::Relaxed);
        let (said, when) = self.said;
        if dropped > said && is_due(when) {
            self.said = (dropped, Some(Instant::now()));
            self.report.tell(&Notice::Dropped { spans: dropped - said });
        }
    }
}

/// Catches a panic: no span may end the thread that stores the others. What it says is not said again, for it may hold a value.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| "this is a bug in tracestead, please report it".to_owned())
}

fn is_due(said_at: Option<Instant>) -> bool {
    said_at.is_none_or(|said_at| said_at.elapsed() > SAY_AGAIN)
}
