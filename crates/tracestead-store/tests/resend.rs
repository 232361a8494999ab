//! However often spans are sent, in whatever order, however split: the database ends up the same.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;
#[path = "support/traces.rs"]
mod traces;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use support::{Database, NOW, fixtures};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tracestead_model::query::{PageStart, TraceQuery, TraceRecord, duration_ms};
use tracestead_model::{RunContext, Span, SpanFacts, SpanId, SpanShape, StatusCode, TraceShape, UnixNanos};
use tracestead_otlp::{Encoding, decode_traces};
use tracestead_store::{Batch, Malformed, SqliteStore};

static CAPTURES: LazyLock<Vec<Vec<Span>>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    for part in ["agno", "other"] {
        for entry in fs::read_dir(fixtures().join(part)).unwrap() {
            paths.push(entry.unwrap().path());
        }
    }
    paths.sort();
    // Captured logs are no spans.
    let is_capture = |name: &str| name.ends_with(".otlp.pb") && !name.ends_with(".logs.otlp.pb");
    paths.retain(|path| is_capture(path.to_str().unwrap()));
    let decode = |path| decode_traces(Encoding::Protobuf, &fs::read(path).unwrap()).unwrap().spans;
    let captures: Vec<Vec<Span>> = paths.iter().map(decode).collect();
    assert!(captures.len() > 40, "only {} captures found", captures.len());
    captures
});

/// How spans are sent: three times each, in an order and in batches of its own.
#[derive(Debug, Clone)]
struct Way {
    order: Vec<Index>,
    batch_spans: Vec<usize>,
    /// How many batches wait at once, and so may become one commit.
    at_once: usize,
}

fn ways() -> impl Strategy<Value = Way> {
    (vec(any::<Index>(), 1..400), vec(1..9_usize, 1..20), 1..12_usize)
        .prop_map(|(order, batch_spans, at_once)| Way { order, batch_spans, at_once })
}

impl Way {
    fn batches(&self, spans: &[Span]) -> Vec<Vec<Span>> {
        let mut sent: Vec<Span> = spans.iter().cycle().take(spans.len() * 3).cloned().collect();
        for at in (1..sent.len()).rev() {
            sent.swap(at, self.order[at % self.order.len()].index(at + 1));
        }
        let mut batches = Vec::new();
        let mut sizes = self.batch_spans.iter().cycle();
        while !sent.is_empty() {
            let size = (*sizes.next().unwrap()).min(sent.len());
            batches.push(sent.split_off(sent.len() - size));
        }
        batches
    }
}

fn malformed() -> Vec<Malformed> {
    let span = |byte: u8| Malformed {
        reason: format!("reason {byte}"),
        encoding: "protobuf",
        bytes: vec![byte; 3],
        size_bytes: 3,
    };
    vec![span(1), span(2)]
}

fn prepare(spans: Vec<Span>) -> Batch {
    Batch::prepare(spans, malformed(), UnixNanos::from_i64(NOW))
}

/// Returns a database into which each of `captures` went once and whole, and the rows of its traces.
async fn once(captures: &[Vec<Span>]) -> (Database, Vec<TraceRecord>) {
    let database = Database::new();
    let store = database.open();
    for capture in captures {
        let stored = store.ingest(prepare(capture.clone())).await.unwrap();
        assert_eq!((stored.new_spans, stored.known_spans), (capture.len(), 0));
        assert!(stored.refused.is_empty(), "{stored:?}");
    }
    let query = TraceQuery { limit: u32::MAX, from: PageStart::Newest, filter: None };
    let traces = store.traces(query).await.unwrap();
    store.close().await;
    (database, traces)
}

async fn resent(batches: Vec<Vec<Span>>, at_once: usize) -> Database {
    let database = Database::new();
    let store = Arc::new(database.open());
    let mut waiting: JoinSet<()> = JoinSet::new();
    for batch in batches {
        if waiting.len() == at_once {
            waiting.join_next().await.unwrap().unwrap();
        }
        waiting.spawn(ingest(Arc::clone(&store), batch));
    }
    waiting.join_all().await;
    store.close().await;
    database
}

async fn ingest(store: Arc<SqliteStore>, spans: Vec<Span>) {
    let spans_sent = spans.len();
    let stored = store.ingest(prepare(spans)).await.unwrap();
    assert_eq!((stored.new_spans + stored.known_spans, stored.refused.len()), (spans_sent, 0));
}

/// `pending` are copies of spans as they were before they ended: they must leave no trace.
fn check(captures: &[Vec<Span>], pending: &[Span], way: &Way) {
    let runtime = Runtime::new().unwrap();
    let (expected, traces) = runtime.block_on(once(captures));
    let mut sent: Vec<Span> = captures.concat();
    let specified = specify(&sent);
    assert_eq!(traces.len(), specified.len());
    for trace in &traces {
        assert_eq!(*trace, specified[&trace.trace_id]);
    }
    sent.extend_from_slice(pending);
    let actual = runtime.block_on(resent(way.batches(&sent), way.at_once));
    let (expected, actual) = (expected.contents(), actual.contents());
    for (expected, actual) in expected.iter().zip(&actual) {
        assert_eq!(expected, actual);
    }
    assert_eq!(expected.len(), actual.len());
}

