//! Counts of tokens as every dialect spells them.

use super::*;
use crate::facts::SpanSource;
use crate::{Attributes, Value};

/// Returns what is read as input, output, read from a cache, written to it, reasoning and total.
fn read(scope_name: &str, pairs: &[(&str, Value)]) -> [Option<i64>; 6] {
    let attributes: Attributes = pairs.iter().cloned().collect();
    let source = SpanSource { scope_name, ..SpanSource::new("call", &attributes) };
    let usage = usage(&Reader::new(source));
    [
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.total_tokens,
    ]
}

fn int(number: i64) -> Value {
    Value::Int(number)
}

/// What is tried, what the span says, and what is read of it.
type Case<'a> = (&'a str, &'a [(&'a str, Value)], [Option<i64>; 6]);

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_dialect_s_counts_are_read() {
    let all = [Some(57), Some(19), Some(32), None, Some(5), Some(76)];
    let cases: &[Case<'_>] = &[
        (
            "OpenInference",
            &[
                ("llm.token_count.prompt", int(57)),
                ("llm.token_count.completion", int(19)),
                ("llm.token_count.prompt_details.cache_read", int(32)),
                ("llm.token_count.completion_details.reasoning", int(5)),
            ],
            all,
        ),
        (
            "GenAI, newest",
            &[
                ("gen_ai.usage.input_tokens", int(57)),
                ("gen_ai.usage.output_tokens", int(19)),
                ("gen_ai.usage.cache_read.input_tokens", int(32)),
                ("gen_ai.usage.reasoning.output_tokens", int(5)),
            ],
            all,
        ),
        (
            "GenAI, oldest, and OpenLLMetry's total",
            &[
                ("gen_ai.usage.prompt_tokens", int(57)),
                ("gen_ai.usage.completion_tokens", int(19)),
                ("gen_ai.usage.cache_read_input_tokens", int(32)),
                ("gen_ai.usage.reasoning_tokens", int(5)),
                ("llm.usage.total_tokens", int(76)),
            ],
            all,
        ),
        (
            "Pydantic AI's details",
            &[
                ("gen_ai.usage.input_tokens", int(57)),
                ("gen_ai.usage.output_tokens", int(19)),
                ("gen_ai.usage.details.cache_read_tokens", int(32)),
                ("gen_ai.usage.details.reasoning_tokens", int(5)),
            ],
            all,
        ),
        (
            "rig's texts",
            &[
                ("gen_ai.usage.input_tokens", Value::from("57")),
                ("gen_ai.usage.output_tokens", Value::from("19")),
                ("gen_ai.usage.cache_read.input_tokens", Value::from("32")),
                ("gen_ai.usage.reasoning_tokens", Value::from("5")),
            ],
            all,
        ),
        (
            "Vercel 6",
            &[
                ("ai.usage.inputTokens", int(57)),
                ("ai.usage.outputTokens", int(19)),
                ("ai.usage.inputTokenDetails.cacheReadTokens", int(32)),
                ("ai.usage.outputTokenDetails.reasoningTokens", int(5)),
                ("ai.usage.totalTokens", int(76)),
            ],
            all,
        ),
        (
            "Vercel 4",
            &[("ai.usage.promptTokens", int(57)), ("ai.usage.completionTokens", Value::Double(19.0))],
            [Some(57), Some(19), None, None, None, Some(76)],
        ),
        (
            "Langfuse's own shape, whose parts add up",
            &[(
                "langfuse.observation.usage_details",
                Value::from(r#"{"input": 10.0, "output": 5, "cache_read_input_tokens": 3, "total": 18}"#),
            )],
            [Some(13), Some(5), Some(3), None, None, Some(18)],
        ),
        (
            "Langfuse with OpenAI's shape",
            &[(
                "langfuse.observation.usage_details",
                Value::from(
                    r#"{"prompt_tokens": 57, "completion_tokens": 19, "total_tokens": 76,
                        "prompt_tokens_details": {"cached_tokens": 32},
                        "completion_tokens_details": {"reasoning_tokens": 5}}"#,
                ),
            )],
            all,
        ),
        (
            "Langfuse with Anthropic's shape, which leaves out the cache",
            &[(
                "langfuse.observation.usage_details",
                Value::from(
                    r#"{"input_tokens": 100, "output_tokens": 19, "cache_read_input_tokens": 32,
                        "cache_creation_input_tokens": 8}"#,
                ),
            )],
            [Some(140), Some(19), Some(32), Some(8), None, Some(159)],
        ),
        (
            "MLflow",
            &[(
                "mlflow.chat.tokenUsage",
                Value::from(r#"{"input_tokens": 57.0, "output_tokens": "19", "total_tokens": 76}"#),
            )],
            [Some(57), Some(19), None, None, None, Some(76)],
        ),
        (
            "LangSmith",
            &[(
                "langsmith.metadata.usage_metadata",
                Value::from(
                    r#"{"input_tokens": 57, "output_tokens": 19, "total_tokens": 76,
                        "input_token_details": {"cache_read": 32}, "output_token_details": {"reasoning": 5}}"#,
                ),
            )],
            all,
        ),
        (
            "Genkit",
            &[
                ("genkit:type", Value::from("action")),
                ("genkit:output", Value::from(r#"{"usage": {"inputTokens": 57, "outputTokens": 19}}"#)),
            ],
            [Some(57), Some(19), None, None, None, Some(76)],
        ),
        (
            "two conventions on one span are never added",
            &[
                ("llm.token_count.prompt", int(57)),
                ("gen_ai.usage.input_tokens", int(57)),
                ("gen_ai.usage.prompt_tokens", int(57)),
                ("llm.token_count.completion", int(19)),
                ("gen_ai.usage.output_tokens", int(19)),
            ],
            [Some(57), Some(19), None, None, None, Some(76)],
        ),
        (
            "a zero among the details does not beat a count",
            &[
                ("llm.token_count.prompt", int(57)),
                ("llm.token_count.prompt_details.cache_read", int(0)),
                ("gen_ai.usage.cache_read.input_tokens", int(32)),
            ],
            [Some(57), None, Some(32), None, None, Some(57)],
        ),
        (
            "counts that are none",
            &[
                ("llm.token_count.prompt", int(-1)),
                ("llm.token_count.completion", Value::Double(f64::NAN)),
                ("gen_ai.usage.total_tokens", Value::from("many")),
            ],
            [None; 6],
        ),
    ];
    for (case, pairs, expected) in cases {
        assert_eq!(read("", pairs), *expected, "{case}");
    }
}

#[test]
fn agno_hands_on_counts_of_anthropic_without_the_cache() {
    let pairs = |provider: &str| {
        [
            ("llm.provider", Value::from(provider)),
            ("llm.token_count.prompt", int(100_000)),
            ("llm.token_count.completion", int(1_000)),
            ("llm.token_count.prompt_details.cache_read", int(50_000)),
            ("llm.token_count.prompt_details.cache_write", int(50_000)),
            ("llm.token_count.total", int(101_000)),
        ]
    };
    let agno = "openinference.instrumentation.agno";
    for (scope, provider, input, total) in [
        (agno, "Anthropic", 200_000, 201_000),
        ("", "AwsBedrock", 200_000, 201_000),
        (agno, "OpenAI", 100_000, 101_000),
        ("openinference.instrumentation.anthropic", "anthropic", 100_000, 101_000),
    ] {
        let read = read(scope, &pairs(provider));
        assert_eq!((read[0], read[5]), (Some(input), Some(total)), "{scope} {provider}");
    }
}
