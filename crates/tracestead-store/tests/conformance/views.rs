//! The views, and every query of the documentation.

#![expect(clippy::cast_precision_loss, reason = "counts and cents are small")]

use tokio::runtime::Runtime;
use tracestead_model::query::TraceQuery;

use crate::captures::CAPTURES;
use crate::place::{Engine, Place, Row};
use crate::resend;
use crate::support::fixtures;

fn number(row: &Row, column: &str) -> f64 {
    row[column].as_deref().unwrap_or("0").parse().unwrap()
}

/// Returns the queries of the documentation with the tables as this engine's client names them.
fn documented(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(fixtures().join("../../docs/sql.md")).unwrap();
    let queries: Vec<String> = text
        .split("```sql\n")
        .skip(1)
        .map(|part| part.split("\n```").next().unwrap().to_owned())
        .map(|sql| sql.replace("FROM tracestead_", &format!("FROM {}", place.qualified("tracestead_"))))
        .collect();
    assert_eq!(queries.len(), 5, "{queries:?}");
    queries
}

pub(crate) fn answers(engine: Engine) {
    let place = Place::new(engine);
    let runtime = Runtime::new().unwrap();
    let traces = runtime.block_on(async {
        let store = place.open();
        for capture in CAPTURES.iter() {
            resend::send_in_parts(&store, capture, 5).await;
        }
        // Where hours are summed anew, they are by now.
        store.close().await;
        let store = place.open();
        let traces = store.traces(TraceQuery { limit: u32::MAX, ..TraceQuery::default() }).await.unwrap();
        store.close().await;
        traces
    });
    let from = |view: &str| place.rows(&format!("SELECT * FROM {}", place.qualified(view)));

    // Each call counts once, whoever sums.
    let calls = from("tracestead_llm_calls");
    assert!(calls.len() > 100);
    let embeddings = place.number(&format!(
        "SELECT SUM(total_tokens) AS n FROM {} WHERE span_type <> 'LLM' AND counted_calls > 0",
        place.table("tracestead_rollups")
    ));
    let tokens: f64 = calls.iter().map(|call| number(call, "total_tokens")).sum();
    let of_traces: i64 = traces.iter().filter_map(|trace| trace.total_tokens).sum();
    assert!((tokens - (of_traces - embeddings) as f64).abs() < 0.5, "{tokens} {of_traces} {embeddings}");

    let runs = from("tracestead_runs");
    let run =
        runs.iter().find(|row| row["agent_name"].is_some() && row["run_type"].as_deref() == Some("AGENT"));
    let run = run.unwrap();
    assert!(run["started_at"].as_deref().unwrap().starts_with("2026-11-2"), "{run:?}");
    assert_eq!(run["started_at"].as_deref().unwrap()[..10], run["started_on"].as_deref().unwrap()[..10]);
    assert!(number(run, "duration_ms") > 0.0);
    assert!(from("tracestead_tool_calls").iter().any(|row| row["status"].as_deref() == Some("ERROR")));
    assert!(!from("tracestead_retrievals").is_empty());

    let sessions = from("tracestead_sessions");
    let with_session = traces.iter().filter(|trace| trace.session_id.is_some()).count();
    let counted: f64 = sessions.iter().map(|row| number(row, "trace_count")).sum();
    assert!((counted - with_session as f64).abs() < 0.5);
    let users = from("tracestead_users");
    let failed = traces.iter().filter(|trace| trace.user_id.is_some() && trace.status == "ERROR").count();
    let counted: f64 = users.iter().map(|row| number(row, "error_trace_count")).sum();
    assert!((counted - failed as f64).abs() < 0.5);

    let answers: Vec<Vec<Row>> = documented(&place)
        .iter()
        .filter(|sql| !sql.contains("agno_approvals"))
        .map(|sql| place.rows(sql))
        .collect();
    let [latency, spend, failures, activity] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(number(&latency[0], "average_ms") >= number(&latency[1], "average_ms"));
    let paid: f64 = spend.iter().map(|row| number(row, "cost_usd")).sum();
    let cost = traces.iter().filter_map(|trace| trace.cost_nano_usd).sum::<i64>() as f64 / 1e9;
    assert!(paid > 0.0 && paid <= cost + 1e-9);
    assert!(number(&failures[0], "failure_rate") > 0.0);
    assert!(!activity.is_empty());
}
