//! What only ClickHouse can get wrong: there are no transactions, rows are not changed, and places depend on times.

use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;
use tracestead_model::query::{Field, Filter, FilterValue, PageStart, TraceQuery};
use tracestead_model::{
    Attributes, Resource, Retention, RetentionRule, Scope, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, Value, latency_bucket,
};
use tracestead_store::{OpenOptions, Prune, Rebuild, SpanStore};

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::resend::{prepare, same};
use crate::traces::BEGIN;

const HOUR_NS: i64 = 3_600_000_000_000;

fn span(trace: u8, span: u16, start: i64, end: i64) -> Span {
    let [high, low] = span.to_be_bytes();
    Span {
        trace_id: TraceId::from_bytes(&[trace; 16]).unwrap(),
        span_id: SpanId::from_bytes(&[1, 0, 0, 0, 0, 0, high, low]).unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 1,
        name: "step".to_owned(),
        kind: SpanKind::Internal,
        start_time: UnixNanos::from_i64(start),
        end_time: Some(UnixNanos::from_i64(end)),
        attributes: Attributes::new(),
        dropped_attributes_count: 0,
        events: Vec::new(),
        dropped_events_count: 0,
        links: Vec::new(),
        dropped_links_count: 0,
        status: Status::default(),
        resource: Arc::new(Resource::default()),
        scope: Arc::new(Scope::default()),
    }
}

/// Runs `test` with an open store and closes it.
fn with_store<T>(place: &Place, test: impl AsyncFnOnce(&SpanStore) -> T) -> T {
    Runtime::new().unwrap().block_on(async {
        let store = place.open();
        let answer = test(&store).await;
        store.close().await;
        answer
    })
}

async fn send(store: &SpanStore, spans: Vec<Span>) {
    let stored = store.ingest(prepare(spans)).await.unwrap();
    assert_eq!(stored.refused, Vec::<String>::new());
}

async fn rebuild(store: &SpanStore, what: Rebuild) {
    let mut position = None;
    loop {
        position = store.rebuild_step(what, position).await.unwrap().position;
        if position.is_none() {
            return;
        }
    }
}

async fn send_captures(store: &SpanStore) {
    for capture in &CAPTURES[..8] {
        send(store, capture.spans.clone()).await;
    }
}

#[test]
fn what_a_writer_left_undone_is_done_when_it_is_sent_again() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, send_captures);
    let expected = place.contents();
    // Spans are written first: a writer that ended there wrote no rows of their traces.
    place.run(&format!("TRUNCATE TABLE {}", place.qualified("agno_traces")));
    with_store(&place, send_captures);
    same(&expected, &place.contents());
}

#[test]
fn hours_that_were_not_summed_are_summed_at_the_next_start() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, send_captures);
    let expected = place.contents();
    place.run(&format!("TRUNCATE TABLE {}", place.qualified("tracestead_rollups")));
    with_store(&place, async |_| ());
    same(&expected, &place.contents());
}

#[test]
fn what_is_spoilt_is_derived_again() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, send_captures);
    let expected = place.contents();
    let spans = place.qualified("agno_spans");
    place.run(&format!(
        "ALTER TABLE {spans} UPDATE model = 'spoilt', total_tokens = 7, is_counted = NULL WHERE 1 SETTINGS mutations_sync = 1"
    ));
    place.run(&format!("TRUNCATE TABLE {}", place.qualified("agno_traces")));
    with_store(&place, async |store| {
        // Sent again, a trace gets its row, of what is stored of it; rebuilt, it gets the right one.
        send_captures(store).await;
        rebuild(store, Rebuild::Facts).await;
        rebuild(store, Rebuild::Rollups).await;
    });
    same(&expected, &place.contents());
}

