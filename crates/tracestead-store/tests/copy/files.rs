//! From one file into another.

use proptest::collection::vec;
use proptest::prelude::*;
use tracestead_model::{Span, SpanId};
use tracestead_store::{Copier, CopyError, Verified, Verifier};

use crate::captures::{CAPTURES, Capture};
use crate::place::{Engine, Place};
use crate::source::{check_rollups, contents, copier, copy, count, everything, fill, finish, same, verify};

fn file() -> Place {
    Place::new(Engine::Sqlite)
}

#[test]
fn a_copy_has_every_row_and_done_again_changes_nothing() {
    let (from, to) = (file(), file());
    fill(&from, &everything());
    let expected = contents(&from);
    let done = copy(&from, &to);
    assert_eq!((done.traces, done.spans), (count(&from, "agno_traces"), count(&from, "agno_spans")));
    let rows = ["tracestead_resources", "tracestead_span_events", "tracestead_quarantine"];
    assert_eq!(done.rows, rows.iter().map(|table| count(&from, table)).sum::<u64>());
    assert_eq!((done.written, done.refused), (done.spans + done.rows, 0), "{:?}", done.reasons);
    same(&expected, &contents(&to));
    check_rollups(&to);

    let again = copy(&from, &to);
    assert_eq!((again.traces, again.spans, again.written), (done.traces, done.spans, 0));
    same(&expected, &contents(&to));
    same(&expected, &contents(&from));

    let verified = verify(&from, &to);
    let of_all = Verified { traces: done.traces, spans: done.spans, rows: done.rows, ..Verified::default() };
    assert_eq!(verified, of_all);
}

/// A copy that is interrupted: how large its pages are, and how many there are before each interruption.
fn ways() -> impl Strategy<Value = (usize, usize, Vec<usize>)> {
    (1..400_usize, 1_000..400_000_usize, vec(0..12_usize, 0..6))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_interrupted_copy_goes_on((rows, bytes, interruptions) in ways()) {
        let (from, to) = (file(), file());
        fill(&from, &CAPTURES[..30]);
        let mut gone_through = 0;
        for steps in interruptions {
            let mut copier = copier(&from, &to).with_pages_of(rows, bytes);
            let before = copier.done().clone();
            prop_assert!(before.rows + before.spans >= gone_through, "it begins anew");
            let mut is_more = true;
            for _ in 0..steps {
                is_more = copier.step().unwrap();
                if !is_more {
                    break;
                }
            }
            // What was copied of a trace that is not whole is gone through again.
            gone_through = if is_more { before.rows + before.spans } else { 0 };
        }
        finish(copier(&from, &to).with_pages_of(rows, bytes));
        same(&contents(&from), &contents(&to));
        check_rollups(&to);
        prop_assert_eq!(verify(&from, &to).differences, 0);
    }
}

/// Returns a trace of so many spans, of which some are calls.
fn large(spans: usize) -> Capture {
    let capture = CAPTURES.iter().max_by_key(|capture| capture.spans.len()).unwrap();
    let trace_id = capture.spans[0].trace_id;
    let of_trace: Vec<&Span> = capture.spans.iter().filter(|span| span.trace_id == trace_id).collect();
    let another = |at: usize| {
        let span = of_trace[at % of_trace.len()];
        let id = u64::try_from(at + 1).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Span { span_id: format!("{id:016x}").parse::<SpanId>().unwrap(), ..span.clone() }
    };
    Capture { spans: (0..spans).map(another).collect(), logs: Vec::new() }
}

#[test]
fn a_trace_larger_than_a_page_is_not_listed_before_it_is_whole() {
    let (from, to) = (file(), file());
    let large = large(1_000);
    fill(&from, &[large.clone(), CAPTURES[0].clone()]);
    let listed = format!(
        "SELECT COUNT(*) FROM agno_traces WHERE start_time_ns IS NOT NULL AND trace_id = '{}'",
        large.spans[0].trace_id
    );
    let mut copier = copier(&from, &to).with_pages_of(90, 1 << 20);
    let mut seen = 0;
    while copier.step().unwrap() {
        seen = count(&to, "agno_spans");
        let of_large = to.number(&format!(
            "SELECT COUNT(*) FROM agno_spans WHERE trace_id = '{}'",
            large.spans[0].trace_id
        ));
        assert_eq!(to.number(&listed) > 0, of_large == 1_000, "with {of_large} spans");
        if (400..500).contains(&of_large) {
            // Killed there, it begins this trace anew, and finds what it has written.
            copier = self::copier(&from, &to).with_pages_of(90, 1 << 20);
            while copier.done().spans < 700 && copier.step().unwrap() {}
        }
    }
    assert!(seen > 1_000);
    same(&contents(&from), &contents(&to));
    check_rollups(&to);
    let mut verifier = Verifier::open(&from.options(), &to.options()).unwrap().with_pages_of(90, 1 << 20);
    while verifier.step().unwrap() {}
    assert_eq!((verifier.verified().differences, verifier.verified().spans), (0, seen));
}

