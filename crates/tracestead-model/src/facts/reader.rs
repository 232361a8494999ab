//! A span as the readers of facts see it: its attributes by key, in no order.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value as Json;

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
    /// Objects of which fields are asked for, each parsed once.
    parsed: RefCell<HashMap<&'static str, Option<Json>>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: SpanSource<'a>) -> Self {
        // Of a repeated key the last value stands, as everywhere.
        Self { values: source.attributes.iter().collect(), parsed: RefCell::default(), source }
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
            At::Field(key, field) => {
                let mut parsed = self.parsed.borrow_mut();
                field_of(parsed.entry(key).or_insert_with(|| self.json(key)).as_ref()?, field)
            }
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
            match parse(trimmed)? {
                // JSON within JSON's quotes.
                Json::String(inner) => parse(&inner).filter(is_structure),
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

/// Returns a count of a JSON text, however it was encoded: a number, a number with a point, digits in quotes.
pub(crate) fn json_count(json: &Json) -> Option<i64> {
    crate::json::from_json(json.clone()).as_i64().filter(|count| *count >= 0)
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

/// JSON texts longer than this are not parsed.
const MOST_PARSED_BYTES: usize = 16 << 20;

/// JSON texts that may hold more values than this are not parsed: a value takes up to a hundred times its two bytes.
const MOST_PARSED_VALUES: usize = 200_000;

/// Parses a JSON text that takes a bounded amount of memory; a stranger wrote it.
pub(crate) fn parse(text: &str) -> Option<Json> {
    if text.len() > MOST_PARSED_BYTES {
        return None;
    }
    let values = text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if values > MOST_PARSED_VALUES { None } else { serde_json::from_str(text).ok() }
}

/// Returns the text within JSON's quotes, or the text itself if it has none.
pub(crate) fn unquoted(text: &str) -> String {
    if text.starts_with('"') {
        parse(text).and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_else(|| text.to_owned())
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
