//! The addresses to listen on: free, served by a tracestead already, or taken by something else.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tracestead_server::Settings;

use super::Check;

/// How long something that listens may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// No `/info` is longer.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let settings = settings.clone();
    // Connecting and reading block.
    let checks = tokio::task::spawn_blocking(move || {
        let running = info(settings.listen);
        let faces = [
            ("page and REST", "--listen", Some(settings.listen)),
            ("OTLP/HTTP", "--otlp-http", settings.otlp_http),
            ("OTLP/gRPC", "--otlp-grpc", settings.otlp_grpc),
        ];
        let each = |(name, flag, socket): (&'static str, &str, Option<SocketAddr>)| match socket {
            None => Check::ok(name, "off"),
            Some(socket) if !socket.ip().is_loopback() && !settings.insecure_no_auth => Check::failed(
                name,
                format!("{socket} can be reached by other machines, which nobody asks who they are"),
                "listen on 127.0.0.1, or pass --insecure-no-auth if something in front of it checks who asks",
            ),
            Some(socket) => address(name, flag, socket, running.as_ref()),
        };
        faces.into_iter().map(each).collect::<Vec<_>>()
    });
    checks.await.unwrap_or_default()
}

fn address(name: &'static str, flag: &str, socket: SocketAddr, running: Option<&Value>) -> Check {
    let error = match TcpListener::bind(socket) {
        Ok(_) if socket.port() == 0 => return Check::ok(name, format!("{socket} takes any free port")),
        Ok(_) => return Check::ok(name, format!("{socket} is free")),
        Err(error) => error,
    };
    match (error.kind(), running) {
        (ErrorKind::AddrInUse, Some(info)) if is_listener(info, socket) => {
            let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default();
            Check::ok(
                name,
                format!("tracestead {} serves {socket}, database {}", text("version"), text("database")),
            )
        }
        (ErrorKind::AddrInUse, _) => {
            let off = if flag == "--listen" { String::new() } else { format!(", or `{flag} off`") };
            let hint = format!("stop it, or take another address with {flag} ADDR{off}");
            Check::failed(name, format!("another program listens on {socket}"), hint)
        }
        (ErrorKind::PermissionDenied, _) => {
            let hint = format!("ports below 1024 need privileges; take another with {flag} ADDR");
            Check::failed(name, format!("not allowed to listen on {socket}"), hint)
        }
        (ErrorKind::AddrNotAvailable, _) => {
            let hint = format!("this machine has no such address; take another with {flag} ADDR");
            Check::failed(name, format!("cannot listen on {socket}: {error}"), hint)
        }
        _ => Check::failed(
            name,
            format!("cannot listen on {socket}: {error}"),
            format!("take another with {flag} ADDR"),
        ),
    }
}

fn is_listener(info: &Value, socket: SocketAddr) -> bool {
    let listeners = info.get("listeners").and_then(Value::as_array);
    let url = format!("http://{socket}");
    listeners.is_some_and(|listeners| {
        listeners.iter().any(|listener| listener.get("url").and_then(Value::as_str) == Some(url.as_str()))
    })
}

/// Returns what `GET /info` answers there, if it is a tracestead that answers.
fn info(mut socket: SocketAddr) -> Option<Value> {
    if socket.ip().is_unspecified() {
        let loopback: IpAddr =
            if socket.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        socket.set_ip(loopback);
    }
    let mut stream = TcpStream::connect_timeout(&socket, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    // HTTP/1.0: the answer ends with the connection, and is never chunked.
    stream.write_all(format!("GET /info HTTP/1.0\r\nHost: {socket}\r\n\r\n").as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let info: Value = serde_json::from_str(body).ok()?;
    (info.get("name").and_then(Value::as_str) == Some("tracestead")).then_some(info)
}
