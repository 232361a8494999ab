//! What a span holds for a reader: messages, tools, documents, an exception.
//!
//! Read when someone opens a span, never at ingest. Messages have the shape of OpenTelemetry's GenAI conventions
//! (`role`, `parts` with a `type`), whatever the framework sent.

mod flattened;

use serde_json::{Map, Value as Json, json};

use crate::conventions::openinference::{INPUT_VALUE, OUTPUT_VALUE};
use crate::{Attributes, Event, SpanType, Value};

use flattened::Flattened;

/// A payload and its media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The whole text.
    pub value: String,
    /// `text/plain` unless the span says otherwise.
    pub mime_type: String,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool` or what the framework says.
    pub role: String,
    /// Who speaks, where several share a role.
    pub name: Option<String>,
    /// Its parts: JSON objects with a `type` (`text`, `reasoning`, `tool_call`, `tool_call_response`, `uri`, `blob`).
    pub parts: Vec<Json>,
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
    /// The id by which the model asked for it.
    pub call_id: Option<String>,
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
    /// What was found, in the order given.
    pub documents: Vec<Document>,
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
    /// The conversation sent to a model.
    pub input_messages: Vec<Message>,
    /// What the model answered.
    pub output_messages: Vec<Message>,
    /// Tools the model could ask for.
    pub tools: Vec<OfferedTool>,
    /// Temperature and its like, as the framework spells them.
    pub invocation_parameters: Option<Json>,
    /// The call of a tool.
    pub tool: Option<ToolCall>,
    /// The search for documents.
    pub retrieval: Option<Retrieval>,
    /// The last exception recorded.
    pub exception: Option<Exception>,
}

impl SpanContent {
    /// Reads the content of a span of `span_type`.
    #[must_use]
    pub fn of(name: &str, span_type: SpanType, attributes: &Attributes, events: &[Event]) -> Self {
        let flattened = Flattened::of(attributes);
        Self {
            input: payload(attributes, INPUT_VALUE, "input.mime_type"),
            output: payload(attributes, OUTPUT_VALUE, "output.mime_type"),
            input_messages: flattened.list("llm.input_messages").iter().map(|item| message(item)).collect(),
            output_messages: flattened.list("llm.output_messages").iter().map(|item| message(item)).collect(),
            tools: flattened.list("llm.tools").iter().filter_map(|item| offered_tool(item)).collect(),
            invocation_parameters: attributes.text("llm.invocation_parameters").map(json_or_text),
            tool: (span_type == SpanType::Tool).then(|| tool_call(name, attributes)),
            retrieval: retrieval(span_type, attributes, &flattened),
            exception: exception(attributes, events),
        }
    }
}

fn payload(attributes: &Attributes, key: &str, mime_key: &str) -> Option<Payload> {
    let value = match attributes.get(key)? {
        Value::Empty => return None,
        Value::String(text) => text.clone(),
        value => crate::json::to_json(value).to_string(),
    };
    let mime_type = attributes.text(mime_key).unwrap_or("text/plain").to_owned();
    Some(Payload { value, mime_type })
}

fn message(item: &Flattened<'_>) -> Message {
    let message = item.under("message");
    let role = message.text("role").unwrap_or("user").to_owned();
    let mut parts = Vec::new();
    if let Some(content) = message.text("content") {
        parts.push(if role == "tool" {
            json!({"type": "tool_call_response", "id": message.text("tool_call_id"), "response": json_or_text(content)})
        } else {
            json!({"type": "text", "content": content})
        });
    }
    parts.extend(
        message.list("contents").iter().filter_map(|item| content_part(&item.under("message_content"))),
    );
    parts.extend(message.list("tool_calls").iter().map(|item| {
        let call = item.under("tool_call");
        json!({
            "type": "tool_call",
            "id": call.text("id"),
            "name": call.text("function.name"),
            "arguments": call.text("function.arguments").map(json_or_text),
        })
    }));
    // The older form of a single call.
    if let Some(name) = message.text("function_call_name") {
        let arguments = message.text("function_call_arguments_json").map(json_or_text);
        parts.push(json!({"type": "tool_call", "id": null, "name": name, "arguments": arguments}));
    }
    drop_repeated_text(&mut parts);
    Message { role, name: message.text("name").map(str::to_owned), parts }
}

/// Some emitters send the same text as `content` and again as the first of `contents`.
fn drop_repeated_text(parts: &mut Vec<Json>) {
    if parts.len() > 1 && parts[0] == parts[1] {
        parts.remove(0);
    }
}

fn content_part(content: &Flattened<'_>) -> Option<Json> {
    if let Some(url) = content.text("image.image.url") {
        return Some(media("image", url, None));
    }
    if let Some(url) = content.text("audio.audio.url") {
        return Some(media("audio", url, content.text("audio.audio.mime_type")));
    }
    let text = content.text("text").or_else(|| content.text("data"))?;
    let part_type = if content.text("type") == Some("reasoning") { "reasoning" } else { "text" };
    Some(json!({"type": part_type, "content": text}))
}

fn media(modality: &str, url: &str, mime_type: Option<&str>) -> Json {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match data {
        Some((mime_type, content)) => {
            json!({"type": "blob", "modality": modality, "mime_type": mime_type, "content": content})
        }
        None => json!({"type": "uri", "modality": modality, "mime_type": mime_type, "uri": url}),
    }
}

fn offered_tool(item: &Flattened<'_>) -> Option<OfferedTool> {
    let schema: Json = serde_json::from_str(item.text("tool.json_schema")?).ok()?;
    let tool = schema.get("function").unwrap_or(&schema);
    Some(OfferedTool {
        name: tool.get("name")?.as_str()?.to_owned(),
        description: tool.get("description").and_then(Json::as_str).map(str::to_owned),
        parameters: tool
            .get("parameters")
            .or_else(|| tool.get("input_schema"))
            .cloned()
            .unwrap_or(Json::Null),
    })
}

fn tool_call(name: &str, attributes: &Attributes) -> ToolCall {
    let text = |key: &str| attributes.text(key);
    let arguments = text(INPUT_VALUE).or_else(|| text("tool.parameters")).map_or(Json::Null, json_or_text);
    ToolCall {
        name: text("tool.name").unwrap_or(name).to_owned(),
        description: text("tool.description").map(str::to_owned),
        call_id: text("tool_call.id").or_else(|| text("tool.id")).map(str::to_owned),
        arguments,
        result: text(OUTPUT_VALUE).map_or(Json::Null, json_or_text),
    }
}

fn retrieval(span_type: SpanType, attributes: &Attributes, flattened: &Flattened<'_>) -> Option<Retrieval> {
    let prefix = match span_type {
        SpanType::Retriever => "retrieval.documents",
        SpanType::Reranker => "reranker.output_documents",
        _ => return None,
    };
    let documents = flattened.list(prefix).iter().map(|item| document(&item.under("document"))).collect();
    let query = attributes.text("reranker.query").or_else(|| attributes.text(INPUT_VALUE)).map(str::to_owned);
    Some(Retrieval { query, documents })
}

fn document(document: &Flattened<'_>) -> Document {
    Document {
        id: document.value("id").map(|id| match id {
            Value::String(text) => text.clone(),
            value => crate::json::to_json(value).to_string(),
        }),
        content: document.text("content").unwrap_or_default().to_owned(),
        score: document.value("score").and_then(Value::as_f64),
        metadata: document.text("metadata").map_or(Json::Object(Map::new()), json_or_text),
    }
}

fn exception(attributes: &Attributes, events: &[Event]) -> Option<Exception> {
    let recorded = events.iter().rev().find(|event| event.name == "exception").map(|event| &event.attributes);
    let source = recorded.or_else(|| {
        let says = attributes.text("exception.message").or_else(|| attributes.text("exception.type"));
        says.map(|_| attributes)
    })?;
    let text = |key: &str| source.text(key).map(str::to_owned);
    Some(Exception {
        exception_type: text("exception.type"),
        message: text("exception.message"),
        stacktrace: text("exception.stacktrace"),
    })
}

/// Returns the JSON that `text` holds if it holds a list or an object, else the text itself.
#[must_use]
pub fn json_or_text(text: &str) -> Json {
    let trimmed = text.trim_start();
    let parsed = if trimmed.starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None };
    parsed.unwrap_or_else(|| Json::String(text.to_owned()))
}
