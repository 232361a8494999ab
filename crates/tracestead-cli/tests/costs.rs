//! Prices of the configuration, and costs made anew: with the real program on a real file.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod workplace;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use workplace::{Workplace, field, text};

/// One dollar for a million tokens of input, ten for output, since before the calls of the tests.
const PRICES: &str = "[[prices]]\nmodel = \"house-*\"\ninput = 1\noutput = 10.0\nfrom = 2026-11-01\n";

const DB: &str = "sqlite:tracestead.db";

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(place: &Workplace) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tracestead"))
            .args([
                "serve",
                "--db",
                DB,
                "--listen",
                "127.0.0.1:0",
                "--otlp-http",
                "off",
                "--otlp-grpc",
                "off",
            ])
            .current_dir(place.path())
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        Self { child, address: address.to_owned() }
    }

    /// Returns once the spans are on disk.
    fn send(&self, spans: &[Value]) {
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("{}"), "{answer}");
    }

    fn stop(mut self) {
        signal("-TERM", &self.child);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

fn signal(name: &str, process: &Child) {
    assert!(Command::new("kill").args([name, &process.id().to_string()]).status().unwrap().success());
}

/// A call of `model` with 1,000 tokens in and 100 out.
fn call(trace: u64, span: u64, model: &str) -> Value {
    json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{span:016x}"),
        "name": "call",
        "startTimeUnixNano": "1795221481000000000",
        "endTimeUnixNano": "1795221482000000000",
        "attributes": [
            {"key": "openinference.span.kind", "value": {"stringValue": "LLM"}},
            {"key": "llm.model_name", "value": {"stringValue": model}},
            {"key": "llm.token_count.prompt", "value": {"intValue": "1000"}},
            {"key": "llm.token_count.completion", "value": {"intValue": "100"}},
        ]
    })
}

fn reported(mut call: Value, usd: f64) -> Value {
    let cost = json!({"key": "llm.cost.total", "value": {"doubleValue": usd}});
    call["attributes"].as_array_mut().unwrap().push(cost);
    call
}

/// A trace with a call that no list knows, one that is known and one that says what it cost.
fn with_calls() -> Workplace {
    let place = Workplace::new();
    let server = Server::start(&place);
    server.send(&[call(1, 1, "house-7b"), call(1, 2, "gpt-4o-mini"), reported(call(1, 3, "house-7b"), 0.5)]);
    server.stop();
    place
}

fn configure(place: &Workplace, text: &str) {
    std::fs::write(place.path().join("tracestead.toml"), text).unwrap();
}

/// What the calls of a trace cost, by the last digit of their id, and the trace itself.
fn costs(place: &Workplace, trace: u64) -> (Vec<Value>, Value) {
    let shown = place.json_lines(&["traces", "show", &format!("{trace:032x}"), "--json"]);
    let mut spans = shown[0]["spans"].as_array().unwrap().clone();
    spans.sort_by_key(|span| field(span, "span_id").to_owned());
    let cost = |span: &Value| json!([span["cost_nano_usd"], span["cost_source"], span["cost_missing"]]);
    (spans.iter().map(cost).collect(), shown[0]["trace"].clone())
}

#[test]
fn prices_that_cannot_be_used_are_named() {
    let place = Workplace::new();
    configure(&place, &format!("{PRICES}[[prices]]\nmodel = \"m\"\ninput = -2.5\noutput = 1\n"));
    let said = place.complains(&["config", "print"], 2);
    assert!(
        said.contains("cannot use `-2.5` for `prices[1].input` (from tracestead.toml): expected US dollars"),
        "{said}"
    );
    assert_eq!(place.complains(&["serve"], 2), said);
    configure(&place, "[[prices]]\nmodel = \"m\"\ninput = 1\n");
    let said = place.complains(&["traces"], 2);
    assert!(said.contains("missing setting `prices[0].output` in tracestead.toml: expected US"), "{said}");
}

#[test]
fn prices_are_printed_with_the_other_settings() {
    let place = Workplace::new();
    configure(&place, PRICES);
    let printed = place.prints(&["config", "print"]);
    let line = printed.lines().last().unwrap();
    let value = "{ model = \"house-*\", input = 1, output = 10, from = \"2026-11-01T00:00:00Z\" }";
    assert!(line.starts_with("prices[0] ") && line.contains(value), "{printed}");
    assert!(line.ends_with("# tracestead.toml"), "{printed}");
    let printed = place.json_lines(&["config", "print", "--json"]);
    assert_eq!(
        printed.last(),
        Some(&json!({"key": "prices[0]", "value": value, "origin": "tracestead.toml"}))
    );
}

