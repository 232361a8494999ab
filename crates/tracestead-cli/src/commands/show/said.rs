//! What is said of a span beside its name, its length and its tokens.

use tracestead_model::SpanType;
use tracestead_model::query::SpanRecord;

use super::cost::{missing_cost, why_no_cost};
use super::{duration, one_line};

/// What OpenTelemetry has for errors without a type.
const UNKNOWN_ERROR: &str = "_OTHER";

/// Returns how someone is called, and their id if it tells more.
pub(crate) fn called(name: Option<&str>, id: Option<&str>) -> String {
    match (name, id) {
        (Some(name), Some(id)) if !is_same(name, id) => format!("{name} ({id})"),
        // The id is what filters take.
        (_, Some(id)) => id.to_owned(),
        (name, None) => name.unwrap_or_default().to_owned(),
    }
}

/// Returns what there is to know of a span's step: its model or who ran, the first token, why it has no cost.
pub(crate) fn about(span: &SpanRecord) -> String {
    let first_token = span.ttft_ns.map(|length| format!("first token after {}", duration(length)));
    let missing = missing_cost(span).map(why_no_cost);
    let parts = [span.model.as_deref().map(one_line), runner(span), first_token, missing];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns who or what ran, unless the span's name says so.
fn runner(span: &SpanRecord) -> Option<String> {
    let name = match span.span_type() {
        SpanType::Agent => span.agent_name.as_deref(),
        SpanType::Team => span.team_name.as_deref(),
        SpanType::Workflow => span.workflow_name.as_deref(),
        SpanType::Tool => span.tool_name.as_deref(),
        _ => None,
    };
    name.filter(|name| !plain(&span.name).contains(&plain(name))).map(one_line)
}

/// Returns what went wrong: its type, and what it says of itself.
pub(crate) fn failure(span: &SpanRecord) -> Option<String> {
    let filled = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
    let kind = filled(&span.error_type).filter(|kind| kind != UNKNOWN_ERROR);
    match (kind, filled(&span.status_message)) {
        // `openai.RateLimitError` is named by a message that begins with `RateLimitError:`.
        (Some(kind), Some(message)) if !message.contains(kind.rsplit('.').next().unwrap_or_default()) => {
            Some(format!("{kind}: {message}"))
        }
        (kind, message) => message.or(kind),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// `Data Analyst`, `Data_Analyst` and `data-analyst` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_says_the_same_is_enough() {
        assert_eq!(called(Some("Data Analyst"), Some("data-analyst")), "data-analyst");
        assert_eq!(called(Some("Data Analyst"), Some("7f3a")), "Data Analyst (7f3a)");
        assert_eq!(called(Some("Data Analyst"), None), "Data Analyst");
        assert_eq!(called(None, None), "");
    }

    #[test]
    fn names_are_not_said_twice() {
        let run = |name: &str| {
            let agent = SpanRecord { span_type: "AGENT".to_owned(), ..SpanRecord::default() };
            about(&SpanRecord { name: name.to_owned(), agent_name: Some("Data Analyst".into()), ..agent })
        };
        assert_eq!(run("Data_Analyst.run"), "");
        assert_eq!(run("invoke_agent"), "Data Analyst");
    }

    #[test]
    fn calls_say_their_first_token_and_why_they_have_no_cost() {
        let call = SpanRecord {
            model: Some("house-7b".into()),
            ttft_ns: Some(320_000_000),
            cost_missing: Some("unknown_model".into()),
            ..SpanRecord::default()
        };
        assert_eq!(about(&call), "house-7b, first token after 320 ms, no price for this model");
        assert_eq!(
            about(&SpanRecord {
                status_code: "ERROR".to_owned(),
                cost_missing: Some("no_usage".into()),
                ..call
            }),
            "house-7b, first token after 320 ms"
        );
    }

    #[test]
    fn a_failure_has_its_type_once() {
        let failed = |error_type: Option<String>, status_message: Option<String>| {
            failure(&SpanRecord { error_type, status_message, ..SpanRecord::default() })
        };
        assert_eq!(
            failed(Some("timeout".into()), Some("no answer".into())),
            Some("timeout: no answer".into())
        );
        assert_eq!(
            failed(Some("openai.RateLimitError".into()), Some("RateLimitError: 429".into())),
            Some("RateLimitError: 429".into())
        );
        assert_eq!(failed(Some("timeout".into()), Some(String::new())), Some("timeout".into()));
        assert_eq!(failed(Some("_OTHER".into()), Some("no answer".into())), Some("no answer".into()));
        assert_eq!(failed(Some("_OTHER".into()), None), None);
    }
}
