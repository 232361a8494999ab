//! A program that has a subscriber of its own. One test, for a process has one of each.

use std::io::Write;
use std::sync::{Arc, Mutex};

use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer as _};
use tracestead::{SqliteDb, TraceQuery, TracingBuilder, setup_tracing};
use tracing_subscriber::prelude::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panics with it")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics with it").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_layer_is_added_to_it_and_who_forgets_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| SqliteDb::open(directory.path().join(name)).unwrap();
    let (db, log) = (open("traces.db"), Log::default());
    let tracing = TracingBuilder::new(db.clone()).install_provider().unwrap();
    let writer = log.clone();
    let logs = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    tracing_subscriber::registry().with(logs).with(tracing.layer()).init();

    tracing::info_span!("by tracing").in_scope(|| tracing::info!("logged as before"));
    global::tracer("test").start("by OpenTelemetry").end();
    let traces = db.get_traces(TraceQuery::default()).unwrap();
    let names: Vec<_> = traces.iter().map(|trace| trace.name.as_str()).collect();
    assert_eq!(names, ["by OpenTelemetry", "by tracing"]);
    assert!(log.text().contains("logged as before"));
    assert!(!log.text().contains("WARN"), "{}", log.text());

    // The second one is too late for the subscriber, and says so.
    let other = open("other.db");
    let late = setup_tracing(other.clone()).unwrap();
    assert!(log.text().contains("use `TracingBuilder::install_provider`"), "{}", log.text());
    global::tracer("test").start("by OpenTelemetry").end();
    assert_eq!(other.count_traces(TraceQuery::default()).unwrap(), 1);
    drop((late, tracing));
}
