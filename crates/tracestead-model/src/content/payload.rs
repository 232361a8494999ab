//! What went into a span and what came out, whatever it is, and its beginning for lists.

use serde::de::IgnoredAny;
use serde_json::Value as Json;

use crate::conventions::{
    adk, agno, genai, genkit, langfuse, livekit, mastra, mlflow, openinference, pydantic_ai, traceloop,
    vercel,
};
use crate::facts::reader::{REDACTED, Reader, clean, unquoted};
use crate::json::to_json;
use crate::{SpanSource, SpanType, Value};

use super::flattened::Flattened;
use super::media::without_media;
use super::{Message, messages, shapes};

/// How many characters of an input or output a list shows.
pub const PREVIEW_CHARS: usize = 1024;

/// Payloads longer than this are shown as they come, not searched for messages.
const MOST_PARSED_BYTES: usize = 1 << 20;

/// A payload and its media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The whole text.
    pub value: String,
    /// `text/plain` or `application/json`, or what the span says.
    pub mime_type: String,
}

const INPUTS: &[&str] = &[
    openinference::INPUT_VALUE,
    langfuse::INPUT,
    langfuse::TRACE_INPUT,
    mlflow::INPUTS,
    traceloop::ENTITY_INPUT,
    "gen_ai.task.input",
    genai::TOOL_ARGUMENTS,
    vercel::TOOL_ARGUMENTS,
    pydantic_ai::TOOL_ARGUMENTS,
    adk::TOOL_ARGUMENTS,
    genai::RETRIEVAL_QUERY,
    vercel::PROMPT,
    vercel::VALUE,
    vercel::VALUES,
    genai::PROMPT,
    genkit::INPUT,
    livekit::USER_INPUT,
    adk::DATA,
];

const OUTPUTS: &[&str] = &[
    openinference::OUTPUT_VALUE,
    langfuse::OUTPUT,
    langfuse::TRACE_OUTPUT,
    mlflow::OUTPUTS,
    traceloop::ENTITY_OUTPUT,
    "gen_ai.task.output",
    genai::TOOL_RESULT,
    vercel::TOOL_RESULT,
    pydantic_ai::TOOL_RESPONSE,
    adk::TOOL_RESPONSE,
    pydantic_ai::FINAL_RESULT,
    vercel::RESPONSE_TEXT,
    vercel::RESPONSE_OBJECT,
    vercel::RESULT_TEXT,
    genai::COMPLETION,
    genkit::OUTPUT,
    livekit::TOOL_OUTPUT,
    livekit::RESPONSE_TEXT,
];

pub(super) fn input(reader: &Reader<'_>) -> Option<Payload> {
    payload(reader, [INPUTS, mastra::INPUTS], "input.mime_type")
}

pub(super) fn output(reader: &Reader<'_>) -> Option<Payload> {
    payload(reader, [OUTPUTS, mastra::OUTPUTS], "output.mime_type")
}

/// What OpenInference's user hides is shown as hidden if nothing else is there.
fn payload(reader: &Reader<'_>, keys: [&[&str]; 2], mime_key: &str) -> Option<Payload> {
    let mut keys = keys.into_iter().flatten();
    let says = |value: &Value| value.as_str().is_none_or(|text| !matches!(text, "" | REDACTED));
    let is_hidden = |key: &&&str| reader.value(key).and_then(Value::as_str) == Some(REDACTED);
    let key =
        keys.clone().find(|key| reader.value(key).is_some_and(says)).or_else(|| keys.find(is_hidden))?;
    let value = match reader.value(key)? {
        Value::String(text) => text.clone(),
        value => to_json(value).to_string(),
    };
    if matches!(*key, openinference::INPUT_VALUE | openinference::OUTPUT_VALUE) {
        let mime_type = reader.text(mime_key).unwrap_or("text/plain").to_owned();
        return Some(Payload { value, mime_type });
    }
    // Of other dialects none tells the type; some put texts in JSON's quotes.
    let is_json = value.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(&value).is_ok();
    let mime_type = if is_json { "application/json" } else { "text/plain" }.to_owned();
    Some(Payload { value: unquoted(&value), mime_type })
}

/// The beginning of what went into a span and of what came out, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Previews {
    /// What went in.
    pub input: Option<String>,
    /// What came out.
    pub output: Option<String>,
}

impl Previews {
    /// Reads the previews of a span: what people would read of it first, without encoded media.
    #[must_use]
    pub fn of(source: &SpanSource<'_>, span_type: SpanType) -> Self {
        let reader = Reader::new(*source);
        let flattened = || Flattened::of(source.attributes);
        // Lists of AgentOS show what Agno's runs were given as it came, and so do ours.
        let is_agno = [agno::RUN_ID, agno::AGENT_ID, agno::TEAM_ID, agno::WORKFLOW_ID]
            .iter()
            .any(|key| reader.has(key));
        let readable = |value: String, role: &str| if is_agno { value } else { readable(value, role) };
        let text_of = |payload: Option<Payload>, role: &str, read: &dyn Fn() -> Vec<Message>| {
            let text =
                payload.map(|payload| readable(payload.value, role)).or_else(|| said_last(&read(), role));
            text.filter(|text| !text.is_empty()).map(|text| preview(&text))
        };
        Self {
            input: text_of(input(&reader), "user", &|| messages::input(&reader, &flattened(), span_type)),
            output: text_of(output(&reader), "assistant", &|| {
                messages::output(&reader, &flattened(), span_type)
            }),
        }
    }
}

