//! From engine to engine, and back to where it began.

use std::collections::BTreeMap;

use tracestead_model::{Attributes, Span, SpanId, Status, StatusCode, UnixNanos, Value};
use tracestead_store::CopyDone;

use crate::agno::agno_written;
use crate::captures::{CAPTURES, Capture};
use crate::place::{Engine, Place, canonical};
use crate::source::{check_rollups, copier, copy, everything, fill, finish, same, verify};
use crate::support::NOW;

/// Returns a value in the form that every database gives back: durations that Agno wrote are whole milliseconds, and zero
/// has no sign.
fn value(column: &str, value: String) -> String {
    if column == "duration_ms" {
        return value.split('.').next().unwrap().to_owned();
    }
    let is_json = serde_json::from_str::<serde_json::Value>(&value).is_ok();
    if is_json { canonical(&value).replace("-0.0", "0.0") } else { value }
}

/// Returns the rows of all tables that are copied, and of the rollups.
fn rows(place: &Place, with_agnos: bool) -> BTreeMap<String, Vec<String>> {
    let own = ["tracestead_migrations", "tracestead_progress", "agno_schema_versions"];
    let of_spans = |table: &String| {
        table.starts_with("tracestead_") || ["agno_traces", "agno_spans"].contains(&table.as_str())
    };
    let tables = place.tables().into_iter().filter(|table| !own.contains(&table.as_str()));
    let tables = tables.filter(|table| with_agnos || of_spans(table));
    let of_table = |table: String| {
        let mut rows: Vec<String> = place
            .rows(&format!("SELECT * FROM {}", place.table(&table)))
            .into_iter()
            .map(|mut row| {
                for (column, found) in &mut row {
                    *found = found.take().map(|found| value(column, found));
                }
                format!("{row:?}")
            })
            .collect();
        rows.sort();
        (table, rows)
    };
    tables.map(of_table).collect()
}

/// Checks that both have the same rows.
#[track_caller]
pub(crate) fn same_rows(expected: &Place, actual: &Place, with_agnos: bool) {
    let (expected, actual) = (rows(expected, with_agnos), rows(actual, with_agnos));
    assert_eq!(expected.keys().collect::<Vec<_>>(), actual.keys().collect::<Vec<_>>());
    for (table, expected) in &expected {
        same(expected, &actual[table]);
    }
}

/// Copies, interrupted twice in the middle, and checks that the copy is the same as its source.
fn go_on(from: &Place, to: &Place) -> CopyDone {
    for steps in [2, 5] {
        let mut copier = copier(from, to).with_pages_of(150, 4 << 20);
        for _ in 0..steps {
            assert!(copier.step().unwrap(), "it ends before it is interrupted");
        }
    }
    let done = finish(copier(from, to).with_pages_of(3_000, 4 << 20));
    assert_eq!(done.refused, 0, "{:?}", done.reasons);
    let verified = verify(from, to);
    let found = (verified.differences, verified.newer, verified.older, verified.more);
    assert_eq!(found, (0, 0, 0, 0), "{:?}", verified.first);
    assert_eq!((verified.traces, verified.spans), (done.traces, done.spans));
    done
}

fn first(captures: &[Capture]) -> Place {
    let from = Place::new(Engine::Sqlite);
    fill(&from, captures);
    // Sessions, runs and approvals, and traces that came to nobody else.
    copy(&agno_written(), &from);
    from
}

fn there_and_back(engine: Engine) {
    let from = first(&everything());
    let (there, back) = (Place::new(engine), Place::new(Engine::Sqlite));
    let with_agnos = engine != Engine::ClickHouse;
    go_on(&from, &there);
    check_rollups(&there);
    go_on(&there, &back);
    same_rows(&from, &back, with_agnos);
    check_rollups(&back);
}

#[test]
fn to_postgres_and_back() {
    there_and_back(Engine::Postgres);
}

#[test]
fn to_mysql_and_back() {
    there_and_back(Engine::MySql);
}

#[test]
fn to_clickhouse_and_back() {
    there_and_back(Engine::ClickHouse);
}

/// Returns so many spans in traces of ten: an agent with calls of models and tools, at all hours of two days.
fn many(spans: usize) -> Vec<Span> {
    let template = &CAPTURES[0].spans[0];
    let another = |at: usize| {
        let (trace, place) = (at / 10 + 1, at % 10);
        let number = u64::try_from(trace).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let id =
            |place: usize| format!("{:016x}", number ^ u64::try_from(place + 1).unwrap()).parse::<SpanId>();
        let start =
            NOW + i64::try_from(trace % 48).unwrap() * 3_600_000_000_000 + i64::try_from(at).unwrap() * 1_001;
        let kind =
            ["AGENT", "LLM", "TOOL", "LLM", "RETRIEVER", "LLM", "TOOL", "CHAIN", "LLM", "EMBEDDING"][place];
        let mut attributes = Attributes::from_iter([
            ("openinference.span.kind", Value::from(kind)),
            ("session.id", Value::from(format!("session {}", trace % 700).as_str())),
            ("input.value", Value::from(format!("question {at}: \u{e9}\u{1f600} \"quoted\"").as_str())),
            ("score", Value::Double(f64::from(u32::try_from(at % 1000).unwrap()) * 1e15)),
        ]);
        if kind == "LLM" {
            attributes.push("llm.model_name", Value::from(["gpt-4o-mini", "claude-sonnet-4-5"][trace % 2]));
            attributes.push("llm.token_count.prompt", Value::Int(i64::try_from(at % 977).unwrap()));
            attributes.push("llm.token_count.completion", Value::Int(i64::try_from(at % 113).unwrap()));
        }
        Span {
            trace_id: format!("{number:016x}{trace:016x}").parse().unwrap(),
            span_id: id(place).unwrap(),
            parent_span_id: (place > 0).then(|| id(0).unwrap()),
            name: format!("{kind} {}", at % 17),
            start_time: UnixNanos::from_i64(start),
            end_time: Some(UnixNanos::from_i64(start + i64::try_from(at % 5_000).unwrap() * 1_000_003)),
            attributes,
            status: Status {
                code: if at.is_multiple_of(97) { StatusCode::Error } else { StatusCode::Unset },
                message: String::new(),
            },
            ..template.clone()
        }
    };
    (0..spans).map(another).collect()
}

#[test]
fn around_all_databases() {
    let mut captures = everything();
    captures
        .extend(many(100_000).chunks(2_000).map(|spans| Capture { spans: spans.to_vec(), logs: Vec::new() }));
    let first = first(&captures);
    let mut places = vec![first];
    for engine in [Engine::Postgres, Engine::MySql, Engine::ClickHouse, Engine::Sqlite] {
        let next = Place::new(engine);
        go_on(&places[places.len() - 1], &next);
        places.push(next);
    }
    let last = &places[places.len() - 1];
    same_rows(&places[0], last, false);
    check_rollups(last);
}
