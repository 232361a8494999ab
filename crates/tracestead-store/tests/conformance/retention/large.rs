//! A trace with more spans than one step deletes.

use tokio::runtime::Runtime;
use tracestead_model::LogRecord;
use tracestead_store::OpenOptions;

use super::*;
use crate::captures::CAPTURES;
use crate::resend::{prepare, prepare_logs};

const SPANS: u64 = 2300;

async fn send(store: &SpanStore) {
    let spans: Vec<Span> = (0..SPANS)
        .map(|number| span(7, number, number.checked_sub(1).map(|number| number / 3), days(-90)))
        .collect();
    for some in spans.chunks(500) {
        store.ingest(prepare(some.to_vec())).await.unwrap();
    }
}

/// Returns two log records for each of some spans, and for one that never came.
fn logs() -> Vec<LogRecord> {
    let log = CAPTURES.iter().find_map(|capture| capture.logs.first()).unwrap();
    let of_span = |number: u64| {
        let span = span(7, number, None, days(-90));
        let log = LogRecord { trace_id: Some(span.trace_id), span_id: Some(span.span_id), ..log.clone() };
        [LogRecord { time: Some(days(-90)), ..log.clone() }, LogRecord { time: Some(days(-89)), ..log }]
    };
    (0..40).chain([SPANS + 5]).flat_map(of_span).collect()
}

pub(crate) fn in_steps(engine: Engine) {
    let place = Place::new(engine);
    let runtime = Runtime::new().unwrap();
    let what = rules([older_than(30)]);
    runtime.block_on(async {
        let store = place.open();
        store.ingest(prepare(vec![span(1, 0, None, days(0))])).await.unwrap();
        let kept = contents(&place);
        send(&store).await;
        store.ingest(prepare_logs(logs())).await.unwrap();
        let trace_id = span(7, 0, None, days(0)).trace_id.to_hex();

        // It is stopped after each step, and begun again.
        let mut left = SPANS;
        let mut steps = 0;
        while left > 0 {
            let step = store.prune_step(&what, now(), None).await.unwrap();
            // Where no step holds anybody up, all may go at once.
            let most = if engine == Engine::ClickHouse { SPANS } else { 1000 };
            assert!((1..=most).contains(&step.spans), "{step:?}");
            left -= step.spans;
            let plan = store.prune_plan(&what, now()).await.unwrap();
            let is_begun = count(&place, "agno_traces") == 2;
            assert_eq!((plan.unfinished.traces, plan.total().spans), (is_begun.into(), left), "{plan:?}");
            steps += 1;
            assert_eq!(count(&place, "agno_spans"), left + 1);
            let read_only = SpanStore::open(&OpenOptions { read_only: true, ..place.options() }).unwrap();
            for store in [&store, &read_only] {
                assert_eq!(listed(store).await.len(), 1, "what is half gone is in no list");
            }
            read_only.close().await;
            sums_are_right(&place, &store).await;
        }
        assert!(steps > 2 || engine == Engine::ClickHouse);
        prune(&store, &what, now()).await;
        assert_eq!(store.trace(&trace_id).await.unwrap(), None);
        same(&kept, &contents(&place));

        // A span that comes meanwhile makes a trace of what is left.
        send(&store).await;
        store.prune_step(&what, now(), None).await.unwrap();
        store.ingest(prepare(vec![span(7, SPANS, Some(SPANS - 1), days(0))])).await.unwrap();
        let trace = store.trace(&trace_id).await.unwrap().unwrap();
        assert_eq!(trace.span_count.unsigned_abs(), count(&place, "agno_spans") - 1);
        assert_eq!(trace.end_time_ns, days(0).as_i64() + 1_000_000_000);
        assert_eq!(prune(&store, &what, now()).await.spans, 0, "it is young now");
        assert_eq!(listed(&store).await.len(), 2);
        sums_are_right(&place, &store).await;
        prune(&store, &what, days(40)).await;
        assert_eq!(count(&place, "agno_spans"), 0);
        sums_are_right(&place, &store).await;
        assert_eq!(count(&place, "tracestead_rollups"), 0);
        store.close().await;
    });
}
