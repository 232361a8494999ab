//! What becomes of spans between their end and their row.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use tracestead::pipeline::{Pipeline, Recorded, Report, Setup};
use tracestead::{Db, Notice, Processing, SqliteDb, TraceQuery, Tracing, TracingBuilder};
use tracestead_model::{Attributes, Span, SpanId, SpanKind, Status, TraceId, UnixNanos};

const SOON: Duration = Duration::from_secs(20);

fn record(tracing: &Tracing, names: &[&'static str]) {
    let tracer = tracing.provider().tracer("test");
    for name in names {
        tracer.start(*name).end();
    }
}

#[test]
fn a_run_that_has_ended_can_be_read_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("deep/down/traces.db")).unwrap();
    let tracing = TracingBuilder::new(db.clone())
        .service_name("pipeline-test")
        .resource([KeyValue::new("deployment.environment.name", "test")])
        .build()
        .unwrap();
    record(&tracing, &["first", "second"]);

    let traces = db.get_traces(TraceQuery::default()).unwrap();
    let names: Vec<_> = traces.iter().map(|trace| trace.name.as_str()).collect();
    assert_eq!(names, ["second", "first"]);
    assert_eq!(traces[0].service_name.as_deref(), Some("pipeline-test"));
    assert_eq!(traces[0].environment.as_deref(), Some("test"));
    let stats = tracing.stats();
    assert_eq!((stats.recorded, stats.stored, stats.dropped, stats.queued), (2, 2, 0, 0));
}

#[test]
fn whoever_names_the_same_file_reads_what_was_just_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("traces.db");
    let db = SqliteDb::open(&file).unwrap();
    let tracing = TracingBuilder::new(db.clone()).schedule_delay(Duration::from_hours(1)).build().unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(directory.path(), &link).unwrap();
    for (at, name) in [file, directory.path().join("./traces.db"), link.join("traces.db")].iter().enumerate()
    {
        let reader = SqliteDb::open(name).unwrap();
        assert_eq!(reader.count_traces(TraceQuery::default()).unwrap(), at as u64, "{}", name.display());
        record(&tracing, &["run"]);
        assert_eq!(reader.count_traces(TraceQuery::default()).unwrap(), at as u64 + 1, "{}", name.display());
    }
    let other = SqliteDb::open(directory.path().join("other.db")).unwrap();
    assert!(!db.is_same_as(&other));
}

#[test]
fn a_run_is_stored_long_before_the_delay_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing = TracingBuilder::new(db).schedule_delay(Duration::from_hours(1)).build().unwrap();
    record(&tracing, &["run"]);
    let began = Instant::now();
    while tracing.stats().stored == 0 {
        assert!(began.elapsed() < SOON, "{:?}", tracing.stats());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_simple_span_is_stored_when_it_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing = TracingBuilder::new(db).processing(Processing::Simple).build().unwrap();
    record(&tracing, &["one"]);
    assert_eq!(tracing.stats().stored, 1);
}

#[test]
fn dropping_stores_what_waits() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing = TracingBuilder::new(db.clone()).build().unwrap();
    record(&tracing, &["last words"]);
    drop(tracing);
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let directory = tempfile::tempdir().unwrap();
    // A directory is no database: nothing can be stored.
    let db = SqliteDb::open(directory.path()).unwrap();
    let (tell, told) = mpsc::channel();
    let tracing = TracingBuilder::new(db)
        .max_queue_size(10)
        .shutdown_timeout(Duration::from_millis(50))
        .report(move |notice| tell.send(notice.clone()).unwrap())
        .build()
        .unwrap();
    record(&tracing, &["span"; 100]);
    let stats = tracing.stats();
    assert_eq!((stats.recorded, stats.dropped, stats.queued), (100, 90, 10));

    let notice = told.recv_timeout(SOON).unwrap();
    assert!(matches!(&notice, Notice::Failing { error, .. } if error.contains("unable to open")), "{notice}");
    // It is tried again, and not spoken of again.
    let began = Instant::now();
    while tracing.stats().retries < 2 {
        assert!(began.elapsed() < SOON);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(told.try_recv().is_err());
    assert!(tracing.stats().last_error.is_some());

    // There is a deadline for the end of a program as well.
    let began = Instant::now();
    assert!(tracing.shutdown(Duration::from_millis(100)).is_err());
    assert!(began.elapsed() < SOON);
}

#[test]
fn what_waited_is_stored_when_the_database_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    std::fs::create_dir(&path).unwrap();
    let db = SqliteDb::open(&path).unwrap();
    let (tell, told) = mpsc::channel();
    let tracing = TracingBuilder::new(db.clone())
        .report(move |notice| tell.send(notice.clone()).unwrap())
        .build()
        .unwrap();
    record(&tracing, &["patient"]);
    assert!(matches!(told.recv_timeout(SOON).unwrap(), Notice::Failing { .. }));

    std::fs::remove_dir(&path).unwrap();
    tracing.flush(SOON).unwrap();
    let target = db.url().to_string();
    assert_eq!(told.recv_timeout(SOON).unwrap(), Notice::Recovered { target, dropped: 0 });
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
    let stats = tracing.stats();
    assert_eq!((stats.stored, stats.failed, stats.last_error), (1, 0, None));
}

