//! Spans of the OpenTelemetry SDK for Python as ours.
//!
//! Everything is read from where the SDK keeps it, and by its public name if it is not there. Public names are properties written
//! in Python. They cost more than everything else here; and a thread that runs Python may have to give the interpreter back, and
//! not get it again if the process ends: it is then ended within whatever called it, which native code does not survive.
//!
//! What cannot be read is left out; nothing here raises.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString, PyTuple,
};
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
        let context = kept(span, intern!(py, "_context"), intern!(py, "context"))?;
        let flags: u32 = said(&context, FLAGS)?.extract()?;
        if flags & 1 == 0 {
            return Ok(None);
        }
        let parent = kept(span, intern!(py, "_parent"), intern!(py, "parent"))?;
        let (parent_span_id, is_remote) = if parent.is_none() {
            (None, false)
        } else {
            (span_id(&parent).ok(), said(&parent, IS_REMOTE)?.extract()?)
        };
        let time_of = |own, shown| kept(span, own, shown).ok().as_ref().and_then(time);
        let (attributes, dropped_attributes_count) = attributes_of(span);
        let (events, dropped_events_count) = list(span, intern!(py, "_events"), intern!(py, "events"), event);
        let (links, dropped_links_count) = list(span, intern!(py, "_links"), intern!(py, "links"), link);
        Ok(Some(Span {
            trace_id: trace_id(&context)?,
            span_id: span_id(&context)?,
            parent_span_id,
            trace_state: trace_state(&context).unwrap_or_default(),
            flags: Span::flags_of(flags.to_le_bytes()[0], is_remote),
            name: kept_text(span, intern!(py, "_name"), intern!(py, "name")),
            kind: kind(&kept(span, intern!(py, "_kind"), intern!(py, "kind"))?),
            start_time: time_of(intern!(py, "_start_time"), intern!(py, "start_time"))
                .unwrap_or(UnixNanos::EPOCH),
            end_time: time_of(intern!(py, "_end_time"), intern!(py, "end_time")),
            attributes,
            dropped_attributes_count,
            events,
            dropped_events_count,
            links,
            dropped_links_count,
            status: status_of(&kept(span, intern!(py, "_status"), intern!(py, "status"))?),
            resource: self.resource(&kept(span, intern!(py, "_resource"), intern!(py, "resource"))?),
            scope: self.scope(&kept(
                span,
                intern!(py, "_instrumentation_scope"),
                intern!(py, "instrumentation_scope"),
            )?),
        }))
    }

    fn resource(&self, resource: &Bound<'_, PyAny>) -> Arc<Resource> {
        let known = locked(&self.resource).as_ref().and_then(|known| known.if_of(resource));
        if let Some(made) = known {
            return made;
        }
        let py = resource.py();
        let made = Arc::new(Resource {
            attributes: attributes_of(resource).0,
            dropped_attributes_count: 0,
            schema_url: kept_text(resource, intern!(py, "_schema_url"), intern!(py, "schema_url")),
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
        let py = scope.py();
        let made = Arc::new(Scope {
            name: kept_text(scope, intern!(py, "_name"), intern!(py, "name")),
            version: kept_text(scope, intern!(py, "_version"), intern!(py, "version")),
            attributes: attributes_of(scope).0,
            dropped_attributes_count: 0,
            schema_url: kept_text(scope, intern!(py, "_schema_url"), intern!(py, "schema_url")),
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

/// Returns what an object keeps under a name of its own, or shows under another.
fn kept<'py>(
    object: &Bound<'py, PyAny>,
    own: &Bound<'py, PyString>,
    shown: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    object.getattr(own).or_else(|_| object.getattr(shown))
}

fn kept_text(object: &Bound<'_, PyAny>, own: &Bound<'_, PyString>, shown: &Bound<'_, PyString>) -> String {
    kept(object, own, shown).map_or_else(|_| String::new(), |said| text(&said))
}

/// What a context of a span says, and where: it is a tuple.
type Said = (usize, &'static str);

const TRACE_ID: Said = (0, "trace_id");
const SPAN_ID: Said = (1, "span_id");
const IS_REMOTE: Said = (2, "is_remote");
const FLAGS: Said = (3, "trace_flags");
const TRACE_STATE: Said = (4, "trace_state");

fn said<'py>(context: &Bound<'py, PyAny>, (at, name): Said) -> PyResult<Bound<'py, PyAny>> {
    match context.cast::<PyTuple>() {
        Ok(tuple) => tuple.get_item(at),
        Err(_) => context.getattr(name),
    }
}

fn trace_id(context: &Bound<'_, PyAny>) -> PyResult<TraceId> {
    let id: u128 = said(context, TRACE_ID)?.extract()?;
    TraceId::from_bytes(&id.to_be_bytes())
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

fn span_id(context: &Bound<'_, PyAny>) -> PyResult<SpanId> {
    let id: u64 = said(context, SPAN_ID)?.extract()?;
    SpanId::from_bytes(&id.to_be_bytes())
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

/// Most have none.
fn trace_state(context: &Bound<'_, PyAny>) -> PyResult<String> {
    let state = said(context, TRACE_STATE)?;
    let py = context.py();
    if state.is_none() || state.getattr(intern!(py, "_dict")).unwrap_or_else(|_| state.clone()).len()? == 0 {
        return Ok(String::new());
    }
    state.call_method0(intern!(py, "to_header"))?.extract()
}

/// Returns the number of a member of an enumeration.
fn number(member: &Bound<'_, PyAny>) -> Option<i64> {
    kept(member, intern!(member.py(), "_value_"), intern!(member.py(), "value")).ok()?.extract().ok()
}

/// The SDK counts from 0, OTLP from 1.
fn kind(kind: &Bound<'_, PyAny>) -> SpanKind {
    SpanKind::from_otlp(number(kind).map_or(0, |number| number + 1))
}

fn time(nanos: &Bound<'_, PyAny>) -> Option<UnixNanos> {
    nanos.extract::<i64>().ok().map(UnixNanos::from_i64)
}

fn status_of(status: &Bound<'_, PyAny>) -> Status {
    let py = status.py();
    let code = kept(status, intern!(py, "_status_code"), intern!(py, "status_code")).ok();
    let code = StatusCode::from_otlp(code.as_ref().and_then(number).unwrap_or(0));
    if code == StatusCode::Unset {
        return Status::default();
    }
    let message = kept_text(status, intern!(py, "_description"), intern!(py, "description"));
    Status { code, message }
}

/// Reads a list of the SDK, and how many it has not kept.
fn list<T>(
    object: &Bound<'_, PyAny>,
    own: &Bound<'_, PyString>,
    shown: &Bound<'_, PyString>,
    read: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> (Vec<T>, u32) {
    let py = object.py();
    let Ok(list) = kept(object, own, shown) else { return (Vec::new(), 0) };
    let count = dropped(&list);
    let items = list.getattr_opt(intern!(py, "_dq")).ok().flatten().unwrap_or(list);
    if items.len().is_ok_and(|length| length == 0) {
        return (Vec::new(), count);
    }
    let Ok(items) = items.try_iter() else { return (Vec::new(), count) };
    (items.map_while(Result::ok).filter_map(|item| read(&item).ok()).collect(), count)
}

/// Returns how many the SDK has not kept, of a list or a mapping of its own.
fn dropped(kept: &Bound<'_, PyAny>) -> u32 {
    // Most have no such thing, and it is dear to be told that by an exception.
    let dropped = kept.getattr_opt(intern!(kept.py(), "dropped")).ok().flatten();
    dropped.and_then(|dropped| dropped.extract().ok()).unwrap_or(0)
}

fn event(event: &Bound<'_, PyAny>) -> PyResult<Event> {
    let py = event.py();
    let (attributes, dropped_attributes_count) = attributes_of(event);
    Ok(Event {
        time: time(&kept(event, intern!(py, "_timestamp"), intern!(py, "timestamp"))?)
            .unwrap_or(UnixNanos::EPOCH),
        name: kept_text(event, intern!(py, "_name"), intern!(py, "name")),
        attributes,
        dropped_attributes_count,
    })
}

fn link(link: &Bound<'_, PyAny>) -> PyResult<Link> {
    let py = link.py();
    let context = kept(link, intern!(py, "_context"), intern!(py, "context"))?;
    let (attributes, dropped_attributes_count) = attributes_of(link);
    Ok(Link {
        trace_id: trace_id(&context)?,
        span_id: span_id(&context)?,
        trace_state: trace_state(&context).unwrap_or_default(),
        flags: said(&context, FLAGS)?.extract::<u32>()? & 0xff,
        attributes,
        dropped_attributes_count,
    })
}

/// Returns the attributes of an object, and how many it has not kept.
fn attributes_of(object: &Bound<'_, PyAny>) -> (Attributes, u32) {
    let py = object.py();
    let attributes = kept(object, intern!(py, "_attributes"), intern!(py, "attributes"))
        .unwrap_or_else(|_| py.None().into_bound(py));
    let count = dropped(&attributes);
    let plain = attributes.getattr_opt(intern!(py, "_dict")).ok().flatten();
    if let Some(dictionary) = plain.as_ref().and_then(|plain| plain.cast::<PyDict>().ok()) {
        return (dictionary_attributes(dictionary, 0), count);
    }
    (mapping_attributes(&attributes, 0), count)
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
        if let Ok(items) = object.cast::<PyList>() {
            return Value::Array(items.iter().map(|item| value(&item, depth + 1)).collect());
        }
        if let Ok(dictionary) = object.cast::<PyDict>() {
            return Value::Map(dictionary_attributes(dictionary, depth + 1));
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Value::Bytes(bytes.as_bytes().to_vec());
        }
        if let Ok(sequence) = object.cast::<PySequence>()
            && let Ok(items) = sequence.try_iter()
        {
            return Value::Array(items.map_while(Result::ok).map(|item| value(&item, depth + 1)).collect());
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