#[test]
fn a_span_that_is_moved_to_another_hour_is_there_once() {
    let place = Place::new(Engine::ClickHouse);
    let spans = with_store(&place, async |store| {
        send(store, vec![span(1, 1, BEGIN, BEGIN + 5)]).await;
        send(store, vec![span(1, 2, BEGIN, BEGIN + 9)]).await;
        // The same span, with a later end and a clock that was set.
        send(store, vec![span(1, 1, BEGIN - 3 * HOUR_NS, BEGIN + 6)]).await;
        let trace = store.trace(&"01".repeat(16)).await.unwrap().unwrap();
        assert_eq!((trace.start_time_ns, trace.span_count), (BEGIN - 3 * HOUR_NS, 2));
        let all = TraceQuery { limit: 9, from: PageStart::Newest, filter: None };
        assert_eq!(store.traces(all).await.unwrap(), vec![trace]);
        store.light_spans(&"01".repeat(16)).await.unwrap()
    });
    assert_eq!(spans.len(), 2, "{spans:?}");
    let rollups = place.table("tracestead_rollups");
    assert_eq!(place.number(&format!("SELECT SUM(calls) AS n FROM {rollups}")), 2);
}

#[test]
fn durations_are_counted_where_the_model_counts_them() {
    let bounds = (0..62).flat_map(|power| {
        let exact = 1_i64 << power;
        [exact - 1, exact, exact + 1, exact + (exact >> 2), exact + (exact >> 1), exact + 3 * (exact >> 2)]
    });
    let mut runner = TestRunner::deterministic();
    let mut any =
        || (0..i64::MAX - BEGIN).prop_flat_map(|top| 0..=top).new_tree(&mut runner).unwrap().current();
    let durations: Vec<i64> =
        bounds.filter(|duration| *duration < i64::MAX - BEGIN).chain((0..600).map(|_| any())).collect();
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let spans = durations.iter().enumerate();
        let spans = spans.map(|(at, duration)| span(2, u16::try_from(at).unwrap(), BEGIN, BEGIN + duration));
        send(store, spans.collect()).await;
    });
    let mut expected: Vec<(i64, i64)> = Vec::new();
    let mut buckets: Vec<i64> = durations.iter().map(|duration| latency_bucket(*duration)).collect();
    buckets.sort_unstable();
    for bucket in buckets {
        match expected.last_mut() {
            Some((last, count)) if *last == bucket => *count += 1,
            _ => expected.push((bucket, 1)),
        }
    }
    let rollups = place.table("tracestead_rollups");
    let rows = place.rows(&format!("SELECT latency_bucket, calls FROM {rollups} ORDER BY latency_bucket"));
    let number = |text: &Option<String>| text.as_deref().unwrap().parse::<i64>().unwrap();
    let stored: Vec<(i64, i64)> =
        rows.iter().map(|row| (number(&row["latency_bucket"]), number(&row["calls"]))).collect();
    assert_eq!(stored, expected);
}

const ODD: [&str; 14] = [
    "plain",
    "it's",
    "\"double\"",
    "`grave`",
    "back\\slash",
    "\\N",
    "tab\tnew\nline\rreturn",
    "?",
    "{p1:String}",
    "%_%",
    "\u{1}\u{8}\u{b}\u{1f}\u{7f}",
    "ÄÖ 漢字 🦀 \u{2028}",
    "NULL",
    "--boundary\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1",
];

#[test]
fn whatever_text_is_asked_for_is_found() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        for (at, text) in ODD.iter().enumerate() {
            let mut odd = span(u8::try_from(at + 1).unwrap(), 1, BEGIN, BEGIN + 1);
            odd.name = (*text).to_owned();
            send(store, vec![odd]).await;
        }
        for text in ODD {
            for filter in [
                Filter::equals(Field::Name, text),
                Filter::In(
                    Field::Name,
                    vec![FilterValue::Text(text.to_owned()), FilterValue::Text("x".to_owned())],
                ),
                Filter::Contains(Field::Name, text.to_owned()),
                Filter::StartsWith(Field::Name, text.to_owned()),
            ] {
                let query = TraceQuery { limit: 9, from: PageStart::Newest, filter: Some(filter.clone()) };
                let found = store.traces(query).await.unwrap();
                assert!(found.iter().any(|trace| trace.name == text), "{filter:?}");
            }
        }
    });
}

