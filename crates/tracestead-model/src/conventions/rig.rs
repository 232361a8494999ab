//! rig, the Rust library: GenAI conventions with some keys of its own.
//!
//! Source: `rig-core` 0.42. Agents carry the user's text and the final answer as `gen_ai.prompt` and `gen_ai.completion`,
//! and repeat their calls' counts.

/// How a tool call ended.
pub(crate) const TOOL_OUTCOME: &str = "gen_ai.tool.call.outcome";
pub(crate) const TOOL_ERROR_TYPE: &str = "gen_ai.tool.error.type";
