//! Prunes while the writer has other things to do.
//!
//! After a step the writer rests from pruning three times as long as the step took, so that exports never wait for more
//! than one short step, and pruning takes no more than a quarter of the writer's time. Once all was looked at it rests
//! longer: what is kept longer than the rest is looked at again each time.

use std::time::{Duration, Instant};

use tracestead_model::{Retention, UnixNanos};

use super::{Prune, PrunePosition, Pruned, Step};

/// How long it rests at least once all was looked at.
const PASS_REST: Duration = Duration::from_mins(1);

/// And at least so many times as long as it took.
const PASS_REST_TIMES: u32 = 20;

/// How long it rests after an error.
const ERROR_REST: Duration = Duration::from_secs(10);

/// Resources are looked for so often at most, as that reads all spans.
const SWEEP_REST: Duration = Duration::from_hours(24);

/// What is pruned in the background, and how far that is.
#[derive(Debug)]
pub(crate) struct Background {
    rules: Prune,
    /// The wall clock is asked by those who open a store; from then on time passes here.
    opened: (UnixNanos, Instant),
    is_sweeping: bool,
    position: Option<PrunePosition>,
    rests_until: Instant,
    /// How long the steps of this pass took.
    took: Duration,
    /// What was deleted since resources were looked for.
    deleted: u64,
    swept_at: Option<Instant>,
}

impl Background {
    /// Returns `None` if nothing is ever to be deleted.
    pub(crate) fn new(retention: &Retention, now: UnixNanos) -> Option<Self> {
        let opened_at = Instant::now();
        (!retention.is_idle()).then(|| Self {
            rules: Prune::Rules(retention.clone()),
            opened: (now, opened_at),
            is_sweeping: false,
            position: None,
            rests_until: opened_at,
            took: Duration::ZERO,
            deleted: 0,
            swept_at: None,
        })
    }

    /// Returns how long it rests.
    pub(crate) fn rest(&self) -> Duration {
        self.rests_until.saturating_duration_since(Instant::now())
    }

    /// Returns what to do next.
    pub(crate) fn next(&self) -> Step {
        let (opened_at, since) = self.opened;
        let passed = i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let now = UnixNanos::from_i64(opened_at.as_i64().saturating_add(passed));
        let what = if self.is_sweeping { Prune::Resources } else { self.rules.clone() };
        Step { what, now, position: self.position.clone() }
    }

    /// Says what a step did and how long it took.
    pub(crate) fn done(&mut self, pruned: Pruned, took: Duration) {
        self.took += took;
        self.deleted += pruned.spans + pruned.traces;
        self.position = pruned.position;
        let mut rest = took * 3;
        if self.position.is_none() {
            let may_sweep = self.swept_at.is_none_or(|at| at.elapsed() > SWEEP_REST);
            self.is_sweeping = !self.is_sweeping && self.deleted > 0 && may_sweep;
            if self.is_sweeping {
                self.deleted = 0;
                self.swept_at = Some(Instant::now());
            } else {
                rest = PASS_REST.max(self.took * PASS_REST_TIMES);
                self.took = Duration::ZERO;
            }
        }
        self.rests_until = Instant::now() + rest;
    }

    /// Says that a step failed: all begins anew.
    pub(crate) fn failed(&mut self) {
        self.position = None;
        self.is_sweeping = false;
        self.rests_until = Instant::now() + ERROR_REST;
    }
}
