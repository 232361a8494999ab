//! Into a database that has something already, or gets something meanwhile.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tokio::runtime::Runtime;
use tracestead_model::{LogRecord, Span, Status};

use crate::captures::{CAPTURES, Capture};
use crate::place::{Engine, Place};
use crate::source::{check_rollups, contents, copier, copy, fill, same, send, verify};

/// Returns spans that ended as they were when they began.
fn pending(span: &Span) -> Span {
    let attributes = span.attributes.clone().into_iter().take(2).collect();
    Span { end_time: None, status: Status::default(), attributes, ..span.clone() }
}

/// Who gets a span or a log record, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Source,
    Target,
    Both,
    /// The other gets it unfinished.
    SourceFirst,
    TargetFirst,
}

fn shares() -> impl Strategy<Value = Vec<Of>> {
    let of = prop_oneof![
        4 => Just(Of::Source), 2 => Just(Of::Target), 2 => Just(Of::Both),
        1 => Just(Of::SourceFirst), 1 => Just(Of::TargetFirst),
    ];
    vec(of, 1..60)
}

/// Returns what the source has and what is sent to the target.
fn shared(captures: &[Capture], shares: &[Of]) -> (Vec<Capture>, Vec<Capture>) {
    let mut shares = shares.iter().cycle();
    let (mut of_source, mut of_target) = (Vec::new(), Vec::new());
    for capture in captures {
        let (mut source, mut target) = (Capture::default(), Capture::default());
        for span in &capture.spans {
            match shares.next().unwrap() {
                Of::Source => source.spans.push(span.clone()),
                Of::Target => target.spans.push(span.clone()),
                Of::Both => {
                    source.spans.push(span.clone());
                    target.spans.push(span.clone());
                }
                Of::SourceFirst => {
                    source.spans.push(pending(span));
                    target.spans.push(span.clone());
                }
                Of::TargetFirst => {
                    source.spans.push(span.clone());
                    target.spans.push(pending(span));
                }
            }
        }
        for log in &capture.logs {
            let of = shares.next().unwrap();
            let add = |capture: &mut Capture, log: &LogRecord| capture.logs.push(log.clone());
            if *of != Of::Target {
                add(&mut source, log);
            }
            if *of != Of::Source {
                add(&mut target, log);
            }
        }
        of_source.push(source);
        of_target.push(target);
    }
    (of_source, of_target)
}

/// What was malformed depends on what was sent together.
fn without_quarantine(place: &Place) -> Vec<String> {
    contents(place).into_iter().filter(|row| !row.starts_with("tracestead_quarantine ")).collect()
}

fn all() -> Vec<Capture> {
    let with_logs = CAPTURES.iter().filter(|capture| !capture.logs.is_empty()).cloned();
    CAPTURES[..12].iter().cloned().chain(with_logs).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_both_have_is_merged_as_if_it_had_been_sent(
        shares in shares(),
        rows in 1..60_usize,
        sent_at in vec(any::<Index>(), 1..20),
    ) {
        let all = all();
        let expected = Place::new(Engine::Sqlite);
        fill(&expected, &all);
        let (of_source, of_target) = shared(&all, &shares);
        let (from, to) = (Place::new(Engine::Sqlite), Place::new(Engine::Sqlite));
        fill(&from, &of_source);
        let runtime = Runtime::new().unwrap();
        let store = Arc::new(to.open());
        let mut copier = copier(&from, &to).with_pages_of(rows, 1 << 20);
        // Some of it before, some of it between two pages, some of it after.
        let steps = 40;
        let mut is_more = true;
        for step in 0..steps {
            for (at, capture) in of_target.iter().enumerate() {
                if sent_at[at % sent_at.len()].index(steps) == step {
                    runtime.block_on(send(&store, capture.spans.clone(), capture.logs.clone()));
                }
            }
            is_more = is_more && copier.step().unwrap();
        }
        while copier.step().unwrap() {}
        runtime.block_on(store.close());
        same(&without_quarantine(&expected), &without_quarantine(&to));
        check_rollups(&to);
        // The target may know more, and nothing less.
        let verified = verify(&from, &to);
        prop_assert_eq!(verified.differences, 0, "{:?}", verified.first);
        // And once more: nothing is new.
        prop_assert_eq!(copy(&from, &to).written, 0);
        same(&without_quarantine(&expected), &without_quarantine(&to));
    }
}

#[test]
fn two_copies_at_once_leave_one() {
    let (from, to) = (Place::new(Engine::Sqlite), Place::new(Engine::Sqlite));
    fill(&from, &CAPTURES[..20]);
    std::thread::scope(|scope| {
        for rows in [7, 30] {
            let (from, to) = (&from, &to);
            scope.spawn(move || {
                let mut copier = copier(from, to).with_pages_of(rows, 1 << 20);
                while copier.step().unwrap() {}
            });
        }
    });
    same(&contents(&from), &contents(&to));
    check_rollups(&to);
}
