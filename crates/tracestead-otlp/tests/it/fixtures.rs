//! Captures from real SDKs and frameworks, each kept as protobuf and as JSON.

use std::fs;
use std::path::{Path, PathBuf};

use tracestead_model::Span;
use tracestead_otlp::{Encoding, decode_traces, encode_traces, encode_traces_json};

use crate::generate::printed;
use crate::reference;

/// What there is as JSON only: the edge cases are written by hand, and the JavaScript exporter's JSON is its own run.
const JSON_ONLY: [&str; 2] = ["SYNTHETIC-edge-cases", "vercel-ai-json"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// Returns the paths of all captures of traces, without their suffix.
fn captures() -> Vec<PathBuf> {
    let mut captures = Vec::new();
    for part in ["agno", "other"] {
        for entry in fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(stem) = name.strip_suffix(".otlp.json").filter(|stem| !stem.contains(".logs")) {
                captures.push(path.with_file_name(stem));
            }
        }
    }
    captures.sort();
    captures
}

fn read(capture: &Path, encoding: Encoding) -> Option<Vec<Span>> {
    let suffix = match encoding {
        Encoding::Protobuf => "otlp.pb",
        Encoding::Json => "otlp.json",
    };
    let path = PathBuf::from(format!("{}.{suffix}", capture.display()));
    let decoded = decode_traces(encoding, &fs::read(&path).ok()?).unwrap();
    assert_eq!((decoded.rejected_count, decoded.warning), (0, None), "{}", path.display());
    assert!(!decoded.spans.is_empty(), "{}", path.display());
    Some(decoded.spans)
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
        let Ok(body) = fs::read(format!("{}.otlp.pb", capture.display())) else { continue };
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
