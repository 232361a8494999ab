//! What kind of step a span is.

use crate::Attributes;
use crate::conventions::{agno, openinference};

/// The kind of step a span is, in the words of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanType {
    /// A run of one agent.
    Agent,
    /// A run of a team of agents.
    Team,
    /// A run of a workflow.
    Workflow,
    /// One step of a workflow.
    Step,
    /// A call of a language model.
    Llm,
    /// A call of a tool.
    Tool,
    /// A search for documents.
    Retriever,
    /// A call of an embedding model.
    Embedding,
    /// A call of a reranking model.
    Reranker,
    /// A check of input or output.
    Guardrail,
    /// Code before or after a run.
    Hook,
    /// A judgement of a result.
    Evaluator,
    /// Glue of a framework.
    Chain,
    /// Anything else: HTTP, SQL, an application's own spans.
    Other,
}

impl SpanType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::Agent,
        Self::Team,
        Self::Workflow,
        Self::Step,
        Self::Llm,
        Self::Tool,
        Self::Retriever,
        Self::Embedding,
        Self::Reranker,
        Self::Guardrail,
        Self::Hook,
        Self::Evaluator,
        Self::Chain,
        Self::Other,
    ];

    /// Returns the type's name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "AGENT",
            Self::Team => "TEAM",
            Self::Workflow => "WORKFLOW",
            Self::Step => "STEP",
            Self::Llm => "LLM",
            Self::Tool => "TOOL",
            Self::Retriever => "RETRIEVER",
            Self::Embedding => "EMBEDDING",
            Self::Reranker => "RERANKER",
            Self::Guardrail => "GUARDRAIL",
            Self::Hook => "HOOK",
            Self::Evaluator => "EVALUATOR",
            Self::Chain => "CHAIN",
            Self::Other => "OTHER",
        }
    }

    /// Returns the type stored as `text`; an unknown one counts as [`SpanType::Other`].
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self::ALL.into_iter().find(|span_type| span_type.as_str() == text).unwrap_or(Self::Other)
    }

    /// Says whether such a span is a run of something, which gives a trace its context.
    #[must_use]
    pub fn is_run(self) -> bool {
        matches!(self, Self::Agent | Self::Team | Self::Workflow)
    }

    /// Says whether such a span calls a model, so that its tokens count.
    #[must_use]
    pub fn is_model_call(self) -> bool {
        matches!(self, Self::Llm | Self::Embedding | Self::Reranker)
    }

    /// Reads the type from what the span says; first answer wins.
    #[must_use]
    pub fn of(name: &str, attributes: &Attributes) -> Self {
        agno::span_type(name, attributes)
            .or_else(|| openinference::span_type(attributes))
            .unwrap_or(Self::Other)
    }
}
