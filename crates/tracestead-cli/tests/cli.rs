//! The command as users run it: the real program, its output and its exit codes.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod workplace;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use workplace::{Workplace, field, text};

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}

impl Workplace {
    /// A folder with a database of the demo's runs.
    fn with_demo() -> Self {
        let place = Self::new();
        let output = place.run(&["demo", "--once", "--db", "sqlite:tracestead.db"]);
        assert!(text(&output.stdout).starts_with("wrote 62 traces with "), "{output:?}");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        place
    }
}

#[test]
fn traces_are_listed_filtered_and_printed_as_json() {
    let place = Workplace::with_demo();
    let list = place.prints(&["traces", "--limit", "5"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].trim_start().starts_with("START UTC"), "{list}");
    assert!(lines.iter().all(|line| line.chars().count() <= 120), "{list}");
    assert!(!list.contains('\u{1b}'), "colours in a pipe: {list}");

    let all = place.json_lines(&["traces", "--json", "--limit", "1000"]);
    assert_eq!(all.len(), 62);
    let start = |row: &Value| field(row, "start_time_ns").parse::<i64>().unwrap();
    assert!(all.is_sorted_by(|newer, older| start(newer) >= start(older)));
    assert_eq!(place.json_lines(&["traces", "--json", "--limit", "7"]), all[..7]);

    let failed = place.json_lines(&["traces", "--json", "--limit", "1000", "--status", "error"]);
    assert_eq!(failed.len(), all.iter().filter(|row| field(row, "status") == "ERROR").count());
    assert!(!failed.is_empty());
    let turn = all.iter().find(|row| field(row, "agent_id") == "travel-planner").unwrap();
    let turns = place.json_lines(&["traces", "--json", "--session", field(turn, "session_id")]);
    assert!(!turns.is_empty());
    assert!(turns.iter().all(|row| row["session_id"] == turn["session_id"]));
    assert!(!place.json_lines(&["traces", "--json", "--name", "research"]).is_empty());
    assert_eq!(place.json_lines(&["traces", "--json", "--since", "1h", "--limit", "100"]).len(), 62);
    assert!(place.json_lines(&["traces", "--json", "--until", "1h"]).is_empty());
}

#[test]
fn a_trace_is_shown_as_a_tree() {
    let place = Workplace::with_demo();
    let failed = place.json_lines(&["traces", "--json", "--agent", "data-analyst"]);
    let id = field(&failed[0], "trace_id");
    let tree = place.prints(&["traces", "show", &id[..10]]);
    for expected in [
        "✗ Data_Analyst.run  ERROR",
        &format!("  trace     {id}"),
        "AGENT Data_Analyst.run",
        "│  ✗ run status: error",
        "├─ LLM OpenAIChat.invoke",
        "├─ TOOL run_sql",
        "└─ LLM OpenAIChat.invoke",
        "  cost      $0.0",
        "      ✗ ModelProviderError: Rate limit reached for gpt-4o",
    ] {
        assert!(tree.lines().any(|line| line.starts_with(expected)), "{expected}\n{tree}");
    }
    let team = place.json_lines(&["traces", "--json", "--team", "research-team"]);
    let id = field(&team[0], "trace_id");
    let tree = place.prints(&["traces", "show", &id.to_uppercase()]);
    assert!(tree.contains("├─ AGENT Web_Researcher.run"), "{tree}");
    assert!(tree.contains("│  └─ LLM Claude.invoke"), "{tree}");

    let shown = place.json_lines(&["traces", "show", id, "--json"]);
    assert_eq!(shown[0]["trace"], team[0]);
    let spans = shown[0]["spans"].as_array().unwrap();
    assert_eq!(spans.len() as u64, team[0]["span_count"].as_u64().unwrap());
    assert_eq!((&spans[0]["depth"], &spans[0]["orphan"]), (&Value::from(0), &Value::from(false)));
    assert_eq!(spans[0]["span_type"], "TEAM");
    let list = place.json_lines(&["spans", "--json", "--trace", &id[..12], "--limit", "100"]);
    assert_eq!(list.len(), spans.len());
}

