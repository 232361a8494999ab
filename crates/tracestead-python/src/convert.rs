//! Spans of the OpenTelemetry SDK for Python as ours.
//!
//! Everything is read by the SDK's public names, but for the values of attributes: they stand in a plain dictionary behind a
//! mapping written in Python, which costs more than everything else together. If there is no such dictionary the mapping is
//! asked. What cannot be read is left out; nothing here raises.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyMapping, PySequence, PyString, PyTuple};
use tracestead_model::{
    Attributes, Event, Link, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
    Value,
};

/// The specification nests attributes as deep as anyone likes; what is deeper than this is a text.
const MAX_DEPTH: usize = 16;

/// Resources and scopes come again and again: those seen last are kept with what was made of them.
///
/// No Python is run while one of the locks is held: it may give the interpreter to another thread, which would wait for the lock
/// and never give it back.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    resource: Mutex<Option<Known<Resource>>>,
    scopes: Mutex<Vec<Known<Scope>>>,
}

/// An object, and what was made of it.
#[derive(Debug)]
struct Known<T> {
    object: Py<PyAny>,
    made: Arc<T>,
}

/// How many scopes are remembered: a program has one for each library it is instrumented with.
const MAX_SCOPES: usize = 64;

impl Converter {
    /// Returns the span; `None` if it is not to be recorded.
    pub(crate) fn span(&self, span: &Bound<'_, PyAny>) -> PyResult<Option<Span>> {
        let py = span.py();
        let context = span.getattr(intern!(py, "context"))?;
        let flags: u32 = context.getattr(intern!(py, "trace_flags"))?.extract()?;
        if flags & 1 == 0 {
            return Ok(None);
        }
        let parent = span.getattr(intern!(py, "parent"))?;
        let (parent_span_id, is_remote) = if parent.is_none() {
            (None, false)
        } else {
            let is_remote: bool = parent.getattr(intern!(py, "is_remote"))?.extract()?;
            (span_id(&parent).ok(), is_remote)
        };
        let status = span.getattr(intern!(py, "status"))?;
        Ok(Some(Span {
            trace_id: trace_id(&context)?,
            span_id: span_id(&context)?,
            parent_span_id,
            trace_state: trace_state(&context).unwrap_or_default(),
            flags: Span::flags_of(flags.to_le_bytes()[0], is_remote),
            name: text(&span.getattr(intern!(py, "name"))?),
            kind: kind(&span.getattr(intern!(py, "kind"))?),
            start_time: time(&span.getattr(intern!(py, "start_time"))?).unwrap_or(UnixNanos::EPOCH),
            end_time: time(&span.getattr(intern!(py, "end_time"))?),
            attributes: attributes_of(span),
            dropped_attributes_count: count(span, intern!(py, "dropped_attributes")),
            events: list(span, intern!(py, "_events"), intern!(py, "events"), event),
            dropped_events_count: count(span, intern!(py, "dropped_events")),
            links: list(span, intern!(py, "_links"), intern!(py, "links"), link),
            dropped_links_count: count(span, intern!(py, "dropped_links")),
            status: status_of(&status),
            resource: self.resource(&span.getattr(intern!(py, "resource"))?),
            scope: self.scope(&span.getattr(intern!(py, "instrumentation_scope"))?),
        }))
    }

    fn resource(&self, resource: &Bound<'_, PyAny>) -> Arc<Resource> {
        let known = locked(&self.resource).as_ref().and_then(|known| known.if_of(resource));
        if let Some(made) = known {
            return made;
        }
        let made = Arc::new(Resource {
            attributes: attributes_of(resource),
            dropped_attributes_count: 0,
            schema_url: resource
                .getattr(intern!(resource.py(), "schema_url"))
                .map_or_else(|_| String::new(), |url| text(&url)),
        });
        let before = locked(&self.resource).replace(Known::new(resource, &made));
        // Not while the lock is held: whatever it was made of may have something to say to its end.
        drop(before);
        made
    }

