//! Captures from real SDKs and frameworks, each kept as protobuf and as JSON.

use std::fs;
use std::path::{Path, PathBuf};

use tracestead_model::{LogRecord, Span, Value};
use tracestead_otlp::{Encoding, decode_logs, decode_traces, encode_traces, encode_traces_json};

use crate::generate::printed;
use crate::reference;

/// What there is as JSON only: the edge cases are written by hand, and the JavaScript exporter's JSON is its own run.
const JSON_ONLY: [&str; 2] = ["SYNTHETIC-edge-cases", "vercel-ai-json"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// Returns the paths of all captures of traces, or of logs, without their suffix.
fn captures_of(logs: bool) -> Vec<PathBuf> {
    let mut captures = Vec::new();
    for part in ["agno", "other"] {
        for entry in fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(stem) = name.strip_suffix(".otlp.json").filter(|stem| stem.contains(".logs") == logs)
            {
                captures.push(path.with_file_name(stem));
            }
        }
    }
    captures.sort();
    captures
}

fn captures() -> Vec<PathBuf> {
    captures_of(false)
}

fn body(capture: &Path, encoding: Encoding) -> Option<Vec<u8>> {
    let suffix = match encoding {
        Encoding::Protobuf => "otlp.pb",
        Encoding::Json => "otlp.json",
    };
    fs::read(format!("{}.{suffix}", capture.display())).ok()
}

fn read(capture: &Path, encoding: Encoding) -> Option<Vec<Span>> {
    let decoded = decode_traces(encoding, &body(capture, encoding)?).unwrap();
    assert_eq!((decoded.rejected_count, decoded.warning), (0, None), "{}", capture.display());
    assert!(!decoded.spans.is_empty(), "{}", capture.display());
    Some(decoded.spans)
}

fn read_logs(capture: &Path, encoding: Encoding) -> Vec<LogRecord> {
    let decoded = decode_logs(encoding, &body(capture, encoding).unwrap()).unwrap();
    assert_eq!((decoded.rejected_count, decoded.warning), (0, None), "{}", capture.display());
    assert!(!decoded.records.is_empty(), "{}", capture.display());
    decoded.records
}

#[test]
fn captures_decode_to_the_same_spans_from_protobuf_and_json() {
    let captures = captures();
    assert!(captures.len() > 40, "only {} captures found", captures.len());
    for capture in &captures {
        let name = capture.file_name().unwrap().to_str().unwrap();
        let from_json = read(capture, Encoding::Json).unwrap();
        match read(capture, Encoding::Protobuf) {
            Some(from_protobuf) => assert_eq!(from_json, from_protobuf, "{name}"),
            None => assert!(JSON_ONLY.contains(&name), "{name} has no protobuf"),
        }
    }
}

#[test]
fn captures_decode_as_by_the_generated_code() {
    for capture in captures() {
        let Some(body) = body(&capture, Encoding::Protobuf) else { continue };
        let ours = decode_traces(Encoding::Protobuf, &body).unwrap().spans;
        assert_eq!(Some(ours), reference::decode(&body), "{}", capture.display());
    }
}

#[test]
fn captures_survive_encoding() {
    for capture in captures() {
        let spans = read(&capture, Encoding::Json).unwrap();
        let protobuf = decode_traces(Encoding::Protobuf, &encode_traces(&spans)).unwrap();
        assert!(printed(&protobuf.spans) == printed(&spans), "{}", capture.display());
        let json = decode_traces(Encoding::Json, &encode_traces_json(&spans)).unwrap();
        assert!(printed(&json.spans) == printed(&spans), "{}", capture.display());
    }
}

#[test]
fn spans_share_their_resource_and_scope() {
    let spans = read(&folder().join("agno/agent_tools_ok"), Encoding::Protobuf).unwrap();
    assert!(std::ptr::eq(&raw const *spans[0].resource, &raw const *spans[1].resource));
    assert!(std::ptr::eq(&raw const *spans[0].scope, &raw const *spans[1].scope));
    assert!(spans[0].resource.service_name().is_some());
    assert_eq!(spans[0].scope.name, "openinference.instrumentation.agno");
}

#[test]
fn captured_logs_decode_alike_from_protobuf_and_json_and_by_the_generated_code() {
    let captures = captures_of(true);
    assert_eq!(captures.len(), 2);
    for capture in &captures {
        let from_json = read_logs(capture, Encoding::Json);
        assert_eq!(from_json, read_logs(capture, Encoding::Protobuf), "{}", capture.display());
        let body = body(capture, Encoding::Protobuf).unwrap();
        assert_eq!(Some(from_json), reference::decode_logs(&body), "{}", capture.display());
    }
}

#[test]
fn captured_logs_say_what_was_asked_and_answered() {
    let records = read_logs(&folder().join("other/otel-openai-v2-legacy.logs"), Encoding::Json);
    let first = &records[0];
    assert_eq!(first.event_name, "gen_ai.system.message");
    let Value::Map(body) = &first.body else { panic!("{:?} is no map", first.body) };
    assert_eq!(body.text("content"), Some("You are a weather bot."));
    assert_eq!(first.trace_id.unwrap().to_hex(), "8b223739b0917856d2d433651afafdb3");
    assert_eq!(first.span_id.unwrap().to_hex(), "cdcd783262899306");
    assert_eq!((first.time, first.observed_time.unwrap().as_i64()), (None, 1_795_221_600_148_024_089));
    assert_eq!(first.scope.name, "opentelemetry.instrumentation.openai_v2");
    assert!(std::ptr::eq(&raw const *records[0].resource, &raw const *records[1].resource));
    assert!(std::ptr::eq(&raw const *records[0].scope, &raw const *records[1].scope));

    let silent = read_logs(&folder().join("other/otel-openai-v2-nocontent.logs"), Encoding::Json);
    assert_eq!(silent.len(), records.len(), "the same run, with contents turned off");
}
