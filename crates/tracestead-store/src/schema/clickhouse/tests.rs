use tracestead_model::UnixNanos;

use super::*;
use crate::schema::SPAN_TABLES;
use crate::session::Access;
use crate::{DatabaseUrl, OpenOptions};

fn statements(cluster: Option<&str>) -> Vec<String> {
    let made = plan(&Present::default(), SPAN_TABLES, cluster);
    made.into_iter().map(|step| step.sql).filter(|sql| !sql.contains("REPLACE VIEW")).collect()
}

fn connect() -> Box<dyn crate::session::Session> {
    let variable = "TRACESTEAD_TEST_CLICKHOUSE_URL";
    let server = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} must name a server; `cargo xtask databases` starts one, `cargo xtask test` all")
    });
    let url: DatabaseUrl = server.parse().unwrap();
    let options = OpenOptions::new(url, UnixNanos::from_i64(0));
    options.connector().unwrap().connect(Access::Write).unwrap()
}

#[test]
fn tables_on_one_server() {
    insta::assert_snapshot!(statements(None).join(";\n\n"));
}

#[test]
fn tables_on_a_cluster() {
    insta::assert_snapshot!(statements(Some("my cluster")).join(";\n\n"));
}

/// There is no cluster to be had here, so that what is made on one is parsed by the engine and not more.
#[test]
fn the_engine_can_read_what_is_made_on_a_cluster() {
    let mut session = connect();
    let all = plan(&Present::default(), SPAN_TABLES, Some("it's `one`"));
    for sql in all.into_iter().map(|step| step.sql) {
        let rows = session.query(&format!("EXPLAIN AST {sql}"), &[]);
        assert!(rows.is_ok(), "{sql}\n{rows:?}");
    }
}

#[test]
fn what_is_missing_is_added_below_and_above() {
    let mut present = Present::default();
    for table in SPAN_TABLES.iter().chain([&TRACE_PLACES]) {
        let columns = table.columns.iter().map(|column| column.name.to_owned()).collect();
        present.columns.insert(table.name.to_owned(), columns);
    }
    present.columns.get_mut("agno_spans").unwrap().remove("ttft_ns");
    let added = |cluster| {
        let steps = plan(&present, SPAN_TABLES, cluster).into_iter();
        steps.map(|step| step.sql).filter(|sql| sql.starts_with("ALTER")).collect::<Vec<_>>()
    };
    let column = "ADD COLUMN IF NOT EXISTS ttft_ns Nullable(Int64) CODEC(ZSTD(1))";
    assert_eq!(added(None), [format!("ALTER TABLE agno_spans\n    {column}")]);
    assert_eq!(
        added(Some("c")),
        [
            format!("ALTER TABLE agno_spans_local ON CLUSTER `c`\n    {column}"),
            format!("ALTER TABLE agno_spans ON CLUSTER `c`\n    {column}")
        ]
    );
}
