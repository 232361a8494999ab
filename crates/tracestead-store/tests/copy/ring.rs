//! From engine to engine, and back to where it began.

use std::collections::BTreeMap;

use tracestead_store::CopyDone;

use crate::agno::agno_written;
use crate::captures::Capture;
use crate::place::{Engine, Place, canonical};
use crate::source::{check_rollups, copier, copy, everything, fill, finish, same, verify};

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
        let mut copier = copier(from, to).with_pages_of(700, 4 << 20);
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
