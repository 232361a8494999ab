//! However often spans and their log records are sent, in whatever order, however split: the database ends up the same.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tracestead_model::json::to_agno_json;
use tracestead_model::query::{PageStart, SpanRecord, TraceQuery, TraceRecord};
use tracestead_model::{Attributes, BODY, LogRecord, PriceBook, Span, UnixNanos, Value};
use tracestead_store::{Batch, Malformed, SpanStore};

use crate::captures::{CAPTURES, Capture};
use crate::place::{Engine, Place, canonical};
use crate::specification::{joined, said_of_spans, specify, specify_span};
use crate::support::NOW;
use crate::{logs, traces};

/// What is sent: spans and log records come by ways of their own, so either may be first.
#[derive(Debug, Clone)]
enum Item {
    Span(Box<Span>),
    Log(Box<LogRecord>),
}

fn items(captures: &[Capture]) -> Vec<Item> {
    let of_one = |capture: &Capture| {
        let spans = capture.spans.iter().cloned().map(|span| Item::Span(Box::new(span)));
        let logs = capture.logs.iter().cloned().map(|log| Item::Log(Box::new(log)));
        spans.chain(logs).collect::<Vec<Item>>()
    };
    captures.iter().flat_map(of_one).collect()
}

/// How items are sent: three times each, in an order and in batches of its own.
#[derive(Debug, Clone)]
struct Way {
    order: Vec<Index>,
    batch_items: Vec<usize>,
    /// How many batches wait at once, and so may become one commit.
    at_once: usize,
}

fn ways() -> impl Strategy<Value = Way> {
    (vec(any::<Index>(), 1..400), vec(1..9_usize, 1..20), 1..12_usize)
        .prop_map(|(order, batch_items, at_once)| Way { order, batch_items, at_once })
}

