//! LangGraph and LangChain, whichever instrumentation describes them.
//!
//! Source: `langchain` 1.4 and `langgraph` 1.2 through OpenInference, OpenLLMetry and LangSmith.

use crate::facts::SpanType;
use crate::facts::reader::{At, Reader};

/// The conversation, in the user's configuration.
pub(crate) const THREAD_ID: &str = "thread_id";
pub(crate) const AGENT_NAME: &str = "lc_agent_name";
pub(crate) const NODE: &str = "langgraph_node";

/// Says whether the span is a node of a graph that runs a part of an agent.
pub(crate) fn is_node(reader: &Reader<'_>) -> bool {
    matches!(reader.source.name, "model" | "tools" | "agent" | "RunnableSequence")
}

/// Tells an agent's run from plain chains, for a span of OpenInference's kind CHAIN: JavaScript's instrumentation has no
/// other mark than the agent's name.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    if !reader.source.scope_name.contains("langchain") {
        return None;
    }
    let agent = reader.first(&[At::Field(super::openinference::METADATA, AGENT_NAME)])?;
    (agent == reader.source.name).then_some(SpanType::Agent)
}
