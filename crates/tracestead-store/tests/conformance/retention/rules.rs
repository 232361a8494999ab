//! What stays is what `Retention::expired` says.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use tracestead_model::Span;

use super::*;
use crate::resend::{prepare, prepare_logs};
use crate::{logs, traces};

fn rule() -> impl Strategy<Value = RetentionRule> {
    let text = |texts: &'static [&'static str]| option::weighted(0.3, select(texts).prop_map(str::to_owned));
    // The generated traces began and ended within some milliseconds.
    let age = (0..16_000_u64).prop_map(Duration::from_micros);
    let who = (text(&["agent", "Agent"]), text(&traces::USERS), text(&["test", "prod"]));
    (option::weighted(0.8, age), text(&["OK", "ERROR"]), who, text(&["a", "b", "c"])).prop_map(
        |(older_than, status, (agent_id, user_id, environment), tag)| RetentionRule {
            older_than,
            status,
            agent_id,
            user_id,
            environment,
            tag,
        },
    )
}

pub(crate) fn any_rules(engine: Engine, config: ProptestConfig) {
    let place = Place::new(engine);
    let trace = traces::trace(5).prop_flat_map(|spans| {
        let logs = logs::logs(spans[0].trace_id, 4);
        (Just(spans), logs)
    });
    let input = (vec(trace, 1..40), vec(rule(), 0..4), 0..20_000_000_i64);
    let tried = TestRunner::new(config).run(&input, |(traces, list, passed)| {
        place.open();
        place.clear();
        let now = UnixNanos::from_i64(BEGIN + passed);
        Runtime::new().unwrap().block_on(check(&place, &traces, list, now));
        Ok(())
    });
    tried.unwrap();
}

type Sent = (Vec<Span>, Vec<tracestead_model::LogRecord>);

async fn send(store: &SpanStore, traces: &[Sent]) {
    for (spans, logs) in traces {
        store.ingest(prepare(spans.clone())).await.unwrap();
        store.ingest(prepare_logs(logs.clone())).await.unwrap();
    }
}

async fn check(place: &Place, traces: &[Sent], list: Vec<RetentionRule>, now: UnixNanos) {
    let store = place.open();
    send(&store, traces).await;
    let all = contents(place);
    let retention = Retention { rules: list, max_bytes: None };
    let (going, staying): (Vec<TraceRecord>, Vec<TraceRecord>) =
        listed(&store).await.into_iter().partition(|trace| retention.expired(trace, now).is_some());
    let what = Prune::Rules(retention.clone());

    let plan = store.prune_plan(&what, now).await.unwrap();
    assert_eq!(all, contents(place), "a plan changes nothing");
    for (rule, planned) in plan.rules.iter().enumerate() {
        let of_rule = going.iter().filter(|trace| retention.expired(trace, now) == Some(rule));
        let spans = of_rule.clone().map(|trace| trace.span_count).sum::<i64>().unsigned_abs();
        assert_eq!((planned.traces, planned.spans), (of_rule.count() as u64, spans));
    }

    let pruned = prune(&store, &what, now).await;
    assert_eq!((pruned.traces, pruned.spans), (plan.total().traces, plan.total().spans));
    assert_eq!(listed(&store).await, staying, "{retention:?}");
    let staying: BTreeSet<&String> = staying.iter().map(|trace| &trace.trace_id).collect();
    for table in ["agno_spans", "tracestead_span_events"] {
        for mut row in place.rows(&format!("SELECT trace_id FROM {}", place.table(table))) {
            let trace_id = row.remove("trace_id").unwrap().unwrap();
            let has_row = all.iter().any(|row| row.starts_with("agno_traces") && row.contains(&trace_id));
            assert!(staying.contains(&trace_id) || !has_row, "{table} has a row of {trace_id}");
        }
    }
    sums_are_right(place, &store).await;
    assert_eq!(prune(&store, &what, now).await.spans, 0, "the second time nothing is left to do");

    // What is gone may come again.
    send(&store, traces).await;
    same(&all, &contents(place));
    store.close().await;
}

/// More traces than one step looks at; those that stay are among those that go.
pub(crate) fn many(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        make_agnos_tables(&place);
        let begun = |trace: u64| days(-60 + i64::from(u32::try_from(trace % 40).unwrap()));
        for some in (0..2600_u64).collect::<Vec<_>>().chunks(650) {
            let spans = some.iter().map(|trace| {
                let mut span = span(*trace, 0, None, begun(*trace));
                if trace % 3 == 0 {
                    span.status.code = tracestead_model::StatusCode::Error;
                }
                span
            });
            store.ingest(prepare(spans.collect())).await.unwrap();
        }
        let errors = RetentionRule { status: Some("ERROR".to_owned()), ..older_than(50) };
        let retention = Retention { rules: vec![errors, older_than(30)], max_bytes: None };
        let all = listed(&store).await;
        let stays = |trace: &&TraceRecord| retention.expired(trace, now()).is_none();
        let expected: Vec<TraceRecord> = all.iter().filter(stays).cloned().collect();
        assert!((900..1600).contains(&expected.len()), "{}", expected.len());
        let pruned = prune(&store, &Prune::Rules(retention), now()).await;
        assert_eq!(pruned.traces, (all.len() - expected.len()) as u64);
        assert_eq!(listed(&store).await, expected);
        sums_are_right(&place, &store).await;
        check_agnos_tables(&place);
        store.close().await;
    });
}
