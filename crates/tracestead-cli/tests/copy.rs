//! `tracestead copy`, stopped and killed as it is in life.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod workplace;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use workplace::{Workplace, field, text};

fn agno_written(place: &Workplace) -> PathBuf {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agno/agno-written.db");
    let copy = place.path().join("agno.db");
    std::fs::copy(fixture, &copy).unwrap();
    copy
}

const COPY: [&str; 5] = ["copy", "--from", "sqlite:agno.db", "--to", "sqlite:to.db"];

#[test]
fn everything_is_copied_and_compared() {
    let place = Workplace::new();
    let agno = agno_written(&place);
    let before = std::fs::read(&agno).unwrap();
    let said = place.prints(&COPY);
    let expected = "copied 67 traces with 291 spans and 108 other rows from sqlite:agno.db to sqlite:to.db; \
        399 spans and rows were not there before\n\
        compared 67 traces with 291 spans and 108 other rows: all there and the same\n";
    assert_eq!(said, expected);
    assert!(std::fs::read(&agno).unwrap() == before, "the source was written");
    let listed = place.json_lines(&["traces", "--limit", "100", "--db", "sqlite:to.db", "--json"]);
    assert_eq!(listed.len(), 67);

    let to = Connection::open(place.path().join("to.db")).unwrap();
    to.execute("UPDATE agno_sessions SET user_id = 'x' WHERE session_id = 'sess-was'", []).unwrap();
    let compare = |more: &[&str]| place.run(&[&COPY[..], &["--verify-only"], more].concat());
    let output = compare(&[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    let of_one = "compared 67 traces with 291 spans and 108 other rows: 1 row missing or different";
    assert!(said.starts_with("agno_sessions sess-was: user_id differs\n") && said.contains(of_one), "{said}");
    let output: Value = serde_json::from_slice(&compare(&["--json"]).stdout).unwrap();
    let first = json!([{"table": "agno_sessions", "key": "sess-was", "column": "user_id"}]);
    assert_eq!((&output["compared"]["first"], &output["copied"]), (&first, &Value::Null));
    let copied = place.run(&[&COPY[..], &["--no-verify", "--json"]].concat());
    let copied: Value = serde_json::from_slice(&copied.stdout).unwrap();
    assert_eq!((field(&copied, "from"), field(&copied, "to")), ("sqlite:agno.db", "sqlite:to.db"));
    assert_eq!((&copied["copied"]["written"], &copied["compared"]), (&0.into(), &Value::Null));
}

#[test]
fn what_is_typed_wrong_is_said_without_passwords() {
    let place = Workplace::new();
    agno_written(&place);
    let said = place.complains(&["copy", "--from", "sqlite:agno.db", "--to", "postgre://u:secret@h/d"], 2);
    assert!(said.contains("for `--to`") && !said.contains("secret"), "{said}");
    std::fs::write(place.path().join("password"), "secret\n").unwrap();
    let said = place.complains(&[&COPY[..], &["--to-password-file", "password"]].concat(), 2);
    assert!(said.contains("cannot use `password` for `--to-password-file`: expected none"), "{said}");
    let said = place.complains(&["copy", "--from", "sqlite:agno.db", "--to", "sqlite:./agno.db"], 1);
    assert!(said.contains("name the same database"), "{said}");
    let said = place.complains(&["copy", "--from", "sqlite:no.db", "--to", "sqlite:to.db"], 1);
    assert!(said.contains("cannot open database sqlite:no.db"), "{said}");
    assert!(!place.path().join("to.db").exists() && !place.path().join("no.db").exists());
}

/// Lets Agno have traces of two spans each.
fn many(agno: &Path, traces: u32) {
    Connection::open(agno)
        .unwrap()
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF;
             BEGIN;
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {traces})
             INSERT INTO agno_traces (trace_id, name, status, start_time, end_time, duration_ms, created_at)
             SELECT printf('%032x', n * 7919), 'many', 'OK', '2026-11-21T00:31:08+00:00', '2026-11-21T00:31:09+00:00',
                1000, '2026-11-21T00:31:10+00:00' FROM n;
             WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2 * {traces} - 1)
             INSERT INTO agno_spans (trace_id, span_id, name, span_kind, status_code, start_time, end_time, duration_ms,
                attributes, created_at)
             SELECT printf('%032x', (n / 2 + 1) * 7919), printf('%016x', n + 1), 'many', 'INTERNAL', 'OK',
                '2026-11-21T00:31:08+00:00', '2026-11-21T00:31:09+00:00', 1000, '{{\"openinference.span.kind\": \"TOOL\"}}',
                '2026-11-21T00:31:10+00:00' FROM n;
             COMMIT;"
        ))
        .unwrap();
}

fn start(place: &Workplace) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tracestead"))
        .args(COPY)
        .current_dir(place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns how many spans the target has; none if it is not there yet, or its tables are not.
fn spans(place: &Workplace) -> u32 {
    let path = place.path().join("to.db");
    let count = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|to| to.query_row("SELECT COUNT(*) FROM agno_spans", [], |row| row.get(0)));
    count.unwrap_or(0)
}

/// Waits until the target has more spans than that.
fn until_more_than(place: &Workplace, had: u32, copy: &mut Child) {
    let began = Instant::now();
    while spans(place) <= had {
        assert!(began.elapsed() < Duration::from_mins(1), "nothing is copied");
        assert!(copy.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_copy_that_is_stopped_or_killed_goes_on() {
    const TRACES: u32 = 6_000;
    let place = Workplace::new();
    many(&agno_written(&place), TRACES);

    let mut copy = start(&place);
    until_more_than(&place, 0, &mut copy);
    assert!(Command::new("kill").arg("-INT").arg(copy.id().to_string()).status().unwrap().success());
    let output = copy.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(said.contains("stopped after ") && said.contains("run it again for the rest"), "{said}");

    let mut copy = start(&place);
    until_more_than(&place, spans(&place), &mut copy);
    copy.kill().unwrap();
    let said = text(&copy.wait_with_output().unwrap().stderr);
    assert!(said.contains("going on after "), "{said}");
    assert!(spans(&place) < 2 * TRACES, "it was done before it was killed");

    let output = place.run(&[&COPY[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("going on after "));
    let output: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (copied, compared) = (&output["copied"], &output["compared"]);
    let (traces, all) = (67 + TRACES, 291 + 2 * TRACES);
    assert_eq!((&copied["traces"], &copied["spans"]), (&traces.into(), &all.into()), "{output}");
    assert_eq!((&compared["traces"], &compared["spans"]), (&traces.into(), &all.into()), "{output}");
    assert_eq!((&compared["differences"], &compared["more"]), (&0.into(), &0.into()), "{output}");
    assert!(copied["written"].as_u64().unwrap() < all.into(), "what was there was copied again");
}
