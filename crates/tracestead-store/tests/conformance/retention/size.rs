//! The oldest go until the rest is small enough.

use tokio::runtime::Runtime;

use super::*;
use crate::resend::prepare;

/// Returns spans with a kilobyte of text each that cannot be made shorter.
fn trace_of_four(trace: u64) -> Vec<Span> {
    let mut state = trace + 1;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"[(state >> 58) as usize],
        )
    };
    let one = |number: u64| {
        let mut span =
            span(trace, number, number.checked_sub(1), days(i64::try_from(trace / 10).unwrap() - 80));
        let text: String = (0..1000).map(|_| letter()).collect();
        span.attributes.push("input.value", Value::from(text.as_str()));
        if trace == 2 && number == 0 {
            span.attributes.push("tag.tags", Value::from("golden"));
        }
        span
    };
    (0..4).map(one).collect()
}

pub(crate) fn oldest_first(engine: Engine) {
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        for traces in (0..600_u64).collect::<Vec<_>>().chunks(20) {
            let spans: Vec<Span> = traces.iter().flat_map(|trace| trace_of_four(*trace)).collect();
            store.ingest(prepare(spans)).await.unwrap();
        }
        let all = listed(&store).await;
        let size = store.prune_plan(&rules([]), now()).await.unwrap().bytes;
        // There a span is little more than its text.
        let least = if engine == Engine::ClickHouse { 800 } else { 1500 };
        assert!((2400 * least..2400 * 4000).contains(&size), "{size} bytes for 2400 spans of a kilobyte");
        let golden = RetentionRule { tag: Some("golden".to_owned()), ..RetentionRule::default() };
        let max_bytes = Some(size * 2 / 3);
        let what = Prune::Rules(Retention { rules: vec![golden], max_bytes });

        let plan = store.prune_plan(&what, now()).await.unwrap();
        let pruned = prune(&store, &what, now()).await;
        let off = plan.size.traces.abs_diff(pruned.traces);
        assert!(off * 4 <= pruned.traces, "planned {}, deleted {}", plan.size.traces, pruned.traces);
        let left = listed(&store).await;
        let newest = left.len() - 1;
        // Servers count what is stored generously.
        assert!((280..470).contains(&newest), "{newest} traces of 600 make up two thirds");
        assert_eq!(left[..newest], all[..newest], "the newest stay");
        assert_eq!(left[newest].tags, ["golden"], "and what is kept for ever");
        let after = store.prune_plan(&what, now()).await.unwrap();
        assert!(after.bytes <= size * 2 / 3, "{} of {size}", after.bytes);
        assert_eq!(after.total().traces, 0);
        sums_are_right(&place, &store).await;

        // Nothing that may go makes up for it.
        let what = Prune::Rules(Retention { rules: vec![RetentionRule::default()], max_bytes: Some(1) });
        assert_eq!(prune(&store, &what, now()).await.traces, 0);
        store.close().await;
    });
}
