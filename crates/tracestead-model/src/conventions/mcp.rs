//! The Model Context Protocol: a call has a span in the client and one in the server.
//!
//! Source: OpenTelemetry's MCP conventions. `mcp.session.id` is a connection, not a conversation.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const METHOD_NAME: &str = "mcp.method.name";

/// Reads the method.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    let method = reader.text(METHOD_NAME)?;
    if method == "tools/call" {
        return Some(SpanType::Tool);
    }
    if method.starts_with("resources/") {
        return Some(SpanType::Retriever);
    }
    method.starts_with("prompts/").then_some(SpanType::Chain)
}
