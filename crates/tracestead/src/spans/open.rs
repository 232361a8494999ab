//! A span that has begun.

use std::error::Error;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use opentelemetry::trace::{FutureExt as _, Status, TraceContextExt as _, WithContext};
use opentelemetry::{Context, ContextGuard, KeyValue, Value};

use super::attributes::Attributes;
use super::failure::{chain, type_of};
use super::{Failure, Json, keys};
use crate::panics;

/// A span that has begun, of a run, a call or another step.
///
/// It can be told things from any thread. It ends with [`Open::end`] or when it is dropped; in a panic, with an error.
///
/// ```
/// use tracestead::spans::WorkflowStep;
///
/// let step = WorkflowStep::new("summarise").start();
/// step.in_scope(|| { /* spans that start here are within it */ });
/// step.attribute("pages", 12).output("In short: it rains.").end();
/// ```
#[must_use = "a span ends when it is dropped"]
#[derive(Debug)]
pub struct Open<T> {
    context: Context,
    is_recording: bool,
    has_failed: AtomicBool,
    has_ended: AtomicBool,
    has_first_token: AtomicBool,
    started: Instant,
    /// A span that starts while a panic unwinds is not the one that panicked.
    was_panicking: bool,
    of: PhantomData<fn() -> T>,
}

/// A span is current on this thread as long as this lives.
#[must_use = "a span is current as long as this lives"]
#[derive(Debug)]
pub struct Entered {
    _guard: ContextGuard,
}

impl<T> Open<T> {
    pub(super) fn new(context: Context, is_recording: bool) -> Self {
        Self {
            context,
            is_recording,
            has_failed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            has_first_token: AtomicBool::new(false),
            started: Instant::now(),
            was_panicking: std::thread::panicking(),
            of: PhantomData,
        }
    }

    /// Makes it current on this thread: spans that start before what is returned is dropped are within it. In async code
    /// use [`Open::instrument`], as a task may go on on another thread.
    pub fn enter(&self) -> Entered {
        Entered { _guard: self.context.clone().attach() }
    }

    /// Does `work` while it is current.
    pub fn in_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        work()
    }

    /// Makes it current within `future`, on whichever thread that is polled.
    pub fn instrument<F: Future>(&self, future: F) -> WithContext<F> {
        future.with_context(self.context.clone())
    }

    /// Returns the context in which it is current: to start spans elsewhere (`child_of`), and to hand it to other processes.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Says whether anybody listens. What costs something to tell need not be made if not.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.is_recording && !self.has_ended.load(Ordering::Relaxed)
    }

    /// Says something of your own.
    pub fn attribute(&self, key: impl Into<opentelemetry::Key>, value: impl Into<Value>) -> &Self {
        self.tell(|to| to.say(key, value))
    }

    /// Says what came out: a text, or JSON.
    pub fn output(&self, output: impl Into<Json>) -> &Self {
        self.tell(|to| to.say_payload(keys::OUTPUT, &output.into()))
    }

    /// Says that it failed: the span has an error, with the type, the text and the causes of this one.
    pub fn fail<E: Error + ?Sized>(&self, error: &E) -> &Self {
        if self.is_recording() {
            let type_name = type_of(error, std::any::type_name::<E>());
            self.exception(&type_name, &error.to_string(), chain(error, &type_name));
        }
        self
    }

    pub(super) fn failed<M>(&self, failure: &impl Failure<M>) {
        if self.is_recording() {
            let (error, type_name) = (failure.error(), failure.type_name());
            self.exception(&type_name, &error.to_string(), chain(error, &type_name));
        }
    }

    pub(super) fn panicked(&self, message: &str) {
        if self.is_recording() {
            let place = panics::said().map(|(_, place)| format!("\nat {place}")).unwrap_or_default();
            self.exception("panic", message, format!("panic: {message}{place}"));
        }
    }

    fn exception(&self, type_name: &str, message: &str, chain: String) {
        let span = self.context.span();
        self.has_failed.store(true, Ordering::Relaxed);
        span.add_event(
            "exception",
            vec![
                KeyValue::new("exception.type", type_name.to_owned()),
                KeyValue::new("exception.message", message.to_owned()),
                KeyValue::new("exception.stacktrace", chain),
            ],
        );
        span.set_attribute(KeyValue::new("error.type", type_name.to_owned()));
        span.set_status(Status::error(message.to_owned()));
    }

    /// Says what only needs to be made if somebody listens.
    pub(super) fn tell(&self, tell: impl FnOnce(&mut Attributes)) -> &Self {
        if self.is_recording() {
            let mut attributes = Attributes::default();
            tell(&mut attributes);
            self.context.span().set_attributes(attributes.0);
        }
        self
    }

    /// Marks the first token of a streamed answer; later calls say nothing.
    pub(super) fn mark_first_token(&self) {
        if self.is_recording() && !self.has_first_token.swap(true, Ordering::Relaxed) {
            let span = self.context.span();
            let seconds = self.started.elapsed().as_secs_f64();
            span.add_event("First Token Stream Event", Vec::new());
            span.set_attribute(KeyValue::new("gen_ai.response.time_to_first_chunk", seconds));
            span.set_attribute(KeyValue::new("gen_ai.request.stream", true));
        }
    }

    /// Ends it: well, if nobody said that it failed. What is said afterwards is not recorded.
    pub fn end(&self) {
        if !self.has_ended.swap(true, Ordering::Relaxed) {
            let span = self.context.span();
            if !self.has_failed.load(Ordering::Relaxed) {
                span.set_status(Status::Ok);
            }
            span.end();
        }
    }
}

impl<T> Drop for Open<T> {
    fn drop(&mut self) {
        if self.has_ended.load(Ordering::Relaxed) {
            return;
        }
        if std::thread::panicking() && !self.was_panicking && !self.has_failed.load(Ordering::Relaxed) {
            let message = panics::said().map(|(message, _)| message);
            self.panicked(message.as_deref().unwrap_or("panicked"));
        }
        self.context.span().end();
    }
}
