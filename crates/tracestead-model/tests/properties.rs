//! Whatever a span says, it is read, and read the same in any order.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod captures;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use tracestead_model::content::{Previews, SpanContent};
use tracestead_model::{
    Attributes, Event, PriceBook, Span, SpanFacts, SpanShape, SpanSource, TraceShape, UnixNanos, Value,
};

static SPANS: LazyLock<Vec<Span>> =
    LazyLock::new(|| captures::names().iter().flat_map(|name| captures::spans(name)).collect());

static SHAPES: LazyLock<Vec<SpanShape>> = LazyLock::new(|| SPANS.iter().map(shape).collect());

/// Every key that any framework sent, and those that only documentation tells of.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sent = SPANS.iter().flat_map(|span| span.attributes.iter().map(|(key, _)| key.to_owned()));
    let told = [
        "mlflow.llm.cost",
        "langfuse.observation.cost_details",
        "langfuse.observation.completion_start_time",
        "gcp.vertex.agent.llm_request",
        "genkit:metadata:subtype",
        "gen_ai.memory.records",
        "trace.evaluations.0.evaluation.score",
        "llm.cost.total",
        "ai.response.providerMetadata",
        "embedding.embeddings.0.embedding.vector",
    ];
    sent.chain(told.map(str::to_owned)).collect::<BTreeSet<_>>().into_iter().collect()
});

/// Every value that any framework sent: each may come under any key.
static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut seen = BTreeSet::new();
    let values = SPANS.iter().flat_map(|span| span.attributes.iter().map(|(_, value)| value.clone()));
    values.filter(|value| seen.insert(format!("{value:?}"))).collect()
});

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        3 => select(VALUES.as_slice()),
        1 => any::<i64>().prop_map(Value::Int),
        1 => any::<f64>().prop_map(Value::Double),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => "\\PC{0,12}".prop_map(Value::String),
        1 => r#"[\[{"a-z:,0-9}\]]{0,12}"#.prop_map(Value::String),
        1 => Just(Value::Empty),
        1 => Just(Value::Bytes(vec![0, 255])),
    ];
    scalar.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((select(vec!["role", "content", "parts", "type", "text"]), inner), 0..3)
                .prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::hash_map(select(KEYS.as_slice()), value(), 0..20)
        .prop_map(|map| map.into_iter().collect())
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let names = [
        "exception",
        "gen_ai.choice",
        "gen_ai.user.message",
        "gen_ai.client.inference.operation.details",
        "x",
    ];
    let event =
        (select(names.to_vec()), attributes(), any::<u32>()).prop_map(|(name, attributes, time)| Event {
            time: UnixNanos::from_i64(i64::from(time)),
            name: name.to_owned(),
            attributes: attributes.into_iter().collect(),
            dropped_attributes_count: 0,
        });
    prop::collection::vec(event, 0..3)
}

/// Everything that is read of a span. `SpanContent` has no equality for floats that are no numbers: its text has.
fn read(name: &str, attributes: &Attributes, events: &[Event]) -> (SpanFacts, String, Previews) {
    let source = SpanSource { events, ..SpanSource::new(name, attributes) };
    let facts = SpanFacts::of(&source);
    let previews = Previews::of(&source, facts.span_type);
    (facts, format!("{:?}", SpanContent::of(&source)), previews)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_do_not_depend_on_the_order_of_attributes(
        (pairs, shuffled) in attributes().prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle())),
        events in events(),
    ) {
        let (pairs, shuffled): (Attributes, Attributes) = (pairs.into_iter().collect(), shuffled.into_iter().collect());
        prop_assert_eq!(read("span", &pairs, &events), read("span", &shuffled, &events));
    }

    #[test]
    fn captured_spans_with_some_values_changed_are_read(
        span in select(SPANS.as_slice()),
        changed in prop::collection::vec((any::<prop::sample::Index>(), value()), 1..4),
    ) {
        let mut pairs: Vec<(String, Value)> = span.attributes.clone().into_iter().collect();
        prop_assume!(!pairs.is_empty());
        for (at, value) in changed {
            at.get_mut(&mut pairs).1 = value;
        }
        let (facts, _, previews) = read(&span.name, &pairs.into_iter().collect(), &span.events);
        prop_assert!(previews.input.is_none_or(|text| text.chars().count() <= 1025 && !text.contains('\0')));
        let usage = facts.usage;
        let parts = [usage.cache_read_tokens, usage.cache_write_tokens];
        if let Some(input) = usage.input_tokens {
            prop_assert!(parts.into_iter().flatten().all(|part| part <= input));
        }
    }

    #[test]
    fn totals_do_not_depend_on_the_order_of_spans(
        order in Just((0..SPANS.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let shuffled: Vec<SpanShape> = order.into_iter().map(|at| SHAPES[at].clone()).collect();
        prop_assert_eq!(TraceShape::fold(&SHAPES), TraceShape::fold(&shuffled));
    }
}

fn shape(span: &Span) -> SpanShape {
    let facts = SpanFacts::of(&SpanSource::from(span));
    SpanShape::new(span, &facts, PriceBook::default().cost(&facts, span.start_time))
}
