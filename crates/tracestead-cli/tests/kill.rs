//! What was answered with 200 is on disk, whenever the process dies.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

const ROUNDS: u64 = 20;
const CLIENTS: u64 = 4;
const BATCH_SPANS: u64 = 3;
/// Traces are of several batches, so that what a commit folds is not new.
const BATCHES_OF_A_TRACE: u64 = 5;

struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tracestead"))
            .args(["serve", "--db", "sqlite:killed.db", "--listen", "127.0.0.1:0"])
            .args(["--otlp-http", "off", "--otlp-grpc", "off"])
            .current_dir(folder)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned();
        Self { child, address }
    }

    /// Ends it as the system's out-of-memory killer would: nothing of it runs any more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Sends batches one after another until the server is gone, and returns the spans that it said are stored.
fn send(address: &str, round: u64, client: u64) -> Vec<(String, String)> {
    let mut stored = Vec::new();
    let Ok(stream) = TcpStream::connect(address) else { return stored };
    for batch in 0.. {
        let trace_id = format!("{:08x}{:08x}{:016x}", round + 1, client + 1, batch / BATCHES_OF_A_TRACE);
        let span_ids: Vec<String> =
            (0..BATCH_SPANS).map(|span| format!("{:016x}", batch * BATCH_SPANS + span + 1)).collect();
        if post(&stream, &body(&trace_id, &span_ids)).is_none() {
            return stored;
        }
        stored.extend(span_ids.into_iter().map(|span_id| (trace_id.clone(), span_id)));
    }
    stored
}

fn body(trace_id: &str, span_ids: &[String]) -> String {
    let span = |id: &String| {
        format!(
            r#"{{"traceId":"{trace_id}","spanId":"{id}","name":"work","startTimeUnixNano":"1795221481000000000",
                "endTimeUnixNano":"1795221482000000000","status":{{"code":2}},
                "attributes":[{{"key":"input.value","value":{{"stringValue":"{}"}}}}]}}"#,
            "x".repeat(2000)
        )
    };
    let spans: Vec<String> = span_ids.iter().map(span).collect();
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
}

/// Returns nothing if the connection ends before the answer is complete.
fn post(mut stream: &TcpStream, body: &str) -> Option<()> {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    let mut answer = Vec::new();
    let mut byte = [0];
    // The body is `{}`.
    while !answer.ends_with(b"\r\n\r\n{}") {
        stream.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    Some(())
}

#[test]
fn what_was_answered_is_stored_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut stored: Vec<(String, String)> = Vec::new();
    for round in 0..ROUNDS {
        let process = Process::start(folder.path());
        // It was the first to open what the last round left behind.
        check(&folder.path().join("killed.db"), &stored);
        let address = process.address.clone();
        let address = address.as_str();
        let of_round = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|client| scope.spawn(move || send(address, round, client))).collect();
            // Another moment each round, between 20 and 200 ms: neither too early for any commit nor long.
            thread::sleep(Duration::from_millis(20 + round * 137 % 181));
            process.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        stored.extend(of_round);
    }
    assert!(stored.len() > 100, "only {} spans were answered in time", stored.len());
    let last = Process::start(folder.path());
    check(&folder.path().join("killed.db"), &stored);
    last.kill();
}

fn check(path: &Path, expected: &[(String, String)]) {
    let database = Connection::open(path).unwrap();
    let mut statement = database.prepare("SELECT trace_id, span_id FROM agno_spans").unwrap();
    let spans = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let spans: HashSet<(String, String)> = spans.map(Result::unwrap).collect();
    let lost: Vec<_> = expected.iter().filter(|span| !spans.contains(*span)).collect();
    assert!(lost.is_empty(), "{} of {} answered spans are lost: {:?}", lost.len(), expected.len(), lost[0]);
    let text = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    // A trace and its spans are of one transaction.
    let wrong = "SELECT COUNT(*) FROM agno_traces t WHERE status <> 'ERROR' OR span_count <>
                 (SELECT COUNT(*) FROM agno_spans s WHERE s.trace_id = t.trace_id)";
    assert_eq!(database.query_row(wrong, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
