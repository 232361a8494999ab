//! Each question's SQL in all dialects side by side, and the plan that each database makes of it.

#![expect(clippy::print_stderr, reason = "a plan that is wrong has to be seen")]

use std::fmt::Write as _;

use tracestead_model::UnixNanos;
use tracestead_model::query::{Comparison, Field, Filter, FilterValue, PageStart, TraceQuery};

use super::{SpanQuery, sessions, spans, traces};
use crate::session::{Access, Conflict, Insert, Session, transaction};
use crate::sql::{Dialect, Value};
use crate::{DatabaseUrl, OpenOptions, schema};

type Plan = (String, Vec<Value<'static>>);

fn of_field(field: Field, value: &str) -> Filter {
    Filter::equals(field, value)
}

fn since(ns: i64) -> Filter {
    let time = FilterValue::Time(UnixNanos::from_i64(ns));
    Filter::Compare(Field::StartTime, Comparison::Gte, time)
}

fn until(ns: i64) -> Filter {
    let time = FilterValue::Time(UnixNanos::from_i64(ns));
    Filter::Compare(Field::StartTime, Comparison::Lt, time)
}

const BEGIN: i64 = 1_795_000_000_000_000_000;

/// A page in the middle, so that it has to find its place.
fn after() -> PageStart {
    PageStart::After { start_time_ns: BEGIN + 5_000_000_000, trace_id: "7".repeat(32) }
}

fn list(filter: Option<Filter>, from: PageStart) -> impl Fn(Dialect) -> Plan {
    move |dialect| {
        traces::plan_list(&TraceQuery { filter: filter.clone(), limit: 50, from: from.clone() }, dialect)
    }
}

/// A question.
struct Question {
    name: &'static str,
    plan: Box<dyn Fn(Dialect) -> Plan>,
    /// The index that has to be used.
    index: &'static str,
    /// Whether it has to give the order too: sorting what a run or a session has is no matter.
    is_order: bool,
}

impl Question {
    fn new(name: &'static str, plan: impl Fn(Dialect) -> Plan + 'static, index: &'static str) -> Self {
        Self { name, plan: Box::new(plan), index, is_order: false }
    }

    /// The index is that of the whole order, which nothing may sort again.
    fn in_order(self) -> Self {
        Self { is_order: true, ..self }
    }
}

fn questions() -> Vec<Question> {
    let range = || Some(Filter::And(vec![since(BEGIN + 1_000_000_000), until(BEGIN + 3_000_000_000)]));
    let and_range = |filter: Filter| Some(Filter::And(vec![filter, since(BEGIN + 1_000_000_000)]));
    let of = |field, value| list(Some(of_field(field, value)), PageStart::Newest);
    let newest = |filter| list(filter, PageStart::Newest);
    let by_user = and_range(of_field(Field::UserId, "user 5"));
    let words = Some(Filter::Contains(Field::Name, "Agent_7".to_owned()));
    vec![
        Question::new("the newest traces", newest(None), START).in_order(),
        Question::new("the next page", list(None, after()), START).in_order(),
        Question::new("a range of time", newest(range()), START).in_order(),
        Question::new("a session", of(Field::SessionId, "session 5"), "idx_tracestead_traces_session"),
        Question::new("a user since then", newest(by_user), USER),
        Question::new(
            "the next page of an agent",
            list(Some(of_field(Field::AgentId, "agent 5")), after()),
            "idx_tracestead_traces_agent",
        )
        .in_order(),
        Question::new("failed ones", of(Field::Status, "ERROR"), "idx_tracestead_traces_status").in_order(),
        Question::new("a run", of(Field::RunId, "run 77"), "idx_tracestead_traces_run"),
        Question::new("words in any case", newest(words), ANY),
        Question::new(
            "how many of a session",
            |dialect| traces::plan_count(Some(&of_field(Field::SessionId, "session 5")), dialect),
            "idx_tracestead_traces_session",
        ),
        Question::new(
            "the sessions of a user",
            |dialect| sessions::plan_page(Some(&of_field(Field::UserId, "user 5")), 20, 0, dialect),
            USER,
        ),
        Question::new(
            "the newest spans",
            |dialect| {
                let query = SpanQuery { limit: 20, ..SpanQuery::default() };
                let (sql, values) = spans::plan_list(&query, dialect);
                (sql, owned(values))
            },
            "idx_tracestead_spans_start",
        ),
        Question::new(
            "the spans of a trace",
            |dialect| {
                let trace_id = format!("{:032x}", 500);
                let (sql, values) = spans::plan_of_trace(&trace_id, dialect);
                (sql, owned(values))
            },
            KEY,
        ),
    ]
}

const START: &str = "idx_tracestead_traces_start";
const USER: &str = "idx_tracestead_traces_user";

/// The key of the spans, which each database calls otherwise.
const KEY: &str = "key of agno_spans";

/// No index helps to find words within a text; the list is read in its order, or whole, as the database thinks best.
const ANY: &str = "";

fn owned(values: Vec<Value<'_>>) -> Vec<Value<'static>> {
    let own = |value: Value<'_>| match value {
        Value::Int(number) => Value::Int(number),
        Value::Text(text) => Value::Text(text.map(|text| text.into_owned().into())),
        _ => Value::Int(None),
    };
    values.into_iter().map(own).collect()
}

#[test]
fn questions_are_the_same_in_every_dialect_but_for_its_words() {
    let mut text = String::new();
    for Question { name, plan, .. } in questions() {
        let _ = writeln!(text, "== {name}");
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql, Dialect::ClickHouse] {
            let (sql, values) = plan(dialect);
            let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
            // The columns are the same everywhere and long.
            let from = sql.find(" FROM ").unwrap_or(0);
            let shown = if name.contains("trace") || !sql.contains("GROUP BY") { &sql[from..] } else { &sql };
            let _ = writeln!(text, "{dialect:?}:{shown}\n    {}", shown_values(&values));
        }
    }
    insta::assert_snapshot!(text);
}

