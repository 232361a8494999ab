//! What kind of step a span is.

use super::precedence;
use super::reader::{Reader, clean};

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

    /// Reads the type from what the span says, and what told it; the first rule that answers decides.
    pub(crate) fn read(reader: &Reader<'_>) -> (Self, Option<String>) {
        let answer = precedence::SPAN_TYPE.iter().find_map(|rule| Some((rule, (rule.read)(reader)?)));
        let Some((rule, span_type)) = answer else { return (Self::Other, None) };
        let source = match reader.text(rule.name) {
            Some(said) => format!("{}={}", rule.name, clean(said)),
            None => rule.name.to_owned(),
        };
        (span_type, Some(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SpanSource;
    use crate::{Attributes, Value};

    fn check(name: &str, pairs: &[(&str, &str)], expected: SpanType) {
        let attributes: Attributes = pairs.iter().map(|(key, value)| (*key, Value::from(*value))).collect();
        for pairs in [attributes.clone(), attributes.into_iter().rev().collect()] {
            let (actual, _) = SpanType::read(&Reader::new(SpanSource::new(name, &pairs)));
            assert_eq!(actual, expected, "{name} {pairs:?}");
        }
    }

    const KIND: &str = "openinference.span.kind";

    /// One attribute that decides, and what it decides.
    const DECISIONS: &[(&str, &[(&str, SpanType)])] = &[
        (
            KIND,
            &[
                ("LLM", SpanType::Llm),
                ("llm", SpanType::Llm),
                ("EMBEDDING", SpanType::Embedding),
                ("RETRIEVER", SpanType::Retriever),
                ("RERANKER", SpanType::Reranker),
                ("TOOL", SpanType::Tool),
                ("AGENT", SpanType::Agent),
                ("GUARDRAIL", SpanType::Guardrail),
                ("EVALUATOR", SpanType::Evaluator),
                ("CHAIN", SpanType::Chain),
                ("PROMPT", SpanType::Chain),
                ("UNKNOWN", SpanType::Other),
            ],
        ),
        (
            "langfuse.observation.type",
            &[
                ("generation", SpanType::Llm),
                ("span", SpanType::Chain),
                ("event", SpanType::Chain),
                ("chain", SpanType::Chain),
                ("agent", SpanType::Agent),
                ("tool", SpanType::Tool),
                ("retriever", SpanType::Retriever),
                ("embedding", SpanType::Embedding),
                ("evaluator", SpanType::Evaluator),
                ("guardrail", SpanType::Guardrail),
            ],
        ),
        (
            "mlflow.spanType",
            &[
                ("\"LLM\"", SpanType::Llm),
                ("\"CHAT_MODEL\"", SpanType::Llm),
                ("CHAT_MODEL", SpanType::Llm),
                ("\"AGENT\"", SpanType::Agent),
                ("\"TOOL\"", SpanType::Tool),
                ("\"RETRIEVER\"", SpanType::Retriever),
                ("\"RERANKER\"", SpanType::Reranker),
                ("\"EMBEDDING\"", SpanType::Embedding),
                ("\"WORKFLOW\"", SpanType::Workflow),
                ("\"TASK\"", SpanType::Step),
                ("\"PARSER\"", SpanType::Chain),
                ("\"MEMORY\"", SpanType::Chain),
                ("\"GUARDRAIL\"", SpanType::Guardrail),
                ("\"EVALUATOR\"", SpanType::Evaluator),
                ("\"MY_OWN\"", SpanType::Other),
            ],
        ),
        (
            "langsmith.span.kind",
            &[
                ("llm", SpanType::Llm),
                ("retriever", SpanType::Retriever),
                ("tool", SpanType::Tool),
                ("embedding", SpanType::Embedding),
                ("prompt", SpanType::Chain),
                ("parser", SpanType::Chain),
                ("chain", SpanType::Chain),
            ],
        ),
        (
            "traceloop.span.kind",
            &[
                ("workflow", SpanType::Workflow),
                ("task", SpanType::Step),
                ("agent", SpanType::Agent),
                ("tool", SpanType::Tool),
                ("unknown", SpanType::Other),
            ],
        ),
        (
            "ai.operationId",
            &[
                ("ai.generateText", SpanType::Agent),
                ("ai.streamObject", SpanType::Agent),
                ("ai.generateText.doGenerate", SpanType::Llm),
                ("ai.streamText.doStream", SpanType::Llm),
                ("ai.toolCall", SpanType::Tool),
                ("ai.embed", SpanType::Chain),
                ("ai.embedMany.doEmbed", SpanType::Embedding),
                ("ai.rerank", SpanType::Chain),
                ("ai.rerank.doRerank", SpanType::Reranker),
            ],
        ),
        (
            "gen_ai.operation.name",
            &[
                ("chat", SpanType::Llm),
                ("text_completion", SpanType::Llm),
                ("generate_content", SpanType::Llm),
                ("completion", SpanType::Llm),
                ("generate", SpanType::Llm),
                ("chat_streaming", SpanType::Llm),
                ("interactions", SpanType::Llm),
                ("interactions_streaming", SpanType::Llm),
                ("transcription", SpanType::Llm),
                ("image_generation", SpanType::Llm),
                ("audio_generation", SpanType::Llm),
                ("embeddings", SpanType::Embedding),
                ("retrieval", SpanType::Retriever),
                ("vector_db_retrieve", SpanType::Retriever),
                ("search_memory", SpanType::Retriever),
                ("rerank", SpanType::Reranker),
                ("execute_tool", SpanType::Tool),
                ("invoke_agent", SpanType::Agent),
                ("create_agent", SpanType::Agent),
                ("invoke_workflow", SpanType::Workflow),
                ("agent_step", SpanType::Step),
                ("execute_task", SpanType::Step),
                ("execute_event_loop_cycle", SpanType::Step),
                ("plan", SpanType::Chain),
                ("upsert_memory", SpanType::Chain),
                ("something_new", SpanType::Other),
            ],
        ),
        (
            "genkit:metadata:subtype",
            &[
                ("model", SpanType::Llm),
                ("embedder", SpanType::Embedding),
                ("retriever", SpanType::Retriever),
                ("tool", SpanType::Tool),
                ("evaluator", SpanType::Evaluator),
            ],
        ),
        (
            "mcp.method.name",
            &[
                ("tools/call", SpanType::Tool),
                ("resources/read", SpanType::Retriever),
                ("prompts/get", SpanType::Chain),
                ("initialize", SpanType::Other),
            ],
        ),
        (
            "llm.request.type",
            &[
                ("chat", SpanType::Llm),
                ("completion", SpanType::Llm),
                ("embedding", SpanType::Embedding),
                ("rerank", SpanType::Reranker),
            ],
        ),
        ("gen_ai.evaluation.name", &[("relevance", SpanType::Evaluator)]),
        ("evaluations.0.evaluation.name", &[("relevance", SpanType::Evaluator)]),
        ("gen_ai.tool.name", &[("get_weather", SpanType::Tool)]),
        ("gen_ai.tool.call.id", &[("call_1", SpanType::Tool)]),
        ("retrieval.documents.0.document.content", &[("Paris", SpanType::Retriever)]),
        ("db.vector.query.top_k", &[("5", SpanType::Retriever)]),
        ("hook.name", &[("check_input", SpanType::Hook)]),
        ("agno.hook.name", &[("check_input", SpanType::Hook)]),
        ("http.method", &[("GET", SpanType::Other)]),
        ("agent.name", &[("weather", SpanType::Other)]),
        ("gen_ai.agent.name", &[("weather", SpanType::Other)]),
    ];

    #[test]
    fn each_rule_decides_for_its_own_key() {
        for (key, values) in DECISIONS {
            for (value, expected) in *values {
                check("span", &[(key, value)], *expected);
            }
        }
    }

    #[test]
    fn teams_workflows_and_steps_are_told_from_agents_and_chains() {
        check("Content_Team.run", &[(KIND, "AGENT"), ("agno.team.id", "t")], SpanType::Team);
        check("A.run", &[(KIND, "AGENT"), ("agno.agent.id", "a")], SpanType::Agent);
        check("Flow.run", &[(KIND, "CHAIN"), ("agno.workflow.id", "w")], SpanType::Workflow);
        check("Research.execute", &[(KIND, "CHAIN"), ("agno.step.type", "agent")], SpanType::Step);
        check("format.execute", &[(KIND, "CHAIN"), ("graph.node.id", "1")], SpanType::Step);
        check("crew.kickoff", &[(KIND, "CHAIN"), ("crew_key", "k")], SpanType::Team);
        check("writer._execute_core", &[(KIND, "AGENT"), ("crew_key", "k")], SpanType::Agent);
        check("Step 12", &[(KIND, "CHAIN")], SpanType::Step);
        check("Step by step", &[(KIND, "CHAIN")], SpanType::Chain);
        check("turn", &[(KIND, "CHAIN")], SpanType::Step);
        check("RunnableSequence", &[(KIND, "CHAIN")], SpanType::Chain);
        check("agent run", &[("agent_name", "a"), ("model_name", "m")], SpanType::Agent);
        check("anything", &[("agno.team.id", "t")], SpanType::Other);
        check("pre_hook check", &[(KIND, "CHAIN"), ("hook.name", "check")], SpanType::Hook);
        check("pre_hook check", &[(KIND, "CHAIN")], SpanType::Chain);
        check("pre_hook check", &[], SpanType::Hook);
        check("pre_hooks_of_git", &[], SpanType::Other);
    }

    #[test]
    fn earlier_rules_win_over_later_ones() {
        // LangSmith's operation misleads, its kind does not.
        check("p", &[("langsmith.span.kind", "prompt"), ("gen_ai.operation.name", "chat")], SpanType::Chain);
        check(
            "r",
            &[("langsmith.span.kind", "retriever"), ("gen_ai.operation.name", "embeddings")],
            SpanType::Retriever,
        );
        check("c", &[(KIND, "LLM"), ("gen_ai.operation.name", "execute_tool")], SpanType::Llm);
        check("u", &[(KIND, "UNKNOWN"), ("gen_ai.operation.name", "chat")], SpanType::Llm);
        check(
            "t",
            &[("traceloop.span.kind", "task"), ("gen_ai.operation.name", "vector_db_retrieve")],
            SpanType::Retriever,
        );
        check("m", &[("gen_ai.tool.name", "t"), ("gen_ai.request.model", "m")], SpanType::Other);
        check(
            "old",
            &[
                ("langfuse.observation.type", "span"),
                ("langfuse.observation.model.name", "m"),
                ("langfuse.observation.usage_details", "{}"),
            ],
            SpanType::Llm,
        );
    }

    #[test]
    fn a_model_with_usage_or_messages_is_a_call() {
        let model = ("gen_ai.request.model", Value::from("m"));
        for (more, expected) in [
            (("gen_ai.usage.input_tokens", Value::Int(5)), SpanType::Llm),
            (("gen_ai.input.messages", Value::from("[]")), SpanType::Llm),
            (("http.method", Value::from("GET")), SpanType::Other),
        ] {
            let attributes = Attributes::from_iter([model.clone(), more]);
            let (actual, source) = SpanType::read(&Reader::new(SpanSource::new("x", &attributes)));
            assert_eq!(actual, expected);
            assert_eq!(source.is_some(), expected == SpanType::Llm);
        }
    }
}