/// Returns the rows of the traces as they have to be, from the spans alone.
fn specify(spans: &[Span]) -> HashMap<String, TraceRecord> {
    let mut traces: BTreeMap<String, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id.to_hex()).or_default().push(span);
    }
    traces.into_iter().map(|(trace_id, spans)| (trace_id.clone(), specify_one(trace_id, &spans))).collect()
}

fn specify_one(trace_id: String, spans: &[&Span]) -> TraceRecord {
    let shapes: Vec<SpanShape> = spans.iter().map(|span| shape(span)).collect();
    let shape = TraceShape::fold(&shapes);
    let find = |id| spans.iter().find(|span| Some(span.span_id) == id).copied();
    let facts = |span: Option<&Span>| span.map(|span| SpanFacts::of(&span.name, &span.attributes));
    let (root, entry) = (find(shape.root), find(shape.entry));
    let (root_facts, entry_facts) = (facts(root), facts(entry));
    // The root says what went in and came out, the entry run who ran.
    let root_first = || root_facts.iter().chain(&entry_facts);
    let source = [entry, root, find(shape.first).filter(|_| entry.is_none() && root.is_none())];
    let of_resource = |read: fn(&Span) -> Option<&str>| source.iter().flatten().find_map(|span| read(span));
    let mut tags: Vec<String> = root_first().flat_map(|facts| facts.tags.clone()).collect();
    tags.sort();
    tags.dedup();
    let RunContext { run_id, session_id, user_id, agent_id, team_id, workflow_id } = shape.context;
    TraceRecord {
        trace_id,
        name: shape.name,
        status: if shape.error_span_count > 0 { "ERROR" } else { "OK" }.to_owned(),
        start_time_ns: shape.start_time_ns,
        end_time_ns: shape.end_time_ns,
        duration_ms: duration_ms(shape.start_time_ns, Some(shape.end_time_ns)),
        run_id,
        session_id,
        user_id,
        agent_id,
        team_id,
        workflow_id,
        created_at: UnixNanos::from_i64(NOW).to_agno(),
        span_count: shape.span_count,
        error_span_count: shape.error_span_count,
        root_span_id: shape.root.map(SpanId::to_hex),
        root_type: entry_facts
            .as_ref()
            .or(root_facts.as_ref())
            .map(|facts| facts.span_type.as_str().to_owned()),
        input_preview: root_first().find_map(|facts| facts.input_preview.clone()),
        output_preview: root_first().find_map(|facts| facts.output_preview.clone()),
        input_tokens: shape.input_tokens,
        output_tokens: shape.output_tokens,
        total_tokens: shape.total_tokens,
        cost_nano_usd: shape.cost_nano_usd,
        models: shape.models.into_iter().collect(),
        service_name: of_resource(|span| span.resource.service_name()).map(str::to_owned),
        environment: of_resource(|span| span.resource.environment()).map(str::to_owned),
        tags,
        has_agent_spans: shape.has_agent_spans,
    }
}

fn shape(span: &Span) -> SpanShape {
    let facts = SpanFacts::of(&span.name, &span.attributes);
    SpanShape {
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        start_time_ns: span.start_time.as_i64(),
        end_time_ns: span.end_time.map(UnixNanos::as_i64),
        span_type: facts.span_type,
        is_error: span.status.code == StatusCode::Error,
        model: facts.model,
        usage: facts.usage,
        cost_nano_usd: facts.cost_nano_usd,
        name: span.name.replace('\0', ""),
        context: RunContext {
            run_id: facts.run_id,
            session_id: facts.session_id,
            user_id: facts.user_id,
            agent_id: facts.agent_id,
            team_id: facts.team_id,
            workflow_id: facts.workflow_id,
        },
    }
}

/// Returns spans that ended as they were when they began: no end, no status, some attributes still to come.
fn pending(spans: &[Span], attributes_kept: usize) -> Vec<Span> {
    let begun = |span: &Span| Span {
        end_time: None,
        status: tracestead_model::Status::default(),
        attributes: span.attributes.clone().into_iter().take(attributes_kept).collect(),
        ..span.clone()
    };
    spans.iter().filter(|span| span.end_time.is_some()).step_by(2).map(begun).collect()
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn captures_leave_the_same_rows_however_they_come(
        which in subsequence((0..CAPTURES.len()).collect::<Vec<_>>(), 1..6),
        way in ways(),
    ) {
        let captures: Vec<Vec<Span>> = which.into_iter().map(|at| CAPTURES[at].clone()).collect();
        check(&captures, &[], &way);
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_traces_leave_the_same_rows_however_they_come(
        traces in vec(traces::trace(12), 1..4),
        attributes_kept in 0..6_usize,
        way in ways(),
    ) {
        let pending = pending(&traces.concat(), attributes_kept);
        check(&traces, &pending, &way);
    }
}

#[test]
fn all_captures_sent_backwards_span_by_span_leave_the_same_rows() {
    let (expected, _) = Runtime::new().unwrap().block_on(once(&CAPTURES));
    let all: Vec<Span> = CAPTURES.concat();
    let batches: Vec<Vec<Span>> =
        all.iter().rev().chain(&all).chain(all.iter().rev()).map(|span| vec![span.clone()]).collect();
    let actual = Runtime::new().unwrap().block_on(resent(batches, 64));
    assert!(expected.contents() == actual.contents());
}