    fn scope(&self, scope: &Bound<'_, PyAny>) -> Arc<Scope> {
        if scope.is_none() {
            return Arc::default();
        }
        let known = locked(&self.scopes).iter().find_map(|known| known.if_of(scope));
        if let Some(made) = known {
            return made;
        }
        let said = |name| scope.getattr(name).map_or_else(|_| String::new(), |said| text(&said));
        let py = scope.py();
        let made = Arc::new(Scope {
            name: said(intern!(py, "name")),
            version: said(intern!(py, "version")),
            attributes: attributes_of(scope),
            dropped_attributes_count: 0,
            schema_url: said(intern!(py, "schema_url")),
        });
        let mut known = locked(&self.scopes);
        if known.len() < MAX_SCOPES {
            known.push(Known::new(scope, &made));
        }
        made
    }
}

impl<T> Known<T> {
    fn new(object: &Bound<'_, PyAny>, made: &Arc<T>) -> Self {
        Self { object: object.clone().unbind(), made: Arc::clone(made) }
    }

    fn if_of(&self, object: &Bound<'_, PyAny>) -> Option<Arc<T>> {
        self.object.is(object).then(|| Arc::clone(&self.made))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trace_id(context: &Bound<'_, PyAny>) -> PyResult<TraceId> {
    let id: u128 = context.getattr(intern!(context.py(), "trace_id"))?.extract()?;
    TraceId::from_bytes(&id.to_be_bytes())
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

fn span_id(context: &Bound<'_, PyAny>) -> PyResult<SpanId> {
    let id: u64 = context.getattr(intern!(context.py(), "span_id"))?.extract()?;
    SpanId::from_bytes(&id.to_be_bytes())
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

/// Most have none, and an empty one is cheap to tell.
fn trace_state(context: &Bound<'_, PyAny>) -> PyResult<String> {
    let state = context.getattr(intern!(context.py(), "trace_state"))?;
    if state.is_none() || state.len()? == 0 {
        return Ok(String::new());
    }
    state.call_method0(intern!(context.py(), "to_header"))?.extract()
}

/// The SDK counts from 0, OTLP from 1.
fn kind(kind: &Bound<'_, PyAny>) -> SpanKind {
    let number = kind.getattr(intern!(kind.py(), "value")).and_then(|number| number.extract::<i64>());
    SpanKind::from_otlp(number.map_or(0, |number| number + 1))
}

fn time(nanos: &Bound<'_, PyAny>) -> Option<UnixNanos> {
    nanos.extract::<i64>().ok().map(UnixNanos::from_i64)
}

fn status_of(status: &Bound<'_, PyAny>) -> Status {
    let py = status.py();
    let code = status.getattr(intern!(py, "status_code")).and_then(|code| code.getattr(intern!(py, "value")));
    let code = StatusCode::from_otlp(code.and_then(|code| code.extract()).unwrap_or(0));
    if code == StatusCode::Unset {
        return Status::default();
    }
    let message =
        status.getattr(intern!(py, "description")).map_or_else(|_| String::new(), |said| text(&said));
    Status { code, message }
}

fn count(object: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> u32 {
    object.getattr(name).and_then(|count| count.extract()).unwrap_or(0)
}

/// Reads a list of the SDK: of its own kind, which has a cheap length, or as it is shown to everybody.
fn list<T>(
    object: &Bound<'_, PyAny>,
    own: &Bound<'_, PyString>,
    shown: &Bound<'_, PyString>,
    read: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> Vec<T> {
    let Ok(list) = object.getattr(own).or_else(|_| object.getattr(shown)) else { return Vec::new() };
    if list.len().is_ok_and(|length| length == 0) {
        return Vec::new();
    }
    let Ok(items) = list.try_iter() else { return Vec::new() };
    items.filter_map(|item| read(&item.ok()?).ok()).collect()
}

fn event(event: &Bound<'_, PyAny>) -> PyResult<Event> {
    let py = event.py();
    Ok(Event {
        time: time(&event.getattr(intern!(py, "timestamp"))?).unwrap_or(UnixNanos::EPOCH),
        name: text(&event.getattr(intern!(py, "name"))?),
        attributes: attributes_of(event),
        dropped_attributes_count: count(event, intern!(py, "dropped_attributes")),
    })
}

fn link(link: &Bound<'_, PyAny>) -> PyResult<Link> {
    let py = link.py();
    let context = link.getattr(intern!(py, "context"))?;
    Ok(Link {
        trace_id: trace_id(&context)?,
        span_id: span_id(&context)?,
        trace_state: trace_state(&context).unwrap_or_default(),
        flags: context.getattr(intern!(py, "trace_flags"))?.extract::<u32>()? & 0xff,
        attributes: attributes_of(link),
        dropped_attributes_count: count(link, intern!(py, "dropped_attributes")),
    })
}

fn attributes_of(object: &Bound<'_, PyAny>) -> Attributes {
    let py = object.py();
    let attributes = object
        .getattr(intern!(py, "_attributes"))
        .or_else(|_| object.getattr(intern!(py, "attributes")))
        .unwrap_or_else(|_| py.None().into_bound(py));
    let plain = attributes.getattr(intern!(py, "_dict"));
    if let Some(dictionary) = plain.as_ref().ok().and_then(|plain| plain.cast::<PyDict>().ok()) {
        return dictionary_attributes(dictionary, 0);
    }
    mapping_attributes(&attributes, 0)
}

fn dictionary_attributes(dictionary: &Bound<'_, PyDict>, depth: usize) -> Attributes {
    dictionary.iter().map(|(key, item)| (text(&key), value(&item, depth))).collect()
}

fn mapping_attributes(mapping: &Bound<'_, PyAny>, depth: usize) -> Attributes {
    if let Ok(dictionary) = mapping.cast::<PyDict>() {
        return dictionary_attributes(dictionary, depth);
    }
    let Ok(items) = mapping.cast::<PyMapping>().map_err(PyErr::from).and_then(PyMappingMethods::items) else {
        return Attributes::new();
    };
    let pairs = items.iter().filter_map(|pair| {
        let (key, item) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>().ok()?;
        Some((text(&key), value(&item, depth)))
    });
    pairs.collect()
}

fn value(object: &Bound<'_, PyAny>, depth: usize) -> Value {
    if let Ok(string) = object.cast::<PyString>() {
        return Value::String(string_text(string));
    }
    if let Ok(truth) = object.cast::<PyBool>() {
        return Value::Bool(truth.is_true());
    }
    if object.is_instance_of::<PyInt>() {
        // What does not fit is kept as digits.
        return object.extract().map_or_else(|_| Value::String(text(object)), Value::Int);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Value::Double(number.value());
    }
    if object.is_none() {
        return Value::Empty;
    }
    if depth < MAX_DEPTH {
        if let Ok(items) = object.cast::<PyTuple>() {
            return Value::Array(items.iter().map(|item| value(&item, depth + 1)).collect());
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Value::Bytes(bytes.as_bytes().to_vec());
        }
        if let Ok(sequence) = object.cast::<PySequence>()
            && let Ok(items) = sequence.try_iter()
        {
            return Value::Array(items.filter_map(Result::ok).map(|item| value(&item, depth + 1)).collect());
        }
        if object.cast::<PyMapping>().is_ok() {
            return Value::Map(mapping_attributes(object, depth + 1));
        }
    }
    Value::String(text(object))
}

/// Returns what `str()` says; nothing of what it cannot say.
fn text(object: &Bound<'_, PyAny>) -> String {
    if object.is_none() {
        return String::new();
    }
    match object.cast::<PyString>() {
        Ok(string) => string_text(string),
        Err(_) => object.str().map_or_else(|_| String::new(), |string| string_text(&string)),
    }
}

/// A text with half of a surrogate pair has no UTF-8; that half becomes a replacement character.
fn string_text(string: &Bound<'_, PyString>) -> String {
    string.to_cow().map_or_else(|_| string.to_string_lossy().into_owned(), std::borrow::Cow::into_owned)
}
