//! Nothing is left of a user, and of others everything.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use tracestead_model::retention::spans_of_user;
use tracestead_model::{LogRecord, PriceBook, SpanShape, TraceShape};
use tracestead_store::{Batch, Malformed};

use super::*;
use crate::specification::shape;
use crate::{logs, traces};

type Sent = (Vec<Span>, Vec<LogRecord>);

async fn send(place: &Place, traces: &[Sent]) -> SpanStore {
    let store = place.open();
    for (spans, logs) in traces {
        let now = UnixNanos::from_i64(BEGIN);
        store.ingest(Batch::prepare(spans.clone(), Vec::new(), now, &PriceBook::default())).await.unwrap();
        store.ingest(Batch::prepare_logs(logs.clone(), Vec::new(), now)).await.unwrap();
    }
    store
}

/// Returns what is left of a trace without a user.
fn without((spans, logs): &Sent, user_id: &str) -> Option<Sent> {
    let shapes: Vec<SpanShape> = spans.iter().map(shape).collect();
    if TraceShape::fold(&shapes).context.user_id.as_deref() == Some(user_id) {
        return None;
    }
    let theirs = spans_of_user(&shapes, user_id);
    let spans = spans.iter().filter(|span| !theirs.contains(&span.span_id)).cloned().collect();
    let is_left = |log: &&LogRecord| log.span_id.is_none_or(|id| !theirs.contains(&id));
    Some((spans, logs.iter().filter(is_left).cloned().collect()))
}

async fn forget(store: &SpanStore, user_id: &str) -> Pruned {
    let what = Prune::User(user_id.to_owned());
    let plan = store.prune_plan(&what, now()).await.unwrap().total();
    let pruned = prune(store, &what, now()).await;
    assert_eq!((plan.traces, plan.spans), (pruned.traces, pruned.spans));
    prune(store, &Prune::Resources, now()).await;
    pruned
}

/// What is left is what would be there if the user's spans had never come.
pub(crate) fn any_traces(engine: Engine, config: ProptestConfig) {
    let place = Place::new(engine);
    let trace = traces::trace(12).prop_flat_map(|spans| {
        let logs = logs::logs(spans[0].trace_id, 6);
        (Just(spans), logs)
    });
    let tried = TestRunner::new(config).run(&(vec(trace, 1..12), 0..4_usize), |(traces, user)| {
        let user_id = traces::USERS[user];
        place.open();
        place.clear();
        Runtime::new().unwrap().block_on(async {
            let left: Vec<Sent> = traces.iter().filter_map(|trace| without(trace, user_id)).collect();
            send(&place, &left).await.close().await;
            let expected = contents(&place);
            place.clear();
            let store = send(&place, &traces).await;
            forget(&store, user_id).await;
            same(&expected, &contents(&place));
            sums_are_right(&place, &store).await;
            store.close().await;
        });
        Ok(())
    });
    tried.unwrap();
}

/// Returns a span that says who it is for, with texts that nobody else has.
fn said(user: Option<&str>, span: Span) -> Span {
    let mut span = Span { name: user.map_or("step".to_owned(), |user| format!("step of {user}")), ..span };
    if let Some(user) = user {
        let secret = format!("the secret of {user}");
        span.attributes.push("user.id", Value::from(user));
        span.attributes.push("input.value", Value::from(secret.as_str()));
        span.status.message.clone_from(&secret);
        span.resource = resource(&secret);
    }
    span
}

pub(crate) fn no_byte_is_left(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let bobs: Vec<Span> = (0..1500_u64)
            .map(|number| said(Some("bob"), span(1, number, number.checked_sub(1), days(-3))))
            .collect();
        let mut below = span(2, 2, Some(1), days(-3));
        below.attributes.push("output.value", Value::from("the secret of bob, below"));
        let shared = vec![
            said(Some("eve"), span(2, 0, None, days(-3))),
            said(Some("bob"), span(2, 1, Some(0), days(-3))),
            below,
            said(Some("eve"), span(2, 3, Some(1), days(-3))),
        ];
        let store = send(&place, &[(bobs, Vec::new()), (shared, Vec::new())]).await;
        make_agnos_tables(&place);
        let malformed = Malformed {
            reason: "the secret of bob".to_owned(),
            encoding: "json",
            bytes: b"the secret of bob".to_vec(),
            size_bytes: 17,
        };
        let batch = Batch::prepare(Vec::new(), vec![malformed], days(0), &PriceBook::default());
        store.ingest(batch).await.unwrap();
        assert!(place.contents().iter().any(|row| row.contains("secret of bob")));

        let pruned = forget(&store, "bob").await;
        assert_eq!((pruned.traces, pruned.spans), (1, 1502));
        let tables: BTreeSet<&str> = AGNOS_TABLES.into_iter().collect();
        for row in place.contents() {
            let is_agnos = row.split(' ').next().is_some_and(|table| tables.contains(table));
            assert!(is_agnos || !row.contains("bob"), "{row}");
        }
        check_agnos_tables(&place);
        assert_eq!(count(&place, "tracestead_quarantine"), 0);
        let left = listed(&store).await;
        assert_eq!((left.len(), left[0].span_count), (1, 2));
        assert_eq!(left[0].input_preview.as_deref(), Some("the secret of eve"));
        assert_eq!(forget(&store, "Eve").await.spans, 0, "case counts");
        forget(&store, "eve").await;
        for table in ["agno_traces", "agno_spans", "tracestead_rollups", "tracestead_resources"] {
            assert_eq!(count(&place, table), 0, "{table}");
        }
        store.close().await;
    });
}
