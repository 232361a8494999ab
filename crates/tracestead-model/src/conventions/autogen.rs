//! AutoGen: its own spans follow the GenAI conventions, OpenInference adds others beside them.
//!
//! Source: `autogen-agentchat` 0.7.5. Creating an agent is a trace of its own. A cancelled stream is recorded as an
//! exception on a span that went well.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

/// Tells a team's run from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    reader.has("participant_names").then_some(SpanType::Team)
}

/// Ends of names that OpenInference gives to runs of agents.
pub(crate) const RUN_NAMES: &[&str] = &[".on_messages_stream", ".on_messages", ".run_stream"];
