//! What `install` makes global. One test, for a process has one of each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer as _};
use tracestead::{SqliteDb, TraceQuery, setup_tracing};

#[test]
fn everything_is_traced_from_here_on() {
    let directory = tempfile::tempdir().unwrap();
    let db = SqliteDb::open(directory.path().join("traces.db")).unwrap();
    let tracing = setup_tracing(db.clone()).unwrap();

    global::tracer("test").start("by OpenTelemetry").end();
    let run = || {
        tracing::info_span!("outer", session.id = "s").in_scope(|| {
            tracing::debug_span!("too much detail").in_scope(|| {});
            tracing::info_span!(target: "hyper::client", "plumbing").in_scope(|| {});
            tracing::info_span!("tool", openinference.span.kind = "TOOL").in_scope(|| panic!("no {}", 7));
        });
    };
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    // A span made with OpenTelemetry's API below one of `tracing`'s, and the other way round.
    tracing::info_span!("above").in_scope(|| global::tracer("test").start("below").end());

    let traces = db.get_traces(TraceQuery::default()).unwrap();
    let names: Vec<_> = traces.iter().rev().map(|trace| trace.name.as_str()).collect();
    assert_eq!(names, ["by OpenTelemetry", "outer", "above"]);
    assert_eq!(traces[0].span_count, 2);

    let panicked = &traces[1];
    assert_eq!((panicked.status.as_str(), panicked.session_id.as_deref()), ("ERROR", Some("s")));
    let spans = db.get_spans(&panicked.trace_id).unwrap();
    let tool = spans.iter().find(|span| span.name == "tool").unwrap();
    assert_eq!(spans.len(), 2);
    assert_eq!((tool.status_code.as_str(), tool.status_message.as_deref()), ("ERROR", Some("no 7")));
    let event = &tool.events[0];
    assert_eq!((event.name.as_str(), event.attributes.text("exception.type")), ("exception", Some("panic")));
    assert!(event.attributes.text("exception.stacktrace").unwrap().contains("tests/install.rs:"));
    drop(tracing);
}
