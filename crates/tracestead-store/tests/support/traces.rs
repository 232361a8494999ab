//! Traces out of nothing: few ids, few names and few times, so that everything collides that can.

use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tracestead_model::{
    Attributes, Event, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos, Value,
};

/// When the generated traces began.
pub(crate) const BEGIN: i64 = 1_795_221_481_000_000_000;

pub(crate) const NAMES: [&str; 6] = ["Chat_Agent.run", "chat%agent", "a/b_c", "ÄRGER", "ärger", ""];
pub(crate) const USERS: [&str; 4] = ["bob", "Bob", "eve", "b_b"];
pub(crate) const SESSIONS: [&str; 3] = ["s-1", "s-2", "%"];

/// Returns a trace of up to `most_spans`: several roots, parents that are missing, circles, runs at any depth.
pub(crate) fn trace(most_spans: usize) -> impl Strategy<Value = Vec<Span>> {
    let when = prop_oneof![(0..12_i64).prop_map(|at| at * 250), (0..12_i64).prop_map(|at| at * 900_001)];
    (1..u128::MAX, when, vec(span(), 1..=most_spans)).prop_map(|(trace_id, begin, spans)| {
        let trace_id = TraceId::from_bytes(&trace_id.to_be_bytes()).unwrap();
        let mut spans = spans;
        for (at, span) in spans.iter_mut().enumerate() {
            span.trace_id = trace_id;
            // Other traces have spans with the same ids.
            span.span_id = id(at);
            span.start_time = UnixNanos::from_i64(span.start_time.as_i64() + begin);
            span.end_time = span.end_time.map(|end| UnixNanos::from_i64(end.as_i64() + begin));
        }
        spans
    })
}

pub(crate) fn id(number: usize) -> SpanId {
    // The order of ids is not the one in which spans come.
    SpanId::from_bytes(&[1 + u8::try_from(number * 37 % 251).unwrap(), 0, 0, 0, 0, 0, 0, 7]).unwrap()
}

fn span() -> impl Strategy<Value = Span> {
    let time = (0..6_i64, option::weighted(0.9, -1..6_i64));
    let parent = prop_oneof![1 => Just(None), 6 => (0..14_usize).prop_map(|at| Some(id(at)))];
    let status = select(vec![StatusCode::Unset, StatusCode::Ok, StatusCode::Ok, StatusCode::Error]);
    let who = (0..RESOURCES.len(), select(&NAMES[..]), status);
    (time, parent, who, attributes(), vec(event(), 0..3)).prop_map(
        |((start, length), parent, (resource, name, code), attributes, events)| {
            let start = BEGIN + start * 700_300;
            Span {
                trace_id: TraceId::from_bytes(&[1; 16]).unwrap(),
                span_id: id(0),
                parent_span_id: parent,
                trace_state: String::new(),
                flags: 256,
                name: name.to_owned(),
                kind: SpanKind::Internal,
                start_time: UnixNanos::from_i64(start),
                end_time: length.map(|length| UnixNanos::from_i64(start + length * 800_900)),
                attributes,
                dropped_attributes_count: 0,
                events,
                dropped_events_count: 0,
                links: Vec::new(),
                dropped_links_count: 0,
                status: Status { code, message: String::new() },
                resource: Arc::clone(&RESOURCES[resource]),
                scope: Arc::clone(&SCOPE),
            }
        },
    )
}

/// Failures and answers at the times that log records have too; those of one span are in no order.
fn event() -> impl Strategy<Value = Event> {
    let what = select(vec![
        ("exception", "exception.type", "OSError"),
        ("gen_ai.choice", "finish_reason", "content_filter"),
        ("retry", "attempt", "2"),
    ]);
    (0..3_i64, what).prop_map(|(time, (name, key, value))| Event {
        time: UnixNanos::from_i64(BEGIN + time * 1_000),
        name: name.to_owned(),
        attributes: Attributes::from_iter([(key, Value::from(value))]),
        dropped_attributes_count: 0,
    })
}

static RESOURCES: LazyLock<Vec<Arc<Resource>>> = LazyLock::new(|| {
    let service = |name| Attributes::from_iter([("service.name", Value::from(name))]);
    let resource = |attributes| Arc::new(Resource { attributes, ..Resource::default() });
    let mut deployed = service("worker");
    deployed.push("deployment.environment.name", Value::from("prod"));
    deployed.push("service.version", Value::from("7"));
    vec![resource(Attributes::new()), resource(service("api")), resource(deployed)]
});

static SCOPE: LazyLock<Arc<Scope>> = LazyLock::new(Arc::default);

fn attributes() -> impl Strategy<Value = Attributes> {
    let texts = |key: &'static str, values: &'static [&'static str]| {
        option::weighted(0.4, select(values).prop_map(move |value| (key, Value::from(value))))
    };
    let counts = |key: &'static str| {
        option::weighted(0.5, (0..40_i64).prop_map(move |count| (key, Value::Int(count))))
    };
    let kinds = &["AGENT", "AGENT", "CHAIN", "LLM", "LLM", "TOOL", "EMBEDDING"][..];
    let what = (
        option::weighted(0.8, select(kinds).prop_map(|kind| ("openinference.span.kind", Value::from(kind)))),
        texts("agno.workflow.id", &["flow"]),
        texts("agno.team.id", &["team", "TEAM"]),
        texts("agno.agent.id", &["agent", "Agent"]),
        texts("llm.model_name", &["gpt", "claude"]),
        texts("tag.tags", &["b,a", "c"]),
    );
    let who = (
        texts("agno.run.id", &["r1", "r2"]),
        texts("session.id", &SESSIONS),
        texts("user.id", &USERS),
        texts("input.value", &["in", "other in"]),
        texts("output.value", &["out"]),
        option::weighted(
            0.3,
            (0..9_i32).prop_map(|cents| ("llm.cost.total", Value::Double(f64::from(cents) / 100.0))),
        ),
    );
    let usage = (
        counts("llm.token_count.prompt"),
        counts("llm.token_count.completion"),
        counts("llm.token_count.total"),
        counts("llm.token_count.prompt_details.cache_read"),
    );
    let more = (
        texts("gen_ai.agent.name", &["Anna"]),
        texts("gen_ai.response.id", &["answer-1", "answer-2"]),
        texts("gen_ai.environment", &["test"]),
        texts("langfuse.release", &["8"]),
        texts("langfuse.trace.name", &["my trace", "another"]),
    );
    (what, who, usage, more).prop_map(|(what, who, usage, more)| {
        let pairs =
            [what.0, what.1, what.2, what.3, what.4, what.5, who.0, who.1, who.2, who.3, who.4, who.5];
        let usage = [usage.0, usage.1, usage.2, usage.3];
        let more = [more.0, more.1, more.2, more.3, more.4];
        pairs.into_iter().chain(usage).chain(more).flatten().collect()
    })
}
