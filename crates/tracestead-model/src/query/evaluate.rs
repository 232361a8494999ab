//! The meaning of a filter: what every store's SQL has to agree with.

use std::cmp::Ordering;

use super::{Comparison, Field, Filter, FilterValue, TraceRecord};
use crate::UnixNanos;

impl Filter {
    /// Says whether `trace` matches; `None` where an absent field leaves it unknown, which a list does not show.
    #[must_use]
    pub fn matches(&self, trace: &TraceRecord) -> Option<bool> {
        match self {
            Self::And(filters) => all(filters.iter().map(|filter| filter.matches(trace))),
            Self::Or(filters) => {
                all(filters.iter().map(|filter| not(filter.matches(trace)))).map(|none| !none)
            }
            Self::Not(filter) => not(filter.matches(trace)),
            Self::Compare(field, comparison, value) => {
                let order = compare(trace, *field, value)?;
                Some(match comparison {
                    Comparison::Eq => order.is_eq(),
                    Comparison::Neq => order.is_ne(),
                    Comparison::Gt => order.is_gt(),
                    Comparison::Gte => order.is_ge(),
                    Comparison::Lt => order.is_lt(),
                    Comparison::Lte => order.is_le(),
                })
            }
            Self::In(field, values) => {
                // `IN ()` is false even for an absent field; `IN (..)` is unknown for one.
                let orders = values.iter().map(|value| compare(trace, *field, value).map(Ordering::is_eq));
                all(orders.map(not)).map(|none| !none)
            }
            Self::Contains(field, text) => Some(lower(field_text(trace, *field)?).contains(&lower(text))),
            Self::StartsWith(field, text) => {
                Some(lower(field_text(trace, *field)?).starts_with(&lower(text)))
            }
        }
    }
}

/// ASCII only: what SQLite's `lower` does.
fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => {}
            None => answer = None,
        }
    }
    answer
}

fn field_text(trace: &TraceRecord, field: Field) -> Option<&str> {
    match field {
        Field::TraceId => Some(&trace.trace_id),
        Field::Name => Some(&trace.name),
        Field::Status => Some(&trace.status),
        Field::RunId => trace.run_id.as_deref(),
        Field::SessionId => trace.session_id.as_deref(),
        Field::UserId => trace.user_id.as_deref(),
        Field::AgentId => trace.agent_id.as_deref(),
        Field::TeamId => trace.team_id.as_deref(),
        Field::WorkflowId => trace.workflow_id.as_deref(),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
fn compare(trace: &TraceRecord, field: Field, value: &FilterValue) -> Option<Ordering> {
    match (field, value) {
        (Field::DurationMs, FilterValue::Number(number)) => (trace.duration_ms as f64).partial_cmp(number),
        (Field::HasAgentSpans, FilterValue::Number(number)) => {
            f64::from(u8::from(trace.has_agent_spans)).partial_cmp(number)
        }
        (Field::StartTime, FilterValue::Time(time)) => Some(compare_time(trace.start_time_ns, *time)),
        (Field::EndTime, FilterValue::Time(time)) => Some(compare_time(trace.end_time_ns, *time)),
        (Field::CreatedAt, FilterValue::Time(time)) => {
            Some(trace.created_at.as_str().cmp(time.to_agno().as_str()))
        }
        (field, FilterValue::Text(text)) => Some(field_text(trace, field)?.cmp(text)),
        _ => None,
    }
}

/// Compares to the microsecond: an instant equals every nanosecond that rounds to it.
fn compare_time(nanos: i64, time: UnixNanos) -> Ordering {
    let (first, last) = microsecond(time);
    if nanos < first {
        Ordering::Less
    } else if nanos > last {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Returns the first and the last nanosecond that are shown as the same microsecond as `time`.
#[must_use]
pub fn microsecond(time: UnixNanos) -> (i64, i64) {
    let micros = time.as_i64() / 1000 * 1000;
    (micros.saturating_sub(500), micros.saturating_add(499))
}