impl Way {
    fn batches(&self, items: &[Item]) -> Vec<Vec<Item>> {
        let mut sent: Vec<Item> = items.iter().cycle().take(items.len() * 3).cloned().collect();
        for at in (1..sent.len()).rev() {
            sent.swap(at, self.order[at % self.order.len()].index(at + 1));
        }
        let mut batches = Vec::new();
        let mut sizes = self.batch_items.iter().cycle();
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

pub(crate) fn prepare(spans: Vec<Span>) -> Batch {
    Batch::prepare(spans, malformed(), UnixNanos::from_i64(NOW), &PriceBook::default())
}

pub(crate) fn prepare_logs(logs: Vec<LogRecord>) -> Batch {
    Batch::prepare_logs(logs, malformed(), UnixNanos::from_i64(NOW))
}

/// Returns a database into which each of `captures` went once and whole, and the rows of its traces and spans.
async fn once(place: &Place, captures: &[Capture]) -> (Vec<TraceRecord>, Vec<SpanRecord>) {
    let store = place.open();
    for Capture { spans, logs } in captures {
        let stored = store.ingest(prepare(spans.clone())).await.unwrap();
        assert_eq!((stored.new_spans, stored.known_spans), (spans.len(), 0));
        assert!(stored.refused.is_empty(), "{stored:?}");
        let stored = store.ingest(prepare_logs(logs.clone())).await.unwrap();
        assert_eq!((stored.new_spans, stored.known_spans, stored.refused.len()), (0, 0, 0));
    }
    let query = TraceQuery { limit: u32::MAX, from: PageStart::Newest, filter: None };
    let traces = store.traces(query).await.unwrap();
    let mut spans = Vec::new();
    for trace in &traces {
        spans.extend(store.whole_spans(&trace.trace_id).await.unwrap());
    }
    store.close().await;
    (traces, spans)
}

async fn resent(place: &Place, batches: Vec<Vec<Item>>, at_once: usize) {
    let store = Arc::new(place.open());
    let mut waiting: JoinSet<()> = JoinSet::new();
    for batch in batches {
        if waiting.len() >= at_once {
            waiting.join_next().await.unwrap().unwrap();
        }
        let (mut spans, mut logs) = (Vec::new(), Vec::new());
        for item in batch {
            match item {
                Item::Span(span) => spans.push(*span),
                Item::Log(log) => logs.push(*log),
            }
        }
        if !logs.is_empty() {
            waiting.spawn(ingest(Arc::clone(&store), prepare_logs(logs), 0));
        }
        let sent = spans.len();
        if sent > 0 {
            waiting.spawn(ingest(Arc::clone(&store), prepare(spans), sent));
        }
    }
    waiting.join_all().await;
    store.close().await;
}

/// Sends the spans of a capture in batches of so many, then its log records one by one.
pub(crate) async fn send_in_parts(store: &SpanStore, capture: &Capture, at_once: usize) {
    for spans in capture.spans.chunks(at_once.min(capture.spans.len()).max(1)) {
        store.ingest(prepare(spans.to_vec())).await.unwrap();
    }
    for log in &capture.logs {
        store.ingest(prepare_logs(vec![log.clone()])).await.unwrap();
    }
}

async fn ingest(store: Arc<SpanStore>, batch: Batch, spans_sent: usize) {
    let stored = store.ingest(batch).await.unwrap();
    assert_eq!((stored.new_spans + stored.known_spans, stored.refused.len()), (spans_sent, 0));
}

/// `pending` are copies of spans as they were before they ended: they must leave no trace.
fn check(place: &Place, captures: &[Capture], pending: &[Span], way: &Way) {
    let runtime = Runtime::new().unwrap();
    place.open();
    place.clear();
    let (traces, spans) = runtime.block_on(once(place, captures));
    check_rows(captures, place, &traces, &spans);
    let expected = place.contents();
    place.clear();
    let mut sent = items(captures);
    sent.extend(pending.iter().cloned().map(|span| Item::Span(Box::new(span))));
    runtime.block_on(resent(place, way.batches(&sent), way.at_once));
    same(&expected, &place.contents());
}

#[track_caller]
pub(crate) fn same(expected: &[String], actual: &[String]) {
    for (expected, actual) in expected.iter().zip(actual) {
        assert_eq!(expected, actual);
    }
    assert_eq!(expected.len(), actual.len());
}

fn check_rows(captures: &[Capture], place: &Place, traces: &[TraceRecord], spans: &[SpanRecord]) {
    let logs: Vec<LogRecord> = captures.iter().flat_map(|capture| capture.logs.clone()).collect();
    let logs = said_of_spans(&logs);
    let stored_logs =
        place.number(&format!("SELECT COUNT(*) AS n FROM {}", place.table("tracestead_span_events")));
    assert_eq!(usize::try_from(stored_logs).unwrap(), logs.len());

    let of_id = spans.iter().map(|span| ((span.trace_id.clone(), span.span_id.clone()), span));
    let of_id: HashMap<_, _> = of_id.collect();
    let mut with_events = Vec::new();
    for span in captures.iter().flat_map(|capture| &capture.spans) {
        let stored = of_id[&(span.trace_id.to_hex(), span.span_id.to_hex())];
        let span = joined(span, &logs, stored);
        // What the order of keys is depends on the database.
        let attributes = |attributes: &Attributes| canonical(&to_agno_json(attributes));
        assert_eq!(attributes(&span.attributes), attributes(&stored.attributes));
        assert_eq!(*stored, specify_span(&span, stored));
        with_events.push(span);
    }
    assert_eq!(with_events.len(), spans.len());
    let specified = specify(&with_events);
    assert_eq!(traces.len(), specified.len());
    for trace in traces {
        assert_eq!(*trace, specified[&trace.trace_id]);
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

pub(crate) fn of_one_moment(engine: Engine) {
    let names = ["gen_ai.system.message", "gen_ai.user.message", "gen_ai.choice", "gen_ai.choice"];
    let capture = CAPTURES.iter().find(|capture| !capture.logs.is_empty()).unwrap();
    let (span, log) = (&capture.spans[0], &capture.logs[0]);
    let record = |(at, name): (usize, &&str)| LogRecord {
        trace_id: Some(span.trace_id),
        span_id: Some(span.span_id),
        observed_time: Some(span.start_time),
        time: None,
        event_name: (*name).to_owned(),
        body: Value::Map([("index", Value::Int(i64::try_from(at).unwrap()))].into_iter().collect()),
        ..log.clone()
    };
    let logs: Vec<LogRecord> = names.iter().enumerate().map(record).collect();
    let place = Place::new(engine);
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        store.ingest(prepare(vec![span.clone()])).await.unwrap();
        for log in logs.iter().rev() {
            store.ingest(prepare_logs(vec![log.clone()])).await.unwrap();
        }
        let (trace_id, span_id) = (span.trace_id.to_hex(), span.span_id.to_hex());
        let stored = store.span(&trace_id, &span_id).await.unwrap().unwrap();
        let bodies: Vec<_> = stored.events.iter().map(|event| event.attributes.get(BODY).cloned()).collect();
        assert_eq!(bodies, logs.iter().map(|log| Some(log.body.clone())).collect::<Vec<_>>());
        store.close().await;
    });
}

fn some_captures() -> impl Strategy<Value = Vec<Capture>> {
    let all = (0..CAPTURES.len()).collect::<Vec<_>>();
    (subsequence(all, 1..6), any::<Index>()).prop_map(|(which, with_logs)| {
        // Those with log records are few, so one of them is always there.
        let all: Vec<usize> = (0..CAPTURES.len()).filter(|at| !CAPTURES[*at].logs.is_empty()).collect();
        let with_logs = all[with_logs.index(all.len())];
        let which = which.into_iter().filter(|at| *at != with_logs).chain([with_logs]);
        which.map(|at| CAPTURES[at].clone()).collect()
    })
}

pub(crate) fn captures(engine: Engine, config: ProptestConfig) {
    let place = Place::new(engine);
    let tried = TestRunner::new(config).run(&(some_captures(), ways()), |(captures, way)| {
        check(&place, &captures, &[], &way);
        Ok(())
    });
    tried.unwrap();
}

fn trace() -> impl Strategy<Value = Capture> {
    traces::trace(12).prop_flat_map(|spans| {
        let logs = logs::logs(spans[0].trace_id, 12);
        (Just(spans), logs).prop_map(|(spans, logs)| Capture { spans, logs })
    })
}

pub(crate) fn any_traces(engine: Engine, config: ProptestConfig) {
    let place = Place::new(engine);
    let input = (vec(trace(), 1..4), 0..6_usize, ways());
    let tried = TestRunner::new(config).run(&input, |(traces, attributes_kept, way)| {
        let spans: Vec<Span> = traces.iter().flat_map(|trace| trace.spans.clone()).collect();
        check(&place, &traces, &pending(&spans, attributes_kept), &way);
        Ok(())
    });
    tried.unwrap();
}

pub(crate) fn captures_once(engine: Engine) {
    let place = Place::new(engine);
    let (traces, spans) = Runtime::new().unwrap().block_on(once(&place, &CAPTURES));
    check_rows(&CAPTURES, &place, &traces, &spans);
}

pub(crate) fn backwards(engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let place = Place::new(engine);
    runtime.block_on(once(&place, &CAPTURES));
    let expected = place.contents();
    place.clear();
    let all = items(&CAPTURES);
    let batches: Vec<Vec<Item>> =
        all.iter().rev().chain(&all).chain(all.iter().rev()).map(|item| vec![item.clone()]).collect();
    runtime.block_on(resent(&place, batches, 64));
    same(&expected, &place.contents());
}

/// The rows of all captures, whatever the database.
pub(crate) fn same_as_sqlite(engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let [sqlite, other] = [Engine::Sqlite, engine].map(Place::new);
    for place in [&sqlite, &other] {
        runtime.block_on(once(place, &CAPTURES));
    }
    same(&sqlite.contents(), &other.contents());
}
