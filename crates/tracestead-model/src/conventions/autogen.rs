//! AutoGen: its own spans follow the GenAI conventions, OpenInference adds others beside them.
//!
//! Source: `autogen-agentchat` 0.7.5. Creating an agent is a trace of its own. A cancelled stream is recorded as an
//! exception on a span that went well.

/// Ends of names that OpenInference gives to runs of agents.
pub(crate) const RUN_NAMES: &[&str] = &[".on_messages_stream", ".on_messages", ".run_stream"];
