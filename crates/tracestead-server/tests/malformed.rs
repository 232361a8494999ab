//! Whatever comes from the network: what is wrong is said, what is right is stored, and the server goes on.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;
#[path = "support/wire.rs"]
mod wire;

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value as Json, json};
use support::{Answer, JSON, PROTOBUF, Running, ask};
use tracestead_server::{Server, Settings, StartError};
use wire::{TRACE, field, hex, nested, partial_success, request, status, time, varint};

/// Returns a span as protobuf has it.
fn span(id: u64, parent: Option<u64>, name: &str) -> Vec<u8> {
    let mut span = nested(1, &hex(TRACE));
    field(&mut span, 2, &id.to_be_bytes());
    if let Some(parent) = parent {
        field(&mut span, 4, &parent.to_be_bytes());
    }
    field(&mut span, 5, name.as_bytes());
    time(&mut span, 7, 1_795_221_481_000_000_000 + id);
    time(&mut span, 8, 1_795_221_482_000_000_000 + id);
    span
}

fn json_request(spans: &[String]) -> Vec<u8> {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(",")).into_bytes()
}

fn json_span(id: u64, more: &str) -> String {
    format!(
        r#"{{"traceId":"{TRACE}","spanId":"{id:016x}","name":"json","startTimeUnixNano":"1795221481000000000","endTimeUnixNano":"1795221482000000000"{more}}}"#
    )
}

fn get(server: &Running, path: &str) -> Answer {
    server.ask("GET", path, &[], b"")
}

fn post(server: &Running, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    server.ask("POST", "/v1/traces", headers, body)
}

