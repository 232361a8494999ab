//! A resource goes when no span refers to it, and not before.

use tokio::runtime::Runtime;
use tracestead_model::PriceBook;
use tracestead_store::Batch;

use super::*;

fn of(process: &str, trace: u64, start_time: UnixNanos) -> Batch {
    let span = Span { resource: resource(process), ..span(trace, 0, None, start_time) };
    Batch::prepare(vec![span], Vec::new(), UnixNanos::from_i64(BEGIN), &PriceBook::default())
}

pub(crate) fn unused(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        // Another server, which stored all of them before.
        let (store, other) = (place.open(), place.open());
        let mut at = 0;
        loop {
            place.clear();
            for (trace, process) in ["old", "again", "both"].into_iter().enumerate() {
                other.ingest(of(process, trace as u64, days(-90))).await.unwrap();
            }
            store.ingest(of("both", 9, days(0))).await.unwrap();
            assert_eq!(prune(&store, &rules([older_than(30)]), now()).await.traces, 3);
            assert_eq!(count(&place, "tracestead_resources"), 3);
            // A span comes after so many steps, from a process that has no other span.
            let (mut step, mut position) = (0, None);
            let ended = loop {
                if step == at {
                    other.ingest(of("again", 10, days(0))).await.unwrap();
                }
                position = store.prune_step(&Prune::Resources, now(), position).await.unwrap().position;
                step += 1;
                if position.is_none() {
                    break step;
                }
            };
            let without = format!(
                "SELECT COUNT(*) AS n FROM {} s LEFT JOIN {} r ON r.resource_id = s.resource_id
                 WHERE r.resource_id IS NULL",
                place.table("agno_spans"),
                place.table("tracestead_resources")
            );
            assert_eq!(place.number(&without), 0, "after {at} steps");
            if ended <= at {
                assert_eq!(count(&place, "tracestead_resources"), 1);
                break;
            }
            assert_eq!(count(&place, "tracestead_resources"), 2);
            at += 1;
        }
        assert!(at > 3, "a sweep has several steps");
        assert_eq!(prune(&store, &Prune::Resources, now()).await.resources, 0);
        let marked = "SELECT COUNT(*) AS n FROM";
        let marked =
            format!("{marked} {} WHERE unused_since_ns IS NOT NULL", place.table("tracestead_resources"));
        assert_eq!(place.number(&marked), 0);

        // Nothing goes while a copy is under way: its spans come last.
        place.clear();
        store.ingest(of("old", 0, days(-90))).await.unwrap();
        prune(&store, &rules([older_than(30)]), now()).await;
        let progress = |position: &str| {
            let table = place.table("tracestead_progress").replace(" FINAL", "");
            place.run(&format!(
                "INSERT INTO {table} (name, position, updated_at) VALUES ('copy:x', '{position}', '')"
            ));
        };
        progress(r#"{"table": "agno_traces", "after": ["0"], "traces": 0, "spans": 0, "rows": 1}"#);
        assert_eq!(prune(&store, &Prune::Resources, now()).await.resources, 0);
        place.clear();
        store.ingest(of("old", 0, days(-90))).await.unwrap();
        prune(&store, &rules([older_than(30)]), now()).await;
        progress(r#"{"table": null, "after": [], "traces": 0, "spans": 0, "rows": 0}"#);
        assert_eq!(prune(&store, &Prune::Resources, now()).await.resources, 1);
        store.close().await;
        other.close().await;
    });
}