#[test]
fn rows_that_are_large_and_many_arrive() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let text = "0123456789abcdef ".repeat(200_000);
        let mut large = span(1, 1, BEGIN, BEGIN + 1);
        large.attributes = Attributes::from_iter([("input.value", Value::from(text.as_str()))]);
        let many = (2..6_000).map(|at| span(1, at, BEGIN + i64::from(at), BEGIN + i64::from(at) + 1));
        send(store, std::iter::once(large).chain(many).collect()).await;
        let spans = store.whole_spans(&"01".repeat(16)).await.unwrap();
        assert_eq!(spans.len(), 5_999);
        let stored = spans.iter().find_map(|span| span.attributes.get("input.value")).unwrap();
        assert_eq!(stored, &Value::from(text.as_str()));
        assert_eq!(store.trace(&"01".repeat(16)).await.unwrap().unwrap().span_count, 5_999);
    });
}

/// One insert goes to a hundred months at most: what is farther apart is written in parts.
#[test]
fn spans_of_all_times_are_stored() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        const MONTH_NS: i64 = 31 * 24 * HOUR_NS;
        let spans: Vec<Span> =
            (0..250_u16).map(|at| span(1, at, i64::from(at) * MONTH_NS, i64::from(at) * MONTH_NS)).collect();
        send(store, spans.clone()).await;
        send(store, spans).await;
        let trace = store.trace(&"01".repeat(16)).await.unwrap().unwrap();
        assert_eq!((trace.span_count, trace.start_time_ns), (250, 0));
        assert_eq!(store.light_spans(&"01".repeat(16)).await.unwrap().len(), 250);
    });
}

async fn prune(store: &SpanStore, what: &Prune, now: i64) -> u64 {
    let (mut position, mut spans) = (None, 0);
    loop {
        let step = store.prune_step(what, UnixNanos::from_i64(now), position).await.unwrap();
        (position, spans) = (step.position, spans + step.spans);
        if position.is_none() {
            return spans;
        }
    }
}

fn older_than(days: u64) -> Prune {
    let older_than = Some(Duration::from_hours(24 * days));
    let rule = RetentionRule { older_than, ..RetentionRule::default() };
    Prune::Rules(Retention { rules: vec![rule], max_bytes: None })
}

/// How many rows the parts of a table have, those included that are gone or written over.
fn rows_on_disk(place: &Place, table: &str) -> i64 {
    let database = place.qualified(table);
    let (database, table) = database.split_once('.').unwrap();
    place.number(&format!(
        "SELECT toInt64(sum(rows)) AS n FROM system.parts
         WHERE database = '{database}' AND table = '{table}' AND active"
    ))
}

const DAY_NS: i64 = 24 * HOUR_NS;

#[test]
fn months_of_which_nothing_is_left_are_given_back() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let old = BEGIN - 100 * DAY_NS;
        send(store, (0..50).map(|at| span(1, at, old, old + 1)).collect()).await;
        send(store, vec![span(2, 1, BEGIN, BEGIN + 1)]).await;
        assert_eq!(prune(store, &older_than(30), BEGIN + 1).await, 50);
        for table in ["agno_spans", "agno_traces", "tracestead_trace_places"] {
            assert!(rows_on_disk(&place, table) < 4, "{table} still has what is gone");
        }
        // What comes late for such a month is a trace as any other.
        send(store, vec![span(1, 1, old, old + 1)]).await;
        let trace = store.trace(&"01".repeat(16)).await.unwrap().unwrap();
        assert_eq!((trace.start_time_ns, trace.span_count), (old, 1));
    });
}

#[test]
fn what_is_kept_keeps_its_month() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let old = BEGIN - 100 * DAY_NS;
        // Of two traces of one month, one ends late.
        send(store, vec![span(1, 1, old, old + 1), span(2, 1, old, BEGIN)]).await;
        assert_eq!(prune(store, &older_than(30), BEGIN + 1).await, 1);
        assert_eq!(store.trace(&"01".repeat(16)).await.unwrap(), None);
        assert_eq!(store.light_spans(&"02".repeat(16)).await.unwrap().len(), 1);
    });
}

