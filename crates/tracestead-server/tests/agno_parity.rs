//! What Agno recorded and what we make of the same spans.
//!
//! Each capture is what Agno's instrumentor exported in one program (`*.otlp.pb`, `*.otlp.json`) and what AgentOS then
//! answered about it (`*.rest.json`). The capture is sent to us and the same questions are asked. Every single value that
//! differs has to be claimed by an entry of [`INTENDED`], which says why; an entry that claims nothing on one of its
//! captures fails as well, so that the list stays true.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value as Json};
use support::{JSON, PROTOBUF, Running};
use tracestead_model::{Span, StatusCode};
use tracestead_otlp::{Encoding, decode_traces};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/agno")
}

/// Returns the names of all captures.
fn captures() -> Vec<String> {
    let names = fs::read_dir(fixtures()).unwrap().filter_map(|entry| {
        entry.unwrap().file_name().to_str().unwrap().strip_suffix(".otlp.pb").map(str::to_owned)
    });
    let names: BTreeSet<String> = names.collect();
    assert!(names.len() >= 20, "only {} captures found", names.len());
    names.into_iter().collect()
}

fn read(capture: &str, suffix: &str) -> Vec<u8> {
    fs::read(fixtures().join(format!("{capture}.{suffix}"))).unwrap()
}

/// Answers to be compared, in the order in which they were recorded.
fn recorded(capture: &str) -> Map<String, Json> {
    serde_json::from_slice(&read(capture, "rest.json")).unwrap()
}

#[test]
fn protobuf_and_json_become_the_same_rows() {
    for capture in captures() {
        let rows = |content_type, suffix| {
            let server = Running::start(|_| ());
            server.export(content_type, &read(&capture, suffix));
            let stopped = server.stop();
            [rows(&stopped.database, "agno_traces"), rows(&stopped.database, "agno_spans")]
        };
        let from_protobuf = rows(PROTOBUF, "otlp.pb");
        let from_json = rows(JSON, "otlp.json");
        assert!(!from_protobuf[0].is_empty() && !from_protobuf[1].is_empty(), "{capture}");
        assert_eq!(from_protobuf, from_json, "{capture}");
    }
}

/// Returns a table without `created_at`, in an order of its own.
fn rows(database: &Connection, table: &str) -> Vec<String> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let values = columns.iter().enumerate().filter(|(_, column)| *column != "created_at");
        let values = values.map(|(at, column)| Ok(format!("{column}={:?}", row.get::<_, Sql>(at)?)));
        values.collect::<rusqlite::Result<Vec<_>>>()
    });
    let mut rows: Vec<String> = rows.unwrap().map(|values| values.unwrap().join(" ")).collect();
    rows.sort();
    rows
}

/// One value in which an answer differs.
struct Difference<'a> {
    capture: &'a str,
    request: &'a str,
    /// Where, such as `/data/*/duration`: items of lists are found by their ids, not by their place.
    path: String,
    agno: Option<&'a Json>,
    ours: Option<&'a Json>,
    spans: &'a [Span],
}

/// Collects the differences between two answers.
struct Comparison<'a> {
    capture: &'a str,
    request: &'a str,
    spans: &'a [Span],
    found: Vec<Difference<'a>>,
}

impl<'a> Comparison<'a> {
    fn differ(&mut self, path: &str, agno: Option<&'a Json>, ours: Option<&'a Json>) {
        self.found.push(Difference {
            capture: self.capture,
            request: self.request,
            path: path.to_owned(),
            agno,
            ours,
            spans: self.spans,
        });
    }

    fn compare(&mut self, path: &str, agno: &'a Json, ours: &'a Json) {
        match (agno, ours) {
            (Json::Object(agno), Json::Object(ours)) => self.compare_objects(path, agno, ours),
            (Json::Array(agno), Json::Array(ours)) => self.compare_lists(path, agno, ours),
            _ if agno == ours => {}
            _ => self.differ(path, Some(agno), Some(ours)),
        }
    }

    fn compare_objects(&mut self, path: &str, agno: &'a Map<String, Json>, ours: &'a Map<String, Json>) {
        let shared = |of: &Map<String, Json>, other: &Map<String, Json>| -> Vec<String> {
            of.keys().filter(|key| other.contains_key(*key)).cloned().collect()
        };
        assert_eq!(
            shared(ours, agno),
            shared(agno, ours),
            "order of fields: {} {} {path}",
            self.capture,
            self.request
        );
        for (key, agno) in agno {
            match ours.get(key) {
                Some(ours) => self.compare(&format!("{path}/{key}"), agno, ours),
                None => self.differ(&format!("{path}/{key}"), Some(agno), None),
            }
        }
        for (key, ours) in ours.iter().filter(|(key, _)| !agno.contains_key(*key)) {
            self.differ(&format!("{path}/{key}"), None, Some(ours));
        }
    }

