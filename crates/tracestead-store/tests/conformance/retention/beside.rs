//! Pruning while spans come in.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::*;
use crate::resend::prepare;

const TRACES: u64 = 120;

/// Every third is young.
fn begun(trace: u64) -> UnixNanos {
    if trace.is_multiple_of(3) { days(0) } else { days(-90) }
}

/// Sends the spans of traces one by one, several traces at once.
async fn send(store: &Arc<SpanStore>) {
    let mut sending = JoinSet::new();
    for trace in 0..TRACES {
        let store = Arc::clone(store);
        sending.spawn(async move {
            for number in 0..4 {
                let span = span(trace, number, number.checked_sub(1), begun(trace));
                let stored = store.ingest(prepare(vec![span])).await.unwrap();
                assert_eq!(stored.refused, Vec::<String>::new());
            }
        });
    }
    sending.join_all().await;
}

/// Checks that young traces are whole, and that no other is left.
async fn check(place: &Place, store: &SpanStore) {
    let left = listed(store).await;
    assert_eq!(left.len() as u64, TRACES / 3);
    assert!(left.iter().all(|trace| trace.span_count == 4 && trace.start_time_ns == days(0).as_i64()));
    assert_eq!(count(place, "agno_spans"), TRACES / 3 * 4);
    sums_are_right(place, store).await;
}

/// Two servers prune what a third one takes in.
pub(crate) fn several(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let what = rules([older_than(30)]);
        let store = Arc::new(place.open());
        // Together: one of them may find nothing while the other is faster.
        let deleted = Arc::new(AtomicU64::new(0));
        let mut pruning = JoinSet::new();
        for number in 0..2 {
            // Marks of what is unused are told apart by their time, and no two servers have one to the nanosecond.
            let own_now = UnixNanos::from_i64(now().as_i64() + number);
            let (other, what, deleted) = (place.open(), what.clone(), Arc::clone(&deleted));
            pruning.spawn(async move {
                while deleted.load(Ordering::Relaxed) < 80 {
                    deleted.fetch_add(prune(&other, &what, now()).await.spans, Ordering::Relaxed);
                    prune(&other, &Prune::Resources, own_now).await;
                }
                other.close().await;
            });
        }
        send(&store).await;
        pruning.join_all().await;
        prune(&store, &what, now()).await;
        prune(&store, &Prune::Resources, now()).await;
        check(&place, &store).await;
        assert_eq!(count(&place, "tracestead_resources"), 1);
        Arc::into_inner(store).unwrap().close().await;
    });
}

/// A server does so by itself, for as long as it is open.
pub(crate) fn in_background(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let filled = Arc::new(place.open());
        send(&filled).await;
        Arc::into_inner(filled).unwrap().close().await;
        let mut options = place.options();
        options.now = now();
        options.retention = Some(Retention { rules: vec![older_than(30)], max_bytes: None });
        let store = Arc::new(SpanStore::open(&options).unwrap());
        // Whoever sends is answered meanwhile.
        let young = 1000..1100;
        for trace in young.clone() {
            store.ingest(prepare(vec![span(trace, 0, None, days(0))])).await.unwrap();
        }
        let began = Instant::now();
        while listed(&store).await.len() as u64 > TRACES / 3 + 100 {
            assert!(began.elapsed() < Duration::from_mins(1), "the background does nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let spans = TRACES / 3 * 4 + 100;
        assert_eq!(count(&place, "agno_spans"), spans);
        sums_are_right(&place, &store).await;
        Arc::into_inner(store).unwrap().close().await;
    });
}