#[test]
fn spans_are_listed_and_filtered() {
    let place = Workplace::with_demo();
    let spans = place.json_lines(&["spans", "--json", "--type", "retriever", "--limit", "3"]);
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|span| field(span, "span_type") == "RETRIEVER"));
    let errors = place.prints(&["spans", "--status", "ERROR"]);
    assert!(errors.contains("track_parcel"), "{errors}");
    assert!(errors.lines().all(|line| line.chars().count() <= 120), "{errors}");
    assert!(place.complains(&["spans", "--type", "banana"], 2).contains("banana"));
}

#[test]
fn what_is_not_there_is_said_with_its_own_code() {
    let place = Workplace::with_demo();
    let said = place.complains(&["traces", "show", "ffffffffffffffff"], 3);
    assert!(said.contains("no trace whose id begins with `ffffffffffffffff`"), "{said}");
    assert!(said.contains("hint:"), "{said}");
    assert!(place.complains(&["traces", "show", "abc"], 2).contains("at least 4"));
    assert!(place.complains(&["traces", "show", "%%%%"], 2).contains("is no trace id"));
    let said = place.complains(&["traces", "--since", "yesterday"], 2);
    assert!(said.contains("15m"), "{said}");

    let output = place.run(&["traces", "--user", "nobody"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("no trace matches"));
    let said = place.complains(&["traces", "--db", "sqlite:other.db"], 1);
    assert!(said.contains("there is no database at other.db"), "{said}");
}

#[test]
fn ids_that_begin_alike_are_told_apart() {
    let place = Workplace::with_demo();
    let database = rusqlite::Connection::open(place.path().join("tracestead.db")).unwrap();
    // The table of spans names its traces; here only the lists of traces matter.
    database.pragma_update(None, "foreign_keys", false).unwrap();
    let sql = "UPDATE agno_traces SET trace_id = 'abcd' || substr(trace_id, 5) WHERE status = 'ERROR'";
    let count = database.execute(sql, []).unwrap();
    let said = place.complains(&["traces", "show", "abcd"], 1);
    assert!(said.contains("several traces begin with `abcd`"), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("  abcd")).count(), count.min(10));
}

#[test]
fn configuration_names_places_and_origins() {
    let place = Workplace::new();
    std::fs::write(place.path().join("tracestead.toml"), "[server]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let variables = [("TRACESTEAD_LOG__LEVEL", "debug")];
    let output = place.run_with(&["config", "print", "--db", "sqlite:x.db"], &variables);
    let printed = text(&output.stdout);
    for (key, value, origin) in [
        ("server.listen", "127.0.0.1:0", "# tracestead.toml"),
        ("database.url", "sqlite:x.db", "# --db"),
        ("log.level", "debug", "# TRACESTEAD_LOG__LEVEL"),
        ("otlp.grpc", "127.0.0.1:4317", "# default"),
    ] {
        let line = printed.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.contains(&format!("= {value}")) && line.ends_with(origin), "{printed}");
    }
    std::fs::write(place.path().join("tracestead.toml"), "[server]\nlisten_on = \"x\"\n").unwrap();
    let said = place.complains(&["config", "print"], 2);
    assert!(said.contains("unknown setting `server.listen_on` in tracestead.toml"), "{said}");
}

#[test]
fn looking_changes_nothing() {
    let place = Workplace::new();
    let (written, copy) = (fixture("agno/agno-written.db"), place.path().join("agno.db"));
    std::fs::copy(&written, &copy).unwrap();
    let db = ["--db", "sqlite:agno.db", "--json"];
    let traces = place.json_lines(&[&["traces", "--limit", "100"][..], &db].concat());
    assert_eq!(traces.len(), 67);
    let tools = place.json_lines(&[&["spans", "--type", "TOOL"][..], &db].concat());
    assert!(tools.iter().all(|span| span["tool_name"].is_string()) && !tools.is_empty(), "{tools:?}");
    let id = field(&tools[0], "trace_id");
    assert!(place.prints(&["traces", "show", id, "--db", "sqlite:agno.db"]).contains("TOOL"));
    assert!(std::fs::read(copy).unwrap() == std::fs::read(written).unwrap());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    std::fs::write(
        place.path().join("read.toml"),
        "[database]\nurl = \"sqlite:agno.db\"\nread_only = true\n",
    )
    .unwrap();
    let said = place.complains(&["rebuild", "--costs", "--config", "read.toml"], 1);
    assert!(said.contains("only to be read"), "{said}");
}