/// Returns the first [`PREVIEW_CHARS`] characters of `text` with an ellipsis if there are more, media left out.
#[must_use]
pub fn preview(text: &str) -> String {
    // What no database keeps must not count, or a text that was read back would have another preview.
    if text.contains('\0') {
        return preview(&clean(text));
    }
    let (mut shown, has_more) = without_media(text, PREVIEW_CHARS);
    if has_more {
        shown.push('…');
    }
    shown
}

/// Returns the words within a payload: the last message of `role`, the only argument, or the payload itself.
fn readable(value: String, role: &str) -> String {
    if !value.starts_with(['{', '[']) || value.len() > MOST_PARSED_BYTES {
        return value;
    }
    let Ok(json) = serde_json::from_str::<Json>(&value) else { return value };
    // LangChain's wrapping through OpenLLMetry.
    let inner = ["inputs", "outputs"].iter().find_map(|key| json.get(*key).filter(|inner| inner.is_object()));
    let inner = inner.unwrap_or(&json);
    if let Some(text) = field_text(inner, role) {
        return text.to_owned();
    }
    if !is_conversation(inner) {
        return value;
    }
    said_last(&shapes::messages(inner, role), role).unwrap_or(value)
}

/// Says whether `json` is a message, messages, or the request or answer of a model.
fn is_conversation(json: &Json) -> bool {
    let is_message = |json: &Json| json.get("role").is_some() && json.get("content").is_some();
    let are_messages =
        |json: &Json| json.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_message));
    is_message(json)
        || are_messages(json)
        || json.get("message").is_some_and(is_message)
        || ["messages", "generations", "choices"].iter().any(|key| json.get(key).is_some_and(Json::is_array))
        || (json.get("model").is_some() && ["input", "output"].iter().any(|key| json.get(key).is_some()))
}

/// Fields in which the words of an input or an output stand, beside what people do not read first.
const INPUT_FIELDS: &[&str] =
    &["prompt", "question", "query", "task", "input", "user_input", "message", "text"];
const OUTPUT_FIELDS: &[&str] =
    &["text", "raw", "output", "answer", "result", "response", "content", "final_output"];

/// Returns the text within an object: `{"input": "…"}`, `{"args": ["…"], "kwargs": {}}`, `{"raw": "…", "tasks": […]}`.
fn field_text<'a>(json: &'a Json, role: &str) -> Option<&'a str> {
    let object = json.as_object()?;
    if let (Some(Json::Array(args)), Some(Json::Object(kwargs))) = (object.get("args"), object.get("kwargs"))
    {
        return match (args.as_slice(), kwargs.is_empty()) {
            ([Json::String(text)], true) => Some(text),
            _ => None,
        };
    }
    // A message is more than one of its fields.
    if object.contains_key("role") {
        return None;
    }
    let fields = if role == "user" { INPUT_FIELDS } else { OUTPUT_FIELDS };
    fields.iter().find_map(|field| object.get(*field)?.as_str()).filter(|text| !text.trim().is_empty())
}

/// Returns what the last message of `role` says or asks for.
fn said_last(messages: &[Message], role: &str) -> Option<String> {
    messages.iter().rev().filter(|message| message.role == role).find_map(Message::summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attributes;

    fn previews(pairs: &[(&str, &str)]) -> Previews {
        let attributes: Attributes = pairs.iter().map(|(key, value)| (*key, Value::from(*value))).collect();
        let source = SpanSource::new("run", &attributes);
        Previews::of(&source, SpanType::Agent)
    }

    #[test]
    fn previews_are_the_words_within() {
        let cases = [
            (r#"{"messages": [["user", "Hello"]]}"#, "Hello"),
            (
                r#"{"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Hello"}]}"#,
                "Hello",
            ),
            (r#"{"args": ["Hello"], "kwargs": {}}"#, "Hello"),
            (r#"{"question": "Hello", "notes": "x"}"#, "Hello"),
            (r#"{"inputs": {"messages": [{"role": "user", "content": "Hello"}]}, "tags": []}"#, "Hello"),
            (r#"{"city": "Paris"}"#, r#"{"city": "Paris"}"#),
            ("[1, 2]", "[1, 2]"),
            ("{broken", "{broken"),
        ];
        for (input, expected) in cases {
            assert_eq!(previews(&[("input.value", input)]).input.as_deref(), Some(expected), "{input}");
        }
        let agno = previews(&[("agno.run.id", "r"), ("input.value", r#"{"question": "Hello"}"#)]);
        assert_eq!(agno.input.as_deref(), Some(r#"{"question": "Hello"}"#), "as AgentOS shows it");
    }

    #[test]
    fn previews_are_bounded_and_hold_no_nul() {
        assert_eq!(preview("a\0b"), "ab");
        let long = preview(&"é".repeat(PREVIEW_CHARS * 2));
        assert_eq!(long.chars().count(), PREVIEW_CHARS + 1);
    }

    #[test]
    fn texts_with_more_values_than_anybody_reads_stay_texts() {
        let many = format!("[{}0]", "[0],".repeat(300_000));
        let attributes = Attributes::from_iter([("gen_ai.output.messages", Value::from(many.as_str()))]);
        let source = SpanSource::new("chat", &attributes);
        assert!(crate::SpanContent::of(&source).output_messages.is_empty());
        assert!(previews(&[("input.value", &many)]).input.is_some_and(|text| text.starts_with("[[0],[0]")));
    }
}
