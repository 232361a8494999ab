//! What all types share until they start.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer};
use opentelemetry::{Context, KeyValue, StringValue, Value, global};

use super::attributes::Attributes;
use super::{Failure, Json, Open, keys};

/// A span that has not begun.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) kind: SpanKind,
    /// What a sampler may look at.
    pub(super) attributes: Attributes,
    pub(super) input: Option<Json>,
    /// The current one if nobody says it.
    pub(super) parent: Option<Context>,
    /// Of a run: what everything within it says as well.
    pub(super) whose: Whose,
}

impl Draft {
    pub(super) fn new(
        name: String,
        openinference_kind: &'static str,
        operation: Option<&'static str>,
    ) -> Self {
        let mut attributes = Attributes::default();
        attributes.say(keys::KIND, openinference_kind);
        if let Some(operation) = operation {
            attributes.say(keys::OPERATION, operation);
        }
        Self {
            name,
            kind: SpanKind::Internal,
            attributes,
            input: None,
            parent: None,
            whose: Whose::default(),
        }
    }
}

/// In which session, and on whose behalf.
#[derive(Debug, Clone, Default)]
pub(super) struct Whose {
    pub(super) session_id: Option<StringValue>,
    pub(super) user_id: Option<StringValue>,
}

impl Whose {
    fn or(self, outer: Option<&Self>) -> Self {
        let outer = outer.cloned().unwrap_or_default();
        Self { session_id: self.session_id.or(outer.session_id), user_id: self.user_id.or(outer.user_id) }
    }

    fn tell(&self, to: &mut Attributes) {
        if let Some(session_id) = &self.session_id {
            to.say_all(keys::SESSION, session_id.clone());
        }
        if let Some(user_id) = &self.user_id {
            to.say_all(keys::USER, user_id.clone());
        }
    }
}

/// A type of span.
pub(super) trait Typed: Sized {
    /// What only this type says.
    type Content: Content;

    /// Returns what is common to all types.
    fn draft(&mut self) -> &mut Draft;

    /// Takes both apart.
    fn into_parts(self) -> (Draft, Self::Content);
}

/// What a type says of itself once it is known that somebody listens.
pub(super) trait Content {
    /// Says it.
    fn tell(self, input: Option<&Json>, to: &mut Attributes);
}

impl Content for () {
    fn tell(self, input: Option<&Json>, to: &mut Attributes) {
        to.say_input(input);
    }
}

pub(super) fn attribute<T: Typed>(mut step: T, key: opentelemetry::Key, value: Value) -> T {
    step.draft().attributes.0.push(KeyValue::new(key, value));
    step
}

pub(super) fn start<T: Typed>(step: T) -> Open<T> {
    start_with(step, &global::tracer("tracestead"))
}

pub(super) fn start_with<T: Typed, R: Tracer>(step: T, tracer: &R) -> Open<T>
where
    R::Span: Send + Sync + 'static,
{
    let (draft, content) = step.into_parts();
    let parent = draft.parent.unwrap_or_else(Context::current);
    let builder = tracer.span_builder(draft.name).with_kind(draft.kind).with_attributes(draft.attributes.0);
    let mut span = tracer.build_with_context(builder, &parent);
    if !span.is_recording() {
        return Open::new(parent.with_span(span), false);
    }
    let whose = draft.whose.or(parent.get::<Whose>());
    let mut told = Attributes::default();
    whose.tell(&mut told);
    content.tell(draft.input.as_ref(), &mut told);
    span.set_attributes(told.0);
    Open::new(parent.with_value(whose).with_span(span), true)
}

/// Runs `work` within the span, and ends it with what became of that.
pub(super) fn run<T: Typed, R, E: Failure<M>, M>(
    step: T,
    work: impl FnOnce(&Open<T>) -> Result<R, E>,
    record: impl FnOnce(&Open<T>, &R),
) -> Result<R, E> {
    let open = start(step);
    // Whether what the closure had in hand is still whole is for whoever catches the panic to say: it goes on.
    match catch_unwind(AssertUnwindSafe(|| open.in_scope(|| work(&open)))) {
        Ok(result) => settle(&open, result, record),
        Err(panic) => {
            open.panicked(said(panic.as_ref()));
            drop(open);
            resume_unwind(panic)
        }
    }
}

/// Runs a future within the span. Its parent is the span that is current now, wherever and whenever the future is polled.
pub(super) fn run_async<T: Typed, R, E: Failure<M>, M>(
    mut step: T,
    work: impl Future<Output = Result<R, E>>,
    record: impl FnOnce(&Open<T>, &R),
) -> impl Future<Output = Result<R, E>> {
    step.draft().parent.get_or_insert_with(Context::current);
    async move {
        let open = start(step);
        let result = open.instrument(work).await;
        settle(&open, result, record)
    }
}

fn settle<T, R, E: Failure<M>, M>(
    open: &Open<T>,
    result: Result<R, E>,
    record: impl FnOnce(&Open<T>, &R),
) -> Result<R, E> {
    match &result {
        Ok(answer) => record(open, answer),
        Err(failure) => open.failed(failure),
    }
    open.end();
    result
}

/// Returns the text of a panic.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked")
}

/// Gives a type the methods by which all start.
macro_rules! starts {
    ($type:ident $(<$kind:ident>)?) => {
        impl $(<$kind>)? $type $(<$kind>)? {
            /// Says something of your own.
            pub fn attribute(
                self,
                key: impl Into<opentelemetry::Key>,
                value: impl Into<opentelemetry::Value>,
            ) -> Self {
                $crate::spans::start::attribute(self, key.into(), value.into())
            }

            /// Makes it a child of the span of `context`, whichever is current.
            pub fn child_of(mut self, context: &opentelemetry::Context) -> Self {
                $crate::spans::start::Typed::draft(&mut self).parent = Some(context.clone());
                self
            }

            /// Starts it.
            pub fn start(self) -> $crate::spans::Open<Self> {
                $crate::spans::start::start(self)
            }

            /// Starts it with a tracer of your own, where the global one is another.
            pub fn start_with<R: opentelemetry::trace::Tracer>(self, tracer: &R) -> $crate::spans::Open<Self>
            where
                R::Span: Send + Sync + 'static,
            {
                $crate::spans::start::start_with(self, tracer)
            }
        }
    };
}

/// Gives a type the methods that go around what is done.
macro_rules! runs {
    ($type:ident $(<$kind:ident>)?) => {
        impl $(<$kind>)? $type $(<$kind>)? {
            /// Does `work` within the span, which ends as that does: well, with an error, or with a panic, which goes on.
            ///
            /// # Errors
            ///
            /// Those of `work`.
            pub fn run<R, E: $crate::spans::Failure<M>, M>(
                self,
                work: impl FnOnce(&$crate::spans::Open<Self>) -> Result<R, E>,
            ) -> Result<R, E> {
                $crate::spans::start::run(self, work, |_, _| {})
            }

            /// Returns a future that does `work` within the span. The span starts when it is first polled; its parent is
            /// the one that is current now.
            pub fn run_async<R, E: $crate::spans::Failure<M>, M>(
                self,
                work: impl Future<Output = Result<R, E>>,
            ) -> impl Future<Output = Result<R, E>> {
                $crate::spans::start::run_async(self, work, |_, _| {})
            }
        }
    };
}

pub(super) use {runs, starts};
