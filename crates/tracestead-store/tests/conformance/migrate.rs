//! What a migration says it does is what it does, and it can be watched.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tracestead_store::{Backfill, SpanStore};

use crate::agno;
use crate::place::{Engine, Place};

pub(crate) fn plans(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "trace_id < '4'", "1 = 1");
    let before = place.contents();
    let plan = SpanStore::plan(&place.options()).unwrap();
    assert!(place.contents() == before);
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
        assert!(is_note || statement.starts_with("SET search_path TO"), "{statement} was not run");
    }
    assert_eq!(SpanStore::plan(&place.options()).unwrap().statements, Vec::<String>::new());
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
