//! Log records out of nothing: prompts, answers and failures of few words at few times, for spans that may not exist.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tracestead_model::{Attributes, LogRecord, TraceId, UnixNanos, Value};

use crate::traces::{BEGIN, id};

/// Returns up to `most` log records of the trace.
pub(crate) fn logs(trace_id: TraceId, most: usize) -> impl Strategy<Value = Vec<LogRecord>> {
    // Traces have up to 12 spans, so some of these never come.
    let span = option::weighted(0.95, (0..16_usize).prop_map(id));
    let time = (option::of(0..3_i64), 0..3_i64);
    let record =
        (span, time, says()).prop_map(move |(span_id, (time, observed), (name, body, attributes))| {
            let at = |number: i64| UnixNanos::from_i64(BEGIN + number * 1_000);
            LogRecord {
                trace_id: Some(trace_id),
                span_id,
                flags: 1,
                time: time.map(at),
                observed_time: Some(at(observed)),
                severity_number: 9,
                severity_text: String::new(),
                event_name: name.to_owned(),
                body,
                attributes,
                dropped_attributes_count: 0,
                resource: Arc::default(),
                scope: Arc::default(),
            }
        });
    vec(record, 0..=most)
}

type Says = (&'static str, Value, Attributes);

fn says() -> impl Strategy<Value = Says> {
    let words = || select(vec!["hello", "bye", "a\0b", ""]);
    let message = (select(vec!["gen_ai.user.message", "gen_ai.system.message"]), words())
        .prop_map(|(name, words)| (name, map([("content", Value::from(words))]), Attributes::new()));
    let reasons = select(vec!["stop", "length", "tool_calls"]);
    let choice = (0..2_i64, reasons, words()).prop_map(|(index, reason, words)| {
        let message = map([("role", Value::from("assistant")), ("content", Value::from(words))]);
        let body =
            map([("index", Value::Int(index)), ("finish_reason", Value::from(reason)), ("message", message)]);
        // Older SDKs name the event in an attribute.
        let (name, attributes) = if index == 0 {
            ("gen_ai.choice", Attributes::new())
        } else {
            ("", Attributes::from_iter([("event.name", Value::from("gen_ai.choice"))]))
        };
        (name, body, attributes)
    });
    let exception = select(vec!["ValueError", "KeyError"]).prop_map(|class| {
        ("", Value::Empty, Attributes::from_iter([("exception.type", Value::from(class))]))
    });
    let plain = words().prop_map(|words| ("", Value::from(words), Attributes::new()));
    prop_oneof![3 => message, 3 => choice, 2 => exception, 1 => plain]
}

fn map<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    Value::Map(pairs.into_iter().collect())
}
