//! The thread that stores what ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::delivery::Delivery;
use super::queue::{Answer, Exit, Gone, Item, Order};
use super::{Options, Recorded};

pub(super) struct Worker<T> {
    exit: Exit<T>,
    delivery: Delivery,
    batch_size: usize,
    delay: Duration,
}

/// What was taken out of the queue.
struct Taken<T> {
    ended: Vec<T>,
    bytes: usize,
    /// What ended the batch, if not its size.
    order: Option<(Order, Arc<Answer>)>,
    is_gone: bool,
}

impl<T: Recorded> Worker<T> {
    pub(super) fn new(exit: Exit<T>, delivery: Delivery, options: &Options) -> Self {
        Self { exit, delivery, batch_size: options.max_export_batch_size, delay: options.schedule_delay }
    }

    /// Runs until it is told to end, or until nobody is left to tell it.
    pub(super) fn run(mut self) {
        loop {
            self.exit.wait(self.delay);
            loop {
                let taken = self.take();
                let is_all = taken.ended.len() < self.batch_size && taken.order.is_none();
                self.store(taken.ended, taken.bytes);
                match taken.order {
                    Some((Order::Flush, answer)) => answer.give(),
                    Some((Order::End { deadline }, answer)) => {
                        self.delivery.finish(deadline);
                        answer.give();
                        return;
                    }
                    None => {}
                }
                if taken.is_gone {
                    return;
                }
                if is_all {
                    break;
                }
            }
        }
    }

    fn take(&self) -> Taken<T> {
        let mut taken = Taken { ended: Vec::new(), bytes: 0, order: None, is_gone: false };
        while taken.ended.len() < self.batch_size {
            match self.exit.take() {
                Ok(Some(Item::Ended { ended, bytes })) => {
                    taken.ended.push(ended);
                    taken.bytes += bytes;
                }
                Ok(Some(Item::Order(order, answer))) => {
                    taken.order = Some((order, answer));
                    break;
                }
                Ok(None) => break,
                Err(Gone) => {
                    taken.is_gone = true;
                    break;
                }
            }
        }
        taken
    }

    fn store(&mut self, ended: Vec<T>, bytes: usize) {
        if ended.is_empty() {
            return;
        }
        let count = ended.len();
        let spans = ended.into_iter().map(T::into_span).collect();
        self.delivery.deliver(spans, &self.exit);
        // Only now is there room for others: what is being written is in memory as well.
        let counts = self.delivery.counts();
        counts.waiting.fetch_sub(count, Ordering::Relaxed);
        counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
