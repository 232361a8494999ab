//! The captures of real frameworks, decoded.

use std::path::{Path, PathBuf};

use tracestead_model::Span;
use tracestead_otlp::{Encoding, decode_logs, decode_traces};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// Returns the names of all captures, such as `other/strands`, sorted.
pub(crate) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for group in ["agno", "other", "frameworks"] {
        for entry in std::fs::read_dir(folder().join(group)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let name = file.strip_suffix(".otlp.pb").or_else(|| file.strip_suffix(".otlp.json"));
            names.extend(name.filter(|name| !name.contains(".logs")).map(|name| format!("{group}/{name}")));
        }
    }
    names.sort();
    names.dedup();
    assert!(names.len() > 40, "captures are missing: {names:?}");
    names
}

/// Returns the spans of a capture, its log records joined to them as the store does.
pub(crate) fn spans(name: &str) -> Vec<Span> {
    let (encoding, body) = body(name).unwrap_or_else(|| panic!("no capture {name}"));
    let decoded = decode_traces(encoding, &body).unwrap();
    assert!(decoded.rejected.is_empty(), "{name}: {:?}", decoded.rejected);
    let mut spans = decoded.spans;
    if let Some((encoding, body)) = self::body(&format!("{name}.logs")) {
        for record in decode_logs(encoding, &body).unwrap().records {
            let Some((trace_id, span_id, event)) = record.into_span_event() else { continue };
            let of = spans.iter_mut().find(|span| span.trace_id == trace_id && span.span_id == span_id);
            of.unwrap_or_else(|| panic!("{name}: log without span")).events.push(event);
        }
        for span in &mut spans {
            span.events.sort_by_key(|event| event.time);
        }
    }
    spans
}

fn body(name: &str) -> Option<(Encoding, Vec<u8>)> {
    let read = |suffix: &str| std::fs::read(folder().join(format!("{name}{suffix}"))).ok();
    let protobuf = read(".otlp.pb").map(|body| (Encoding::Protobuf, body));
    protobuf.or_else(|| read(".otlp.json").map(|body| (Encoding::Json, body)))
}
