//! Which dialect is asked first for which fact: the one place that decides it.
//!
//! In general what the framework itself says comes before OpenInference, that before OpenTelemetry's GenAI conventions in
//! their newer and then older form, and vendors' generic keys come last. The first source that says something wins; numbers
//! of two sources are never put together.

use crate::conventions::{
    adk, agno, crewai, genai, genkit, hooks, langfuse, langgraph, langsmith, logfire, mastra, mcp, mlflow,
    openinference, openllmetry, pydantic_ai, semantic_kernel, strands, traceloop, vector_store, vercel,
};

use super::reader::At::{Field, Key, Quoted};
use super::reader::{At, Reader};
use super::{SpanType, Usage};

/// A rule of the decision list for span types.
pub(super) struct TypeRule {
    /// The attribute that decides, or what the rule looks for.
    pub(super) name: &'static str,
    pub(super) read: fn(&Reader<'_>) -> Option<SpanType>,
}

/// The decision list: the first rule that answers decides. An agent's name alone makes no agent; it is on model and tool
/// calls as well.
pub(super) const SPAN_TYPE: &[TypeRule] = &[
    TypeRule { name: logfire::SPAN_TYPE, read: logfire::span_type },
    TypeRule { name: openinference::SPAN_KIND, read: openinference::span_type },
    TypeRule { name: langfuse::OBSERVATION_TYPE, read: langfuse::span_type },
    TypeRule { name: mlflow::SPAN_TYPE, read: mlflow::span_type },
    TypeRule { name: langsmith::SPAN_KIND, read: langsmith::span_type },
    TypeRule { name: traceloop::SPAN_KIND, read: traceloop::span_type },
    TypeRule { name: vercel::OPERATION_ID, read: vercel::span_type },
    TypeRule { name: mastra::SPAN_TYPE, read: mastra::span_type },
    TypeRule { name: genai::OPERATION_NAME, read: genai::span_type },
    TypeRule { name: genkit::SUBTYPE, read: genkit::span_type },
    TypeRule { name: mcp::METHOD_NAME, read: mcp::span_type },
    TypeRule { name: openllmetry::REQUEST_TYPE, read: openllmetry::span_type },
    TypeRule { name: "run of pydantic-ai", read: pydantic_ai::span_type },
    TypeRule { name: "loop of semantic kernel", read: semantic_kernel::span_type },
    TypeRule { name: "evaluation", read: evaluation },
    TypeRule { name: "tool without model", read: tool },
    TypeRule { name: "vector search", read: vector_search },
    TypeRule { name: "model with usage or messages", read: model_call },
    TypeRule { name: "hook", read: hooks::span_type },
];

fn evaluation(reader: &Reader<'_>) -> Option<SpanType> {
    let is_list = |list: &str| reader.source.attributes.iter().any(|(key, _)| key.starts_with(list));
    (genai::is_evaluation(reader) || is_list("evaluations.0.") || is_list("annotations.0."))
        .then_some(SpanType::Evaluator)
}

fn tool(reader: &Reader<'_>) -> Option<SpanType> {
    let is_tool = reader.has(genai::TOOL_NAME)
        || reader.has(openinference::TOOL_NAME)
        || reader.has(genai::TOOL_CALL_ID);
    (is_tool && reader.first(REQUEST_MODEL).is_none()).then_some(SpanType::Tool)
}

fn vector_search(reader: &Reader<'_>) -> Option<SpanType> {
    vector_store::span_type(reader)
        .or_else(|| reader.has("retrieval.documents.0.document.content").then_some(SpanType::Retriever))
        .or_else(|| reader.has("retrieval.documents.0.document.id").then_some(SpanType::Retriever))
}

fn model_call(reader: &Reader<'_>) -> Option<SpanType> {
    let has_messages = || {
        [
            genai::INPUT_MESSAGES,
            genai::OUTPUT_MESSAGES,
            "llm.input_messages.0.message.role",
            "gen_ai.prompt.0.role",
        ]
        .iter()
        .any(|key| reader.has(key))
    };
    let is_call = reader.first(REQUEST_MODEL).is_some() && (usage(reader).is_reported() || has_messages());
    is_call.then_some(SpanType::Llm)
}

pub(super) const RUN_ID: &[At] = &[
    Key(agno::RUN_ID),
    Key(agno::BARE_RUN_ID),
    Key(pydantic_ai::RUN_ID),
    Key(adk::INVOCATION_ID),
    Key(traceloop::TASK_ID),
    Key(mastra::RUN_ID),
    Key(langsmith::SPAN_ID),
    Quoted(mlflow::REQUEST_ID),
    Key(strands::CYCLE_ID),
];

/// Read by [`session_id`], which knows what is none.
const SESSION_ID: &[At] = &[
    // MLflow's users set it, and MLflow puts it in quotes.
    Quoted(openinference::SESSION_ID),
    Key(agno::SESSION_ID),
    Key(agno::BARE_SESSION_ID),
    Key(genai::CONVERSATION_ID),
    Key(langfuse::SESSION_ID),
    Key("traceloop.association.properties.session_id"),
    Key("traceloop.association.properties.thread_id"),
    Key("traceloop.association.properties.chat_id"),
    Key("traceloop.association.properties.conversation_id"),
    Key("ai.telemetry.metadata.sessionId"),
    Key("ai.telemetry.metadata.session_id"),
    Key("ai.telemetry.metadata.threadId"),
    Key("ai.settings.context.sessionId"),
    Key(mastra::SESSION_ID),
    Key("langsmith.metadata.session_id"),
    Key("langsmith.metadata.thread_id"),
    Key("langsmith.metadata.conversation_id"),
    Field(openinference::METADATA, "session_id"),
    Field(openinference::METADATA, langgraph::THREAD_ID),
    Key(adk::SESSION_ID),
    Quoted(mlflow::SESSION),
    Key(genkit::SESSION_ID),
];

/// Reads the conversation. The Agent Framework gives the id of OpenAI's last answer for one, which changes with every
/// call.
pub(super) fn session_id(reader: &Reader<'_>) -> Option<String> {
    SESSION_ID.iter().find_map(|place| reader.first(&[*place]).filter(|id| !id.starts_with("resp_")))
}

pub(super) const USER_ID: &[At] = &[
    Quoted(openinference::USER_ID),
    Key(agno::USER_ID),
    Key(agno::BARE_USER_ID),
    Key("enduser.id"),
    Key(langfuse::USER_ID),
    Key("traceloop.association.properties.user_id"),
    Key("traceloop.association.properties.userId"),
    Key("ai.telemetry.metadata.userId"),
    Key("ai.telemetry.metadata.user_id"),
    Key("ai.settings.context.userId"),
    Key(mastra::USER_ID),
    Key("langsmith.metadata.user_id"),
    Field(openinference::METADATA, "user_id"),
    Key(genai::USER),
    Key(openllmetry::USER),
    Quoted(mlflow::USER),
    Key(genkit::USER_ID),
];

pub(super) const AGENT_ID: &[At] = &[Key(agno::AGENT_ID), Key(agno::BARE_AGENT_ID), Key(genai::AGENT_ID)];

pub(super) const TEAM_ID: &[At] =
    &[Key(agno::TEAM_ID), Key(agno::BARE_TEAM_ID), Key(agno::DOTTED_TEAM_ID), Key(crewai::CREW_ID)];

pub(super) const WORKFLOW_ID: &[At] = &[Key(agno::WORKFLOW_ID), Key(agno::BARE_WORKFLOW_ID)];

/// The agent's name where the span itself is no agent: only keys that mean nothing else.
pub(super) const AGENT_NAME: &[At] = &[
    Key(openinference::AGENT_NAME),
    Key(genai::AGENT_NAME),
    Key(pydantic_ai::AGENT_NAME),
    Key(langsmith::AGENT_NAME),
    Field(openinference::METADATA, langgraph::AGENT_NAME),
];

/// The agent's name on its own span.
pub(super) const OWN_AGENT_NAME: &[At] = &[
    Key(openinference::AGENT_NAME),
    Key(genai::AGENT_NAME),
    Key(pydantic_ai::AGENT_NAME),
    Key(openinference::NODE_NAME),
    Key(traceloop::ENTITY_NAME),
    Key(langsmith::AGENT_NAME),
    Field(openinference::METADATA, langgraph::AGENT_NAME),
    Key(vercel::FUNCTION_ID),
    Key(genkit::NAME),
];

pub(super) const OWN_TEAM_NAME: &[At] =
    &[Key(agno::TEAM_NAME), Key(openinference::AGENT_NAME), Key(openinference::NODE_NAME)];

pub(super) const WORKFLOW_NAME: &[At] = &[Key(genai::WORKFLOW_NAME), Key(traceloop::WORKFLOW_NAME)];

pub(super) const OWN_WORKFLOW_NAME: &[At] = &[
    Key(genai::WORKFLOW_NAME),
    Key(traceloop::WORKFLOW_NAME),
    Key(traceloop::ENTITY_NAME),
    Key(openinference::NODE_NAME),
    Key(genkit::NAME),
];

pub(super) const STEP_NAME: &[At] = &[
    Key(traceloop::TASK_NAME),
    Key(traceloop::ENTITY_NAME),
    Key("langsmith.metadata.langgraph_node"),
    Field(openinference::METADATA, langgraph::NODE),
];

pub(super) const REQUEST_MODEL: &[At] = &[
    Key(openinference::REQUEST_MODEL),
    Key(genai::REQUEST_MODEL),
    Key(langfuse::MODEL),
    Key(vercel::MODEL),
    Quoted(mlflow::MODEL),
    Key(openinference::EMBEDDING_MODEL),
    Key(openinference::RERANKER_MODEL),
    Key(openinference::MODEL),
    Key(pydantic_ai::MODEL_NAME),
    Key(langsmith::MODEL),
];

/// Where a model call names its model if nowhere else.
pub(super) const PARAMETER_MODEL: &[At] = &[
    Field(openinference::INVOCATION_PARAMETERS, "model"),
    Field(openinference::INVOCATION_PARAMETERS, "model_name"),
];

pub(super) const RESPONSE_MODEL: &[At] = &[
    Key(openinference::RESPONSE_MODEL),
    Key(genai::RESPONSE_MODEL),
    Key(vercel::RESPONSE_MODEL),
    Key(openinference::MODEL),
];

pub(super) const PROVIDER: &[At] = &[
    Key(openinference::PROVIDER),
    Key(genai::PROVIDER_NAME),
    Key(genai::SYSTEM),
    Quoted(mlflow::PROVIDER),
    Key(vercel::PROVIDER),
    Key(langsmith::PROVIDER),
    Key(openinference::SYSTEM),
];

/// Where the address of the model's server may stand.
pub(super) const SERVER: &[At] = &[Key("server.address"), Key(openllmetry::API_BASE)];

pub(super) const RESPONSE_ID: &[At] = &[Key(genai::RESPONSE_ID), Key(vercel::RESPONSE_ID)];

/// After `gen_ai.response.finish_reasons`, which is a list.
pub(super) const FINISH_REASON: &[At] = &[
    Key(openinference::FINISH_REASON),
    Key(semantic_kernel::FINISH_REASON),
    Key(vercel::FINISH_REASON),
    Key(openllmetry::FIRST_FINISH_REASON),
    Key("gen_ai.finishReason"),
    Key("gen_ai.response.stop_reason"),
];

pub(super) const TOOL_NAME: &[At] =
    &[Key(openinference::TOOL_NAME), Key(genai::TOOL_NAME), Key(vercel::TOOL_NAME)];

pub(super) const SERVICE_TIER: &[At] =
    &[Key("openai.response.service_tier"), Key("gen_ai.openai.response.service_tier")];

/// What the user calls the trace, in place of the name of its entry run.
pub(super) const TRACE_NAME: &[At] = &[Key(langfuse::TRACE_NAME)];

pub(super) const ENVIRONMENT: &[At] = &[Key(langfuse::ENVIRONMENT), Key(genai::ENVIRONMENT)];

pub(super) const RELEASE: &[At] = &[Key(langfuse::RELEASE)];

/// What frameworks put around the name of a run or a tool to name its span.
pub(super) const NAME_PREFIXES: &[&str] =
    &["invoke_agent ", "create_agent ", "invoke_workflow ", "execute_tool ", "running tool: ", "tools/call "];
pub(super) const NAME_SUFFIXES: &[&str] = &[
    ".run",
    ".arun",
    ".run_stream",
    ".arun_stream",
    ".kickoff",
    ".kickoff_async",
    "._execute_core",
    ".acall",
    ".call",
    ".invoke",
    ".ainvoke",
];

/// Reads token counts, each from the first dialect that says it.
pub(super) fn usage(reader: &Reader<'_>) -> Usage {
    const DIALECTS: &[fn(&Reader<'_>) -> Usage] = &[
        openinference::usage,
        genai::usage,
        openllmetry::usage,
        vercel::usage,
        langfuse::usage,
        mlflow::usage,
        langsmith::usage,
        genkit::usage,
    ];
    let usage = DIALECTS.iter().fold(Usage::default(), |usage, read| usage.or(read(reader)));
    if agno::leaves_out_cache(reader) { usage.with_cache_added() } else { usage.canonical() }
}

/// Reads the reported cost in US dollars.
pub(super) fn cost_usd(reader: &Reader<'_>) -> Option<f64> {
    openinference::cost_usd(reader)
        .or_else(|| langfuse::cost_usd(reader))
        .or_else(|| mlflow::cost_usd(reader))
        .or_else(|| reader.number(pydantic_ai::COST))
        .or_else(|| reader.number(genai::COST))
}

/// Keys that hold labels: a list, JSON, or words with commas between.
pub(super) const TAGS: &[&str] = &[
    openinference::TAGS,
    langfuse::TRACE_TAGS,
    langfuse::TAGS,
    logfire::TAGS,
    langsmith::TAGS,
    vercel::TAGS,
    mastra::TAGS,
];

#[cfg(test)]
mod tests;
