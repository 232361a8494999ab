//! What real frameworks sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tracestead_model::{LogRecord, Span};
use tracestead_otlp::{Encoding, decode_logs, decode_traces};

use crate::support::fixtures;

/// The spans of one program, and the log records it sent beside them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Capture {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<LogRecord>,
}

pub(crate) static CAPTURES: LazyLock<Vec<Capture>> = LazyLock::new(|| {
    let mut paths: Vec<PathBuf> = Vec::new();
    for part in ["agno", "other", "frameworks"] {
        for entry in fs::read_dir(fixtures().join(part)).unwrap() {
            paths.push(entry.unwrap().path());
        }
    }
    paths.sort();
    let name = |path: &Path| path.to_str().unwrap().to_owned();
    // Captured logs are no spans: they go with the capture of the same name.
    paths.retain(|path| name(path).ends_with(".otlp.pb") && !name(path).ends_with(".logs.otlp.pb"));
    let captures: Vec<Capture> = paths.iter().map(|path| read(path)).collect();
    assert!(captures.len() > 60, "only {} captures found", captures.len());
    let with_logs = captures.iter().filter(|capture| !capture.logs.is_empty()).count();
    assert!(with_logs >= 3, "only {with_logs} captures have log records");
    captures
});

fn read(path: &Path) -> Capture {
    let spans = decode_traces(Encoding::Protobuf, &fs::read(path).unwrap()).unwrap().spans;
    let logs = path.to_str().unwrap().replace(".otlp.pb", ".logs.otlp.pb");
    let logs = fs::read(logs).map(|bytes| decode_logs(Encoding::Protobuf, &bytes).unwrap().records);
    Capture { spans, logs: logs.unwrap_or_default() }
}
