//! Copies of what was stored, and a server in place of a database. The endpoint is a few lines of HTTP that say what they are
//! told to say.

#![expect(clippy::unwrap_used, reason = "a test's helper that fails fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use tracestead::{OtlpExporter, SqliteDb, TraceQuery, Tracing, TracingBuilder};
use tracestead_otlp::{Encoding, decode_traces};

const SOON: Duration = Duration::from_secs(20);

/// A request that came.
struct Received {
    path: String,
    key: Option<String>,
    names: Vec<String>,
}

/// Listens; answers with these statuses, then always with the last.
fn endpoint(answers: &[&'static str]) -> (String, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    let answers = Arc::new(Mutex::new(answers.iter().rev().copied().collect::<Vec<_>>()));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (tell, answers) = (tell.clone(), Arc::clone(&answers));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.unwrap());
                while let Some(received) = read(&mut reader) {
                    let answer = {
                        let mut answers = answers.lock().unwrap();
                        if answers.len() > 1 { answers.pop().unwrap() } else { answers[0] }
                    };
                    let _ = tell.send(received);
                    let head = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
                    reader.get_mut().write_all(head.as_bytes()).unwrap();
                }
            });
        }
    });
    (format!("http://{address}"), told)
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut key) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-key" => key = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut plain = Vec::new();
    GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
    let decoded = decode_traces(Encoding::Protobuf, &plain).unwrap();
    Some(Received { path, key, names: decoded.spans.into_iter().map(|span| span.name).collect() })
}

fn record(tracing: &Tracing, name: &'static str) {
    tracing.provider().tracer("test").start(name).end();
}

#[test]
fn a_copy_comes_after_the_commit() {
    let (url, received) = endpoint(&["200 OK"]);
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let exporter = OtlpExporter::new(url).unwrap().header("x-key", "secret").unwrap();
    let tracing = TracingBuilder::new(db.clone()).copy_to(exporter).build().unwrap();
    record(&tracing, "run");
    let copy = received.recv_timeout(SOON).unwrap();
    assert_eq!((copy.path.as_str(), copy.key.as_deref()), ("/v1/traces", Some("secret")));
    assert_eq!(copy.names, ["run"]);
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
    tracing.flush(SOON).unwrap();
    assert_eq!(tracing.stats().copies[0].sent, 1);
}

#[test]
fn what_an_endpoint_wants_later_is_sent_again_and_what_it_refuses_is_not() {
    let (url, received) = endpoint(&["503 Service Unavailable", "200 OK", "403 Forbidden"]);
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing =
        TracingBuilder::new(db).copy_to(OtlpExporter::new(url).unwrap()).report(|_| {}).build().unwrap();
    record(&tracing, "first");
    tracing.flush(SOON).unwrap();
    record(&tracing, "second");
    tracing.flush(SOON).unwrap();
    let names: Vec<_> = received.try_iter().flat_map(|received| received.names).collect();
    assert_eq!(names, ["first", "first", "second"]);
    let stats = tracing.stats();
    assert_eq!((stats.stored, stats.copies[0].sent, stats.copies[0].failed), (2, 1, 1));
    assert_eq!(stats.copies[0].last_error.as_deref(), Some("it answers 403 Forbidden"));
}

#[test]
fn an_endpoint_that_is_gone_holds_nobody_up() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let copy = OtlpExporter::new(url).unwrap();
    let tracing = TracingBuilder::new(db.clone()).copy_to(copy).report(|_| {}).build().unwrap();
    record(&tracing, "run");
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
    assert!(tracing.shutdown(Duration::from_millis(200)).is_err());
}

#[test]
fn a_server_stands_for_a_database() {
    let (url, received) = endpoint(&["429 Too Many Requests", "200 OK"]);
    let tracing = TracingBuilder::new(OtlpExporter::new(url).unwrap()).report(|_| {}).build().unwrap();
    record(&tracing, "run");
    tracing.flush(SOON).unwrap();
    assert_eq!(received.try_iter().count(), 2);
    let stats = tracing.stats();
    assert_eq!((stats.stored, stats.retries), (1, 1));
}

#[test]
fn an_endpoint_must_be_one() {
    for endpoint in ["", "localhost:4318", "ftp://host/", "http:///v1/traces"] {
        let error = OtlpExporter::new(endpoint).unwrap_err().to_string();
        assert!(error.contains("is no endpoint; write http://HOST:PORT"), "{error}");
    }
    let exporter = OtlpExporter::new("https://host/api/otel/v1/traces").unwrap();
    assert_eq!(exporter.endpoint(), "https://host/api/otel/v1/traces");
    let error = exporter.header("authorization", "Bearer\nsecret").unwrap_err().to_string();
    assert!(!error.contains("secret"), "{error}");
}
