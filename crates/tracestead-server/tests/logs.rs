//! Log records over OTLP: what belongs to a span is shown with it, whichever comes first, and all else is taken and dropped.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;
#[path = "support/wire.rs"]
mod wire;

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use support::{Answer, JSON, PROTOBUF, Running};
use wire::{TRACE, field, hex, nested, partial_success, request, status, time};

const SPAN: &str = "0000000000000007";

/// How an export is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Protobuf,
    Json,
    Grpc,
}

const WAYS: [By; 3] = [By::Protobuf, By::Json, By::Grpc];

fn send(server: &Running, by: By, signal: &str, body: &[u8]) -> Answer {
    match by {
        By::Protobuf => server.ask("POST", &format!("/v1/{signal}"), &[PROTOBUF], body),
        By::Json => server.ask("POST", &format!("/v1/{signal}"), &[JSON], body),
        By::Grpc => grpc(server, signal, body),
    }
}

/// Calls over HTTP/1.1, which needs no client: the handler is the same, and real clients are tested end to end. Returns
/// the message within the answer; a refusal has none.
fn grpc(server: &Running, signal: &str, message: &[u8]) -> Answer {
    let service = if signal == "logs" { "logs.v1.LogsService" } else { "trace.v1.TraceService" };
    let path = format!("/opentelemetry.proto.collector.{service}/Export");
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], &length[..], message].concat();
    let mut answer = server.ask("POST", &path, &[("content-type", "application/grpc")], &body);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/grpc")));
    if answer.header("grpc-status").is_none() {
        let (prefix, message) = answer.body.split_at(5);
        let length = u32::from_be_bytes(prefix[1..].try_into().unwrap());
        assert_eq!((prefix[0], usize::try_from(length).unwrap()), (0, message.len()));
        answer.body = message.to_vec();
    }
    answer
}

#[track_caller]
fn taken_whole(answer: &Answer) {
    assert_eq!(partial_success(answer), (0, String::new()), "{}", answer.text());
    assert!(answer.body.is_empty() || answer.body == b"{}", "{}", answer.text());
}