#[test]
fn new_prices_reach_old_calls() {
    let place = with_calls();
    let (before, trace) = costs(&place, 1);
    assert_eq!(before[0], json!([null, null, "unknown_model"]));
    assert_eq!(before[1], json!([210_000, "genai-prices", null]));
    assert_eq!(before[2], json!([500_000_000, "reported", null]));
    assert_eq!((&trace["cost_nano_usd"], &trace["unpriced_call_count"]), (&json!(500_210_000), &json!(1)));
    let tree = place.prints(&["traces", "show", &format!("{:032x}", 1)]);
    assert!(tree.contains("  cost      ≥ $0.500210 (1 call of unknown cost)"), "{tree}");
    assert!(tree.lines().any(|line| line.ends_with("  ?  house-7b, no price for this model")), "{tree}");
    assert!(tree.lines().any(|line| line.ends_with("  $0.000210  gpt-4o-mini")), "{tree}");
    let list = place.prints(&["spans"]);
    assert!(list.contains("COST") && list.contains("$0.000210"), "{list}");
    assert!(list.lines().all(|line| line.chars().count() <= 120), "{list}");

    configure(&place, PRICES);
    assert_eq!(place.prints(&["rebuild", "--costs"]), "rebuilt the costs of 3 calls in 1 trace\n");
    let (after, trace) = costs(&place, 1);
    assert_eq!(after[0], json!([2_000_000, "config", null]));
    assert_eq!(after[1..], before[1..]);
    assert_eq!((&trace["cost_nano_usd"], &trace["unpriced_call_count"]), (&json!(502_210_000), &json!(0)));
    let tree = place.prints(&["traces", "show", &format!("{:032x}", 1)]);
    assert!(tree.lines().any(|line| line == "  cost      $0.502210"), "{tree}");

    let expected = json!({"what": "facts", "traces": 1, "spans": 3});
    assert_eq!(place.json_lines(&["rebuild", "--facts", "--costs", "--json"]), [expected]);
    assert_eq!(costs(&place, 1).0, after);
    configure(&place, "");
    let expected = json!({"what": "costs", "traces": 1, "spans": 3});
    assert_eq!(place.json_lines(&["rebuild", "--costs", "--json"]), [expected]);
    assert_eq!(costs(&place, 1).0, before);
}

#[test]
fn sums_over_the_hours_are_made_anew() {
    let place = with_calls();
    let database = rusqlite::Connection::open(place.path().join("tracestead.db")).unwrap();
    let sums = || -> (i64, i64, i64) {
        let sql = "SELECT SUM(calls), SUM(input_tokens), SUM(cost_nano_usd) FROM tracestead_rollups";
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    let right = sums();
    assert_eq!(right, (3, 3000, 500_210_000));
    database.execute("UPDATE tracestead_rollups SET calls = 7, input_tokens = 0", []).unwrap();
    assert_eq!(place.prints(&["rebuild", "--rollups"]), "rebuilt the sums over 3 spans in 1 hour\n");
    assert_eq!(sums(), right);
    let expected = [
        json!({"what": "costs", "traces": 1, "spans": 3}),
        json!({"what": "rollups", "hours": 1, "spans": 3}),
    ];
    assert_eq!(place.json_lines(&["rebuild", "--costs", "--rollups", "--json"]), expected);
}

#[test]
fn a_server_takes_calls_while_costs_are_rebuilt() {
    let place = Workplace::new();
    let server = Server::start(&place);
    let calls: Vec<Value> = (1..=400).map(|trace| call(trace, 1, "house-7b")).collect();
    server.send(&calls);
    configure(&place, PRICES);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            for span in 2..=40 {
                server.send(&[call(500, span, "house-7b"), call(1, span, "gpt-4o-mini")]);
            }
        });
        let rebuilt = place.json_lines(&["rebuild", "--costs", "--json"]);
        assert!(rebuilt[0]["traces"].as_u64().unwrap() >= 400, "{rebuilt:?}");
        sending.join().unwrap();
    });
    let (first, trace) = costs(&place, 1);
    assert_eq!(first[0], json!([2_000_000, "config", null]));
    assert_eq!(trace["cost_nano_usd"], json!(2_000_000 + 39 * 210_000));
    assert_eq!(costs(&place, 400).0, [json!([2_000_000, "config", null])]);
    // The server has its prices from when it started, so that what it took may need another go.
    place.prints(&["rebuild", "--costs"]);
    assert_eq!(costs(&place, 500).1["cost_nano_usd"], json!(39 * 2_000_000));
    server.stop();
}

#[test]
fn what_is_to_be_rebuilt_has_to_be_said_and_to_be_there() {
    let place = Workplace::new();
    let said = place.complains(&["rebuild"], 2);
    assert!(said.contains("--costs") && said.contains("--facts"), "{said}");
    let said = place.complains(&["rebuild", "--costs", "--db", "sqlite:other.db"], 1);
    assert!(said.contains("there is no database at other.db"), "{said}");
}

#[test]
fn a_rebuild_that_is_interrupted_can_be_run_again() {
    let place = with_calls();
    let mut other = rusqlite::Connection::open(place.path().join("tracestead.db")).unwrap();
    // While somebody else writes, the first step waits.
    let writing = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let rebuild = Command::new(env!("CARGO_BIN_EXE_tracestead"))
        .args(["rebuild", "--costs", "--db", DB])
        .current_dir(place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until_it_takes_interrupts(&rebuild);
    signal("-INT", &rebuild);
    std::thread::sleep(Duration::from_millis(200));
    writing.rollback().unwrap();
    let ended = rebuild.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let said = text(&ended.stderr);
    assert!(said.contains("stopped after 0 traces; run it again for the rest"), "{said}");
    assert!(!said.contains('\r'), "progress without a terminal: {said}");
    assert_eq!(place.prints(&["rebuild", "--costs"]), "rebuilt the costs of 3 calls in 1 trace\n");
}

/// Before, a signal would end it as it ends any program.
fn wait_until_it_takes_interrupts(process: &Child) {
    let status = format!("/proc/{}/status", process.id());
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        let status = std::fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        // The second bit is that of signal 2.
        if u64::from_str_radix(caught, 16).unwrap() & 2 != 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it never takes interrupts");
}