#[test]
fn no_byte_of_a_user_is_left_in_any_part() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let of = |user: &str, mut span: Span| {
            span.name = format!("step of {user}");
            span.attributes.push("user.id", Value::from(user));
            span.attributes.push("input.value", Value::from(format!("the secret of {user}").as_str()));
            span
        };
        // Moved to another hour, and written over.
        send(store, vec![of("bob", span(1, 1, BEGIN, BEGIN + 5))]).await;
        send(store, vec![of("bob", span(1, 1, BEGIN - 3 * HOUR_NS, BEGIN + 6))]).await;
        // In the trace of another user, whose row said so.
        let mut below = of("bob", span(2, 2, BEGIN, BEGIN + 5));
        below.parent_span_id = Some(SpanId::from_bytes(&[1, 0, 0, 0, 0, 0, 0, 1]).unwrap());
        send(store, vec![below]).await;
        send(store, vec![of("eve", span(2, 1, BEGIN - 1, BEGIN + 9))]).await;
        assert_eq!(prune(store, &Prune::User("bob".to_owned()), BEGIN).await, 2);
        prune(store, &Prune::Resources, BEGIN).await;
        for table in place.tables() {
            for row in place.rows(&format!("SELECT * FROM {}", place.qualified(&table))) {
                let has_bob = row.values().flatten().any(|value| value.contains("bob"));
                assert!(!has_bob, "{table}: {row:?}");
            }
        }
        let left = store.whole_spans(&"02".repeat(16)).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].user_id.as_deref(), Some("eve"));
    });
}

#[test]
fn a_prune_of_a_user_that_came_no_further_than_the_spans_is_finished() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let of = |user: &str, mut span: Span| {
            span.attributes.push("user.id", Value::from(user));
            span.attributes.push("output.value", Value::from(format!("the secret of {user}").as_str()));
            span
        };
        let mut below = of("bob", span(2, 2, BEGIN, BEGIN + 5));
        below.parent_span_id = Some(SpanId::from_bytes(&[1, 0, 0, 0, 0, 0, 0, 1]).unwrap());
        send(store, vec![of("eve", span(2, 1, BEGIN - 1, BEGIN + 9)), below]).await;
        let spans = place.qualified("agno_spans");
        place.run(&format!(
            "INSERT INTO {spans} (trace_id, span_id, start_time_ns, end_time_ns, resource_id, is_deleted)
             SELECT trace_id, span_id, start_time_ns, end_time_ns, resource_id, 1 FROM {spans} FINAL
             WHERE user_id = 'bob'"
        ));
        // What the row says came from there.
        let rows = place.qualified("agno_traces");
        place.run(&format!(
            "INSERT INTO {rows} SELECT * REPLACE ('the secret of bob' AS output_preview) FROM {rows} FINAL"
        ));
        assert_eq!(prune(store, &Prune::User("bob".to_owned()), BEGIN).await, 0);
        let trace = store.trace(&"02".repeat(16)).await.unwrap().unwrap();
        assert_eq!((trace.span_count, trace.output_preview.as_deref()), (1, Some("the secret of eve")));
    });
}

#[test]
fn spans_whose_trace_has_no_row_are_found_at_the_next_start() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, send_captures);
    let expected = place.contents();
    place.run(&format!("TRUNCATE TABLE {}", place.qualified("agno_traces")));
    with_store(&place, async |store| {
        let all = TraceQuery { limit: 1000, from: PageStart::Newest, filter: None };
        let many = expected.iter().filter(|row| row.starts_with("agno_traces ")).count();
        let began = std::time::Instant::now();
        while store.traces(all.clone()).await.unwrap().len() < many {
            assert!(began.elapsed() < Duration::from_mins(1), "they are not found");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    same(&expected, &place.contents());
}

/// A list of ids is one value, and the server takes none above a certain length.
#[test]
fn thousands_of_small_traces_are_one_commit() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, async |store| {
        let one = |at: u32| {
            let mut span = span(1, 1, BEGIN + i64::from(at), BEGIN + i64::from(at) + 1);
            span.trace_id = TraceId::from_bytes(&u128::from(at + 1).to_be_bytes()).unwrap();
            span
        };
        let spans: Vec<Span> = (0..5_000).map(one).collect();
        send(store, spans.clone()).await;
        send(store, spans).await;
        let traces = format!("SELECT toInt64(count()) AS n FROM {}", place.table("agno_traces"));
        assert_eq!(place.number(&traces), 5_000);
        assert_eq!(prune(store, &older_than(0), BEGIN + HOUR_NS).await, 5_000);
        assert_eq!(place.number(&traces), 0);
    });
}

