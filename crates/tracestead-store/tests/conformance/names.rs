//! Tables of traces and spans that are not called as Agno calls them by default.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tracestead_model::query::TraceQuery;
use tracestead_model::{Retention, RetentionRule, UnixNanos};
use tracestead_store::{Backfill, Copier, Prune, Rebuild, SpanStore, TableNames, Verifier};

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::resend::{same, send_in_parts};
use crate::support::{NOW, fixtures};

async fn send(place: &Place) -> SpanStore {
    let store = place.open();
    for capture in CAPTURES.iter().take(30) {
        send_in_parts(&store, capture, 7).await;
    }
    store
}

/// What goes in comes out, all rows are those of the tables that Agno names, and nobody makes such tables.
pub(crate) fn others(engine: Engine) {
    let (place, agnos) = (Place::new(engine).with_names("shop_traces", "shop_spans"), Place::new(engine));
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, expected) = (send(&place).await, send(&agnos).await);
        let query = || TraceQuery { limit: 1_000, ..TraceQuery::default() };
        let traces = store.traces(query()).await.unwrap();
        assert_eq!(traces, expected.traces(query()).await.unwrap());
        for trace in &traces {
            let (spans, others) = (store.whole_spans(&trace.trace_id), expected.whole_spans(&trace.trace_id));
            assert_eq!(spans.await.unwrap(), others.await.unwrap());
        }
        store.close().await;
        expected.close().await;
        let mut position = None;
        let store = place.open();
        loop {
            position = store.rebuild_step(Rebuild::Facts, position).await.unwrap().position;
            if position.is_none() {
                break;
            }
        }
        store.close().await;
        agnos.open().close().await;
    });
    assert_eq!(place.tables(), agnos.tables());
    let contents = |place: &Place| {
        let mut rows = place.contents();
        rows.retain(|row| {
            !row.starts_with("tracestead_rollups ") && !row.starts_with("tracestead_progress ")
        });
        rows.into_iter().map(|row| row.replace("shop_", "agno_")).collect::<Vec<_>>()
    };
    same(&contents(&agnos), &contents(&place));
    let calls = |place: &Place| {
        place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.qualified("tracestead_llm_calls")))
    };
    assert!(calls(&place) > 20 && calls(&place) == calls(&agnos));
    runtime.block_on(async {
        let store = place.open();
        let rule = RetentionRule { older_than: Some(Duration::from_secs(1)), ..RetentionRule::default() };
        let retention = Retention { rules: vec![rule], max_bytes: None };
        let (what, mut position) = (Prune::Rules(retention), None);
        let later = UnixNanos::from_i64(NOW * 2);
        loop {
            position = store.prune_step(&what, later, position).await.unwrap().position;
            if position.is_none() {
                break;
            }
        }
        assert_eq!(store.trace_count().await.unwrap(), 0);
        store.close().await;
    });
}

/// Words of SQL and capitals are names as well; and what is planned can be run by hand.
pub(crate) fn awkward(engine: Engine) {
    let place = Place::new(engine).with_names("Order", "group");
    let plan = SpanStore::plan(&place.options()).unwrap();
    assert!(plan.statements.iter().all(|sql| !sql.contains("agno_traces") && !sql.contains("agno_spans")));
    place.run_all(&plan.statements);
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
    Runtime::new().unwrap().block_on(async {
        let store = send(&place).await;
        let traces = store.traces(TraceQuery { limit: 9, ..TraceQuery::default() }).await.unwrap();
        assert_eq!(traces.len(), 9);
        assert!(!store.light_spans(&traces[0].trace_id).await.unwrap().is_empty());
        store.close().await;
    });
    let mut options = place.options();
    options.read_only = true;
    assert!(SpanStore::open(&options).is_ok());
    // Sums, resources and views here are of these traces: others need a place of their own.
    for names in [TableNames::default(), TableNames::new("Order", "others").unwrap()] {
        for read_only in [false, true] {
            let mut options = place.options();
            (options.tables, options.read_only) = (names.clone(), read_only);
            let refused = SpanStore::open(&options).unwrap_err().to_string();
            assert!(refused.contains("have their spans in group, not in "), "{refused}");
        }
    }
}

/// Both ends of a copy may have names of their own.
#[test]
fn a_copy_takes_other_names() {
    let (from, to) =
        (Place::new(Engine::Sqlite).with_names("shop_traces", "shop_spans"), Place::new(Engine::Sqlite));
    Runtime::new().unwrap().block_on(async { send(&from).await.close().await });
    let mut copier = Copier::open(&from.options(), &to.options()).unwrap();
    while copier.step().unwrap() {}
    let mut verifier = Verifier::open(&from.options(), &to.options()).unwrap();
    while verifier.step().unwrap() {}
    let own = ["tracestead_migrations ", "tracestead_progress ", "agno_schema_versions "];
    let contents = |place: &Place| {
        let rows = place.contents().into_iter();
        rows.filter(|row| !own.iter().any(|table| row.starts_with(table))).collect::<Vec<_>>()
    };
    same(&contents(&from), &contents(&to));
}

/// A file in which Agno made its tables with other names, and those of another program with its own.
#[test]
fn a_file_of_agno_with_other_names_is_filled() {
    let place = Place::new(Engine::Sqlite).with_names("shop_traces", "shop_spans");
    let schema = std::fs::read_to_string(fixtures().join("agno/agno-written.schema.sql")).unwrap();
    let shops = schema.replace("agno_traces", "shop_traces").replace("agno_spans", "shop_spans");
    let written = fixtures().join("agno/agno-written.db");
    let copied = |table: &str| {
        let from = table.replace("shop_", "agno_");
        format!("INSERT INTO {table} SELECT * FROM written.{from}")
    };
    place.run_all(&[
        shops.replace("agno_sessions", "shop_sessions").trim().trim_end_matches(';').to_owned(),
        "CREATE TABLE agno_traces (trace_id VARCHAR PRIMARY KEY)".to_owned(),
        "CREATE TABLE agno_spans (span_id VARCHAR PRIMARY KEY)".to_owned(),
        format!("ATTACH '{}' AS written", written.display()),
        copied("shop_traces"),
        copied("shop_spans"),
    ]);
    let spans = place.number("SELECT COUNT(*) FROM shop_spans").unsigned_abs();
    assert!(spans > 20);
    let mut options = place.options();
    options.read_only = true;
    let runtime = Runtime::new().unwrap();
    let query = || TraceQuery { limit: 1_000, ..TraceQuery::default() };
    let attached =
        runtime.block_on(async { SpanStore::open(&options).unwrap().traces(query()).await.unwrap() });
    runtime.block_on(async {
        let store = place.open();
        let began = Instant::now();
        while store.backfill() != Some(Backfill { pending: 0, done: spans }) {
            assert!(began.elapsed() < Duration::from_mins(1), "{:?} of {spans}", store.backfill());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let traces = store.traces(query()).await.unwrap();
        assert!(traces.iter().any(|trace| trace.input_tokens.is_some()));
        assert_eq!(traces, attached);
        store.close().await;
    });
    let columns = "SELECT COUNT(*) FROM pragma_table_info('agno_spans')";
    assert_eq!(place.number(columns), 1, "tables of others were changed");
}