    fn compare_lists(&mut self, path: &str, agno: &'a [Json], ours: &'a [Json]) {
        let id =
            |item: &'a Json| ["id", "trace_id", "session_id"].iter().find_map(|key| item.get(*key)?.as_str());
        if !agno.iter().chain(ours).all(|item| id(item).is_some()) {
            if agno.len() != ours.len() {
                return self.differ(path, agno.first(), ours.first());
            }
            for (agno, ours) in agno.iter().zip(ours) {
                self.compare(&format!("{path}/*"), agno, ours);
            }
            return;
        }
        let in_both = |of: &'a [Json], other: &'a [Json]| -> Vec<&str> {
            of.iter().filter_map(id).filter(|one| other.iter().any(|item| id(item) == Some(one))).collect()
        };
        if in_both(ours, agno) != in_both(agno, ours) {
            self.differ(&format!("{path}/order"), agno.first(), ours.first());
        }
        for item in agno {
            match ours.iter().find(|other| id(other) == id(item)) {
                Some(other) => self.compare(&format!("{path}/*"), item, other),
                None => self.differ(&format!("{path}/*"), Some(item), None),
            }
        }
        for item in ours.iter().filter(|item| !agno.iter().any(|other| id(other) == id(item))) {
            self.differ(&format!("{path}/*"), None, Some(item));
        }
    }
}

/// Why answers differ on purpose.
struct Intended {
    name: &'static str,
    why: &'static str,
    /// On which captures; empty for all.
    captures: &'static [&'static str],
    claims: fn(&Difference<'_>) -> bool,
}

