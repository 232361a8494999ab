//! How long traces are kept.
//!
//! Rules stand in a list, and the first one that a trace fits decides about it alone: `status = "ERROR"` for 90 days before
//! everything for 30 days keeps what failed longer. What no rule fits stays. What is said here is the specification; a store
//! that finds traces in another way has to find the same.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::query::TraceRecord;
use crate::tree::{Node, assemble};
use crate::{SpanId, SpanShape, UnixNanos};

/// How long traces are kept, and how much of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// The first that a trace fits decides about it.
    pub rules: Vec<RetentionRule>,
    /// Above so many bytes the oldest traces go, whatever the rules say, but for those that a rule keeps for ever.
    pub max_bytes: Option<u64>,
}

/// Which traces go at which age. A field that is `None` fits every trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetentionRule {
    /// Traces go once they are older; `None` keeps them for ever. A trace is as old as its end.
    pub older_than: Option<Duration>,
    /// `OK` or `ERROR`.
    pub status: Option<String>,
    /// The agent of its entry run.
    pub agent_id: Option<String>,
    /// On whose behalf it ran.
    pub user_id: Option<String>,
    /// Where it ran.
    pub environment: Option<String>,
    /// One of its labels.
    pub tag: Option<String>,
}

impl Retention {
    /// Says whether nothing ever goes.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.max_bytes.is_none() && self.rules.iter().all(|rule| rule.older_than.is_none())
    }

    /// Returns the number of the rule that decides about a trace.
    #[must_use]
    pub fn rule_of(&self, trace: &TraceRecord) -> Option<usize> {
        self.rules.iter().position(|rule| rule.fits(trace))
    }

    /// Returns the number of the rule by which a trace is to go at `now`; `None` if it stays.
    #[must_use]
    pub fn expired(&self, trace: &TraceRecord, now: UnixNanos) -> Option<usize> {
        let rule = self.rule_of(trace)?;
        let older_than = self.rules[rule].older_than?;
        (i128::from(old_since(trace)) < before(now, older_than)).then_some(rule)
    }

    /// Says whether a trace may go because of its size: a rule that keeps it for ever is in the way.
    #[must_use]
    pub fn may_go(&self, trace: &TraceRecord) -> bool {
        self.rule_of(trace).is_none_or(|rule| self.rules[rule].older_than.is_some())
    }

    /// Returns the time, in nanoseconds since 1970, before which every trace began that is to go at `now` because of its
    /// age; `None` if none ever is. There is no need to look at later ones.
    #[must_use]
    pub fn begun_before(&self, now: UnixNanos) -> Option<i64> {
        let shortest = self.rules.iter().filter_map(|rule| rule.older_than).min()?;
        Some(i64::try_from(before(now, shortest)).unwrap_or(i64::MIN))
    }
}

impl RetentionRule {
    /// Says whether the rule is about this trace.
    #[must_use]
    pub fn fits(&self, trace: &TraceRecord) -> bool {
        let is = |asked: &Option<String>, actual: Option<&str>| {
            asked.as_deref().is_none_or(|asked| actual == Some(asked))
        };
        is(&self.status, Some(&trace.status))
            && is(&self.agent_id, trace.agent_id.as_deref())
            && is(&self.user_id, trace.user_id.as_deref())
            && is(&self.environment, trace.environment.as_deref())
            && self.tag.as_ref().is_none_or(|tag| trace.tags.contains(tag))
    }
}

/// Since when a trace gets older: its end, or its beginning where clocks say that it ended before.
fn old_since(trace: &TraceRecord) -> i64 {
    trace.end_time_ns.max(trace.start_time_ns)
}

/// Returns the time that is `age` before `now`; ages reach further back than times do.
fn before(now: UnixNanos, age: Duration) -> i128 {
    i128::from(now.as_i64()) - i128::try_from(age.as_nanos()).unwrap_or(i128::MAX)
}

/// Returns the spans of a trace that are a user's: those that say so, and what is below them up to where a span says
/// another user. Frameworks name the user once, on the run, and the texts stand on the calls below it.
#[must_use]
pub fn spans_of_user(spans: &[SpanShape], user_id: &str) -> BTreeSet<SpanId> {
    let nodes: Vec<Node> = spans
        .iter()
        .map(|span| Node {
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            start_time_ns: span.start_time_ns,
        })
        .collect();
    let mut users = vec![None; spans.len()];
    let mut found = BTreeSet::new();
    // A parent is placed before its children.
    for at in assemble(&nodes) {
        let span = &spans[at.index];
        let above = at.parent.and_then(|parent| users[parent]);
        users[at.index] = span.context.user_id.as_deref().or(above);
        if users[at.index] == Some(user_id) {
            found.insert(span.span_id);
        }
    }
    found
}

#[cfg(test)]
mod tests;
