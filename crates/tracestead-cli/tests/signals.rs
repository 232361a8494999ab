//! A signal stops the server after what it has taken is written; a second one ends it at once.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SERVER: &str = env!("CARGO_BIN_EXE_tracestead");

fn start(folder: &tempfile::TempDir) -> (Child, String) {
    let mut server = Command::new(SERVER)
        .args(["serve", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off", "--db"])
        .arg(format!("sqlite:{}", folder.path().join("t.db").display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    (server, address.to_owned())
}

/// Begins an export and does not end it, so that the server has something to wait for.
fn unfinished_export(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    // The answer to another request shows that the server has begun to read this one, or is about to.
    let mut other = TcpStream::connect(address).unwrap();
    other.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    BufReader::new(other).read_line(&mut String::new()).unwrap();
    stream
}

fn terminate(server: &Child) {
    assert!(Command::new("kill").arg("-TERM").arg(server.id().to_string()).status().unwrap().success());
}

/// Returns the exit code; `None` if it still runs.
fn exit_code_within(server: &mut Child, patience: Duration) -> Option<i32> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Some(status) = server.try_wait().unwrap() {
            return Some(status.code().expect("it ends by itself, not by the signal"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

#[test]
fn one_signal_ends_an_idle_server_well() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, _) = start(&folder);
    terminate(&server);
    assert_eq!(exit_code_within(&mut server, Duration::from_secs(10)), Some(0));
}

#[test]
fn a_second_signal_does_not_wait_for_an_export_that_does_not_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(&folder);
    let export = unfinished_export(&address);
    terminate(&server);
    assert_eq!(
        exit_code_within(&mut server, Duration::from_millis(500)),
        None,
        "it must wait for the export"
    );
    terminate(&server);
    assert_eq!(exit_code_within(&mut server, Duration::from_secs(5)), Some(1));
    drop(export);
}
