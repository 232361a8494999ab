//! Servers on databases that were there before them.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{JSON, PROTOBUF, Running};
use tracestead_server::{NamedDatabase, Server, Settings};
use tracestead_store::DatabaseUrl;

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn agno_written() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agno/agno-written.db")
}

fn file(settings: &Settings) -> &Path {
    match &settings.database {
        DatabaseUrl::Sqlite(path) => path,
        server => panic!("{server} is no file"),
    }
}

#[test]
fn how_far_rows_are_filled_is_told() {
    let server = Running::start(|settings| {
        std::fs::copy(agno_written(), file(settings)).unwrap();
    });
    let health = || server.ask("GET", "/health", &[], b"").json();
    let filled = json!({"pending": 0, "done": 291});
    let began = Instant::now();
    while health()["backfill"] != filled {
        assert!(began.elapsed() < Duration::from_mins(1), "{}", health());
        std::thread::sleep(Duration::from_millis(5));
    }
    let figures = server.ask("GET", "/metrics/self", &[], b"").text();
    for figure in ["tracestead_backfill_pending_spans 0", "tracestead_backfill_filled_spans_total 291"] {
        assert!(figures.lines().any(|line| line == figure), "{figures}");
    }
    server.export(JSON, br#"{"resourceSpans": []}"#);
    let sql = "SELECT COUNT(*) FROM agno_spans WHERE is_counted IS NULL";
    assert_eq!(server.stop().database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_server_that_only_reads_answers_questions_and_refuses_exports() {
    let original = std::fs::read(agno_written()).unwrap();
    let mut path = PathBuf::new();
    let server = Running::start(|settings| {
        std::fs::copy(agno_written(), file(settings)).unwrap();
        file(settings).clone_into(&mut path);
        settings.read_only = true;
    });
    let health = server.ask("GET", "/health", &[], b"");
    assert_eq!((health.status, &health.json()["backfill"]), (200, &Value::Null));
    assert_eq!(health.json()["catalog"], Value::Null);
    let list = server.ask("GET", "/api/v1/traces?limit=100&agent_only=true", &[], b"").json();
    let traces = list["data"].as_array().unwrap();
    assert_eq!(traces.len(), 55, "the other twelve have no span of an agent");
    assert!(traces.iter().all(|trace| trace["span_count"].as_i64().unwrap() > 0));
    assert!(traces.iter().any(|trace| trace["input_tokens"].as_i64() > Some(0)));
    assert_eq!(server.ask("GET", "/traces", &[], b"").json()["meta"]["total_count"], 67);
    let id = traces[0]["trace_id"].as_str().unwrap();
    let trace = server.ask("GET", &format!("/api/v1/traces/{id}"), &[], b"").json();
    assert_ne!(trace["spans"][0]["span_type"], "OTHER");

    for (path, headers) in [("/v1/traces", [PROTOBUF]), ("/v1/traces", [JSON]), ("/v1/logs", [PROTOBUF])] {
        let answer = server.ask("POST", path, &headers, b"");
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (403, None),
            "exporters must not come back"
        );
        assert!(answer.text().contains("--read-only"), "{}", answer.text());
    }
    let grpc = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let answer = server.ask("POST", grpc, &[("content-type", "application/grpc")], b"\0\0\0\0\0");
    assert_eq!((answer.header("grpc-status"), answer.header("grpc-status-details-bin")), (Some("7"), None));
    let figures = server.ask("GET", "/metrics/self", &[], b"").text();
    assert!(figures.contains("tracestead_exports_refused_total{reason=\"read_only\"} 4"), "{figures}");
    assert!(std::fs::read(&path).unwrap() == original);
    server.stop();
}

#[test]
fn databases_are_asked_by_their_id() {
    let server = Running::start(|settings| {
        let (folder, main) = (file(settings).parent().unwrap().to_owned(), file(settings).to_owned());
        let old = folder.join("old.db");
        std::fs::copy(agno_written(), &old).unwrap();
        let named = |id: &str, path: PathBuf, read_only| NamedDatabase {
            id: id.to_owned(),
            url: DatabaseUrl::Sqlite(path),
            read_only,
        };
        settings.database = DatabaseUrl::Sqlite(main);
        settings.database_id = "main".to_owned();
        settings.databases = vec![named("old", old, true), named("empty", folder.join("empty.db"), false)];
    });
    let span = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{TRACE}","spanId":"0000000000000001","name":"new",
            "startTimeUnixNano":"1795221481000000000","endTimeUnixNano":"1795221482000000000"}}]}}]}}]}}"#
    );
    server.export(JSON, span.as_bytes());
    let get = |path: &str| server.ask("GET", path, &[], b"");
    let total = |answer: Value| answer["meta"]["total_count"].as_u64().unwrap();
    let counts = |db_id: &str| {
        let search = server.ask("POST", &format!("/traces/search?limit=1{db_id}"), &[JSON], b"{}");
        let sessions = server.ask(
            "POST",
            &format!("/traces/search?limit=1{db_id}"),
            &[JSON],
            br#"{"group_by":"session"}"#,
        );
        let page =
            get(&format!("/api/v1/traces?limit=200{db_id}")).json()["data"].as_array().unwrap().len() as u64;
        assert_eq!(
            total(get(&format!("/trace_session_stats?limit=1{db_id}")).json()),
            total(sessions.json())
        );
        assert_eq!(total(search.json()), page);
        (total(get(&format!("/traces?limit=1{db_id}")).json()), page)
    };
    // AgentOS wants to be told which; the page need not say it.
    assert_eq!(counts(""), (1, 1));
    assert_eq!(counts("&db_id=main"), (1, 1));
    assert_eq!(counts("&db_id=old"), (67, 67));
    assert_eq!(counts("&db_id=empty"), (0, 0));
    let agents =
        |db_id: &str| get(&format!("/api/v1/facets{db_id}")).json()["agents"].as_array().unwrap().len();
    assert_eq!((agents(""), agents("?db_id=empty")), (0, 0));
    assert!(agents("?db_id=old") > 5);
    for path in [
        format!("/traces/{TRACE}"),
        format!("/traces/{TRACE}?span_id=0000000000000001"),
        format!("/api/v1/traces/{TRACE}"),
        format!("/api/v1/traces/{TRACE}/spans/0000000000000001"),
        "/traces".to_owned(),
        "/trace_session_stats".to_owned(),
        "/api/v1/traces".to_owned(),
        "/api/v1/facets".to_owned(),
    ] {
        let with = |db_id: &str| format!("{path}{}db_id={db_id}", if path.contains('?') { "&" } else { "?" });
        assert_eq!((get(&path).status, get(&with("main")).status), (200, 200), "{path}");
        let found = if path.contains(TRACE) { 404 } else { 200 };
        assert_eq!(get(&with("old")).status, found, "{path}");
        let unknown = get(&with("default"));
        assert_eq!(
            (unknown.status, unknown.json()),
            (404, json!({"detail": "No database found with id 'default'"}))
        );
    }
    let databases = get("/info").json()["databases"].clone();
    let ids: Vec<&str> =
        databases.as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["main", "old", "empty"]);
    assert_eq!((&databases[0]["read_only"], &databases[1]["read_only"]), (&json!(false), &json!(true)));
    assert_eq!(get("/info").json()["database"], databases[0]["database"]);
    assert_eq!(get("/info").json()["catalog"], databases[0]["database"]);
    assert_eq!(get("/health").json()["catalog"], "ok");
    let stored =
        server.stop().database.query_row("SELECT COUNT(*) FROM agno_spans", [], |row| row.get::<_, i64>(0));
    assert_eq!(stored.unwrap(), 1);
}

#[test]
fn a_server_does_not_start_without_one_of_its_databases() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(folder.path().join("main.db"));
    settings.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    (settings.otlp_http, settings.otlp_grpc) = (None, None);
    let url = DatabaseUrl::Sqlite(folder.path().join("missing/old.db"));
    settings.databases = vec![NamedDatabase { id: "old".to_owned(), url, read_only: true }];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(Server::start(&settings)).unwrap_err();
    assert!(refused.to_string().contains("missing/old.db"), "{refused}");
}
