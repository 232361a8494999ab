//! The queue between the threads of agents and ours.
//!
//! A ring with a bound, and counters, for bytes are bounded too. Whoever puts a span there wakes nobody: that would be a system
//! call a span, after which the thread that was woken may well push the agent's off its core. So an agent's thread leaves a
//! note that there is a reason to look, and ours looks for notes every [`LOOK`] as long as spans come. It is woken by the first
//! span after a rest, by a batch that is full, and by whoever waits for an answer.
//!
//! Orders have a way of their own. One that is taken concerns what is in the ring at that moment, and whatever its giver
//! recorded before is.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;
use tracestead_model::{Attributes, Span, Value};

use super::{Counts, Options, Recorded};

/// What our thread is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Answer once everything before is stored.
    Flush,
    /// Store what can be stored until then, answer, and end.
    End { deadline: Instant },
}

/// Says once that something is done.
#[derive(Debug, Default)]
pub(super) struct Answer {
    is_done: Mutex<bool>,
    changed: Condvar,
}

impl Answer {
    pub(super) fn give(&self) {
        *self.is_done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn wait_until(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_done = self.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_done, left, |is_done| !*is_done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// How often our thread looks whether there is a reason to store what waits.
const LOOK: Duration = Duration::from_millis(50);
/// The longest sleep, after which our thread looks whether anybody is left.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Without a span for so long, it rests until it is woken.
const REST_AFTER: Duration = Duration::from_secs(1);

type Orders = VecDeque<(Order, Arc<Answer>)>;

/// What both sides see.
#[derive(Debug)]
struct Shared<T> {
    spans: ArrayQueue<T>,
    /// `None` once nobody takes them any more.
    orders: Mutex<Option<Orders>>,
    counts: Arc<Counts>,
    /// There is a reason to look into the queue now.
    is_called: AtomicBool,
    /// Our thread does not look by itself.
    is_resting: AtomicBool,
    is_closed: AtomicBool,
    /// Somebody waits for an answer: this is no time to rest between two tries.
    is_hurried: AtomicBool,
    /// When the process must end, for a thread that is trying again.
    end: OnceLock<Instant>,
    thread: OnceLock<Thread>,
}

impl<T> Shared<T> {
    fn orders(&self) -> MutexGuard<'_, Option<Orders>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where agents' threads put things.
#[derive(Debug)]
pub(super) struct Entrance<T> {
    shared: Arc<Shared<T>>,
    /// In one that was forked from this there is no thread of ours.
    process: u32,
    max_spans: usize,
    max_bytes: usize,
    batch: usize,
}

/// Where our thread takes them.
pub(super) struct Exit<T> {
    shared: Arc<Shared<T>>,
}

pub(super) fn queue<T>(options: &Options, counts: Arc<Counts>) -> (Entrance<T>, Exit<T>) {
    let shared = Arc::new(Shared {
        spans: ArrayQueue::new(options.max_queue_size),
        orders: Mutex::new(Some(VecDeque::new())),
        counts,
        is_called: AtomicBool::new(false),
        is_resting: AtomicBool::new(false),
        is_closed: AtomicBool::new(false),
        is_hurried: AtomicBool::new(false),
        end: OnceLock::new(),
        thread: OnceLock::new(),
    });
    let entrance = Entrance {
        shared: Arc::clone(&shared),
        process: std::process::id(),
        max_spans: options.max_queue_size,
        max_bytes: options.max_queue_bytes,
        batch: options.max_export_batch_size,
    };
    (entrance, Exit { shared })
}

impl<T: Recorded> Entrance<T> {
    /// Names the thread to wake.
    pub(super) fn is_served_by(&self, thread: Thread) {
        let _ = self.shared.thread.set(thread);
    }

    /// Puts a span into the queue, or counts it as dropped.
    #[inline]
    pub(super) fn put(&self, ended: T) {
        let counts = &self.shared.counts;
        let bytes = ended.size_bytes();
        // Counted before our thread is asked whether it rests, as that counts after it has said so: one of both notices.
        let (waiting, waiting_bytes) = counts.waiting.add(bytes);
        let is_full = waiting >= self.max_spans || (waiting > 0 && waiting_bytes + bytes > self.max_bytes);
        let ends_run = ended.ends_run();
        if is_full || self.shared.is_closed.load(Ordering::Relaxed) || self.shared.spans.push(ended).is_err()
        {
            counts.waiting.remove(1, bytes);
            counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if ends_run {
            self.shared.is_called.store(true, Ordering::Release);
        }
        // More than a batch has been seen to: only the one that fills it wakes.
        if waiting + 1 == self.batch {
            self.shared.is_called.store(true, Ordering::Release);
            self.wake();
        } else if self.shared.is_resting.load(Ordering::SeqCst)
            && self.shared.is_resting.swap(false, Ordering::SeqCst)
        {
            self.wake();
        }
    }

    /// Gives an order and waits for its answer until `deadline`; says whether it came.
    pub(super) fn order(&self, order: Order, deadline: Instant) -> bool {
        if self.process != std::process::id() {
            return false;
        }
        if let Order::End { deadline } = order {
            let _ = self.shared.end.set(deadline);
        }
        let answer = Arc::new(Answer::default());
        match self.shared.orders().as_mut() {
            Some(orders) => orders.push_back((order, Arc::clone(&answer))),
            // The thread has ended, so nothing waits.
            None => return true,
        }
        self.shared.is_hurried.store(true, Ordering::Release);
        self.shared.is_called.store(true, Ordering::Release);
        self.wake();
        answer.wait_until(deadline)
    }

    /// Takes nothing any more.
    pub(super) fn close(&self) {
        self.shared.is_closed.store(true, Ordering::Relaxed);
    }

    fn wake(&self) {
        if let Some(thread) = self.shared.thread.get() {
            thread.unpark();
        }
    }
}

impl<T> Exit<T> {
    /// Sleeps until there is a reason to look, or until a span has waited for `delay`.
    pub(super) fn wait(&self, delay: Duration) {
        let mut waiting_since = None;
        let mut idle_since = Instant::now();
        while !self.shared.is_called.swap(false, Ordering::AcqRel) {
            if self.shared.counts.waiting.now().0 > 0 {
                idle_since = Instant::now();
                let since = *waiting_since.get_or_insert(idle_since);
                let left = delay.saturating_sub(since.elapsed());
                if left.is_zero() {
                    return;
                }
                std::thread::park_timeout(left.min(LOOK));
            } else if idle_since.elapsed() < REST_AFTER {
                std::thread::park_timeout(LOOK);
            } else {
                return self.rest_until_woken();
            }
        }
    }

    fn rest_until_woken(&self) {
        self.shared.is_resting.store(true, Ordering::SeqCst);
        let has_work =
            || self.shared.counts.waiting.now().0 > 0 || self.shared.is_called.load(Ordering::SeqCst);
        if !has_work() {
            // The other side may be gone without a word: then there is nobody to wake us.
            std::thread::park_timeout(LONGEST_REST);
        }
        self.shared.is_resting.store(false, Ordering::SeqCst);
    }

    /// Sleeps for `pause`, or until somebody is in a hurry.
    pub(super) fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.shared.is_hurried.swap(false, Ordering::AcqRel) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    /// Takes the next order.
    pub(super) fn order(&self) -> Option<(Order, Arc<Answer>)> {
        self.shared.orders().as_mut().and_then(VecDeque::pop_front)
    }

    /// Returns how many spans there are to take.
    pub(super) fn len(&self) -> usize {
        self.shared.spans.len()
    }

    /// Takes the next span; `None` if there is none now.
    pub(super) fn take(&self) -> Option<T> {
        self.shared.spans.pop()
    }

    /// Says whether the other side is no more: nobody records, nobody gives orders.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Says whether the time is up in which to try again.
    pub(super) fn is_over(&self) -> bool {
        self.shared.end.get().is_some_and(|end| *end <= Instant::now())
    }

    /// Returns how long there is still time to try again, if that is known.
    pub(super) fn left(&self) -> Option<Duration> {
        self.shared.end.get().map(|end| end.saturating_duration_since(Instant::now()))
    }
}

impl<T> Drop for Exit<T> {
    fn drop(&mut self) {
        *self.shared.orders() = None;
    }
}

/// Returns about how many bytes a span takes.
pub(super) fn size_of_span(span: &Span) -> usize {
    let events = span.events.iter().map(|event| event.name.len() + size_of_attributes(&event.attributes));
    let links = span.links.iter().map(|link| size_of_attributes(&link.attributes));
    size_of::<Span>()
        + span.name.len()
        + span.status.message.len()
        + size_of_attributes(&span.attributes)
        + events.chain(links).sum::<usize>()
}

fn size_of_attributes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(key, value)| key.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &Value) -> usize {
    /// Of a pair in the list, without what it points at.
    const PAIR: usize = size_of::<(String, Value)>();
    PAIR + match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Array(items) => items.iter().map(size_of_value).sum(),
        Value::Map(attributes) => size_of_attributes(attributes),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
    }
}
