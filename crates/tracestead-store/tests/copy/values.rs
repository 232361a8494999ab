//! Values that databases like to change.

use tokio::runtime::Runtime;
use tracestead_model::query::SpanRecord;
use tracestead_model::{Attributes, Event, PriceBook, Span, UnixNanos, Value};
use tracestead_store::{Batch, Malformed, SpanStore};

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::source::{contents, copy, same, send, verify};
use crate::support::NOW;

/// Every value that is kept everywhere.
fn kept() -> Attributes {
    let floats =
        [1.0, 1e16, 1.5e17, 9.3e18, 1e22, 1e300, 5e-324, 1e-7, 0.1, f64::MAX, f64::MIN_POSITIVE, -2.5e-10];
    let integers = [0, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993];
    let texts = [
        "",
        " a ",
        "\"\\/\u{8}\u{c}\n\r\t",
        "\u{7f}\u{2028}",
        "😀 é ß",
        "1e5",
        "\\u0000",
        "?",
        "$1",
        "{",
        "'",
    ];
    let mut nested = Value::Array(Vec::new());
    for _ in 0..25 {
        nested = Value::Map(Attributes::from_iter([("in", nested)]));
    }
    let list = |values: Vec<Value>| Value::Array(values);
    Attributes::from_iter([
        ("floats", list(floats.map(Value::Double).to_vec())),
        ("integers", list(integers.map(Value::Int).to_vec())),
        ("texts", list(texts.map(Value::from).to_vec())),
        ("flags", list(vec![Value::Bool(true), Value::Bool(false), Value::Empty])),
        ("nested", nested),
        ("", Value::from("a key without a name")),
        ("Key", Value::from("upper")),
        ("key", Value::from("lower")),
        ("a key that is longer than others, and has a \" in it", Value::Map(Attributes::new())),
    ])
}

fn span(attributes: Attributes) -> Span {
    let event = Event {
        time: UnixNanos::from_i64(NOW),
        name: "e\\vent \"".to_owned(),
        attributes: attributes.clone(),
        dropped_attributes_count: u32::MAX,
    };
    Span {
        name: "name with ' and \" and \\ and %, \t😀".to_owned(),
        attributes,
        events: vec![event],
        trace_state: "a=b, c".to_owned(),
        ..CAPTURES[0].spans[0].clone()
    }
}

fn read(place: &Place, trace_id: &str) -> SpanRecord {
    Runtime::new().unwrap().block_on(async {
        let store: SpanStore = place.open();
        let span = store.whole_spans(trace_id).await.unwrap().pop().unwrap();
        store.close().await;
        span
    })
}

/// Keys have no order in some databases.
fn sorted(value: Value) -> Value {
    match value {
        Value::Map(map) => {
            let mut pairs: Vec<(String, Value)> =
                map.iter().map(|(key, value)| (key.to_owned(), sorted(value.clone()))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Map(pairs.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        value => value,
    }
}

fn values(span: &SpanRecord) -> (Value, Vec<(String, Value)>) {
    let events =
        span.events.iter().map(|event| (event.name.clone(), sorted(Value::Map(event.attributes.clone()))));
    (sorted(Value::Map(span.attributes.clone())), events.collect())
}

fn there_and_back(engine: Engine, attributes: Attributes) -> (SpanRecord, SpanRecord) {
    let (from, there, back) = (Place::new(Engine::Sqlite), Place::new(engine), Place::new(Engine::Sqlite));
    let span = span(attributes);
    let trace_id = span.trace_id.to_hex();
    Runtime::new().unwrap().block_on(async {
        let store = from.open();
        send(&store, vec![span], Vec::new()).await;
        store.close().await;
    });
    for (from, to) in [(&from, &there), (&there, &back)] {
        let done = copy(from, to);
        assert_eq!(done.refused, 0, "{:?}", done.reasons);
        let verified = verify(from, to);
        assert_eq!(verified.differences, 0, "{:?}", verified.first);
    }
    (read(&from, &trace_id), read(&back, &trace_id))
}

pub(crate) fn come_back(engine: Engine) {
    let (from, back) = there_and_back(engine, kept());
    assert_eq!(values(&from), values(&back));
    let of_span = |span: SpanRecord| (span.name, span.trace_state, span.resource, span.links);
    assert_eq!(of_span(from), of_span(back));
}

#[test]
fn values_come_back_from_postgres() {
    come_back(Engine::Postgres);
}

#[test]
fn values_come_back_from_mysql() {
    come_back(Engine::MySql);
}

#[test]
fn values_come_back_from_clickhouse() {
    come_back(Engine::ClickHouse);
}

/// Bytes are no value of a statement there.
#[test]
fn a_large_malformed_span_comes_to_clickhouse_and_back() {
    let (from, there, back) =
        (Place::new(Engine::Sqlite), Place::new(Engine::ClickHouse), Place::new(Engine::Sqlite));
    Runtime::new().unwrap().block_on(async {
        let store = from.open();
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let malformed =
            Malformed { reason: "too long".to_owned(), encoding: "protobuf", size_bytes: bytes.len(), bytes };
        let now = UnixNanos::from_i64(NOW);
        store
            .ingest(Batch::prepare(vec![span(kept())], vec![malformed], now, &PriceBook::default()))
            .await
            .unwrap();
        store.close().await;
    });
    for (from, to) in [(&from, &there), (&there, &back)] {
        assert_eq!(copy(from, to).refused, 0);
        assert_eq!(verify(from, to).differences, 0);
    }
    same(&contents(&from), &contents(&back));
}

#[test]
fn postgres_leaves_out_nul() {
    let said = Attributes::from_iter([("a\0b", Value::from("x\0y")), ("zero", Value::Double(-0.0))]);
    let (_, back) = there_and_back(Engine::Postgres, said);
    let kept = Attributes::from_iter([("ab", Value::from("xy")), ("zero", Value::Double(0.0))]);
    assert_eq!(back.attributes, kept);
    assert!(matches!(back.attributes.get("zero"), Some(Value::Double(_))));
}