#[test]
fn what_is_not_the_same_is_told_by_table_key_and_column() {
    let (from, to) = (file(), file());
    fill(&from, &everything());
    copy(&from, &to);
    let spoil = |sql: &str, of: [&str; 2]| {
        to.run(sql);
        let verified = verify(&from, &to);
        let found: Vec<_> =
            verified.first.iter().map(|difference| (&difference.table, &difference.column)).collect();
        let [table, column] = of;
        let column = (!column.is_empty()).then(|| column.to_owned());
        assert!(found.contains(&(&table.to_owned(), &column)), "{sql}: {found:?}");
        assert!(verified.first.iter().all(|difference| !difference.key.is_empty()));
        verified.differences
    };
    let one = "(SELECT MIN(span_id) FROM agno_spans WHERE session_id IS NOT NULL)";
    let set = |set: &str| format!("UPDATE agno_spans SET {set} WHERE span_id = {one}");
    assert_eq!(spoil(&set("session_id = session_id || ' '"), ["agno_spans", "session_id"]), 1);
    assert_eq!(spoil(&set("attributes = json_set(attributes, '$.x', 1)"), ["agno_spans", "session_id"]), 1);
    let other = "UPDATE agno_traces SET name = 'x' WHERE trace_id = (SELECT MAX(trace_id) FROM agno_traces)";
    assert_eq!(spoil(other, ["agno_traces", "name"]), 2);
    let quarantine = "UPDATE tracestead_quarantine SET bytes = x'00'
        WHERE quarantine_id = (SELECT MIN(quarantine_id) FROM tracestead_quarantine)";
    assert_eq!(spoil(quarantine, ["tracestead_quarantine", "bytes"]), 3);
    let events = count(&from, "tracestead_span_events");
    assert_eq!(spoil("DELETE FROM tracestead_span_events", ["tracestead_span_events", ""]), 3 + events);
    // One more copy brings back what is missing and leaves alone what is there, but for the row of a trace whose spans are
    // the same: it says what these say.
    assert_eq!(copy(&from, &to).written, events);
    assert_eq!(verify(&from, &to).differences, 2);
}

#[test]
fn nothing_is_written_where_something_would_be_lost() {
    let (from, to) = (file(), file());
    fill(&from, &CAPTURES[..2]);
    from.run("ALTER TABLE agno_spans ADD COLUMN of_somebody VARCHAR");
    copy(&from, &to);
    from.run("UPDATE agno_spans SET of_somebody = 'x'");
    let before = to.contents();
    let lost = |to: &Place| match Copier::open(&from.options(), &to.options()) {
        Err(CopyError::Columns { table, columns, .. }) => (table, columns),
        other => panic!("{other:?}"),
    };
    let expected = ("agno_spans".to_owned(), "of_somebody".to_owned());
    assert_eq!(lost(&to), expected);
    same(&before, &to.contents());
    let new = file();
    assert_eq!(lost(&new), expected);
    let tracestead_store::DatabaseUrl::Sqlite(path) = &new.url else { panic!() };
    assert!(!path.exists());
    // With a place for it, it is copied.
    new.open();
    new.run("ALTER TABLE agno_spans ADD COLUMN of_somebody VARCHAR");
    copy(&from, &new);
    assert_eq!(verify(&from, &new).differences, 0);
    assert_eq!(
        new.number("SELECT COUNT(*) FROM agno_spans WHERE of_somebody = 'x'").unsigned_abs(),
        count(&from, "agno_spans")
    );
}

#[test]
fn what_cannot_be_copied_says_so() {
    let (from, to) = (file(), file());
    fill(&from, &CAPTURES[..1]);
    let open =
        |from: &Place, to: &Place| Copier::open(&from.options(), &to.options()).unwrap_err().to_string();
    assert!(open(&from, &from).ends_with("into itself; --from and --to name the same database"));
    let empty = file();
    empty.run("CREATE TABLE x (y)");
    assert!(open(&empty, &to).ends_with("it has no tables agno_traces and agno_spans"));
    assert!(open(&file(), &to).starts_with("cannot open database sqlite:"));
    from.run("INSERT INTO tracestead_migrations VALUES (99, '')");
    assert!(open(&from, &to).contains("is at version 99"));
}