fn fixture(name: &str, by: By) -> Vec<u8> {
    let suffix = if by == By::Json { "json" } else { "pb" };
    let path = format!("../../tests/fixtures/other/{name}.otlp.{suffix}");
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn get(server: &Running, path: &str) -> Json {
    let answer = server.ask("GET", path, &[], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// Role and text of each message, or what the model asked for.
fn shown(messages: &Json) -> Vec<(String, String)> {
    let text = |part: &Json| match part["type"].as_str().unwrap() {
        "text" => part["content"].as_str().unwrap().to_owned(),
        "tool_call" => format!("{} {}", part["name"].as_str().unwrap(), part["arguments"]),
        "tool_call_response" => part["response"].to_string(),
        other => other.to_owned(),
    };
    let of_one = |message: &Json| {
        let parts: Vec<String> = message["parts"].as_array().unwrap().iter().map(text).collect();
        (message["role"].as_str().unwrap().to_owned(), parts.join("|"))
    };
    messages.as_array().unwrap().iter().map(of_one).collect()
}

#[test]
fn a_real_conversation_is_shown_with_its_call_however_and_whenever_it_comes() {
    let (spans, logs) = ("otel-openai-v2-legacy", "otel-openai-v2-legacy.logs");
    let path = "/api/v1/traces/8b223739b0917856d2d433651afafdb3/spans/bdc0472438d7a6b6";
    let mut first: Option<Json> = None;
    for by in WAYS {
        for logs_first in [false, true] {
            let server = Running::start(|_| ());
            let mut exports = [("traces", fixture(spans, by)), ("logs", fixture(logs, by))];
            if logs_first {
                exports.reverse();
            }
            // Twice: what is sent again changes nothing.
            for (signal, body) in exports.iter().chain(&exports) {
                taken_whole(&send(&server, by, signal, body));
            }
            let span = get(&server, path);
            let facts = &span["facts"];
            let expected = [
                ("system", "You are a weather bot."),
                ("user", "Weather in Paris?"),
                ("assistant", r#"get_weather {"city":"Paris"}"#),
                ("tool", "\"21C sunny\""),
            ];
            let expected = expected.map(|(role, text)| (role.to_owned(), text.to_owned()));
            assert_eq!(shown(&facts["input_messages"]), expected, "{by:?}");
            let answer = ("assistant".to_owned(), "It is 21 degrees and sunny in Paris.".to_owned());
            assert_eq!(shown(&facts["output_messages"]), [answer], "{by:?}");
            assert_eq!(facts["output_messages"][0]["finish_reason"], "stop");
            assert_eq!(facts["system_prompt"], "You are a weather bot.");
            assert_eq!(span["events"].as_array().unwrap().len(), 5);
            assert_eq!(&span, first.get_or_insert_with(|| span.clone()), "{by:?}, logs first: {logs_first}");
            server.stop();
        }
    }
}

/// A model call that is a whole trace.
fn call() -> Vec<u8> {
    let span = json!({
        "traceId": TRACE, "spanId": SPAN, "name": "chat m", "startTimeUnixNano": "1795221481000000000",
        "endTimeUnixNano": "1795221482000000000", "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.request.model", "value": {"stringValue": "m"}}]
    });
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string().into_bytes()
}

fn log(name: &str, at: u64, body: &Json) -> Json {
    json!({"traceId": TRACE, "spanId": SPAN, "eventName": name, "timeUnixNano": (1_795_221_481_000_000_000 + at).to_string(),
        "body": body})
}

fn json_logs(records: &[Json]) -> Vec<u8> {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string().into_bytes()
}

fn map(pairs: &Json) -> Json {
    let pairs = pairs.as_object().unwrap().iter();
    let pairs = pairs.map(|(key, value)| match value {
        Json::Object(_) => json!({"key": key, "value": map(value)}),
        value => json!({"key": key, "value": {"stringValue": value}}),
    });
    json!({"kvlistValue": {"values": pairs.collect::<Vec<_>>()}})
}

#[test]
fn what_only_log_records_say_reaches_lists_and_trees() {
    for logs_first in [false, true] {
        let server = Running::start(|_| ());
        let prompt = log("gen_ai.user.message", 1, &map(&json!({"content": "How far is the moon?"})));
        let answer =
            map(&json!({"finish_reason": "max_tokens", "message": {"role": "assistant", "content": "Far"}}));
        let answer = log("gen_ai.choice", 2, &answer);
        let mut failure = log("", 3, &json!({"stringValue": "it broke"}));
        failure["attributes"] = json!([{"key": "exception.type", "value": {"stringValue": "TimeoutError"}}]);
        let mut exports =
            vec![("traces", call()), ("logs", json_logs(&[prompt])), ("logs", json_logs(&[failure, answer]))];
        if logs_first {
            exports.reverse();
        }
        for (signal, body) in exports {
            taken_whole(&send(&server, By::Json, signal, &body));
        }
        let row = &get(&server, "/api/v1/traces")["data"][0];
        assert_eq!(
            (&row["input_preview"], &row["output_preview"]),
            (&json!("How far is the moon?"), &json!("Far"))
        );
        // An exception that was recorded may have been caught.
        assert_eq!((&row["status"], &row["span_count"]), (&json!("OK"), &json!(1)));
        let tree = get(&server, &format!("/api/v1/traces/{TRACE}"));
        assert_eq!(tree["spans"][0]["finish_reason"], "length");
        let span = get(&server, &format!("/api/v1/traces/{TRACE}/spans/{SPAN}"));
        assert_eq!(span["finish_reason"], "length");
        assert_eq!(span["facts"]["exception"]["type"], "TimeoutError");
        let names: Vec<&Json> =
            span["events"].as_array().unwrap().iter().map(|event| &event["name"]).collect();
        assert_eq!(names, ["gen_ai.user.message", "gen_ai.choice", "exception"]);
        server.stop();
    }
}

/// A log record as protobuf has it.
fn record(trace: &[u8], span: &[u8], name: &str, text: &str) -> Vec<u8> {
    let mut record = Vec::new();
    time(&mut record, 1, 1_795_221_481_000_000_000);
    field(&mut record, 5, &nested(1, text.as_bytes()));
    field(&mut record, 9, trace);
    field(&mut record, 10, span);
    field(&mut record, 12, name.as_bytes());
    record
}

fn rows(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn other_logs_are_taken_and_dropped() {
    let server = Running::start(|_| ());
    let (trace, span) = (hex(TRACE), hex(SPAN));
    let records = [
        record(&[], &[], "", "started"),
        record(&trace, &span, "", "within a span"),
        record(&trace, &span, "http.request", "within a span, with a name"),
        record(&trace, &[], "gen_ai.choice", "of no span"),
        record(&[0; 16], &[0; 8], "gen_ai.choice", "of no trace"),
    ];
    let body = request(&records);
    for by in [By::Protobuf, By::Grpc] {
        taken_whole(&send(&server, by, "logs", &body));
        taken_whole(&send(&server, by, "logs", b""));
    }
    taken_whole(&send(&server, By::Json, "logs", &json_logs(&[json!({"body": {"stringValue": "started"}})])));
    taken_whole(&send(&server, By::Json, "logs", b"{}"));
    // One of them belongs to a span, of which nobody has heard yet.
    taken_whole(&send(
        &server,
        By::Protobuf,
        "logs",
        &request([&records[0], &record(&trace, &span, "gen_ai.choice", "x")]),
    ));
    assert_eq!(get(&server, "/api/v1/traces")["data"], json!([]));
    let stopped = server.stop();
    let events = rows(&stopped.database, "SELECT span_id || ' ' || event FROM tracestead_span_events");
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].starts_with(SPAN) && events[0].contains("gen_ai.choice"), "{events:?}");
    for table in ["agno_traces", "agno_spans", "tracestead_quarantine"] {
        assert_eq!(rows(&stopped.database, &format!("SELECT 'row' FROM {table}")).len(), 0, "{table}");
    }
}

#[test]
fn a_bad_log_record_is_refused_alone_and_kept_aside() {
    let server = Running::start(|_| ());
    let (trace, span) = (hex(TRACE), hex(SPAN));
    let mut late = record(&trace, &span, "gen_ai.choice", "late");
    time(&mut late, 1, 1 << 63);
    let mut cut = record(&trace, &span, "gen_ai.choice", "cut");
    cut.truncate(20);
    let bad = [
        ("trace id has 15 bytes", record(&trace[1..], &span, "gen_ai.choice", "short")),
        ("span id has 9 bytes", record(&trace, &[1; 9], "gen_ai.choice", "long")),
        ("is after 2262", late),
        ("cut off", cut),
    ];
    let mut good = 0;
    let mut text = || {
        good += 1;
        format!("good {good}")
    };
    for by in [By::Protobuf, By::Grpc] {
        for (reason, bad) in &bad {
            let records = [
                record(&trace, &span, "gen_ai.choice", &text()),
                bad.clone(),
                record(&trace, &span, "gen_ai.choice", &text()),
            ];
            for _ in 0..2 {
                let (rejected, message) = partial_success(&send(&server, by, "logs", &request(&records)));
                assert_eq!(rejected, 1, "{by:?}, {reason}");
                assert!(message.contains(reason), "{by:?}, {reason}: {message}");
            }
        }
    }
    let bad = json!({"traceId": "12", "spanId": SPAN, "eventName": "gen_ai.choice"});
    let body = json_logs(&[log("gen_ai.choice", 1, &json!({"stringValue": text()})), bad]);
    let (rejected, message) = partial_success(&send(&server, By::Json, "logs", &body));
    assert_eq!(rejected, 1, "{message}");
    assert!(message.contains("trace id has 2 hex digits"), "{message}");
    let answer = send(&server, By::Json, "logs", &body);
    assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1");
    let stopped = server.stop();
    let kept =
        rows(&stopped.database, "SELECT encoding || ': ' || reason FROM tracestead_quarantine ORDER BY 1");
    assert_eq!(kept.len(), 5, "{kept:?}");
    assert_eq!(kept.iter().filter(|row| row.starts_with("json: log record of span")).count(), 1, "{kept:?}");
    assert!(!kept.join(" ").contains("short"), "a reason holds no log's text: {kept:?}");
    assert_eq!(rows(&stopped.database, "SELECT 'row' FROM tracestead_span_events").len(), good);
}

/// Headers, body, the answer's status.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a [u8], u16);

#[test]
fn what_is_refused_of_spans_is_refused_of_logs() {
    let server = Running::start(|settings| settings.max_body_bytes = 64 << 10);
    let large = vec![0; (64 << 10) + 1];
    let cut = request([record(&hex(TRACE), &hex(SPAN), "gen_ai.choice", "x")]);
    let cases: [Refused<'_>; 10] = [
        (&[("content-type", "text/plain")], b"", 415),
        (&[], b"", 415),
        (&[PROTOBUF, ("content-encoding", "br")], b"", 415),
        (&[PROTOBUF], &large, 413),
        (&[JSON], &large, 413),
        (&[PROTOBUF], b"what is this", 400),
        (&[PROTOBUF], &cut[..cut.len() - 5], 400),
        (&[JSON], b"what is this", 400),
        (&[JSON], br#"{"resourceLogs": [{"#, 400),
        (&[PROTOBUF, ("content-encoding", "gzip")], b"no gzip", 400),
    ];
    for (headers, body, expected) in cases {
        let of_logs = server.ask("POST", "/v1/logs", headers, body);
        let of_spans = server.ask("POST", "/v1/traces", headers, body);
        assert_eq!(
            (of_logs.status, of_spans.status),
            (expected, expected),
            "{headers:?}: {}",
            of_logs.text()
        );
        let (code, message) = status(&of_logs);
        assert_eq!((code, message.replace("LogsService", "TraceService")), status(&of_spans), "{headers:?}");
        assert_eq!(of_logs.header("content-type"), of_spans.header("content-type"));
        assert_eq!(of_logs.header("retry-after"), None);
    }
    for (message, code) in [(&large[..], "8"), (b"what is this", "3")] {
        for signal in ["logs", "traces"] {
            let answer = grpc(&server, signal, message);
            assert_eq!(answer.header("grpc-status"), Some(code), "{signal}");
        }
    }
    assert_eq!(server.ask("GET", "/v1/logs", &[], b"").status, 405);
    server.stop();
}

#[test]
fn every_path_that_takes_spans_or_logs_does() {
    let server = Running::start(|_| ());
    let paths = [
        "/v1/traces",
        "/v1/traces/",
        "/v1/traces/v1/traces",
        "/otlp/v1/traces",
        "/api/public/otel/v1/traces",
    ];
    for (at, path) in paths.iter().enumerate() {
        let span = String::from_utf8(call()).unwrap().replace(SPAN, &format!("{:016x}", at + 1));
        taken_whole(&server.ask("POST", path, &[JSON], span.as_bytes()));
        server.export(JSON, span.as_bytes());
        let tree = get(&server, &format!("/api/v1/traces/{TRACE}"));
        assert_eq!(tree["spans"].as_array().unwrap().len(), at + 1, "{path}");
    }
    let paths = ["/v1/logs", "/v1/logs/", "/v1/logs/v1/logs", "/otlp/v1/logs"];
    for (at, path) in (1..).zip(paths) {
        let mut record = log("gen_ai.choice", at, &json!({"stringValue": "x"}));
        record["spanId"] = json!(format!("{:016x}", 1));
        taken_whole(&server.ask("POST", path, &[JSON], &json_logs(&[record])));
        let span = get(&server, &format!("/api/v1/traces/{TRACE}/spans/{:016x}", 1));
        assert_eq!(span["events"].as_array().unwrap().len() as u64, at, "{path}");
    }
    let preflight = [("origin", "http://app.example"), ("access-control-request-method", "POST")];
    for path in ["/v1/logs", "/api/public/otel/v1/traces"] {
        let answer = server.ask("OPTIONS", path, &preflight, b"");
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")), "{path}");
    }
    server.stop();
}