#[test]
fn a_database_of_agno_is_brought_to_our_version() {
    let place = Workplace::new();
    let copy = place.path().join("agno.db");
    std::fs::copy(fixture("agno/agno-written.db"), &copy).unwrap();
    let migrate = |more: &[&str]| place.run(&[&["migrate", "--db", "sqlite:agno.db"][..], more].concat());
    let dry = migrate(&["--dry-run"]);
    let sql = text(&dry.stdout);
    assert_eq!(dry.status.code(), Some(4), "there is something to do");
    assert!(sql.contains("ALTER TABLE agno_spans ADD COLUMN span_type VARCHAR;\n"), "{sql}");
    assert!(std::fs::read(&copy).unwrap() == std::fs::read(fixture("agno/agno-written.db")).unwrap());
    let doctor = place.prints(&[
        "doctor",
        "--db",
        "sqlite:agno.db",
        "--listen",
        "127.0.0.1:0",
        "--otlp-http",
        "off",
        "--otlp-grpc",
        "off",
    ]);
    assert!(
        doctor.contains("`tracestead migrate --dry-run`") && doctor.contains("traces: 67, spans: 291"),
        "{doctor}"
    );
    assert!(std::fs::read(&copy).unwrap() == std::fs::read(fixture("agno/agno-written.db")).unwrap());

    let done = migrate(&["--json"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&done["from"], &done["to"], &done["filled_spans"]), (&0.into(), &2.into(), &291.into()));
    let count = |statements: &Value| statements.as_array().unwrap().len();
    assert_eq!(
        sql.matches(";\n").count(),
        count(&done["statements"]) + count(&done["catalog"]["statements"])
    );
    assert!(sql.contains("CREATE TABLE tracestead_audit_log ("), "{sql}");
    let again = migrate(&[]);
    assert_eq!(text(&again.stdout), "sqlite:agno.db is at version 2 already; no row was to be filled\n");
    assert_eq!(migrate(&["--dry-run"]).status.code(), Some(0));
}

