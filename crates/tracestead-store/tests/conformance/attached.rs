//! Databases that are only to be read: answers as if they were filled, and nothing changes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tracestead_model::query::{Comparison, Field, Filter, FilterValue, PageStart, TraceQuery, TraceRecord};
use tracestead_model::{Retention, RetentionRule, UnixNanos};
use tracestead_store::{Batch, IngestError, OpenError, Prune, SpanQuery, SpanStore};

use crate::agno;
use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::support::NOW;

/// A database that Agno made, of which we know nothing.
pub(crate) fn of_agno_alone(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "1 = 1", "1 = 1");
    same_as_filled(&place);
}

/// A database of ours to which Agno wrote: traces of its own, and spans of traces that we have filled.
pub(crate) fn of_both(engine: Engine) {
    let place = Place::new(engine);
    agno::make_tables(&place);
    agno::write(&place, "trace_id < '8'", "parent_span_id IS NULL");
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let store = filled(&place).await;
        for capture in &CAPTURES[..8] {
            let now = UnixNanos::from_i64(NOW);
            let batch = Batch::prepare(capture.spans.clone(), Vec::new(), now, store.prices());
            store.ingest(batch).await.unwrap();
            store.ingest(Batch::prepare_logs(capture.logs.clone(), Vec::new(), now)).await.unwrap();
        }
        store.close().await;
    });
    agno::write(&place, "1 = 1", "1 = 1");
    let traces = place.table("agno_traces");
    // Agno's own exporter forgets that a span failed.
    place.run(&format!("UPDATE {traces} SET status = 'OK' WHERE service_name IS NOT NULL"));
    same_as_filled(&place);
}

pub(crate) fn without_traces(engine: Engine) {
    let place = Place::new(engine);
    let mut options = place.options();
    options.read_only = true;
    let refused = SpanStore::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::Empty { .. } | OpenError::Open { .. }), "{refused}");
}

fn same_as_filled(place: &Place) {
    let runtime = Runtime::new().unwrap();
    let before = place.contents();
    let mut options = place.options();
    options.read_only = true;
    let read = runtime.block_on(async {
        let store = SpanStore::open(&options).unwrap();
        assert!(store.is_read_only());
        let read = answers(&store).await;
        let batch = Batch::prepare_logs(Vec::new(), Vec::new(), UnixNanos::from_i64(NOW));
        assert!(matches!(store.ingest(batch).await, Err(IngestError::ReadOnly)));
        store.close().await;
        read
    });
    assert!(place.contents() == before, "reading has changed something");
    let filled = runtime.block_on(async {
        let store = filled(place).await;
        let answers = answers(&store).await;
        store.close().await;
        answers
    });
    assert_eq!(read.len(), filled.len());
    for (read, filled) in read.iter().zip(&filled) {
        assert_eq!(read, filled);
    }
    assert!(filled.iter().any(|answer| answer.contains("input_preview: Some")));
    // What is filled is read as it is.
    let again = runtime.block_on(async {
        let store = SpanStore::open(&options).unwrap();
        answers(&store).await
    });
    assert!(again == filled);
}

