//! The thread that stores what ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::delivery::{Delivery, caught};
use super::queue::{Answer, Exit, Order};
use super::{Options, Recorded};

/// How long copies are still sent once nobody is left who could say.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Worker<T: Recorded> {
    exit: Exit<T>,
    source: Arc<T::Source>,
    delivery: Delivery,
    batch_size: usize,
    delay: Duration,
}

impl<T: Recorded> Worker<T> {
    pub(super) fn new(exit: Exit<T>, source: Arc<T::Source>, delivery: Delivery, options: &Options) -> Self {
        Self {
            exit,
            source,
            delivery,
            batch_size: options.max_export_batch_size,
            delay: options.schedule_delay,
        }
    }

    /// Runs until it is told to end, or until nobody is left to tell it.
    pub(super) fn run(mut self) {
        loop {
            self.exit.wait(self.delay);
            loop {
                // Asked before the spans are: whoever recorded the last of them was still there then.
                let is_abandoned = self.exit.is_abandoned();
                if let Some((order, answer)) = self.exit.order() {
                    if self.obey(order, &answer) {
                        return;
                    }
                } else if self.store_up_to(self.batch_size) < self.batch_size {
                    if is_abandoned {
                        self.delivery.finish(Instant::now() + PATIENCE);
                        return;
                    }
                    break;
                }
            }
        }
    }

    /// Does what is asked; says whether that was to end.
    fn obey(&mut self, order: Order, answer: &Answer) -> bool {
        // Those that come meanwhile are not waited for, or an answer might never be given.
        let mut left = self.exit.len();
        while left > 0 {
            match self.store_up_to(left.min(self.batch_size)) {
                0 => break,
                stored => left -= stored,
            }
        }
        if let Order::End { deadline } = order {
            self.delivery.finish(deadline);
        }
        answer.give();
        matches!(order, Order::End { .. })
    }

    /// Stores what waits, up to so many spans; returns how many there were.
    fn store_up_to(&mut self, count: usize) -> usize {
        let mut ended = Vec::new();
        let mut bytes = 0;
        while ended.len() < count
            && let Some(next) = self.exit.take()
        {
            bytes += next.size_bytes();
            ended.push(next);
        }
        let count = ended.len();
        self.store(ended, bytes);
        count
    }

    fn store(&mut self, ended: Vec<T>, bytes: usize) {
        if ended.is_empty() {
            return;
        }
        let count = ended.len();
        let mut spans = Vec::with_capacity(count);
        for ended in ended {
            match caught(|| ended.into_span(&self.source)) {
                Ok(span) => spans.push(span),
                Err(panic) => self.delivery.refuse(1, panic),
            }
        }
        self.delivery.deliver(spans, &self.exit);
        // Only now is there room for others: what is being written is in memory as well.
        self.delivery.counts().waiting.remove(count, bytes);
    }
}