#[test]
fn resources_go_once_no_span_has_them_and_come_again() {
    let place = Place::new(Engine::ClickHouse);
    let of = |process: &str, mut span: Span| {
        let attributes = Attributes::from_iter([("service.name", Value::from(process))]);
        span.resource = Arc::new(Resource { attributes, ..Resource::default() });
        span
    };
    let count = |place: &Place| {
        place.number(&format!("SELECT toInt64(count()) AS n FROM {}", place.table("tracestead_resources")))
    };
    with_store(&place, async |store| {
        let old = BEGIN - 100 * DAY_NS;
        send(store, vec![of("old", span(1, 1, old, old + 1)), of("young", span(2, 1, BEGIN, BEGIN + 1))])
            .await;
        prune(store, &older_than(30), BEGIN + 1).await;
        assert_eq!(count(&place), 2);
        prune(store, &Prune::Resources, BEGIN + 1).await;
        assert_eq!(count(&place), 1);
        send(store, vec![of("old", span(3, 1, BEGIN, BEGIN + 1))]).await;
        assert_eq!(count(&place), 2);
        let span = store.span(&"03".repeat(16), "0100000000000001").await.unwrap().unwrap();
        assert_eq!(span.resource.attributes.get("service.name"), Some(&Value::from("old")));
    });
}

/// One writer stores spans of ever new processes while another one deletes what no span refers to.
#[test]
fn no_span_is_without_its_resource_while_others_are_deleted() {
    let place = Place::new(Engine::ClickHouse);
    Runtime::new().unwrap().block_on(async {
        let (store, other) = (place.open(), place.open());
        let sweeping = async {
            for _ in 0..20 {
                prune(&other, &Prune::Resources, BEGIN).await;
            }
        };
        let sending = async {
            for at in 0..20_u8 {
                let mut span = span(at + 1, 1, BEGIN, BEGIN + 1);
                let name = format!("process {at}");
                let attributes = Attributes::from_iter([("service.name", Value::from(name.as_str()))]);
                span.resource = Arc::new(Resource { attributes, ..Resource::default() });
                send(&store, vec![span]).await;
            }
        };
        tokio::join!(sweeping, sending);
        let without = format!(
            "SELECT toInt64(count()) AS n FROM {} WHERE resource_id NOT IN (SELECT resource_id FROM {})",
            place.table("agno_spans"),
            place.table("tracestead_resources")
        );
        assert_eq!(place.number(&without), 0);
        store.close().await;
        other.close().await;
    });
}

#[test]
fn tables_of_another_version_get_what_they_lack() {
    let place = Place::new(Engine::ClickHouse);
    with_store(&place, send_captures);
    let expected = place.contents();
    place.run(&format!("ALTER TABLE {} DROP COLUMN ttft_ns", place.qualified("agno_spans")));
    place.run(&format!("DROP TABLE {}", place.qualified("tracestead_places_of_spans")));
    place.run(&format!("TRUNCATE TABLE {}", place.qualified("tracestead_migrations")));
    with_store(&place, async |store| {
        send(store, vec![span(9, 1, BEGIN, BEGIN + 1)]).await;
        assert_eq!(store.light_spans(&"09".repeat(16)).await.unwrap().len(), 1);
        rebuild(store, Rebuild::Facts).await;
    });
    let of_new =
        ["09".repeat(16), "name=Some(\"step\")".to_owned(), "resources attributes=Some(\"{}\")".to_owned()];
    let mut contents = place.contents();
    contents.retain(|row| !of_new.iter().any(|new| row.contains(new)));
    same(&expected, &contents);
}

#[test]
fn a_server_that_is_not_there_is_told_of() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: tracestead_store::DatabaseUrl =
        format!("clickhouse://me:secret@127.0.0.1:{port}/x").parse().unwrap();
    let error = SpanStore::open(&OpenOptions::new(url, UnixNanos::from_i64(BEGIN))).unwrap_err().to_string();
    assert!(error.contains("Connection refused") && !error.contains("secret"), "{error}");
}
