//! What must not be stored is taken out before anything is.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tracestead_model::{Attributes, Span, Value};

/// A function that sees every text of a span, with the name it has there, and says what to store instead.
///
/// It is asked for each text in attributes (also within lists and maps), in those of events and links, for the status
/// message as `status.message`, for the name of the span as `name` and for those of events as `event.name`: what a program
/// logs within a span is the name of an event. Not for the resource and the scope, which are the program's and no run's.
/// `None` leaves the text as it is. It runs on tracestead's thread, before the span is written or copied; if it panics, the
/// span is not stored, for what was to be hidden would be shown.
#[derive(Clone)]
pub struct Redaction(Arc<Function>);

type Function = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

impl Redaction {
    /// Makes one of a function from a text's name and the text to what is stored.
    pub fn new(redact: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(redact))
    }

    /// Returns the span as it may be stored, or nothing if the function has panicked.
    pub(super) fn apply(&self, span: Span) -> Option<Span> {
        catch_unwind(AssertUnwindSafe(|| self.span(span))).ok()
    }

    fn span(&self, mut span: Span) -> Span {
        self.text("name", &mut span.name);
        self.text("status.message", &mut span.status.message);
        span.attributes = self.attributes(span.attributes);
        for event in &mut span.events {
            self.text("event.name", &mut event.name);
            event.attributes = self.attributes(std::mem::take(&mut event.attributes));
        }
        for link in &mut span.links {
            link.attributes = self.attributes(std::mem::take(&mut link.attributes));
        }
        span
    }

    fn attributes(&self, attributes: Attributes) -> Attributes {
        let redacted = attributes.into_iter().map(|(key, mut value)| {
            self.value(&key, &mut value);
            (key, value)
        });
        redacted.collect()
    }

    fn value(&self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => self.text(key, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(key, item)),
            Value::Map(map) => *map = self.attributes(std::mem::take(map)),
            Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => {}
        }
    }

    fn text(&self, key: &str, text: &mut String) {
        if let Some(redacted) = (self.0)(key, text) {
            *text = redacted;
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}
