//! A span as the readers of facts see it: its attributes by key, in no order.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde_json::Value as Json;

use crate::conventions::openinference::METADATA;
use crate::{Attributes, Event, Span, StatusCode, UnixNanos, Value};

/// What facts and content are read from: a span just received, or a row read back.
#[derive(Debug, Clone, Copy)]
pub struct SpanSource<'a> {
    /// What the instrumentation called it.
    pub name: &'a str,
    /// The name of the instrumentation's scope; empty if it is not known.
    pub scope_name: &'a str,
    /// When it began.
    pub start_time: UnixNanos,
    /// When it ended, if it did.
    pub end_time: Option<UnixNanos>,
    /// How it ended.
    pub status_code: StatusCode,
    /// What went wrong; empty if nobody said.
    pub status_message: &'a str,
    /// What the instrumentation said about it.
    pub attributes: &'a Attributes,
    /// What happened during it, log records that belong to it included.
    pub events: &'a [Event],
}

impl<'a> SpanSource<'a> {
    /// Returns a source of a name and attributes alone, for tests and examples.
    #[must_use]
    pub fn new(name: &'a str, attributes: &'a Attributes) -> Self {
        Self {
            name,
            scope_name: "",
            start_time: UnixNanos::EPOCH,
            end_time: None,
            status_code: StatusCode::Unset,
            status_message: "",
            attributes,
            events: &[],
        }
    }
}

impl<'a> From<&'a Span> for SpanSource<'a> {
    fn from(span: &'a Span) -> Self {
        Self {
            name: &span.name,
            scope_name: &span.scope.name,
            start_time: span.start_time,
            end_time: span.end_time,
            status_code: span.status.code,
            status_message: &span.status.message,
            attributes: &span.attributes,
            events: &span.events,
        }
    }
}

/// Where a text may stand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    /// The attribute itself, a text or a whole number.
    Key(&'static str),
    /// A text in JSON's quotes, as MLflow and Langfuse write them.
    Quoted(&'static str),
    /// A field of an attribute that holds a JSON object.
    Field(&'static str, &'static str),
}

/// A source with its attributes indexed: there are some two hundred keys to ask for.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) source: SpanSource<'a>,
    values: HashMap<&'a str, &'a Value, foldhash::fast::RandomState>,
    /// Asked for several facts; parsed once.
    metadata: OnceCell<Option<Json>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: SpanSource<'a>) -> Self {
        // Of a repeated key the last value stands, as everywhere.
        Self { values: source.attributes.iter().collect(), metadata: OnceCell::new(), source }
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'a Value> {
        self.values.get(key).copied().filter(|value| **value != Value::Empty)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Returns a text that says something.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.value(key).and_then(Value::as_str).filter(|text| says_something(text))
    }

    /// Returns a count: a whole number that is not negative, however it was encoded.
    pub(crate) fn count(&self, key: &str) -> Option<i64> {
        self.value(key).and_then(Value::as_i64).filter(|count| *count >= 0)
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.value(key).and_then(Value::as_f64)
    }

    /// Returns the first of `places` that says something.
    pub(crate) fn first(&self, places: &[At]) -> Option<String> {
        places.iter().find_map(|place| self.at(*place))
    }

    fn at(&self, place: At) -> Option<String> {
        match place {
            At::Key(key) => identifier(self.value(key)?),
            At::Quoted(key) => match self.value(key)? {
                Value::String(text) => identifier(&Value::String(unquoted(text))),
                value => identifier(value),
            },
            At::Field(METADATA, field) => {
                let metadata = self.metadata.get_or_init(|| self.json(METADATA));
                field_of(metadata.as_ref()?, field)
            }
            At::Field(key, field) => field_of(&self.json(key)?, field),
        }
    }

    /// Returns the list or object that an attribute holds, as a structure or as JSON text.
    pub(crate) fn json(&self, key: &str) -> Option<Json> {
        structure(self.value(key)?)
    }
}

/// Returns the list or object that `value` is or spells.
pub(crate) fn structure(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => {
            let trimmed = text.trim_start();
            if !trimmed.starts_with(['{', '[', '"']) {
                return None;
            }
            match serde_json::from_str(trimmed).ok()? {
                // JSON within JSON's quotes.
                Json::String(inner) => serde_json::from_str(&inner).ok().filter(is_structure),
                json => Some(json).filter(is_structure),
            }
        }
        Value::Array(_) | Value::Map(_) => Some(crate::json::to_json(value)),
        _ => None,
    }
}

fn is_structure(json: &Json) -> bool {
    json.is_object() || json.is_array()
}

fn field_of(object: &Json, field: &str) -> Option<String> {
    match object.get(field)? {
        Json::String(text) => Some(clean(text)).filter(|text| says_something(text)),
        Json::Number(number) => number.as_i64().map(|number| number.to_string()),
        _ => None,
    }
}

/// Numbers count as ids: some are integers.
fn identifier(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if says_something(text) => Some(clean(text)),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the text within JSON's quotes, or the text itself if it has none.
pub(crate) fn unquoted(text: &str) -> String {
    if text.starts_with('"') {
        serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
    } else {
        text.to_owned()
    }
}

/// What frameworks write where they have nothing to say.
pub(crate) fn says_something(text: &str) -> bool {
    !matches!(text.trim(), "" | "None" | "null" | "undefined" | "<not specified>" | REDACTED)
        && !text.starts_with(SCRUBBED)
}

/// What Logfire writes in place of what looks like a secret.
const SCRUBBED: &str = "[Scrubbed due to ";

/// What OpenInference writes in place of content that its user hides.
pub(crate) const REDACTED: &str = "__REDACTED__";

/// Without NUL, which no text column of any database keeps.
pub(crate) fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}
