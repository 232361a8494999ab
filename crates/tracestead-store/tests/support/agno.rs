//! Agno's tables as Agno makes them, with the rows of the fixture that Agno wrote.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rusqlite::types::Value as Sql;

use crate::place::{Engine, Place};
use crate::support::fixtures;

const TRACES: &str = "trace_id, name, status, start_time, end_time, duration_ms, run_id, session_id, user_id, agent_id, \
    team_id, workflow_id, created_at";

const SPANS: &str = "span_id, trace_id, parent_span_id, name, span_kind, status_code, status_message, start_time, \
    end_time, duration_ms, attributes, created_at";

/// Makes the tables of traces and spans as Agno 3.1 does, empty.
pub(crate) fn make_tables(place: &Place) {
    let (short, text, long, json) = match place.engine {
        Engine::Sqlite => ("VARCHAR", "VARCHAR", "VARCHAR", "JSON"),
        Engine::Postgres => ("VARCHAR", "VARCHAR", "TEXT", "JSONB"),
        Engine::MySql => ("VARCHAR(128)", "VARCHAR(255)", "TEXT", "JSON"),
        Engine::ClickHouse => unreachable!("Agno has no such tables there"),
    };
    if let Some(server) = place.url.server() {
        let what = if place.engine == Engine::MySql { "DATABASE" } else { "SCHEMA" };
        place.run(&format!("CREATE {what} {}", server.schema));
    }
    let (traces, spans) = (place.table("agno_traces"), place.table("agno_spans"));
    place.run(&format!(
        "CREATE TABLE {traces} (trace_id {short} NOT NULL, name {text} NOT NULL, status {short} NOT NULL,
            start_time {short} NOT NULL, end_time {short} NOT NULL, duration_ms BIGINT NOT NULL, run_id {short},
            session_id {short}, user_id {short}, agent_id {short}, team_id {short}, workflow_id {short},
            created_at {short} NOT NULL, PRIMARY KEY (trace_id))"
    ));
    place.run(&format!(
        "CREATE TABLE {spans} (span_id {short} NOT NULL, trace_id {short} NOT NULL, parent_span_id {short},
            name {text} NOT NULL, span_kind {short} NOT NULL, status_code {short} NOT NULL, status_message {long},
            start_time {short} NOT NULL, end_time {short} NOT NULL, duration_ms BIGINT NOT NULL, attributes {json},
            created_at {short} NOT NULL, PRIMARY KEY (span_id), FOREIGN KEY (trace_id) REFERENCES {traces} (trace_id))"
    ));
}

/// Writes the traces that `traces` picks, and those of their spans that `spans` picks; what is there stays.
pub(crate) fn write(place: &Place, traces: &str, spans: &str) {
    let written = rusqlite::Connection::open(fixtures().join("agno/agno-written.db")).unwrap();
    let parts = [
        ("agno_traces", TRACES, format!("{traces} ORDER BY trace_id")),
        (
            "agno_spans",
            SPANS,
            format!("({spans}) AND trace_id IN (SELECT trace_id FROM agno_traces WHERE {traces})"),
        ),
    ];
    for (table, columns, condition) in parts {
        let key = if table == "agno_traces" { "trace_id" } else { "span_id" };
        let there = place.rows(&format!("SELECT {key} FROM {}", place.table(table)));
        let there: BTreeSet<String> = there.into_iter().filter_map(|mut row| row.remove(key)?).collect();
        let sql = format!("SELECT {columns} FROM {table} WHERE {condition}");
        let mut statement = written.prepare(&sql).unwrap();
        let names: Vec<&str> = columns.split(',').map(str::trim).collect();
        let row = |row: &rusqlite::Row<'_>| {
            let literal = |at: usize| literal(place.engine, names[at], row.get(at).unwrap());
            Ok((row.get(0)?, (0..names.len()).map(literal).collect::<Vec<_>>().join(", ")))
        };
        let rows: Vec<(String, String)> = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
        for (_, row) in rows.into_iter().filter(|(key, _)| !there.contains(key)) {
            place.run(&format!("INSERT INTO {} ({columns}) VALUES ({row})", place.table(table)));
        }
    }
}

/// Returns a value as it stands in a statement, whatever characters it has.
fn literal(engine: Engine, column: &str, value: Sql) -> String {
    match (engine, value) {
        (_, Sql::Null) => "NULL".to_owned(),
        (_, Sql::Integer(number)) => number.to_string(),
        // Only SQLite keeps the fraction of a duration.
        (Engine::Sqlite, Sql::Real(number)) => number.to_string(),
        (_, Sql::Real(number)) => format!("{number:.0}"),
        (Engine::Postgres, Sql::Text(text)) => {
            // Agno leaves out there what the server would refuse.
            let text = text.replace("\\u0000", "");
            let kind = if column == "attributes" { "jsonb" } else { "varchar" };
            format!("convert_from('\\x{}'::bytea, 'UTF8')::{kind}", hex(&text))
        }
        (Engine::MySql, Sql::Text(text)) => format!("CONVERT(X'{}' USING utf8mb4)", hex(&text)),
        (_, Sql::Text(text)) => format!("CAST(X'{}' AS TEXT)", hex(&text)),
        (_, Sql::Blob(_)) => unreachable!("Agno writes none"),
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
