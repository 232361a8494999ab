//! Several servers on one database.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tracestead_store::SpanStore;

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::resend::{self, same};

/// Sends the same captures through several stores at once, span by span and in different orders.
pub(crate) fn several(engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let place = Place::new(engine);
    let captures = &CAPTURES[..12];
    runtime.block_on(async {
        let store = place.open();
        for capture in captures {
            resend::send_in_parts(&store, capture, usize::MAX).await;
        }
        store.close().await;
    });
    let expected = place.contents();
    place.clear();
    runtime.block_on(async {
        let stores: Vec<Arc<SpanStore>> = (0..3).map(|_| Arc::new(place.open())).collect();
        let mut sending = JoinSet::new();
        for (at, store) in stores.iter().enumerate() {
            for capture in captures {
                let (store, mut spans) = (Arc::clone(store), capture.spans.clone());
                let turn = at * spans.len() / 3;
                spans.rotate_left(turn);
                sending.spawn(async move {
                    for span in spans {
                        let outcome = store.ingest(resend::prepare(vec![span])).await.unwrap();
                        assert_eq!(outcome.refused, Vec::<String>::new());
                    }
                });
                let (store, logs) = (Arc::clone(&stores[at]), capture.logs.clone());
                sending.spawn(async move {
                    for log in logs {
                        store.ingest(resend::prepare_logs(vec![log])).await.unwrap();
                    }
                });
            }
        }
        sending.join_all().await;
        for store in stores {
            store.close().await;
        }
    });
    same(&expected, &place.contents());
}

pub(crate) fn open_at_once(engine: Engine) {
    let place = Place::new(engine);
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
    assert_eq!(
        place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.table("tracestead_migrations"))),
        2
    );
    assert_eq!(place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.table("agno_traces"))), 0);
}
