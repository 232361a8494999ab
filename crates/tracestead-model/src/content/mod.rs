//! What a span holds for a reader: messages, tools, documents, an exception.
//!
//! Read when someone opens a span, never at ingest. Messages have the shape of OpenTelemetry's GenAI conventions
//! (`role`, `parts` with a `type`), whatever the framework sent. A place of which one emitter makes use may hold something
//! else with another, so every reading is tolerant: what is not understood is shown as it came.

mod exception;
mod flattened;
mod media;
mod messages;
mod parameters;
mod payload;
mod retrieval;
mod scores;
mod shapes;
mod tools;

use serde_json::{Map, Value as Json, json};

use crate::conventions::openinference;
use crate::facts::reader::{Reader, parse};
use crate::facts::tool_name;
use crate::{SpanSource, SpanType, Value};

use flattened::Flattened;

pub use payload::{PREVIEW_CHARS, Payload, Previews, preview};

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool` or what the framework says.
    pub role: String,
    /// Who speaks, where several share a role.
    pub name: Option<String>,
    /// Its parts: JSON objects with a `type` (`text`, `reasoning`, `tool_call`, `tool_call_response`, `uri`, `blob`).
    pub parts: Vec<Json>,
    /// Why the model stopped after it, in the provider's words.
    pub finish_reason: Option<String>,
}

impl Message {
    fn text(role: &str, text: &str) -> Self {
        Self {
            role: role.to_owned(),
            parts: vec![json!({"type": "text", "content": text})],
            ..Self::default()
        }
    }

    fn of(role: &str, parts: Vec<Json>) -> Option<Self> {
        (!parts.is_empty()).then(|| Self { role: role.to_owned(), parts, ..Self::default() })
    }

    fn says_something(&self) -> bool {
        !self.parts.is_empty() || self.finish_reason.as_deref().is_some_and(|reason| !reason.is_empty())
    }

    /// Returns its texts, one below the other; `None` if it has none.
    #[must_use]
    pub fn text_of_parts(&self) -> Option<String> {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter(|part| part.get("type").and_then(Json::as_str) == Some("text"))
            .filter_map(|part| part.get("content")?.as_str())
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Returns its texts, or the calls of tools it asks for; `None` if it has neither.
    fn summary(&self) -> Option<String> {
        self.text_of_parts().or_else(|| {
            let calls =
                self.parts.iter().filter(|part| part.get("type").and_then(Json::as_str) == Some("tool_call"));
            let calls: Vec<String> = calls
                .filter_map(|call| {
                    Some(format!("{}({})", call.get("name")?.as_str()?, call.get("arguments")?))
                })
                .collect();
            (!calls.is_empty()).then(|| calls.join("\n"))
        })
    }
}

/// A tool that was offered to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedTool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Json,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// `function`, `extension`, `datastore` or what the framework says.
    pub tool_type: Option<String>,
    /// The id by which the model asked for it.
    pub call_id: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Json,
    /// What it was given: JSON if it parses, else text.
    pub arguments: Json,
    /// What it gave: JSON if it parses, else text.
    pub result: Json,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its id in the store.
    pub id: Option<String>,
    /// Its text.
    pub content: String,
    /// How well it fits; higher or lower may be better.
    pub score: Option<f64>,
    /// More about it.
    pub metadata: Json,
}

/// A search for documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieval {
    /// What was searched for.
    pub query: Option<String>,
    /// How many documents were asked for.
    pub k: Option<i64>,
    /// Where they were searched.
    pub store: Option<String>,
    /// What was found, in the order given.
    pub documents: Vec<Document>,
}

/// Texts made into vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedding {
    /// The texts.
    pub texts: Vec<String>,
    /// How many were embedded.
    pub count: i64,
    /// How many numbers a vector has.
    pub dimensions: Option<i64>,
}

/// A check of input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guardrail {
    /// Whether it objected; `None` if it does not say.
    pub triggered: Option<bool>,
}

/// A judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// What is judged: `span`, `trace` or `session`.
    pub scope: &'static str,
    /// What is measured.
    pub name: String,
    /// The measure.
    pub value: Option<f64>,
    /// The measure in a word.
    pub label: Option<String>,
    /// Why.
    pub explanation: Option<String>,
    /// `HUMAN`, `LLM` or `CODE`.
    pub source: Option<String>,
    /// Tells judgements of one name apart.
    pub identifier: Option<String>,
}

/// A failure with its stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its class.
    pub exception_type: Option<String>,
    /// Its text.
    pub message: Option<String>,
    /// Where it came from.
    pub stacktrace: Option<String>,
}

/// What a span holds for a reader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpanContent {
    /// What went in.
    pub input: Option<Payload>,
    /// What came out.
    pub output: Option<Payload>,
    /// What the model was told to be, wherever that stands.
    pub system_prompt: Option<String>,
    /// The conversation sent to a model, the system prompt included.
    pub input_messages: Vec<Message>,
    /// What the model answered.
    pub output_messages: Vec<Message>,
    /// Tools the model could ask for.
    pub tools: Vec<OfferedTool>,
    /// Temperature and its like, under their standard names.
    pub parameters: Map<String, Json>,
    /// Temperature and its like, as the framework spells them.
    pub invocation_parameters: Option<Json>,
    /// The call of a tool.
    pub tool: Option<ToolCall>,
    /// The search for documents.
    pub retrieval: Option<Retrieval>,
    /// The texts made into vectors.
    pub embedding: Option<Embedding>,
    /// The check of input or output.
    pub guardrail: Option<Guardrail>,
    /// Judgements.
    pub scores: Vec<Score>,
    /// The last exception recorded.
    pub exception: Option<Exception>,
    /// What the user attached.
    pub metadata: Map<String, Json>,
}

impl SpanContent {
    /// Reads the content of a span.
    #[must_use]
    pub fn of(source: &SpanSource<'_>) -> Self {
        let reader = Reader::new(*source);
        let (span_type, _) = SpanType::read(&reader);
        let flattened = Flattened::of(source.attributes);
        let input_messages = messages::input(&reader, &flattened, span_type);
        Self {
            input: payload::input(&reader),
            output: payload::output(&reader),
            system_prompt: system_prompt(&reader, &input_messages),
            input_messages,
            output_messages: messages::output(&reader, &flattened, span_type),
            tools: tools::offered(&reader, &flattened),
            parameters: parameters::parameters(&reader, span_type),
            invocation_parameters: reader.text(openinference::INVOCATION_PARAMETERS).map(json_or_text),
            tool: (span_type == SpanType::Tool)
                .then(|| tools::call(&reader, tool_name(&reader, span_type).unwrap_or_default())),
            retrieval: retrieval::retrieval(&reader, &flattened, span_type),
            embedding: retrieval::embedding(&reader, &flattened, span_type),
            guardrail: (span_type == SpanType::Guardrail).then(|| guardrail(&reader)),
            scores: scores::scores(&reader, &flattened),
            exception: exception::exception(&reader),
            metadata: parameters::metadata(&reader),
        }
    }
}

/// The OpenAI Agents SDK says in its output whether the tripwire was triggered, its JavaScript form in an attribute.
fn guardrail(reader: &Reader<'_>) -> Guardrail {
    let triggered = match reader.value("guardrail.triggered") {
        Some(Value::Bool(triggered)) => Some(*triggered),
        _ => payload::output(reader).and_then(|output| parse(&output.value)).and_then(|json| {
            ["tripwire_triggered", "tripwireTriggered", "triggered"]
                .iter()
                .find_map(|key| json.get(*key)?.as_bool())
        }),
    };
    Guardrail { triggered }
}

fn system_prompt(reader: &Reader<'_>, messages: &[Message]) -> Option<String> {
    if let Some(instructions) = messages::instructions(reader) {
        return instructions.text_of_parts();
    }
    let leading =
        messages.iter().take_while(|message| matches!(message.role.as_str(), "system" | "developer"));
    let texts: Vec<String> = leading.filter_map(Message::text_of_parts).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Reads why the model stopped from its answer, where no attribute says it.
pub(crate) fn finish_reason_of_messages(reader: &Reader<'_>) -> Option<String> {
    let answers = messages::structured_answers(reader);
    answers.into_iter().find_map(|message| message.finish_reason.filter(|reason| !reason.is_empty()))
}

/// Returns the JSON that `text` holds if it holds a list or an object, else the text itself.
#[must_use]
pub fn json_or_text(text: &str) -> Json {
    let trimmed = text.trim_start();
    let parsed = if trimmed.starts_with(['{', '[']) { parse(text) } else { None };
    parsed.unwrap_or_else(|| Json::String(text.to_owned()))
}
