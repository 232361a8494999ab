//! OpenTelemetry's GenAI conventions, in the generations that coexist on the wire.
//!
//! Source: semantic conventions up to v1.44.0 and `semantic-conventions-genai` of 2026-08. The oldest generation (flattened
//! prompts) is in `openllmetry.rs`; messages in events are read in `content/`.

use crate::Value;
use crate::facts::reader::{Reader, says_something};
use crate::facts::{SpanType, Usage};

pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const PROVIDER_NAME: &str = "gen_ai.provider.name";
/// The provider's name until v1.36.
pub(crate) const SYSTEM: &str = "gen_ai.system";
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(crate) const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(crate) const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(crate) const CONVERSATION_ID: &str = "gen_ai.conversation.id";
pub(crate) const AGENT_ID: &str = "gen_ai.agent.id";
pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const WORKFLOW_NAME: &str = "gen_ai.workflow.name";
pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const TOOL_DESCRIPTION: &str = "gen_ai.tool.description";
pub(crate) const TOOL_TYPE: &str = "gen_ai.tool.type";
pub(crate) const TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
pub(crate) const TOOL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(crate) const TOOL_RESULT: &str = "gen_ai.tool.call.result";
pub(crate) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
pub(crate) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(crate) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub(crate) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
/// Whole payloads of older emitters, of rig and of LangSmith.
pub(crate) const PROMPT: &str = "gen_ai.prompt";
pub(crate) const COMPLETION: &str = "gen_ai.completion";
pub(crate) const DATA_SOURCE_ID: &str = "gen_ai.data_source.id";
pub(crate) const RETRIEVAL_QUERY: &str = "gen_ai.retrieval.query.text";
pub(crate) const RETRIEVAL_DOCUMENTS: &str = "gen_ai.retrieval.documents";
pub(crate) const TOP_K: &str = "gen_ai.request.top_k";
pub(crate) const MEMORY_QUERY: &str = "gen_ai.memory.query.text";
pub(crate) const MEMORY_RECORDS: &str = "gen_ai.memory.records";
pub(crate) const MEMORY_STORE_ID: &str = "gen_ai.memory.store.id";
pub(crate) const DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";
pub(crate) const EVALUATION_NAME: &str = "gen_ai.evaluation.name";
pub(crate) const ENVIRONMENT: &str = "gen_ai.environment";
pub(crate) const USER: &str = "gen_ai.user";
pub(crate) const COST: &str = "gen_ai.usage.cost";
/// An event whose attributes are those of the span: prompts and answers, kept off the span itself.
pub(crate) const DETAILS_EVENT: &str = "gen_ai.client.inference.operation.details";
pub(crate) const CHOICE_EVENT: &str = "gen_ai.choice";
pub(crate) const EVALUATION_EVENT: &str = "gen_ai.evaluation.result";

/// Reads the operation's name, standard ones and those seen in the field.
pub(crate) fn span_type(reader: &Reader<'_>) -> Option<SpanType> {
    Some(match reader.text(OPERATION_NAME)?.to_ascii_lowercase().as_str() {
        "chat"
        | "text_completion"
        | "generate_content"
        | "completion"
        | "generate"
        | "chat_streaming"
        | "interactions"
        | "interactions_streaming"
        | "transcription"
        | "image_generation"
        | "audio_generation"
        | "responses"
        | "generate_text"
        | "stream_text" => SpanType::Llm,
        "embeddings" | "embedding" => SpanType::Embedding,
        "retrieval" | "vector_db_retrieve" | "search_memory" => SpanType::Retriever,
        "rerank" => SpanType::Reranker,
        "execute_tool" => SpanType::Tool,
        "invoke_agent" | "create_agent" => SpanType::Agent,
        "invoke_workflow" => SpanType::Workflow,
        "agent_step" | "execute_task" | "execute_event_loop_cycle" => SpanType::Step,
        "plan"
        | "chain"
        | "parser"
        | "create_memory_store"
        | "delete_memory_store"
        | "create_memory"
        | "update_memory"
        | "upsert_memory"
        | "delete_memory" => SpanType::Chain,
        _ => return None,
    })
}

/// Reads token counts in the spellings of all generations. The input's includes what came from a cache.
pub(crate) fn usage(reader: &Reader<'_>) -> Usage {
    let first = |keys: &[&str]| keys.iter().find_map(|key| reader.count(key));
    // A zero among the details never beats a positive count under another spelling.
    let detail = |keys: &[&str]| {
        let counts = || keys.iter().filter_map(|key| reader.count(key));
        counts().find(|count| *count > 0).or_else(|| counts().next())
    };
    Usage {
        input_tokens: first(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"]),
        output_tokens: first(&["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"]),
        cache_read_tokens: detail(&[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cached_tokens",
            "gen_ai.usage.details.cache_read_tokens",
        ]),
        cache_write_tokens: detail(&[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
        ]),
        reasoning_tokens: detail(&[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.details.reasoning_tokens",
        ]),
        input_audio_tokens: detail(&[
            "gen_ai.usage.audio.input_tokens",
            "gen_ai.usage.details.input_audio_tokens",
            "gen_ai.usage.details.audio_tokens",
        ]),
        output_audio_tokens: detail(&[
            "gen_ai.usage.audio.output_tokens",
            "gen_ai.usage.details.output_audio_tokens",
        ]),
        total_tokens: first(&["gen_ai.usage.total_tokens"]),
    }
}

/// Reads why the model stopped, for its first choice.
pub(crate) fn finish_reason(reader: &Reader<'_>) -> Option<String> {
    let first = |values: &[Value]| values.iter().find_map(Value::as_str).map(str::to_owned);
    match reader.value(FINISH_REASONS)? {
        Value::Array(values) => first(values),
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str::<Vec<String>>(text).ok()?.into_iter().next()
        }
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
    .filter(|reason| says_something(reason))
}

/// Says whether the span judges a result.
pub(crate) fn is_evaluation(reader: &Reader<'_>) -> bool {
    reader.has(EVALUATION_NAME)
        || reader.has("gen_ai.evaluation.score.value")
        || reader.has("gen_ai.evaluation.score.label")
}
