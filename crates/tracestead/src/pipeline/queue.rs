//! The queue between the threads of agents and ours.
//!
//! A channel without a bound, and counters that bound it: the channel's own bound would be memory that is taken for as many
//! spans as might wait. Our thread does not sleep in the channel, for then each span would wake it, which costs the agent more
//! than everything else; it is woken by name.

use std::mem::size_of;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use tracestead_model::{Attributes, Span, Value};

use super::{Counts, Options, Recorded};

/// What our thread is asked for, in the order of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Answer once everything before is stored.
    Flush,
    /// Store what can be stored until then, answer, and end.
    End { deadline: Instant },
}

pub(super) enum Item<T> {
    Ended { ended: T, bytes: usize },
    Order(Order, Arc<Answer>),
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
        let mut is_done = self.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_done {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return false;
            };
            is_done = self.changed.wait_timeout(is_done, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// What both sides see.
#[derive(Debug)]
struct Shared {
    counts: Arc<Counts>,
    /// There is a reason to look into the queue now.
    is_called: AtomicBool,
    is_closed: AtomicBool,
    /// Somebody waits for an answer: this is no time to rest between two tries.
    is_hurried: AtomicBool,
    /// When the process must end, for a thread that is trying again.
    end: OnceLock<Instant>,
    thread: OnceLock<Thread>,
}

/// Where agents' threads put things.
#[derive(Debug)]
pub(super) struct Entrance<T> {
    sender: Sender<Item<T>>,
    shared: Arc<Shared>,
    max_spans: usize,
    max_bytes: usize,
    batch: usize,
}

/// Where our thread takes them.
pub(super) struct Exit<T> {
    receiver: Receiver<Item<T>>,
    shared: Arc<Shared>,
}

pub(super) fn queue<T>(options: &Options, counts: Arc<Counts>) -> (Entrance<T>, Exit<T>) {
    let (sender, receiver) = channel();
    let shared = Arc::new(Shared {
        counts,
        is_called: AtomicBool::new(false),
        is_closed: AtomicBool::new(false),
        is_hurried: AtomicBool::new(false),
        end: OnceLock::new(),
        thread: OnceLock::new(),
    });
    let entrance = Entrance {
        sender,
        shared: Arc::clone(&shared),
        max_spans: options.max_queue_size,
        max_bytes: options.max_queue_bytes,
        batch: options.max_export_batch_size,
    };
    (entrance, Exit { receiver, shared })
}

impl<T: Recorded> Entrance<T> {
    /// Names the thread to wake.
    pub(super) fn is_served_by(&self, thread: Thread) {
        let _ = self.shared.thread.set(thread);
    }

    /// Puts a span into the queue, or counts it as dropped.
    pub(super) fn put(&self, ended: T) {
        let counts = &self.shared.counts;
        let bytes = ended.size_bytes();
        let waiting = counts.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting_bytes = counts.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_full = waiting >= self.max_spans || (waiting > 0 && waiting_bytes + bytes > self.max_bytes);
        let ends_run = ended.ends_run();
        if is_full
            || self.shared.is_closed.load(Ordering::Relaxed)
            || self.sender.send(Item::Ended { ended, bytes }).is_err()
        {
            counts.waiting.fetch_sub(1, Ordering::Relaxed);
            counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        } else if ends_run || waiting + 1 >= self.batch {
            self.call();
        }
    }

    /// Gives an order and waits for its answer until `deadline`; says whether it came.
    pub(super) fn order(&self, order: Order, deadline: Instant) -> bool {
        if let Order::End { deadline } = order {
            let _ = self.shared.end.set(deadline);
        }
        let answer = Arc::new(Answer::default());
        if self.sender.send(Item::Order(order, Arc::clone(&answer))).is_err() {
            // The thread has ended, so nothing waits.
            return true;
        }
        self.shared.is_hurried.store(true, Ordering::Release);
        self.shared.is_called.store(true, Ordering::Release);
        if let Some(thread) = self.shared.thread.get() {
            thread.unpark();
        }
        answer.wait_until(deadline)
    }

    /// Takes nothing any more.
    pub(super) fn close(&self) {
        self.shared.is_closed.store(true, Ordering::Relaxed);
    }

    fn call(&self) {
        // A thread that is called already is not woken again: that is a system call.
        if !self.shared.is_called.swap(true, Ordering::AcqRel)
            && let Some(thread) = self.shared.thread.get()
        {
            thread.unpark();
        }
    }
}

impl<T> Exit<T> {
    /// Sleeps until there is a reason to look, or for `delay`.
    pub(super) fn wait(&self, delay: Duration) {
        let until = Instant::now() + delay;
        while !self.shared.is_called.swap(false, Ordering::AcqRel) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
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

    /// Takes what is next; `None` if there is nothing now. Nobody is left to give orders if it is an error.
    pub(super) fn take(&self) -> Result<Option<Item<T>>, Gone> {
        match self.receiver.try_recv() {
            Ok(item) => Ok(Some(item)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
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

/// The other side is no more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

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
