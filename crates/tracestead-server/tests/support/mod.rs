//! A server on a database of its own, and a client that sends exactly the bytes it is told to.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tracestead_server::{Server, Settings};

pub(crate) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A server that runs; its threads end when it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    runtime: Runtime,
    server: Option<Server>,
}

impl Running {
    /// Starts a server on one free port, with the defaults but for what `change` says.
    pub(crate) fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path().join("tracestead.db"));
        settings.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        settings.otlp_http = None;
        settings.otlp_grpc = None;
        change(&mut settings);
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::start(&settings)).unwrap();
        let address = server.addresses()[0].socket;
        Self { address, folder, runtime, server: Some(server) }
    }

    /// Asks and returns the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        ask(self.address, method, path, headers, body)
    }

    /// Sends an export, which must be taken whole.
    pub(crate) fn export(&self, content_type: (&str, &str), body: &[u8]) {
        let answer = self.ask("POST", "/v1/traces", &[content_type], body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.body.is_empty() || answer.body == b"{}", "{}", answer.text());
    }

    /// Stops the server, which must then have written everything, and opens its database.
    pub(crate) fn stop(mut self) -> Stopped {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
        let database = rusqlite::Connection::open(self.folder.path().join("tracestead.db")).unwrap();
        Stopped { database, _folder: self.folder }
    }
}

/// The database of a server that was stopped.
pub(crate) struct Stopped {
    pub(crate) database: rusqlite::Connection,
    _folder: TempDir,
}

/// Sends a request on a connection of its own and returns the whole answer.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        let _ = write!(head, "host: {address}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    std::thread::scope(|scope| {
        // A server may refuse a body before it has seen all of it, so it is listened to meanwhile.
        scope.spawn(|| {
            let mut stream = &stream;
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        });
        let answer = Answer::read(&stream);
        let _ = stream.shutdown(Shutdown::Both);
        answer
    })
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads until the end of the body, or of the connection if the answer does not say how long it is.
    pub(crate) fn read(mut stream: &TcpStream) -> Self {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            if let Some(answer) = Self::parse(&bytes) {
                return answer;
            }
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => panic!("the connection ended after {}", String::from_utf8_lossy(&bytes)),
                Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            }
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
        let body = &bytes[end + 4..];
        (body.len() >= length).then(|| Self { status, headers, body: body.to_vec() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}
