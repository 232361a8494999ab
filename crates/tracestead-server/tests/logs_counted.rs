//! Log records in the figures about the server itself. Alone in its process, to which the figures belong.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;

use serde_json::json;
use support::{JSON, PROTOBUF, Running};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn figures<const N: usize>(server: &Running, names: [&str; N]) -> [u64; N] {
    let answer = server.ask("GET", "/metrics/self", &[], b"");
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = answer.text();
    names.map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    })
}

#[test]
fn log_records_are_counted_apart_from_spans() {
    let server = Running::start(|_| ());
    let logs = [
        "tracestead_log_records_received_total",
        "tracestead_log_records_ignored_total",
        "tracestead_log_records_rejected_total",
    ];
    let spans =
        ["received", "stored", "duplicate", "rejected"].map(|what| format!("tracestead_spans_{what}_total"));
    let spans = spans.each_ref().map(String::as_str);
    assert_eq!((figures(&server, logs), figures(&server, spans)), ([0; 3], [0; 4]), "known before any came");
    let record = |name: &str| json!({"traceId": TRACE, "spanId": "0000000000000007", "eventName": name});
    let bad = json!({"traceId": "12"});
    let records = [
        record("gen_ai.choice"),
        record("gen_ai.user.message"),
        record("app.log"),
        json!({}),
        json!({}),
        bad,
    ];
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string();
    for times in 1..3 {
        let answer = server.ask("POST", "/v1/logs", &[JSON], body.as_bytes());
        assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1");
        assert_eq!(
            (figures(&server, logs), figures(&server, spans)),
            ([2 * times, 3 * times, times], [0; 4])
        );
    }
    assert_eq!(server.ask("POST", "/v1/logs", &[], b"").status, 415);
    assert_eq!(server.ask("POST", "/v1/logs", &[PROTOBUF], b"").status, 200);
    let refused = figures(&server, [r#"tracestead_exports_refused_total{reason="content_type"}"#]);
    assert_eq!((refused, figures(&server, logs)), ([1], [4, 6, 2]));
    let span = json!({"traceId": TRACE, "spanId": "0000000000000007", "name": "call"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
    server.export(JSON, body.as_bytes());
    assert_eq!((figures(&server, logs), figures(&server, spans)), ([4, 6, 2], [1, 1, 0, 0]));
    let stopped = server.stop();
    let events: u64 = stopped
        .database
        .query_row("SELECT COUNT(*) FROM tracestead_span_events", [], |row| row.get::<_, u32>(0))
        .unwrap()
        .into();
    assert_eq!(events, 2, "received is not stored: what came twice is there once");
}
