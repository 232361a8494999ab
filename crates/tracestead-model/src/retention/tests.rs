use super::*;
use crate::{RunContext, SpanType, Usage};

const DAY: Duration = Duration::from_hours(24);

fn now() -> UnixNanos {
    UnixNanos::from_iso("2026-11-26").unwrap()
}

/// A trace that began so many days ago and took an hour.
fn trace(days: i64) -> TraceRecord {
    let start_time_ns = now().as_i64() - days * 86_400_000_000_000;
    TraceRecord {
        status: "OK".to_owned(),
        start_time_ns,
        end_time_ns: start_time_ns + 3_600_000_000_000,
        ..TraceRecord::default()
    }
}

fn rule(days: u32) -> RetentionRule {
    RetentionRule { older_than: Some(DAY * days), ..RetentionRule::default() }
}

fn retention(rules: impl Into<Vec<RetentionRule>>) -> Retention {
    Retention { rules: rules.into(), max_bytes: None }
}

#[test]
fn the_first_rule_that_fits_decides_alone() {
    let errors = RetentionRule { status: Some("ERROR".to_owned()), ..rule(90) };
    let kept = retention([errors, rule(30)]);
    let failed = |days| TraceRecord { status: "ERROR".to_owned(), ..trace(days) };
    assert_eq!(kept.expired(&trace(29), now()), None);
    assert_eq!(kept.expired(&trace(31), now()), Some(1));
    assert_eq!(kept.expired(&failed(31), now()), None);
    assert_eq!(kept.expired(&failed(91), now()), Some(0));
    // In the other order the general one is always first.
    let swapped = retention(kept.rules.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(swapped.expired(&failed(31), now()), Some(0));
}

#[test]
fn what_no_rule_fits_stays_and_so_does_what_one_keeps() {
    let golden =
        RetentionRule { older_than: None, tag: Some("golden".to_owned()), ..RetentionRule::default() };
    let of_bob = RetentionRule { user_id: Some("bob".to_owned()), ..rule(1) };
    let kept = retention([golden, of_bob]);
    let bobs = TraceRecord { user_id: Some("bob".to_owned()), ..trace(9) };
    let golden = TraceRecord { tags: vec!["a".to_owned(), "golden".to_owned()], ..bobs.clone() };
    assert_eq!(kept.expired(&bobs, now()), Some(1));
    assert_eq!(kept.expired(&golden, now()), None);
    assert_eq!(kept.expired(&trace(9), now()), None);
    let may_go: Vec<bool> = [&bobs, &golden, &trace(9)].map(|trace| kept.may_go(trace)).to_vec();
    assert_eq!(may_go, [true, false, true]);
    let other = TraceRecord { user_id: Some("Bob".to_owned()), ..trace(9) };
    assert_eq!(kept.expired(&other, now()), None, "case counts");
}

#[test]
fn every_field_has_to_fit() {
    let all = RetentionRule {
        status: Some("OK".to_owned()),
        agent_id: Some("a".to_owned()),
        user_id: Some("u".to_owned()),
        environment: Some("prod".to_owned()),
        tag: Some("t".to_owned()),
        ..rule(1)
    };
    let fitting = TraceRecord {
        agent_id: Some("a".to_owned()),
        user_id: Some("u".to_owned()),
        environment: Some("prod".to_owned()),
        tags: vec!["t".to_owned()],
        ..trace(2)
    };
    assert!(all.fits(&fitting));
    let others = [
        TraceRecord { status: "ERROR".to_owned(), ..fitting.clone() },
        TraceRecord { agent_id: None, ..fitting.clone() },
        TraceRecord { user_id: Some("v".to_owned()), ..fitting.clone() },
        TraceRecord { environment: Some("test".to_owned()), ..fitting.clone() },
        TraceRecord { tags: Vec::new(), ..fitting.clone() },
    ];
    assert!(others.iter().all(|trace| !all.fits(trace)));
}

#[test]
fn age_counts_from_the_end_to_the_nanosecond() {
    let kept = retention([rule(30)]);
    let ended = |nanos: i64| TraceRecord { end_time_ns: trace(30).start_time_ns + nanos, ..trace(31) };
    assert_eq!(kept.expired(&ended(0), now()), None);
    assert_eq!(kept.expired(&ended(-1), now()), Some(0));
    // It began within the time that is kept, and its clock went back.
    let backwards = TraceRecord { end_time_ns: 0, ..trace(29) };
    assert_eq!(kept.expired(&backwards, now()), None);
    assert_eq!(kept.begun_before(now()), Some(trace(30).start_time_ns));
}

#[test]
fn ages_may_be_longer_than_time() {
    let kept = retention([RetentionRule { older_than: Some(Duration::MAX), ..RetentionRule::default() }]);
    assert_eq!(kept.expired(&TraceRecord::default(), now()), None);
    assert_eq!(kept.begun_before(now()), Some(i64::MIN));
    assert!(!kept.is_idle());
    assert!(retention([RetentionRule::default()]).is_idle());
    assert_eq!(retention([]).begun_before(now()), None);
}

#[test]
fn what_is_below_a_users_span_is_theirs_up_to_another_user() {
    let id = |number: u8| SpanId::from_bytes(&[1, 0, 0, 0, 0, 0, 0, number]).unwrap();
    let span = |number: u8, parent: u8, user_id: Option<&str>| SpanShape {
        span_id: id(number),
        parent_span_id: (parent > 0).then(|| id(parent)),
        start_time_ns: i64::from(number),
        end_time_ns: None,
        span_type: SpanType::Other,
        is_error: false,
        model: None,
        response_id: None,
        usage: Usage::default(),
        aggregate: Usage::default(),
        cost_nano_usd: None,
        name: String::new(),
        context: RunContext { user_id: user_id.map(str::to_owned), ..RunContext::default() },
    };
    let spans = [
        span(1, 0, None),
        span(2, 1, Some("bob")),
        span(3, 2, None),
        span(4, 2, Some("eve")),
        span(5, 4, None),
        span(6, 4, Some("bob")),
        span(7, 9, None),
    ];
    assert_eq!(spans_of_user(&spans, "bob"), BTreeSet::from([id(2), id(3), id(6)]));
    assert_eq!(spans_of_user(&spans, "eve"), BTreeSet::from([id(4), id(5)]));
    assert!(spans_of_user(&spans, "nobody").is_empty());
}