fn shown_values(values: &[Value<'_>]) -> String {
    let shown = |value: &Value<'_>| match value {
        Value::Int(Some(number)) => number.to_string(),
        Value::Text(Some(text)) => format!("{text:?}"),
        other => format!("{other:?}"),
    };
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Traces enough that reading all of them would be the worse plan.
fn fill(session: &mut dyn Session) {
    let columns = [
        "trace_id",
        "name",
        "status",
        "start_time",
        "end_time",
        "duration_ms",
        "run_id",
        "session_id",
        "user_id",
        "agent_id",
        "created_at",
        "start_time_ns",
        "end_time_ns",
        "has_agent_spans",
    ];
    let rows: Vec<Vec<Value<'_>>> = (0..20_000_i64)
        .map(|at| {
            let time = || Value::from(format!("2026-11-21T00:00:{:02}+00:00", at % 60));
            vec![
                Value::from(format!("{at:032x}")),
                Value::from(format!("agent_{}", at % 1000)),
                Value::text(if at % 100 == 0 { "ERROR" } else { "OK" }),
                time(),
                time(),
                Value::int(at),
                Value::from(format!("run {at}")),
                Value::from(format!("session {}", at % 5000)),
                Value::from(format!("user {}", at % 500)),
                Value::from(format!("agent {}", at % 50)),
                time(),
                Value::int(BEGIN + at * 1_000_000),
                Value::int(BEGIN + at * 1_000_000),
                Value::Bool(Some(true)),
            ]
        })
        .collect();
    let insert = Insert { table: "agno_traces", columns: &columns, conflict: Conflict::Never };
    session.insert(&insert, &rows).unwrap();
    let columns = [
        "trace_id",
        "span_id",
        "name",
        "span_kind",
        "status_code",
        "start_time",
        "end_time",
        "duration_ms",
        "created_at",
        "start_time_ns",
        "facts_version",
        "is_counted",
    ];
    let rows: Vec<Vec<Value<'_>>> = (0..20_000_i64)
        .map(|at| {
            let mut row = vec![Value::from(format!("{:032x}", at / 4)), Value::from(format!("{at:016x}"))];
            row.extend(["x", "INTERNAL", "OK", "t", "t"].map(Value::text));
            row.extend([Value::int(1), Value::text("t"), Value::int(BEGIN + at), Value::int(2)]);
            row.push(Value::Bool(Some(false)));
            row
        })
        .collect();
    let insert = Insert { table: "agno_spans", columns: &columns, conflict: Conflict::Never };
    session.insert(&insert, &rows).unwrap();
}

/// Checks the plan of every question against `is_used`, which is given the plan's text and the index.
fn check(
    url: &DatabaseUrl,
    explain: fn(&mut dyn Session, &str, &[Value<'_>]) -> String,
    is_used: fn(&str, &str, bool) -> bool,
) {
    let options = OpenOptions::new(url.clone(), UnixNanos::from_i64(BEGIN));
    let mut session = options.reach(Access::Write).unwrap();
    let session = session.as_mut();
    schema::migrate(session, UnixNanos::from_i64(BEGIN), &mut |_| {}).unwrap();
    transaction(session, Access::Write, |session| {
        fill(session);
        Ok(())
    })
    .unwrap();
    let analyze = match session.dialect() {
        Dialect::Sqlite => "ANALYZE",
        Dialect::Postgres => "ANALYZE agno_traces, agno_spans",
        Dialect::MySql => "ANALYZE TABLE agno_traces, agno_spans",
        Dialect::ClickHouse => "SELECT 1",
    };
    transaction(session, Access::Write, |session| session.execute(analyze, &[]).map(|_| ())).unwrap();
    let mut wrong = Vec::new();
    for Question { name, plan, index, is_order } in questions() {
        let (sql, values) = plan(session.dialect());
        let text = transaction(session, Access::Read, |session| Ok(explain(session, &sql, &values))).unwrap();
        if index != ANY && !is_used(&text, index, is_order) {
            eprintln!("== {name}: not by {index}\n{sql}\n{text}");
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn rows_text(session: &mut dyn Session, sql: &str, values: &[Value<'_>]) -> String {
    let rows = session.query(sql, values).unwrap();
    let row = |mut row: crate::sql::Row| {
        let width = row.0.len();
        (0..width).map(|at| row.text(at).unwrap_or_default()).collect::<Vec<_>>().join(" | ")
    };
    rows.into_iter().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn sqlite_uses_its_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("plans.db"));
    check(
        &url,
        |session, sql, values| rows_text(session, &format!("EXPLAIN QUERY PLAN {sql}"), values),
        |plan, index, is_order| {
            let index = if index == KEY { "sqlite_autoindex_agno_spans_1" } else { index };
            plan.contains(index) && !(is_order && plan.contains("TEMP B-TREE"))
        },
    );
}

/// Returns a schema of its own on the server that the variable names, and drops it at the end.
fn on_server(variable: &str, drop: fn(&str) -> String, test: impl Fn(&DatabaseUrl)) {
    let server = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} must name a server; `cargo xtask databases` starts one, `cargo xtask test` all")
    });
    let schema = format!("plans_{}", std::process::id());
    let url: DatabaseUrl = if server.starts_with("clickhouse") {
        // The path of the URL is the database there.
        format!("{}/{schema}", server.rsplit_once('/').unwrap().0).parse().unwrap()
    } else {
        format!("{server}?schema={schema}").parse().unwrap()
    };
    test(&url);
    let options = OpenOptions::new(url, UnixNanos::from_i64(BEGIN));
    let mut session = options.connector().unwrap().connect(Access::Write).unwrap();
    session.execute(&drop(&schema), &[]).unwrap();
}

#[test]
fn postgres_uses_its_indexes() {
    on_server(
        "TRACESTEAD_TEST_POSTGRES_URL",
        |schema| format!("DROP SCHEMA {schema} CASCADE"),
        |url| {
            check(
                url,
                |session, sql, values| rows_text(session, &format!("EXPLAIN {sql}"), values),
                |plan, index, is_order| {
                    let index = if index == KEY { "agno_spans_pkey" } else { index };
                    plan.contains(index) && !plan.contains("Seq Scan") && !(is_order && plan.contains("Sort"))
                },
            );
        },
    );
}

#[test]
fn mariadb_uses_its_indexes() {
    on_server(
        "TRACESTEAD_TEST_MYSQL_URL",
        |schema| format!("DROP DATABASE {schema}"),
        |url| {
            check(
                url,
                |session, sql, values| rows_text(session, &format!("EXPLAIN {sql}"), values),
                |plan, index, is_order| {
                    let index = if index == KEY { "PRIMARY" } else { index };
                    // Which index is possible stands before which is used.
                    let used = plan.split(" | ").nth(5).unwrap_or_default();
                    used == index && !(is_order && plan.contains("filesort"))
                },
            );
        },
    );
}

#[test]
fn clickhouse_uses_its_keys() {
    on_server(
        "TRACESTEAD_TEST_CLICKHOUSE_URL",
        |schema| format!("DROP DATABASE {schema}"),
        |url| {
            check(
                url,
                |session, sql, values| {
                    // As after some hours: the rows of a month are in one part.
                    for table in ["agno_traces", "agno_spans"] {
                        session.execute_online(&format!("OPTIMIZE TABLE {table} FINAL")).unwrap();
                    }
                    rows_text(session, &format!("EXPLAIN indexes = 1 {sql}"), values)
                },
                |plan, index, is_order| {
                    let in_order = "Read type: InOrder";
                    let used = match index {
                        START => in_order,
                        "idx_tracestead_spans_start" => "Prefix sort description: newest_hour ASC",
                        KEY => "Condition: and((newest_hour in 1-element set), (trace_id in ",
                        // Filters that are kept for each thousand rows.
                        "idx_tracestead_traces_session" => "Name: by_session",
                        "idx_tracestead_traces_agent" => "Name: by_agent",
                        "idx_tracestead_traces_run" => "Name: by_run",
                        USER => "Name: by_user",
                        "idx_tracestead_traces_status" => in_order,
                        _ => return false,
                    };
                    plan.contains(used) && (!is_order || plan.contains(in_order))
                },
            );
        },
    );
}