#[test]
fn a_file_that_is_deleted_or_replaced_is_filled_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    let db = SqliteDb::open(&path).unwrap();
    let tracing = TracingBuilder::new(db.clone()).report(|_| {}).build().unwrap();
    record(&tracing, &["lost with its file"]);
    tracing.flush(SOON).unwrap();

    let copy = directory.path().join("another.db");
    let other = SqliteDb::open(&copy).unwrap();
    let others = TracingBuilder::new(other.clone()).build().unwrap();
    record(&others, &["of another"]);
    others.shutdown(SOON).unwrap();

    for name in ["traces.db", "traces.db-wal", "traces.db-shm"] {
        std::fs::remove_file(directory.path().join(name)).unwrap();
    }
    record(&tracing, &["deleted"]);
    tracing.flush(SOON).unwrap();
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);

    std::fs::rename(&copy, &path).unwrap();
    for log in ["traces.db-wal", "traces.db-shm"] {
        std::fs::remove_file(directory.path().join(log)).unwrap();
    }
    record(&tracing, &["replaced"]);
    tracing.flush(SOON).unwrap();
    let names = |db: &SqliteDb| -> Vec<String> {
        db.get_traces(TraceQuery::default()).unwrap().into_iter().map(|trace| trace.name).collect()
    };
    assert_eq!(names(&db), ["replaced", "of another"]);
    drop(tracing);
    assert_eq!(names(&SqliteDb::open(&path).unwrap()), ["replaced", "of another"]);
}

#[test]
fn bytes_are_bounded_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path()).unwrap();
    let tracing = TracingBuilder::new(db)
        .max_queue_bytes(1 << 20)
        .shutdown_timeout(Duration::ZERO)
        .report(|_| {})
        .build()
        .unwrap();
    let tracer = tracing.provider().tracer("test");
    for _ in 0..10 {
        let mut span = tracer.start("large");
        span.set_attribute(KeyValue::new("input.value", "x".repeat(300 << 10)));
        span.end();
    }
    let stats = tracing.stats();
    assert_eq!((stats.queued, stats.dropped), (3, 7));
}

#[test]
fn redaction_comes_before_everything_and_fails_closed() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let redact = |key: &str, text: &str| {
        assert_ne!(text, "boom", "a fault of the user's function");
        matches!(key, "user.email" | "event.name").then(|| "***".to_owned())
    };
    let tracing = TracingBuilder::new(db.clone()).redact(redact).report(|_| {}).build().unwrap();
    let tracer = tracing.provider().tracer("test");
    for text in ["ann@example.org", "boom"] {
        let mut span = tracer.start("run");
        span.set_attribute(KeyValue::new("user.email", text));
        // As `tracing` says what is logged within a span.
        span.add_event("mail to ann@example.org", Vec::new());
        span.end();
    }
    let stored = db.get_traces(TraceQuery::default()).unwrap();
    assert_eq!(stored.len(), 1);
    let spans = db.get_spans(&stored[0].trace_id).unwrap();
    assert_eq!(spans[0].attributes.text("user.email"), Some("***"));
    assert_eq!(spans[0].events[0].name, "***");
    assert_eq!(tracing.stats().failed, 1);
}

/// Something that ended, by number. One cannot be read.
#[derive(Debug)]
struct Odd(u8);

impl Recorded for Odd {
    type Source = ();

    fn size_bytes(&self) -> usize {
        1
    }

    fn ends_run(&self) -> bool {
        true
    }

    fn into_span(self, _source: &()) -> Span {
        assert_ne!(self.0, 2, "cannot be read");
        Span {
            trace_id: TraceId::from_bytes(&[self.0; 16]).expect("16 bytes"),
            span_id: SpanId::from_bytes(&[self.0; 8]).expect("8 bytes"),
            parent_span_id: None,
            trace_state: String::new(),
            flags: 1,
            name: "odd".to_owned(),
            kind: SpanKind::Internal,
            start_time: UnixNanos::from_i64(1),
            end_time: Some(UnixNanos::from_i64(2)),
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
            events: Vec::new(),
            dropped_events_count: 0,
            links: Vec::new(),
            dropped_links_count: 0,
            status: Status::default(),
            resource: Arc::default(),
            scope: Arc::default(),
        }
    }
}

#[test]
fn a_span_that_cannot_be_read_fails_alone() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::from(SqliteDb::open(directory.path().join("traces.db")).unwrap());
    let (tell, told) = mpsc::channel();
    let mut setup = Setup::new(db.clone());
    setup.report = Report::new(move |notice| tell.send(notice.clone()).unwrap());
    let pipeline = Pipeline::start(setup).unwrap();
    for number in 1..=4 {
        pipeline.record(Odd(number));
    }
    pipeline.refuse("neither could the fifth".to_owned());
    pipeline.flush(SOON).unwrap();
    let stats = pipeline.stats();
    assert_eq!((stats.recorded, stats.stored, stats.failed), (5, 3, 2));
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 3);
    let said: Vec<_> = told.try_iter().map(|notice| notice.to_string()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().any(|said| said.contains("a bug in tracestead") && !said.contains("cannot be read")));
}

#[tokio::test]
async fn everything_works_within_an_async_runtime() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing = TracingBuilder::new(db.clone()).build().unwrap();
    record(&tracing, &["async"]);
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
    drop(tracing);
    db.close();
    assert_eq!(db.count_traces(TraceQuery::default()).unwrap(), 1);
    drop(db);
}
