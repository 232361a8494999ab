//! Servers on databases that were there before them.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{JSON, PROTOBUF, Running};
use tracestead_server::Settings;
use tracestead_store::DatabaseUrl;

fn agno_written() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agno/agno-written.db")
}

fn file(settings: &Settings) -> &Path {
    match &settings.database {
        DatabaseUrl::Sqlite(path) => path,
        server => panic!("{server} is no file"),
    }
}

#[test]
fn how_far_rows_are_filled_is_told() {
    let server = Running::start(|settings| {
        std::fs::copy(agno_written(), file(settings)).unwrap();
    });
    let health = || server.ask("GET", "/health", &[], b"").json();
    let filled = json!({"pending": 0, "done": 291});
    let began = Instant::now();
    while health()["backfill"] != filled {
        assert!(began.elapsed() < Duration::from_mins(1), "{}", health());
        std::thread::sleep(Duration::from_millis(5));
    }
    let figures = server.ask("GET", "/metrics/self", &[], b"").text();
    for figure in ["tracestead_backfill_pending_spans 0", "tracestead_backfill_filled_spans_total 291"] {
        assert!(figures.lines().any(|line| line == figure), "{figures}");
    }
    server.export(JSON, br#"{"resourceSpans": []}"#);
    let sql = "SELECT COUNT(*) FROM agno_spans WHERE is_counted IS NULL";
    assert_eq!(server.stop().database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_server_that_only_reads_answers_questions_and_refuses_exports() {
    let original = std::fs::read(agno_written()).unwrap();
    let mut path = PathBuf::new();
    let server = Running::start(|settings| {
        std::fs::copy(agno_written(), file(settings)).unwrap();
        file(settings).clone_into(&mut path);
        settings.read_only = true;
    });
    let health = server.ask("GET", "/health", &[], b"");
    assert_eq!((health.status, &health.json()["backfill"]), (200, &Value::Null));
    let list = server.ask("GET", "/api/v1/traces?limit=100&agent_only=true", &[], b"").json();
    let traces = list["data"].as_array().unwrap();
    assert_eq!(traces.len(), 55, "the other twelve have no span of an agent");
    assert!(traces.iter().all(|trace| trace["span_count"].as_i64().unwrap() > 0));
    assert!(traces.iter().any(|trace| trace["input_tokens"].as_i64() > Some(0)));
    assert_eq!(server.ask("GET", "/traces", &[], b"").json()["meta"]["total_count"], 67);
    let id = traces[0]["trace_id"].as_str().unwrap();
    let trace = server.ask("GET", &format!("/api/v1/traces/{id}"), &[], b"").json();
    assert_ne!(trace["spans"][0]["span_type"], "OTHER");

    for (path, headers) in [("/v1/traces", [PROTOBUF]), ("/v1/traces", [JSON]), ("/v1/logs", [PROTOBUF])] {
        let answer = server.ask("POST", path, &headers, b"");
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (403, None),
            "exporters must not come back"
        );
        assert!(answer.text().contains("--read-only"), "{}", answer.text());
    }
    let grpc = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let answer = server.ask("POST", grpc, &[("content-type", "application/grpc")], b"\0\0\0\0\0");
    assert_eq!((answer.header("grpc-status"), answer.header("grpc-status-details-bin")), (Some("7"), None));
    let figures = server.ask("GET", "/metrics/self", &[], b"").text();
    assert!(figures.contains("tracestead_exports_refused_total{reason=\"read_only\"} 4"), "{figures}");
    assert!(std::fs::read(&path).unwrap() == original);
    server.stop();
}