/// Returns the ids of the spans that are stored, as numbers.
fn stored(server: &Running) -> Vec<u64> {
    let answer = get(server, &format!("/api/v1/traces/{TRACE}"));
    if answer.status == 404 {
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let ids = answer["spans"].as_array().unwrap().iter();
    let mut ids: Vec<u64> =
        ids.map(|span| u64::from_str_radix(span["span_id"].as_str().unwrap(), 16).unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Returns a list in a list and so on around nothing, `depth` times.
fn deep_value(depth: usize) -> Vec<u8> {
    // Written from the inside outwards and turned round at the end: lengths come before what they count.
    let mut reversed = Vec::new();
    for _ in 0..depth {
        for number in [1_u8, 5] {
            let mut head = vec![number << 3 | 2];
            varint(&mut head, reversed.len() as u64);
            reversed.extend(head.into_iter().rev());
        }
    }
    reversed.reverse();
    reversed
}

fn with_attribute(mut span: Vec<u8>, key: &[u8], value: &[u8]) -> Vec<u8> {
    let attribute = [nested(1, key), nested(2, value)].concat();
    field(&mut span, 9, &attribute);
    span
}

#[test]
fn a_bad_span_is_refused_alone_and_kept_aside() {
    let server = Running::start(|_| ());
    let with_ids = |trace: &[u8], id: &[u8]| [nested(1, trace), nested(2, id), nested(5, b"bad")].concat();
    let mut late = nested(1, &hex(TRACE));
    field(&mut late, 2, &9_u64.to_be_bytes());
    time(&mut late, 7, 1 << 63);
    let mut not_utf8 = span(9, None, "bad");
    *not_utf8.iter_mut().find(|byte| **byte == b'b').unwrap() = 0xFF;
    let ids = |parts: &str| format!(r#"{{{parts},"name":"bad"}}"#);
    let deep = "{\"arrayValue\":{\"values\":[".repeat(100_000) + &"]}}".repeat(100_000);
    let protobuf: [(&str, Vec<u8>); 9] = [
        ("trace id has 15 bytes", with_ids(&[1; 15], &[1; 8])),
        ("trace id is all zeros", with_ids(&[0; 16], &[1; 8])),
        ("span id has 0 bytes", with_ids(&[1; 16], &[])),
        ("span id is all zeros", with_ids(&[1; 16], &[0; 8])),
        ("is after 2262", late),
        ("name is not UTF-8", not_utf8),
        ("a text value is not UTF-8", with_attribute(span(9, None, "bad"), b"k", &nested(1, b"\xFF\xFE"))),
        ("nested deeper than 30", with_attribute(span(9, None, "bad"), b"k", &deep_value(100_000))),
        ("cut off", span(9, None, "bad")[..20].to_vec()),
    ];
    let json: [(&str, String); 6] = [
        ("trace id has 2 hex digits", ids(r#""traceId":"12","spanId":"0000000000000009""#)),
        (
            "trace id is not hexadecimal",
            ids(&format!(r#""traceId":"{}","spanId":"0000000000000009""#, "zz".repeat(16))),
        ),
        ("span id is all zeros", ids(&format!(r#""traceId":"{TRACE}","spanId":"0000000000000000""#))),
        ("span id has 0 hex digits", ids(&format!(r#""traceId":"{TRACE}""#))),
        ("is after 2262", json_span(9, r#","endTimeUnixNano":"9223372036854775808""#)),
        ("nested deeper than 30", json_span(9, &format!(r#","attributes":[{{"key":"k","value":{deep}}}]"#))),
    ];
    let protobuf = protobuf.map(|(reason, bad)| {
        let body =
            move |good: u64| request([span(good, None, "good"), bad.clone(), span(good + 1, None, "good")]);
        (reason, PROTOBUF, Box::new(body) as Box<dyn Fn(u64) -> Vec<u8>>)
    });
    let json = json.map(|(reason, bad)| {
        let body =
            move |good: u64| json_request(&[json_span(good, ""), bad.clone(), json_span(good + 1, "")]);
        (reason, JSON, Box::new(body) as Box<dyn Fn(u64) -> Vec<u8>>)
    });
    let mut expected = Vec::new();
    for (at, (reason, content_type, body)) in (1_u64..).zip(protobuf.into_iter().chain(json)) {
        let good = at * 100;
        let answer = post(&server, &[content_type], &body(good));
        let (rejected, message) = partial_success(&answer);
        assert_eq!(rejected, 1, "{reason}");
        assert!(message.contains(reason), "{reason}: {message}");
        expected.extend([good, good + 1]);
        assert_eq!(stored(&server), expected, "{reason}");
        // Sent again, it is refused again and nothing else changes.
        assert_eq!(partial_success(&post(&server, &[content_type], &body(good))).0, 1);
    }
    let stopped = server.stop();
    let mut statement = stopped
        .database
        .prepare("SELECT reason, encoding, size_bytes, bytes FROM tracestead_quarantine")
        .unwrap();
    let rows = statement.query_map([], |row| {
        let (reason, encoding): (String, String) = (row.get(0)?, row.get(1)?);
        let (size, bytes): (i64, Vec<u8>) = (row.get(2)?, row.get(3)?);
        assert_eq!(bytes.len(), usize::try_from(size).unwrap().min(1 << 20), "{reason}");
        Ok(format!("{encoding} {reason}"))
    });
    let rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 15, "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row.starts_with("json ")).count(), 6, "{rows:?}");
}

#[test]
fn odd_spans_are_stored() {
    let server = Running::start(|_| ());
    let mut epoch = nested(1, &hex(TRACE));
    field(&mut epoch, 2, &1_u64.to_be_bytes());
    let mut latest = nested(1, &hex(TRACE));
    field(&mut latest, 2, &2_u64.to_be_bytes());
    time(&mut latest, 7, (1 << 63) - 1);
    let nul = with_attribute(span(3, None, "a\0b"), b"input.value\0", &nested(1, b"x\0y"));
    server.export(PROTOBUF, &request([&epoch, &latest, &nul]));
    let deepest = with_attribute(span(4, None, "deep"), b"k", &deep_value(30));
    server.export(PROTOBUF, &request([&deepest]));
    let mut not_utf8 = json_request(&[json_span(5, "")]);
    let at = not_utf8.windows(4).position(|window| window == b"json").unwrap();
    not_utf8[at] = 0xFF;
    let (rejected, warning) = partial_success(&post(&server, &[JSON], &not_utf8));
    assert_eq!((rejected, warning.contains("not UTF-8")), (0, true), "{warning}");
    assert_eq!(stored(&server), [1, 2, 3, 4, 5]);
    let tree = get(&server, &format!("/api/v1/traces/{TRACE}")).json();
    let times: Vec<&str> = tree["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| span["start_time_ns"].as_str().unwrap())
        .collect();
    assert!(times.contains(&"0") && times.contains(&"9223372036854775807"), "{times:?}");
    assert_eq!(tree["trace"]["start_time_ns"], "0");
    let whole = get(&server, &format!("/api/v1/traces/{TRACE}/spans/0000000000000003")).json();
    assert_eq!((&whole["name"], &whole["attributes"]["input.value\0"]), (&json!("ab"), &json!("x\0y")));
    for path in ["/traces", "/traces?start_time=1970-01-01T00:00:00Z&end_time=2262-01-01T00:00:00Z"] {
        let list = get(&server, path).json();
        assert_eq!(list["data"][0]["start_time"], "1970-01-01T00:00:00Z", "{path}");
        assert_eq!(list["data"][0]["end_time"], "2262-04-11T23:47:16.854776Z", "{path}");
    }
    assert_eq!(get(&server, &format!("/traces/{TRACE}")).status, 200);
    server.stop();
}

/// Name, headers, body; the answer's status, its code and part of its message.
type RefusedWhole<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, u64, &'a str);

#[test]
fn a_body_that_cannot_be_read_is_refused_whole() {
    let server = Running::start(|settings| settings.max_body_bytes = 64 << 10);
    let good = request([span(1, None, "good"), span(2, Some(1), "good")]);
    let good_json = json_request(&[json_span(1, "")]);
    let gzip = ("content-encoding", "gzip");
    let text = ("content-type", "text/plain");
    let large = vec![0; (64 << 10) + 1];
    let zeros = vec![0; 4 << 20];
    let cases: &[RefusedWhole<'_>] = &[
        ("cut", &[PROTOBUF], &good[..good.len() - 5], 400, 3, "malformed ExportTraceServiceRequest"),
        ("no protobuf", &[PROTOBUF], b"what is this", 400, 3, "malformed ExportTraceServiceRequest"),
        ("JSON as protobuf", &[PROTOBUF], &good_json, 400, 3, "malformed"),
        ("cut JSON", &[JSON], &good_json[..good_json.len() - 5], 400, 3, "malformed OTLP/JSON"),
        ("no JSON", &[JSON], b"what is this", 400, 3, "malformed OTLP/JSON"),
        ("protobuf as JSON", &[JSON], &good, 400, 3, "malformed OTLP/JSON"),
        ("no gzip", &[PROTOBUF, gzip], &good, 400, 3, "not valid gzip"),
        ("cut gzip", &[PROTOBUF, gzip], &gzipped(&good)[..20], 400, 3, "not valid gzip"),
        ("no zstd", &[PROTOBUF, ("content-encoding", "zstd")], &good, 400, 3, "not valid zstd"),
        ("no deflate", &[JSON, ("content-encoding", "deflate")], &[0xFF; 50], 400, 3, "not valid deflate"),
        ("text", &[text], &good, 415, 3, "`text/plain`"),
        ("no type", &[], &good, 415, 3, "content type"),
        ("unknown coding", &[PROTOBUF, ("content-encoding", "br")], &good, 415, 12, "`br`"),
        ("two codings", &[JSON, ("content-encoding", "gzip, zstd")], &good, 415, 12, "`gzip, zstd`"),
        ("large", &[PROTOBUF], &large, 413, 8, "larger than 65536 bytes"),
        ("large JSON", &[JSON], &large, 413, 8, "`max_body_bytes`"),
        ("gzip bomb", &[PROTOBUF, gzip], &gzipped(&zeros), 413, 8, "larger than 65536 bytes"),
        ("gzip bomb of JSON", &[JSON, gzip], &gzipped(&zeros), 413, 8, "larger than 65536 bytes"),
        (
            "zstd bomb",
            &[PROTOBUF, ("content-encoding", "zstd")],
            &zstd::encode_all(&zeros[..], 3).unwrap(),
            413,
            8,
            "larger",
        ),
        ("zlib bomb", &[PROTOBUF, ("content-encoding", "deflate")], &zlib(&zeros), 413, 8, "larger"),
        ("deflate bomb", &[PROTOBUF, ("content-encoding", "deflate")], &deflated(&zeros), 413, 8, "larger"),
    ];
    for (name, headers, body, expected_status, code, says) in cases {
        let answer = post(&server, headers, body);
        assert_eq!(answer.status, *expected_status, "{name}: {}", answer.text());
        let (actual_code, message) = status(&answer);
        assert_eq!(actual_code, *code, "{name}: {message}");
        assert!(message.contains(says), "{name}: {message}");
        assert_eq!(answer.header("retry-after"), None, "{name}: it would be refused again");
        assert_eq!(get(&server, "/health").status, 200, "{name}");
    }
    assert_eq!(get(&server, "/v1/traces").status, 405);
    assert_eq!(stored(&server), Vec::<u64>::new());
    server.export(PROTOBUF, &good);
    for (coding, body) in [
        ("gzip", gzipped(&good)),
        ("zstd", zstd::encode_all(&good[..], 3).unwrap()),
        ("deflate", zlib(&good)),
        ("deflate", deflated(&good)),
        ("identity", good.clone()),
    ] {
        assert_eq!(
            partial_success(&post(&server, &[PROTOBUF, ("content-encoding", coding)], &body)).0,
            0,
            "{coding}"
        );
    }
    assert_eq!(stored(&server), [1, 2]);
    server.stop();
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_body_past_the_default_limit_is_refused_with_and_without_a_length() {
    let server = Running::start(|_| ());
    let large = vec![0; 70 << 20];
    let answer = post(&server, &[PROTOBUF], &large);
    assert_eq!((answer.status, status(&answer).0), (413, 8));
    let mut begun = Begun::new(server.address, "transfer-encoding: chunked");
    for _ in 0..70 {
        // The server may hang up before all is sent.
        let sent =
            begun.stream.write_all(b"100000\r\n").and_then(|()| begun.stream.write_all(&large[..1 << 20]));
        if sent.and_then(|()| begun.stream.write_all(b"\r\n")).is_err() {
            break;
        }
    }
    assert_eq!(Answer::read(&begun.stream).status, 413);
    assert_eq!(get(&server, "/health").status, 200);
    server.stop();
}

/// An export of which the head was sent.
struct Begun {
    stream: TcpStream,
}

impl Begun {
    fn new(address: SocketAddr, length: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        Self { stream }
    }

    /// Begins an export of `body` and holds back its last byte.
    fn all_but_a_byte(address: SocketAddr, body: &[u8]) -> Self {
        let mut begun = Self::new(address, &format!("content-length: {}", body.len()));
        begun.stream.write_all(&body[..body.len() - 1]).unwrap();
        begun
    }

    fn is_answered(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let is_answered = self.stream.peek(&mut [0]).is_ok();
        self.stream.set_nonblocking(false).unwrap();
        is_answered
    }

    fn end(mut self, body: &[u8]) -> Answer {
        self.stream.write_all(&body[body.len() - 1..]).unwrap();
        Answer::read(&self.stream)
    }
}

/// Asks again until the answer is as wanted.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Holds back the last byte of an export of `held`, and returns how an export of `other`, for which no budget is left, is
/// answered meanwhile.
fn hold(server: &Running, held: &[u8], other: &[u8]) -> (Begun, Answer) {
    let mut begun = Begun::all_but_a_byte(server.address, held);
    let answer = until(|| {
        // The one that came first takes the budget, and that may have been the other.
        if begun.is_answered() {
            begun = Begun::all_but_a_byte(server.address, held);
        }
        Some(post(server, &[PROTOBUF], other)).filter(|answer| answer.status != 200)
    });
    (begun, answer)
}

#[test]
fn exports_past_the_budget_are_told_to_come_back() {
    let held = request((1..20).map(|id| span(id, None, "held")));
    let other = request((20..40).map(|id| span(id, None, "other")));
    let server = Running::start(|settings| settings.max_queue_bytes = held.len() + other.len() - 10);
    let (begun, answer) = hold(&server, &held, &other);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    let (code, message) = status(&answer);
    assert_eq!((code, message.as_str()), (14, "too much is waiting to be stored; send again later"));
    assert!(answer.text().contains("google.rpc.RetryInfo"));
    assert_eq!(begun.end(&held).status, 200);
    server.export(PROTOBUF, &other);
    assert_eq!(stored(&server), (1..40).collect::<Vec<_>>());
    server.stop();
}

#[test]
fn an_export_in_flight_is_answered_and_stored_when_the_server_stops() {
    let held = request((1..20).map(|id| span(id, None, "held")));
    let server = Running::start(|settings| settings.max_queue_bytes = held.len() + 10);
    let address = server.address;
    let (begun, _) = hold(&server, &held, &held);
    let stopping = std::thread::spawn(|| server.stop());
    until(|| TcpStream::connect(address).is_err().then_some(()));
    assert!(!stopping.is_finished());
    let answer = begun.end(&held);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let stopped = stopping.join().unwrap();
    let count: i64 =
        stopped.database.query_row("SELECT COUNT(*) FROM agno_spans", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 19);
}

#[test]
fn pages_of_others_read_nothing_and_may_export() {
    let server = Running::start(|settings| settings.allowed_hosts = vec!["traces.example.com".to_owned()]);
    server.export(PROTOBUF, &request([span(1, None, "good")]));
    let paths =
        ["/traces", "/health", "/info", "/api/v1/traces", "/openapi.json", "/metrics/self", "/", "/ui/"];
    for path in paths {
        for (host, is_known) in [
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1", true),
            ("localhost:7777", true),
            ("[::1]:7777", true),
            ("traces.example.com", true),
        ] {
            let answer = server.ask("GET", path, &[("host", host), ("origin", "http://evil.example")], b"");
            assert_eq!(answer.status == 403, !is_known, "{path} for {host}: {}", answer.status);
            assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
        }
    }
    // Behind names of containers, exports come under any host.
    let export = server.ask(
        "POST",
        "/v1/traces",
        &[PROTOBUF, ("host", "tracestead:4318")],
        &request([span(2, None, "b")]),
    );
    assert_eq!(export.status, 200);
    let preflight = [
        ("origin", "http://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,content-encoding"),
    ];
    let answer = server.ask("OPTIONS", "/v1/traces", &preflight, b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("content-encoding"));
    let answer = server.ask("OPTIONS", "/traces", &preflight, b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None));
    server.stop();
}

#[test]
fn metrics_are_refused_in_a_way_that_exporters_understand() {
    let server = Running::start(|_| ());
    for content_type in [PROTOBUF, JSON] {
        let answer = server.ask("POST", "/v1/metrics", &[content_type], b"{}");
        assert_eq!((answer.status, answer.header("content-type")), (404, Some(content_type.1)));
        let (code, message) = status(&answer);
        assert_eq!(code, 12);
        assert!(message.contains("OTEL_METRICS_EXPORTER=none"), "{message}");
    }
    server.stop();
}

#[test]
fn nobody_listens_to_other_machines_by_accident() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(folder.path().join("tracestead.db"));
    let open = |port| Some(SocketAddr::from(([0, 0, 0, 0], port)));
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    (settings.listen, settings.otlp_http, settings.otlp_grpc) = (local, Some(local), open(0));
    let refused = runtime.block_on(Server::start(&settings)).unwrap_err();
    assert!(matches!(refused, StartError::OpenWithoutAuthentication(_)));
    assert!(refused.to_string().contains("--insecure-no-auth"), "{refused}");
    (settings.listen, settings.otlp_grpc) = (open(0).unwrap(), None);
    assert!(runtime.block_on(Server::start(&settings)).is_err());
    settings.insecure_no_auth = true;
    let server = runtime.block_on(Server::start(&settings)).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], server.addresses()[0].socket.port()));
    assert_eq!(ask(address, "GET", "/health", &[], b"").status, 200);
    runtime.block_on(server.stop());
}

#[test]
fn large_and_deep_traces_are_answered() {
    for (name, spans, parent) in [
        ("wide", 10_000, (|id| Some(id / 10).filter(|parent| *parent > 0)) as fn(u64) -> Option<u64>),
        ("deep", 5_000, |id| Some(id - 1).filter(|parent| *parent > 0)),
    ] {
        let server = Running::start(|_| ());
        server.export(PROTOBUF, &request((1..=spans).map(|id| span(id, parent(id), "s"))));
        let answers = || {
            let paths =
                [format!("/traces/{TRACE}"), format!("/api/v1/traces/{TRACE}"), "/api/v1/traces".to_owned()];
            paths.map(|path| get(&server, &path)).map(|answer| (answer.status, answer.text()))
        };
        let first = answers();
        assert_eq!(first.each_ref().map(|(status, _)| *status), [200; 3], "{name}");
        let count = |text: &str| first[0].1.matches(text).count();
        // Nested too deep for a JSON reader that recurses, so the text itself is looked at.
        assert_eq!(count("\"id\":"), usize::try_from(spans).unwrap(), "{name}");
        assert_eq!((count("{"), count("[")), (count("}"), count("]")), "{name}");
        if name == "wide" {
            let tree: Json = serde_json::from_str(&first[0].1).unwrap();
            assert_eq!(tree["total_spans"], spans);
        }
        let ours: Json = serde_json::from_str(&first[1].1).unwrap();
        let depths = ours["spans"].as_array().unwrap().iter().map(|span| span["depth"].as_u64().unwrap());
        assert_eq!(depths.max(), Some(if name == "deep" { spans - 1 } else { 4 }), "{name}");
        let search = server.ask("POST", "/traces/search", &[JSON], b"{}");
        assert_eq!((search.status, search.text().matches("\"id\":").count()), (200, count("\"id\":")));
        // What is sent again leaves every answer as it was.
        server.export(PROTOBUF, &request((1..=spans).rev().map(|id| span(id, parent(id), "s"))));
        assert!(answers() == first, "{name}");
        server.stop();
    }
}