#[test]
fn a_file_that_is_not_there_is_made_but_by_no_dry_run() {
    let place = Workplace::new();
    let migrate = |more: &[&str]| place.run(&[&["migrate", "--db", "sqlite:new.db"][..], more].concat());
    let dry = migrate(&["--dry-run"]);
    assert_eq!(dry.status.code(), Some(4), "{dry:?}");
    assert!(text(&dry.stdout).starts_with("CREATE TABLE tracestead_migrations ("), "{dry:?}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    let done = migrate(&["--no-wait"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(text(&done.stdout).starts_with("sqlite:new.db is at version 2 now, by "), "{done:?}");
    // Nothing to do, and nothing left beside a file that has a write-ahead log.
    assert_eq!(migrate(&["--dry-run"]).status.code(), Some(0));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn all_databases_of_the_file_are_brought_to_our_version() {
    let place = Workplace::new();
    for name in ["old.db", "kept.db"] {
        std::fs::copy(fixture("agno/agno-written.db"), place.path().join(name)).unwrap();
    }
    let config = "[databases.old]\nurl = \"sqlite:old.db\"\n[databases.new]\nurl = \"sqlite:new.db\"\n\
                  [databases.kept]\nurl = \"sqlite:kept.db\"\nread_only = true\n";
    std::fs::write(place.path().join("tracestead.toml"), config).unwrap();
    let dry = place.run(&["migrate", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(4), "{dry:?}");
    let sql = text(&dry.stdout);
    let places: Vec<&str> = sql.lines().filter(|line| line.starts_with("--")).collect();
    let expected = [
        "-- default: sqlite:tracestead.db",
        "-- new: sqlite:new.db",
        "-- old: sqlite:old.db",
        "-- the catalogue, in sqlite:tracestead.db",
    ];
    assert_eq!(places, expected);
    assert_eq!(text(&dry.stderr), "kept: sqlite:kept.db is only to be read, and is left as it is\n");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 3, "a dry run makes nothing");

    let done = place.run(&["migrate"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let said = text(&done.stdout);
    let said: Vec<&str> = said.lines().collect();
    assert!(said[0].starts_with("default: sqlite:tracestead.db is at version 2 now, by "), "{said:?}");
    assert!(said[1].starts_with("new: sqlite:new.db is at version 2 now, by "), "{said:?}");
    assert!(said[2].starts_with("old: sqlite:old.db is at version 2 now, by "), "{said:?}");
    assert!(said[2].ends_with("; 291 spans filled"), "{said:?}");
    assert_eq!(said.len(), 3);
    let unchanged = std::fs::read(fixture("agno/agno-written.db")).unwrap();
    assert!(std::fs::read(place.path().join("kept.db")).unwrap() == unchanged);

    let again = place.run(&["migrate", "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    let ids = again["databases"].as_array().unwrap().iter().map(|database| field(database, "id"));
    assert_eq!(ids.collect::<Vec<_>>(), ["new", "old"]);
    assert_eq!((&again["id"], &again["databases"][1]["filled_spans"]), (&"default".into(), &0.into()));
    assert_eq!(place.run(&["migrate", "--dry-run"]).status.code(), Some(0));
}

#[test]
fn passwords_are_repeated_nowhere() {
    let place = Workplace::new();
    let url = "postgres://ai:s3cret@localhost:x/ai";
    for command in [&["demo"][..], &["serve"], &["traces"], &["rebuild", "--costs"], &["config", "print"]] {
        let said = place.complains(&[command, &["--db", url]].concat(), 2);
        assert!(said.contains("cannot use `postgres://***` for `"), "{said}");
        assert!(said.contains("expected a port"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    let variables = [("TRACESTEAD_DATABASE__URL", "mysql+pymysql://ai:s3cret@db.example.com/ai")];
    let output = place.run_with(&["config", "print"], &variables);
    let printed = text(&output.stdout);
    assert!(printed.contains("mysql://ai:***@db.example.com/ai"), "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn the_doctor_looks_at_a_database_that_does_not_exist_yet() {
    let place = Workplace::new();
    let free = ["doctor", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "127.0.0.1:0"];
    let doctor = |more: &[&'static str]| place.run(&[&free[..], more].concat());
    let output = doctor(&[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("tracestead.db does not exist yet and can be made"), "{output:?}");
    assert!(!place.path().join("tracestead.db").exists());

    let output = doctor(&["--db", "sqlite:missing/t.db", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["hint"], "mkdir -p missing");

    std::fs::write(place.path().join("notes.txt"), "no database at all").unwrap();
    let output = doctor(&["--db", "sqlite:notes.txt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("notes.txt is no SQLite database"), "{output:?}");

    std::fs::write(place.path().join("tracestead.toml"), "[log]\nlevel = \"loud\"\n").unwrap();
    let output = doctor(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("cannot use `loud` for `log.level`"), "{output:?}");
}

#[test]
fn the_doctor_looks_into_the_database_and_at_the_ports() {
    let place = Workplace::with_demo();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        place.run(&["doctor", "--listen", "127.0.0.1:0", "--otlp-http", &address, "--otlp-grpc", "off"]);
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    assert!(printed.contains("write-ahead log") && printed.contains("traces: 62"), "{printed}");
    assert!(printed.contains(&format!("another program listens on {address}")), "{printed}");
    assert!(printed.contains("`--otlp-http off`"), "{printed}");
    let text_of = "[databases.old]\nurl = \"sqlite:old.db\"\nread_only = true\n";
    std::fs::write(place.path().join("tracestead.toml"), text_of).unwrap();
    let output =
        place.run(&["doctor", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("old: old.db does not exist and is only to be read"), "{output:?}");
}

#[test]
fn the_demo_serves_until_it_is_interrupted_and_leaves_nothing_behind() {
    let place = Workplace::new();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_tracestead"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let printed = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let printed: Vec<String> = printed.take(6).collect();
    let url = printed.iter().find_map(|line| line.trim().strip_prefix("page      ")).unwrap();
    let db = printed.iter().find_map(|line| line.split_once("--db ")).unwrap().1;
    assert!(url.starts_with("http://127.0.0.1:"), "{printed:?}");
    assert!(place.json_lines(&["traces", "--json", "--limit", "100", "--db", db]).len() >= 62);

    let interrupted = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
