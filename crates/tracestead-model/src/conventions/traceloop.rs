//! Traceloop's decorators, and what OpenLLMetry adds for frameworks.
//!
//! Source: `traceloop-sdk` 0.62. LLM spans carry no kind: they are those of `openllmetry.rs`.

use super::genai;
use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const SPAN_KIND: &str = "traceloop.span.kind";
pub(crate) const ENTITY_NAME: &str = "traceloop.entity.name";
pub(crate) const ENTITY_INPUT: &str = "traceloop.entity.input";
pub(crate) const ENTITY_OUTPUT: &str = "traceloop.entity.output";
pub(crate) const WORKFLOW_NAME: &str = "traceloop.workflow.name";
/// What the user attaches, with keys of the user's choice.
pub(crate) const ASSOCIATION: &str = "traceloop.association.properties.";
pub(crate) const TASK_ID: &str = "gen_ai.task.id";
pub(crate) const TASK_NAME: &str = "gen_ai.task.name";

/// Reads the decorator's kind.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(SPAN_KIND)?.to_ascii_lowercase().as_str() {
        "workflow" => SpanType::Workflow,
        // A search in a vector store is a task among others.
        "task" if genai::span_type(reader) == Some(SpanType::Retriever) => SpanType::Retriever,
        "task" => SpanType::Step,
        "agent" => SpanType::Agent,
        "tool" => SpanType::Tool,
        _ => return None,
    })
}