const INTENDED: &[Intended] = &[
    Intended {
        name: "time of storing",
        why: "the captures were stored by Agno when they were made, and by us just now",
        captures: &[],
        claims: |difference| {
            ["created_at", "first_trace_at", "last_trace_at"].contains(&difference.field())
                && difference.texts().is_some_and(|(agno, ours)| agno < ours && ours.ends_with('Z'))
        },
    },
    Intended {
        name: "search time",
        why: "a measure",
        captures: &[],
        claims: |difference| {
            difference.path == "/body/meta/search_time_ms" && difference.ours.is_some_and(Json::is_number)
        },
    },
    Intended {
        name: "whole durations",
        why: "Agno's SQLite has the float that julianday gives, up to 2 ms off; ours is the integer its column promises",
        captures: &[],
        claims: |difference| {
            let is_of_trace = ["/body", "/body/tree/*", "/body/data/*", "/body/data/*/tree/*"];
            let is_of_trace = is_of_trace.iter().any(|of| difference.path == format!("{of}/duration"));
            let close = |(agno, ours)| {
                // From a second on, both are rounded to 10 ms.
                let off = milliseconds(agno) - milliseconds(ours);
                off.abs() <= if ours.ends_with("ms") { 2.0 } else { 10.0 + 1e-6 }
            };
            is_of_trace && difference.texts().is_some_and(close)
        },
    },
    Intended {
        name: "a failed span fails its trace",
        why: "Agno overwrites the status with that of the batch that comes last, which is the root's",
        captures: &["agent_tool_exception", "model_error_stream", "workflow_step_error"],
        claims: |difference| {
            ["/body/status", "/body/data/*/status"].contains(&difference.path.as_str())
                && difference.texts() == Some(("OK", "ERROR"))
                && difference.spans.iter().any(|span| span.status.code == StatusCode::Error)
        },
    },
    Intended {
        name: "context of the entry run",
        why: "Agno reads it from the true root only: below an application's or FastAPI's span it is lost",
        captures: &["background_hook", "embedded_in_app_trace"],
        claims: |difference| {
            let keys: &[&str] = match difference.field() {
                "run_id" => &["agno.run.id"],
                "session_id" => &["session.id"],
                "user_id" => &["user.id"],
                "agent_id" => &["agno.agent.id"],
                "input" => &["input.value"],
                "output" => &["output.value"],
                _ => return false,
            };
            let Some(ours) = difference.ours.and_then(Json::as_str) else { return false };
            let says = |span: &Span| keys.iter().any(|key| span.attributes.text(key) == Some(ours));
            difference.agno.is_none()
                && difference.path.starts_with("/body")
                && difference.spans.iter().any(says)
        },
    },
    Intended {
        name: "sessions found by the entry run",
        why: "they follow from its context",
        captures: &["background_hook", "embedded_in_app_trace"],
        claims: |difference| match difference.path.as_str() {
            "/body/data/*" => {
                let session = |key| difference.ours.and_then(|ours| ours.get(key)).and_then(Json::as_str);
                let pair = (session("session_id"), session("agent_id"));
                difference.agno.is_none()
                    && [(Some("sess-bg"), Some("bg-hook-agent")), (Some("sess-app"), Some("app-agent"))]
                        .contains(&pair)
            }
            "/body/meta/total_pages" | "/body/meta/total_count" => {
                difference.agno == Some(&Json::from(0)) && difference.ours == Some(&Json::from(1))
            }
            _ => false,
        },
    },
    Intended {
        name: "name of the entry run, else of the root",
        why: "Agno keeps the name of the child that was exported first, as `.continue_run` counts for nothing",
        captures: &["approval_flow", "background_hook", "embedded_in_app_trace", "hitl_confirmation"],
        claims: |difference| {
            let Some((agno, ours)) = difference.texts() else { return false };
            let is_child = |span: &Span| span.name == agno && span.parent_span_id.is_some();
            let leads = |span: &Span| {
                span.name == ours
                    && (span.parent_span_id.is_none()
                        || span.attributes.text("openinference.span.kind") == Some("AGENT"))
            };
            ["/body/name", "/body/data/*/name"].contains(&difference.path.as_str())
                && difference.spans.iter().any(is_child)
                && difference.spans.iter().any(leads)
        },
    },
    Intended {
        name: "beginning of a long input in a list",
        why: "Agno loads every attribute of every span on the page to show it whole",
        captures: &["large_inputs"],
        claims: |difference| {
            let beginning = |(agno, ours): (&str, &str)| {
                let shown = ours.strip_suffix('…')?;
                let whole = agno.replace('\0', "");
                Some(whole.starts_with(shown) && agno.chars().count() > 1024 && shown.chars().count() >= 1020)
            };
            difference.path == "/body/data/*/input"
                && difference.request.starts_with("GET /traces")
                && difference.texts().and_then(beginning) == Some(true)
        },
    },
    Intended {
        name: "a time that is none is refused",
        why: "Agno means 400 and answers 500",
        captures: &["multi_turn_session"],
        claims: |difference| {
            let status = (difference.agno, difference.ours) == (Some(&500.into()), Some(&400.into()));
            difference.request == "GET /traces?start_time=garbage"
                && (difference.path == "/body/detail" || difference.path == "/status" && status)
        },
    },
    Intended {
        name: "runs that were not captured",
        why: "the capture has the last of ten runs, Agno's database all of them",
        captures: &["long_history_attribute_limit"],
        claims: |difference| {
            let is_captured = |id: &str| difference.spans.iter().any(|span| span.trace_id.to_hex() == id);
            let asked = difference.request.strip_prefix("GET /traces/");
            match difference.path.as_str() {
                "/body/data/*" => {
                    let id = difference.agno.and_then(|agno| agno["trace_id"].as_str());
                    difference.ours.is_none() && id.is_some_and(|id| !is_captured(id))
                }
                "/body/meta/total_count" | "/body/data/*/total_traces" => {
                    (difference.agno, difference.ours) == (Some(&10.into()), Some(&1.into()))
                }
                _ => asked.is_some_and(|asked| !is_captured(&asked[..32])),
            }
        },
    },
];

/// Returns what a shown duration says.
fn milliseconds(duration: &str) -> f64 {
    match duration.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse().unwrap(),
        None => duration.strip_suffix('s').unwrap().parse::<f64>().unwrap() * 1000.0,
    }
}