/// Opens the database and waits until every row has our columns.
pub(crate) async fn filled(place: &Place) -> SpanStore {
    let store = place.open();
    let (traces, spans) = (place.table("agno_traces"), place.table("agno_spans"));
    let unfilled = [
        format!("SELECT COUNT(*) AS n FROM {spans} WHERE is_counted IS NULL"),
        format!("SELECT COUNT(*) AS n FROM {traces} WHERE start_time_ns IS NULL"),
        format!(
            "SELECT COUNT(*) AS n FROM {traces} WHERE status <> 'ERROR' AND error_span_count > 0 AND service_name IS NOT NULL"
        ),
    ];
    let began = Instant::now();
    while unfilled.iter().any(|sql| place.number(sql) > 0) {
        assert!(began.elapsed() < Duration::from_mins(1), "the back-fill does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store
}

/// Asks everything that can be asked.
async fn answers(store: &SpanStore) -> Vec<String> {
    let mut answers = Vec::new();
    let query = |filter: Option<Filter>, limit, from| TraceQuery { filter, limit, from };
    let all = store.traces(query(None, 10_000, PageStart::Newest)).await.unwrap();
    answers.extend(all.iter().map(|trace| format!("{trace:#?}")));
    let middle = &all[all.len() / 2];
    let after = PageStart::After { start_time_ns: middle.start_time_ns, trace_id: middle.trace_id.clone() };
    let agents = |flag| Filter::Compare(Field::HasAgentSpans, Comparison::Eq, FilterValue::Number(flag));
    let time = FilterValue::Time(UnixNanos::from_i64(middle.start_time_ns));
    let filters = [
        None,
        Some(agents(1.0)),
        Some(agents(0.0)),
        Some(Filter::And(vec![agents(1.0), Filter::equals(Field::Status, "ERROR")])),
        Some(Filter::Or(vec![agents(0.0), Filter::equals(Field::Status, "OK")])),
        Some(Filter::Compare(Field::StartTime, Comparison::Lt, time.clone())),
        Some(Filter::Compare(Field::EndTime, Comparison::Gte, time)),
        Some(Filter::Contains(Field::Name, "agent".to_owned())),
    ];
    for filter in filters {
        for from in [PageStart::Newest, PageStart::Offset(3), after.clone()] {
            let page = store.traces(query(filter.clone(), 7, from)).await.unwrap();
            let page: Vec<String> = page.into_iter().map(|trace| trace.trace_id).collect();
            answers.push(format!("{filter:?} {page:?}"));
        }
        answers.push(format!("{filter:?} {}", store.count_traces(filter.clone()).await.unwrap()));
    }
    answers.push(format!("{:?}", store.sessions(None, 1000, 0).await.unwrap()));
    answers.push(format!("{:?}", store.run_ids(100).await.unwrap()));
    answers.push(format!("{:?}", store.trace_count().await.unwrap()));
    for trace in &all {
        answers.push(format!("{:?}", store.trace(&trace.trace_id).await.unwrap()));
        let mut light = store.light_spans(&trace.trace_id).await.unwrap();
        light.sort_by(|a, b| a.span_id.cmp(&b.span_id));
        for span in &light {
            answers.push(format!("{:?}", store.span(&trace.trace_id, &span.span_id).await.unwrap()));
        }
        answers.extend(light.iter().map(|span| format!("{span:#?}")));
        let mut whole = store.whole_spans(&trace.trace_id).await.unwrap();
        whole.sort_by(|a, b| a.span_id.cmp(&b.span_id));
        answers.extend(whole.iter().map(|span| format!("{span:?}")));
    }
    for span_type in ["LLM", "TOOL", "GUARDRAIL"] {
        let query = SpanQuery { span_type: Some(span_type.to_owned()), limit: 40, ..SpanQuery::default() };
        let spans = store.spans(query).await.unwrap();
        answers.extend(spans.iter().map(|span| format!("{span_type} {} {}", span.trace_id, span.span_id)));
    }
    answers.extend(plans(store, &all).await);
    let errors = SpanQuery { status_code: Some("ERROR".to_owned()), limit: 40, ..SpanQuery::default() };
    answers.push(format!("{:?}", store.spans(errors).await.unwrap()));
    answers
}

/// Returns what would be deleted by rules, and of users. How many bytes that is depends on what our tables take.
async fn plans(store: &SpanStore, all: &[TraceRecord]) -> Vec<String> {
    let any = || RetentionRule { older_than: Some(Duration::ZERO), ..RetentionRule::default() };
    let mut rules = vec![RetentionRule { status: Some("ERROR".to_owned()), ..any() }];
    let agents: BTreeSet<_> = all.iter().map(|trace| trace.agent_id.clone()).collect();
    rules.extend(agents.into_iter().take(3).map(|agent_id| RetentionRule { agent_id, ..any() }));
    let users: BTreeSet<_> = all.iter().filter_map(|trace| trace.user_id.clone()).collect();
    let mut asked = vec![Prune::Rules(Retention { rules, max_bytes: None })];
    asked.extend(users.into_iter().map(Prune::User));
    let mut plans = Vec::new();
    for what in asked {
        let plan = store.prune_plan(&what, UnixNanos::from_i64(i64::MAX)).await.unwrap();
        let parts = plan.rules.iter().chain([&plan.user]).map(|part| (part.traces, part.spans));
        plans.push(format!("{what:?} {:?}", parts.collect::<Vec<_>>()));
    }
    plans
}
