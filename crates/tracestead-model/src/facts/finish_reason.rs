//! Why a model stopped, in one vocabulary.

/// Returns the reason in the words of OpenTelemetry's GenAI conventions (`stop`, `length`, `tool_call`,
/// `content_filter`, `error`), or as the provider says it.
#[must_use]
pub fn finish_reason(reason: &str) -> String {
    // Semantic Kernel prints the member of an enumeration.
    let reason = reason.strip_prefix("FinishReason.").unwrap_or(reason);
    let known = match reason.to_ascii_lowercase().replace('-', "_").as_str() {
        "tool_call" | "tool_calls" | "tool_use" | "function_call" | "function_calls" => "tool_call",
        "stop" | "end_turn" | "stop_sequence" | "completed" => "stop",
        "length" | "max_tokens" | "max_output_tokens" | "model_length" => "length",
        "content_filter" | "content_filtered" | "safety" | "refusal" | "guardrail_intervened" => {
            "content_filter"
        }
        "error" => "error",
        _ => return super::reader::clean(reason),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_words_become_one_vocabulary() {
        let cases = [
            ("tool_calls", "tool_call"),
            ("tool-calls", "tool_call"),
            ("tool_use", "tool_call"),
            ("function_call", "tool_call"),
            ("function_calls", "tool_call"),
            ("FinishReason.TOOL_CALLS", "tool_call"),
            ("STOP", "stop"),
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("MAX_TOKENS", "length"),
            ("length", "length"),
            ("SAFETY", "content_filter"),
            ("content-filter", "content_filter"),
            ("refusal", "content_filter"),
            ("error", "error"),
            ("pause_turn", "pause_turn"),
        ];
        for (said, expected) in cases {
            assert_eq!(finish_reason(said), expected, "{said}");
            assert_eq!(finish_reason(expected), expected, "{said}: twice is once");
        }
    }
}
