//! Google's Agent Development Kit: GenAI conventions with some keys of its own.
//!
//! Source: `google-adk` 2.13. Whole requests and answers are on spans only in older versions or on demand. Scope
//! `gcp.vertex.agent`.

pub(crate) const INVOCATION_ID: &str = "gcp.vertex.agent.invocation_id";
pub(crate) const SESSION_ID: &str = "gcp.vertex.agent.session_id";
pub(crate) const REQUEST: &str = "gcp.vertex.agent.llm_request";
pub(crate) const RESPONSE: &str = "gcp.vertex.agent.llm_response";
pub(crate) const TOOL_ARGUMENTS: &str = "gcp.vertex.agent.tool_call_args";
pub(crate) const TOOL_RESPONSE: &str = "gcp.vertex.agent.tool_response";
pub(crate) const DATA: &str = "gcp.vertex.agent.data";
