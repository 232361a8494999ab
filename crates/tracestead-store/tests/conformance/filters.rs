//! A list answers exactly what `Filter::matches` says, newest first, however it is paged.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use tracestead_model::query::{
    Comparison, Field, FieldKind, Filter, FilterValue, PageStart, TraceQuery, TraceRecord,
};
use tracestead_model::{Span, UnixNanos};
use tracestead_store::{Batch, SpanStore};

use crate::place::{Engine, Place};
use crate::traces::{self, BEGIN, NAMES, SESSIONS, USERS};

const FIELDS: [Field; 14] = {
    let mut fields = [Field::HasAgentSpans; 14];
    let mut at = 0;
    while at < Field::ASKABLE.len() {
        fields[at] = Field::ASKABLE[at];
        at += 1;
    }
    fields
};

const COMPARISONS: [Comparison; 6] =
    [Comparison::Eq, Comparison::Neq, Comparison::Gt, Comparison::Gte, Comparison::Lt, Comparison::Lte];

/// Values and parts of values, in another case too, and what means something to `LIKE`.
fn text() -> impl Strategy<Value = String> {
    let more = [
        "OK", "ERROR", "ok", "r1", "agent", "Agent", "TEAM", "team", "flow", "", "%", "_", "/", "a/b", "ä",
        "Ä",
    ];
    let parts = ["chat", "AGENT", "b", "_agent", ".RUN", "s-", "0", "f", "%a"];
    let all: Vec<&str> = [&NAMES[..], &USERS, &SESSIONS, &more, &parts].concat();
    select(all).prop_map(str::to_owned)
}

/// Times at which traces start and end, and those that are or are not of the same microsecond.
fn time() -> impl Strategy<Value = FilterValue> {
    let begun = prop_oneof![(0..12_i64).prop_map(|at| at * 250), (0..12_i64).prop_map(|at| at * 900_001)];
    let lasted = prop_oneof![3 => Just(0), 1 => (-1..6_i64).prop_map(|length| length * 800_900)];
    let times = (begun, 0..3_i64, lasted, -700..700_i64)
        .prop_map(|(begun, start, lasted, near)| BEGIN + begun + start * 700_300 + lasted + near);
    let stored = (0..4_i64).prop_map(created_at);
    prop_oneof![6 => times, 1 => stored].prop_map(|nanos| FilterValue::Time(UnixNanos::from_i64(nanos)))
}

/// Any field; times, where most can go wrong, more often.
fn field() -> impl Strategy<Value = Field> {
    prop_oneof![2 => select(&FIELDS[..]), 1 => select(vec![Field::StartTime, Field::EndTime])]
}

/// Some of these are whole seconds, which are written without a fraction.
fn created_at(number: i64) -> i64 {
    BEGIN + number * 500_000_000
}

fn value(field: Field) -> BoxedStrategy<FilterValue> {
    match field.kind() {
        FieldKind::Text => text().prop_map(FilterValue::Text).boxed(),
        FieldKind::Time => time().boxed(),
        FieldKind::Number => prop_oneof![(-1..14_i32).prop_map(f64::from), Just(0.5), Just(1e300)]
            .prop_map(FilterValue::Number)
            .boxed(),
    }
}

fn filter() -> impl Strategy<Value = Filter> {
    let compare = (field(), select(&COMPARISONS[..])).prop_flat_map(|(field, comparison)| {
        value(field).prop_map(move |value| Filter::Compare(field, comparison, value))
    });
    let within = field()
        .prop_flat_map(|field| vec(value(field), 0..4).prop_map(move |values| Filter::In(field, values)));
    let texts: Vec<Field> = FIELDS.into_iter().filter(|field| field.kind() == FieldKind::Text).collect();
    let like = (select(texts), text(), any::<bool>()).prop_map(|(field, text, from_start)| {
        if from_start { Filter::StartsWith(field, text) } else { Filter::Contains(field, text) }
    });
    prop_oneof![3 => compare, 1 => within, 1 => like].prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

async fn stored(traces: Vec<Vec<Span>>, place: &Place) -> SpanStore {
    let store = place.open();
    for (trace, number) in traces.into_iter().zip((0..4).cycle()) {
        let received_at = UnixNanos::from_i64(created_at(number));
        store.ingest(Batch::prepare(trace, Vec::new(), received_at, store.prices())).await.unwrap();
    }
    store
}

async fn page(store: &SpanStore, filter: Option<&Filter>, limit: u32, from: PageStart) -> Vec<TraceRecord> {
    store.traces(TraceQuery { filter: filter.cloned(), limit, from }).await.unwrap()
}

async fn check(store: &SpanStore, all: &[TraceRecord], filter: &Filter, page_size: u32) {
    let expected: Vec<&TraceRecord> =
        all.iter().filter(|trace| filter.matches(trace) == Some(true)).collect();
    let whole = page(store, Some(filter), u32::MAX, PageStart::Newest).await;
    assert_eq!(whole.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    let count = store.count_traces(Some(filter.clone())).await.unwrap();
    assert_eq!(count, expected.len() as u64, "{filter:?}");

    let mut by_cursor: Vec<TraceRecord> = Vec::new();
    let mut by_offset: Vec<TraceRecord> = Vec::new();
    loop {
        let from = by_cursor.last().map_or(PageStart::Newest, |last| PageStart::After {
            start_time_ns: last.start_time_ns,
            trace_id: last.trace_id.clone(),
        });
        let next = page(store, Some(filter), page_size, from).await;
        by_offset
            .extend(page(store, Some(filter), page_size, PageStart::Offset(by_offset.len() as u64)).await);
        assert!(next.len() <= page_size as usize);
        if next.is_empty() {
            break;
        }
        by_cursor.extend(next);
        assert!(by_cursor.len() <= whole.len(), "pages repeat themselves: {filter:?}");
    }
    assert_eq!(by_cursor, whole, "{filter:?}");
    assert_eq!(by_offset, whole, "{filter:?}");
}

pub(crate) fn lists(engine: Engine, config: ProptestConfig) {
    let place = Place::new(engine);
    let input = (vec(traces::trace(3), 60), vec((filter(), 1..20_u32), 60));
    let tried = TestRunner::new(config).run(&input, |(traces, filters)| {
        place.open();
        place.clear();
        Runtime::new().unwrap().block_on(async {
            let store = stored(traces, &place).await;
            let all = page(&store, None, u32::MAX, PageStart::Newest).await;
            assert_eq!(all.len(), 60);
            let key = |trace: &TraceRecord| (trace.start_time_ns, trace.trace_id.clone());
            assert!(all.is_sorted_by(|newer, older| key(newer) > key(older)));
            for (filter, page_size) in &filters {
                check(&store, &all, filter, *page_size).await;
            }
            store.close().await;
        });
        Ok(())
    });
    tried.unwrap();
}
