//! Reads [`SpanFacts`]: which dialect is asked for which fact, and in which order.

use crate::conventions::{agno, openinference};
use crate::{Attributes, Value};

use super::SpanType;

/// The version of this reading, stored beside its result. Raise it when a fact is read differently.
pub const FACTS_VERSION: i64 = 1;

/// How many characters of an input or output a list shows.
pub const PREVIEW_CHARS: usize = 1024;

/// Token counts as reported. The input's includes tokens read from and written to a cache, the output's includes
/// reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens sent to the model.
    pub input_tokens: Option<i64>,
    /// Tokens it answered with.
    pub output_tokens: Option<i64>,
    /// Those of the input that came from a cache.
    pub cache_read_tokens: Option<i64>,
    /// Those of the input that were put into a cache.
    pub cache_write_tokens: Option<i64>,
    /// Those of the output that were reasoning.
    pub reasoning_tokens: Option<i64>,
    /// Input and output together.
    pub total_tokens: Option<i64>,
}

impl Usage {
    /// Says whether any count of input, output or both was reported.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some() || self.total_tokens.is_some()
    }
}

/// What a span says about who ran, what was called and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFacts {
    /// The kind of step.
    pub span_type: SpanType,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// On whose behalf it ran.
    pub user_id: Option<String>,
    /// The agent that ran.
    pub agent_id: Option<String>,
    /// The team that ran.
    pub team_id: Option<String>,
    /// The workflow that ran.
    pub workflow_id: Option<String>,
    /// The model called.
    pub model: Option<String>,
    /// Who serves the model, lower case.
    pub provider: Option<String>,
    /// The tool called.
    pub tool_name: Option<String>,
    /// Tokens of a model call. A span of another type that repeats its children's counts has them in `aggregate`.
    pub usage: Usage,
    /// Tokens a span reports for everything below it: never to be summed.
    pub aggregate: Usage,
    /// The cost the span reports, in billionths of a US dollar.
    pub cost_nano_usd: Option<i64>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// The beginning of what went in.
    pub input_preview: Option<String>,
    /// The beginning of what came out.
    pub output_preview: Option<String>,
    /// Labels the user gave, sorted.
    pub tags: Vec<String>,
}

impl SpanFacts {
    /// Reads the facts of a span from its name and attributes.
    #[must_use]
    pub fn of(name: &str, attributes: &Attributes) -> Self {
        let span_type = SpanType::of(name, attributes);
        let usage = openinference::usage(attributes);
        let (usage, aggregate) =
            if span_type.is_model_call() { (usage, Usage::default()) } else { (Usage::default(), usage) };
        let is_tool = span_type == SpanType::Tool;
        Self {
            span_type,
            run_id: first(attributes, agno::RUN_ID),
            session_id: first(attributes, agno::SESSION_ID),
            user_id: first(attributes, agno::USER_ID),
            agent_id: first(attributes, agno::AGENT_ID),
            team_id: first(attributes, agno::TEAM_ID),
            workflow_id: first(attributes, agno::WORKFLOW_ID),
            model: first(attributes, openinference::MODEL),
            provider: first(attributes, openinference::PROVIDER).map(|name| name.to_lowercase()),
            tool_name: first(attributes, &["tool.name"]).or_else(|| is_tool.then(|| clean(name))),
            usage,
            aggregate,
            cost_nano_usd: span_type
                .is_model_call()
                .then(|| openinference::cost_nano_usd(attributes))
                .flatten(),
            finish_reason: first(attributes, &["llm.finish_reason"]),
            input_preview: preview_of(attributes, openinference::INPUT_VALUE),
            output_preview: preview_of(attributes, openinference::OUTPUT_VALUE),
            tags: openinference::tags(attributes),
        }
    }
}

/// Returns the first of `keys` that says something. Numbers count: ids are sometimes integers.
fn first(attributes: &Attributes, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match attributes.get(key)? {
        Value::String(text) if !text.is_empty() && text != "None" => Some(clean(text)),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Without NUL, which no text column of any database keeps.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

fn preview_of(attributes: &Attributes, key: &str) -> Option<String> {
    match attributes.get(key)? {
        Value::Empty => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(preview(text)),
        value => Some(preview(&crate::json::to_json(value).to_string())),
    }
}

/// Returns the first [`PREVIEW_CHARS`] characters of `text`, with an ellipsis if there are more.
#[must_use]
pub fn preview(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS) {
        None => clean(text),
        Some((end, _)) => clean(&text[..end]) + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_on_a_run_are_kept_apart_from_counts_of_calls() {
        let counts =
            [("llm.token_count.prompt", Value::Int(57)), ("llm.token_count.completion", Value::Int(19))];
        let with_kind = |kind: &str| {
            let pairs = counts.iter().cloned().chain([("openinference.span.kind", Value::from(kind))]);
            SpanFacts::of("x", &pairs.collect())
        };
        assert_eq!(with_kind("LLM").usage.total_tokens, Some(76));
        assert_eq!(with_kind("LLM").aggregate, Usage::default());
        assert_eq!(with_kind("AGENT").usage, Usage::default());
        assert_eq!(with_kind("AGENT").aggregate.input_tokens, Some(57));
    }

    #[test]
    fn previews_are_bounded_and_hold_no_nul() {
        assert_eq!(preview("a\0b"), "ab");
        let long = preview(&"é".repeat(PREVIEW_CHARS * 2));
        assert_eq!(long.chars().count(), PREVIEW_CHARS + 1);
    }
}
