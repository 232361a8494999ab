//! Into a database that has something already, or gets something meanwhile.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{TestCaseError, TestRunner};
use tokio::runtime::Runtime;
use tracestead_model::{LogRecord, Span, Status};

use crate::captures::{CAPTURES, Capture};
use crate::place::{Engine, Place};
use crate::source::{check_rollups, contents, copier, copy, fill, finish, same, send, verify};

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

/// Some of it before, some of it between two pages, some of it after.
fn merged(engine: Engine, shares: &[Of], rows: usize, sent_at: &[Index]) -> Result<(), TestCaseError> {
    let all = all();
    let expected = Place::new(engine);
    fill(&expected, &all);
    let (of_source, of_target) = shared(&all, shares);
    let (from, to) = (Place::new(Engine::Sqlite), Place::new(engine));
    fill(&from, &of_source);
    let runtime = Runtime::new().unwrap();
    let store = Arc::new(to.open());
    let mut copier = copier(&from, &to).with_pages_of(rows, 1 << 20);
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
    finish(copier);
    runtime.block_on(store.close());
    same(&without_quarantine(&expected), &without_quarantine(&to));
    check_rollups(&to);
    // The target may know more, and nothing less.
    let verified = verify(&from, &to);
    prop_assert_eq!(verified.differences, 0, "{:?}", verified.first);
    // And once more: nothing is new.
    prop_assert_eq!(copy(&from, &to).written, 0);
    same(&without_quarantine(&expected), &without_quarantine(&to));
    Ok(())
}

pub(crate) fn property(engine: Engine, cases: u32) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 50,
        ..ProptestConfig::default()
    };
    let ways = (shares(), 1..60_usize, vec(any::<Index>(), 1..20));
    let run = |(shares, rows, sent_at): (Vec<Of>, usize, Vec<Index>)| merged(engine, &shares, rows, &sent_at);
    TestRunner::new(config).run(&ways, run).unwrap();
}

#[test]
fn what_both_have_is_merged_as_if_it_had_been_sent() {
    property(Engine::Sqlite, 10);
}

#[test]
fn what_both_have_is_merged_on_postgres() {
    property(Engine::Postgres, 4);
}

#[test]
fn what_both_have_is_merged_on_mysql() {
    property(Engine::MySql, 4);
}

#[test]
fn what_both_have_is_merged_on_clickhouse() {
    property(Engine::ClickHouse, 2);
}

/// Copies twice at once, and lets the target receive the same from its senders at the same time.
pub(crate) fn at_once(engine: Engine) {
    let all = &CAPTURES[..20];
    let (from, to, expected) = (Place::new(Engine::Sqlite), Place::new(engine), Place::new(engine));
    fill(&from, all);
    fill(&expected, all);
    std::thread::scope(|scope| {
        for rows in [7, 30] {
            let (from, to) = (&from, &to);
            scope.spawn(move || finish(copier(from, to).with_pages_of(rows, 1 << 20)));
        }
        scope.spawn(|| {
            let reversed: Vec<Capture> = all.iter().rev().cloned().collect();
            fill(&to, &reversed);
        });
    });
    same(&contents(&expected), &contents(&to));
    check_rollups(&to);
}

#[test]
fn two_copies_and_a_sender_at_once_leave_one() {
    at_once(Engine::Sqlite);
}

#[test]
fn two_copies_and_a_sender_at_once_leave_one_on_postgres() {
    at_once(Engine::Postgres);
}

#[test]
fn two_copies_and_a_sender_at_once_leave_one_on_mysql() {
    at_once(Engine::MySql);
}

#[test]
fn two_copies_and_a_sender_at_once_leave_one_on_clickhouse() {
    at_once(Engine::ClickHouse);
}
