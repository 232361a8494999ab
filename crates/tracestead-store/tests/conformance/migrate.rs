//! What a migration says it does is what it does, and it can be watched.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tracestead_store::{Backfill, OpenError, SpanStore};

use crate::agno;
use crate::place::{Engine, Place};

pub(crate) fn plans(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "trace_id < '4'", "1 = 1");
    let before = place.contents();
    let plan = SpanStore::plan(&place.options()).unwrap();
    assert!(place.contents() == before);
    assert!(!plan.statements.iter().any(|sql| sql.contains("DROP")), "{:#?}", plan.statements);
    let mut told = Vec::new();
    SpanStore::migrate(&place.options(), &mut |step| {
        assert_eq!(step.number, told.len() + 1);
        told.push((step.of, step.sql.to_owned()));
    })
    .unwrap();
    assert!(told.len() > 10);
    let mut planned = plan.statements.iter();
    for (of, sql) in &told {
        assert_eq!(*of, told.len());
        assert!(planned.any(|statement| statement == sql), "{sql} was not planned, or at another place");
    }
    let aside = plan.statements.iter().filter(|planned| told.iter().all(|(_, sql)| sql != *planned));
    for statement in aside {
        let is_note = statement.starts_with("INSERT") && statement.contains("VALUES");
        let is_way = ["SET search_path TO ", "SET SESSION sql_mode = ", "USE "];
        let is_way = is_way.iter().any(|way| statement.starts_with(way));
        assert!(is_note || is_way, "{statement} was not run");
    }
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
}

/// Views are made anew by each version: those that are there go before.
pub(crate) fn drops_what_is_there(engine: Engine) {
    let place = Place::new(engine);
    SpanStore::migrate(&place.options(), &mut |_| {}).unwrap();
    let migrations = place.table("tracestead_migrations");
    place.run(&format!("DELETE FROM {migrations} WHERE version > 1"));
    place.run(&format!("DROP VIEW {}", place.table("tracestead_runs")));
    let drops = || {
        let plan = SpanStore::plan(&place.options()).unwrap();
        let drops = plan.statements.into_iter().filter(|sql| sql.starts_with("DROP"));
        drops.collect::<Vec<_>>()
    };
    let of_views = ["llm_calls", "tool_calls", "retrievals", "sessions", "users"];
    assert_eq!(drops(), of_views.map(|view| format!("DROP VIEW IF EXISTS tracestead_{view}")));
    SpanStore::migrate(&place.options(), &mut |_| {}).unwrap();
    assert_eq!(place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.table("tracestead_runs"))), 0);
    assert_eq!(drops(), Vec::<String>::new());
}

#[test]
fn an_index_that_was_not_finished_is_made_anew() {
    let place = Place::new(Engine::Postgres);
    agno::make_tables(&place);
    let (table, name) = (place.table("agno_spans"), "idx_tracestead_spans_start");
    place.run(&format!("CREATE INDEX {name} ON {table} (trace_id)"));
    let index = place.table(name);
    place.run(&format!("UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = '{index}'::regclass"));
    let mut told = Vec::new();
    SpanStore::migrate(&place.options(), &mut |step| told.push(step.sql.to_owned())).unwrap();
    let drops: Vec<&String> = told.iter().filter(|sql| sql.starts_with("DROP")).collect();
    assert_eq!(drops.len(), 1, "{drops:?}");
    assert!(drops[0].starts_with("DROP INDEX CONCURRENTLY IF EXISTS ") && drops[0].ends_with(name));
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
    let whole =
        format!("SELECT COUNT(*) FROM pg_index WHERE indisvalid AND indexrelid = '{index}'::regclass");
    assert_eq!(place.number(&whole), 1);
}

pub(crate) fn fills(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "trace_id < '4'", "1 = 1");
    let spans = place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.table("agno_spans")));
    let spans = u64::try_from(spans).unwrap();
    assert!(spans > 20);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        let began = Instant::now();
        while store.backfill() != Some(Backfill { pending: 0, done: spans }) {
            assert!(began.elapsed() < Duration::from_mins(1), "{:?} of {spans}", store.backfill());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(store.unfilled_spans().await.unwrap(), 0);
        store.close().await;
        let mut options = place.options();
        options.read_only = true;
        assert_eq!(SpanStore::open(&options).unwrap().backfill(), None);
    });
}

/// Several servers that start at once on what Agno made: one makes the columns and indexes, nobody waits for ever.
pub(crate) fn at_once(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "trace_id < '4'", "1 = 1");
    let barrier = std::sync::Barrier::new(4);
    let stores: Vec<SpanStore> = std::thread::scope(|scope| {
        let open = || {
            barrier.wait();
            place.open()
        };
        let opening: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        opening.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let runtime = Runtime::new().unwrap();
    for store in stores {
        runtime.block_on(store.close());
    }
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
}

/// Where the schema or the database of the tables is not there, or the file: a plan says how it is made and makes nothing.
pub(crate) fn makes_the_place(engine: Engine) {
    let place = Place::new(engine);
    assert!(!place.is_there());
    let plan = SpanStore::plan(&place.options()).unwrap();
    assert!(!place.is_there());
    assert_eq!(plan.from, 0);
    let makes = match engine {
        Engine::Sqlite => "CREATE TABLE tracestead_migrations",
        Engine::Postgres => "CREATE SCHEMA IF NOT EXISTS ",
        Engine::MySql | Engine::ClickHouse => "CREATE DATABASE IF NOT EXISTS ",
    };
    assert!(plan.statements[0].starts_with(makes), "{}", plan.statements[0]);
    let mut told = Vec::new();
    SpanStore::migrate(&place.options(), &mut |step| {
        assert_eq!(step.number, told.len() + 1);
        told.push((step.of, step.sql.to_owned()));
    })
    .unwrap();
    assert!(place.is_there());
    assert_eq!(told[0], (told.len(), plan.statements[0].clone()));
    assert!(told.iter().all(|(_, sql)| plan.statements.contains(sql)));
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
    assert!(place.tables().iter().any(|table| table == "agno_spans"));
}

/// What is planned for a place that is not there can be kept and run by hand, by whoever is elsewhere on the server.
pub(crate) fn by_hand(engine: Engine) {
    let (place, expected) = (Place::new(engine), Place::new(engine));
    let plan = SpanStore::plan(&place.options()).unwrap();
    place.run_all(&plan.statements);
    let after = SpanStore::plan(&place.options()).unwrap();
    assert_eq!((after.from, after.statements), (after.to, Vec::new()));
    Runtime::new().unwrap().block_on(expected.open().close());
    assert_eq!(place.tables(), expected.tables());
    assert_eq!(place.contents(), expected.contents());
}

/// Who only reads is told that there is nothing, and makes nothing either.
pub(crate) fn read_only_makes_no_place(engine: Engine) {
    let place = Place::new(engine);
    let mut options = place.options();
    options.read_only = true;
    let refused = SpanStore::open(&options).unwrap_err();
    match engine {
        Engine::Sqlite => assert!(matches!(refused, OpenError::Open { .. }), "{refused}"),
        _ => assert!(matches!(refused, OpenError::Empty { .. }), "{refused}"),
    }
    assert!(!place.is_there());
}