impl<'a> Difference<'a> {
    fn field(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn texts(&self) -> Option<(&'a str, &'a str)> {
        Some((self.agno?.as_str()?, self.ours?.as_str()?))
    }
}

/// What AgentOS has and a store of traces has not.
const NOT_OURS: [&str; 12] = [
    "GET /sessions",
    "GET /sessions?type=agent&user_id=bob",
    "GET /sessions/sess-multi",
    "GET /sessions/sess-multi/runs",
    "GET /sessions/nope",
    "GET /metrics",
    "POST /metrics/refresh",
    "GET /config",
    "GET /info",
    "GET /health",
    "GET /approvals",
    "GET /approvals/count",
];

#[test]
fn answers_are_those_of_agentos() {
    let mut left_out: BTreeSet<&str> = NOT_OURS.into();
    let mut claimed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut unclaimed = Vec::new();
    for capture in captures() {
        let server = Running::start(|_| ());
        let body = read(&capture, "otlp.pb");
        server.export(PROTOBUF, &body);
        let spans = decode_traces(Encoding::Protobuf, &body).unwrap().spans;
        for (name, recorded) in recorded(&capture) {
            if NOT_OURS.contains(&name.as_str()) {
                left_out.remove(name.as_str());
                continue;
            }
            let ours = answer(&server, &recorded["request"]);
            let agno = answer_of(&recorded);
            let mut comparison =
                Comparison { capture: &capture, request: &name, spans: &spans, found: Vec::new() };
            comparison.compare("", &agno, &ours);
            for difference in comparison.found {
                let intended = INTENDED.iter().find(|intended| {
                    (intended.captures.is_empty() || intended.captures.contains(&difference.capture))
                        && (intended.claims)(&difference)
                });
                match intended {
                    Some(intended) => {
                        claimed.entry(intended.name).or_default().insert(capture.clone());
                    }
                    None => unclaimed.push(show(&difference)),
                }
            }
        }
    }
    assert!(unclaimed.is_empty(), "{} differences:\n{}", unclaimed.len(), unclaimed.join("\n"));
    assert!(left_out.is_empty(), "never met: {left_out:?}");
    for intended in INTENDED {
        let on = claimed.remove(intended.name).unwrap_or_default();
        assert!(!on.is_empty(), "`{}` ({}) is no difference any more", intended.name, intended.why);
        for capture in intended.captures {
            assert!(on.contains(*capture), "`{}` is no difference on {capture} any more", intended.name);
        }
    }
}

fn show(difference: &Difference<'_>) -> String {
    let value = |value: Option<&Json>| {
        value.map_or("-".to_owned(), |value| value.to_string().chars().take(140).collect::<String>())
    };
    let Difference { capture, request, path, .. } = difference;
    format!("{capture} | {request} | {path}: {} -> {}", value(difference.agno), value(difference.ours))
}

/// Asks what was asked then and returns status and body as one value.
fn answer(server: &Running, request: &Json) -> Json {
    let method = request["method"].as_str().unwrap();
    let url = request["url"].as_str().unwrap();
    let body = request.get("json").map(ToString::to_string).unwrap_or_default();
    let answer = server.ask(method, url, &[JSON], body.as_bytes());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{url}");
    serde_json::json!({"status": answer.status, "body": answer.json()})
}

fn answer_of(recorded: &Json) -> Json {
    serde_json::json!({"status": recorded["status"], "body": recorded["body"]})
}

/// What Agno answers with an empty page although it is no question: it catches its own error.
const REFUSED: [&str; 7] = [
    r#"{"op":"EQ","key":"bogus","value":1}"#,
    r#"{"op":"IN","key":"user_id","values":"bob"}"#,
    r#"{"op":"GT","key":"duration_ms","value":"abc"}"#,
    r#"{"op":"AND","conditions":[]}"#,
    r#"{"op":"EQ","key":"user_id","value":null}"#,
    r#"{"op":"EQ","key":"total_spans","value":2}"#,
    r#"{"op":"EQ","key":"bogus","value":"bob"}"#,
];

#[test]
fn filters_find_what_agno_finds() {
    let server = Running::start(|_| ());
    server.export(PROTOBUF, &read("multi_turn_session", "otlp.pb"));
    let matrix: Vec<Json> =
        serde_json::from_slice(&fs::read(fixtures().join("filter-matrix.rest.json")).unwrap()).unwrap();
    let mut refused: BTreeSet<&str> = REFUSED.into();
    for recorded in &matrix {
        let request = &recorded["request"];
        let answer = answer(&server, request);
        let filter = request["json"]["filter"].to_string();
        if refused.remove(filter.as_str()) {
            assert_eq!((&recorded["status"], &recorded["n"]), (&200.into(), &0.into()), "Agno on {filter}");
            assert_eq!(answer["status"], 400, "{filter}");
            let detail = answer["body"]["detail"].as_str().unwrap();
            assert!(detail.starts_with("Invalid filter expression: "), "{detail}");
            continue;
        }
        assert_eq!(answer["status"], recorded["status"], "{request}");
        if let Some(body) = recorded.get("body") {
            assert_eq!(answer["body"], *body, "{request}");
            continue;
        }
        let found = answer["body"]["data"].as_array().map_or(0, Vec::len);
        assert_eq!(Json::from(found), recorded["n"], "{request}");
        for field in ["page", "limit", "total_pages", "total_count"] {
            assert_eq!(answer["body"]["meta"][field], recorded["meta"][field], "{request}");
        }
    }
    assert!(refused.is_empty(), "never met: {refused:?}");
}
