//! Costs for people: what is known, and what is not.

use tracestead_model::query::{SpanRecord, TraceRecord};

use super::{counted, one_line};

/// Returns billionths of a dollar in dollars, to the ten-thousandth of a cent.
fn dollars(nano_usd: i64) -> String {
    let (whole, rest) = (nano_usd / 1_000_000_000, nano_usd % 1_000_000_000);
    format!("${whole}.{:06}", rest / 1_000)
}

/// Returns the word for why the cost of a call is not known. A call that failed is not expected to report any tokens.
pub(super) fn missing_cost(span: &SpanRecord) -> Option<&str> {
    let has_failed = span.status_code == "ERROR";
    span.cost_missing.as_deref().filter(|missing| !(has_failed && *missing == "no_usage"))
}

/// Returns what a call cost, `?` if nobody knows, and nothing for what is no call.
pub(crate) fn span_cost(span: &SpanRecord) -> String {
    match (span.cost_nano_usd, missing_cost(span)) {
        (Some(cost), _) => dollars(cost),
        (None, Some(_)) => "?".to_owned(),
        (None, None) => String::new(),
    }
}

/// Returns what the calls of a trace cost, and how many are left out of the sum.
pub(crate) fn trace_cost(trace: &TraceRecord) -> String {
    let unpriced = trace.unpriced_call_count;
    let left_out = || counted(unpriced.unsigned_abs(), "call") + " of unknown cost";
    match trace.cost_nano_usd {
        Some(cost) if unpriced > 0 => format!("≥ {} ({})", dollars(cost), left_out()),
        Some(cost) => dollars(cost),
        None if unpriced > 0 => format!("? ({})", left_out()),
        None => String::new(),
    }
}

/// Returns why the cost of a call is not known, from the word that is stored.
pub(super) fn why_no_cost(missing: &str) -> String {
    match missing {
        "no_usage" => "no cost: it reports no tokens".to_owned(),
        "no_model" => "no cost: it names no model".to_owned(),
        "unknown_provider" => "no price for this provider".to_owned(),
        "unknown_model" => "no price for this model".to_owned(),
        "invalid_usage" => "no cost: its counts of tokens contradict each other".to_owned(),
        other => format!("no cost: {}", one_line(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact_to_a_millionth() {
        assert_eq!([0, 1_234_567, 2_500_000_000].map(dollars), ["$0.000000", "$0.001234", "$2.500000"]);
    }

    #[test]
    fn what_is_not_in_the_sum_is_said() {
        let cost = |cost_nano_usd, unpriced_call_count| {
            trace_cost(&TraceRecord { cost_nano_usd, unpriced_call_count, ..TraceRecord::default() })
        };
        assert_eq!(cost(None, 0), "");
        assert_eq!(cost(Some(1_000_000), 0), "$0.001000");
        assert_eq!(cost(Some(1_000_000), 1), "≥ $0.001000 (1 call of unknown cost)");
        assert_eq!(cost(None, 2), "? (2 calls of unknown cost)");
    }
}
