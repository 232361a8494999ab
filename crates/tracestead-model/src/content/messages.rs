//! Where the messages of a span stand, the first place that has some first.

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};

use crate::conventions::{
    adk, genai, genkit, langfuse, livekit, mlflow, openinference, openllmetry, pydantic_ai, traceloop, vercel,
};
use crate::facts::reader::{Reader, structure};
use crate::json::to_json;
use crate::{BODY, Event, SpanType, Value};

use super::flattened::Flattened;
use super::media::media;
use super::{Message, json_or_text, shapes};

/// Reads the conversation sent to a model, or given to an agent.
pub(super) fn input(reader: &Reader<'_>, flattened: &Flattened<'_>, span_type: SpanType) -> Vec<Message> {
    // A tool's messages are its arguments and its result.
    if span_type == SpanType::Tool {
        return Vec::new();
    }
    let is_call = span_type == SpanType::Llm;
    let mut messages = first_of([
        &|| flattened.list("llm.input_messages").iter().map(flat_message).collect(),
        &|| at(reader, genai::INPUT_MESSAGES, "user"),
        &|| details(reader, genai::INPUT_MESSAGES, "user"),
        &|| events(reader.source.events, false),
        &|| indexed(flattened, openllmetry::PROMPTS),
        &|| at(reader, vercel::PROMPT_MESSAGES, "user"),
        &|| at(reader, vercel::PROMPT, "user"),
        &|| pydantic_events(reader, "user", false),
        &|| at(reader, pydantic_ai::ALL_MESSAGES, "user"),
        &|| at(reader, pydantic_ai::ALL_MESSAGES_EVENTS, "user"),
        &|| {
            flattened
                .list("llm.prompts")
                .iter()
                .filter_map(|item| Some(Message::text("user", item.text("prompt.text")?)))
                .collect()
        },
        &|| {
            anything(
                reader,
                is_call,
                &[langfuse::INPUT, mlflow::INPUTS, adk::REQUEST, genkit::INPUT, livekit::CHAT_CONTEXT],
                "user",
            )
        },
        &|| anything(reader, is_call || span_type.is_run(), &[genai::PROMPT], "user"),
        &|| anything(reader, is_call, &[openinference::INPUT_VALUE, traceloop::ENTITY_INPUT], "user"),
    ]);
    let instructions = instructions(reader);
    let has_system = messages.iter().any(|message| matches!(message.role.as_str(), "system" | "developer"));
    if let Some(instructions) = instructions.filter(|_| !has_system && !messages.is_empty()) {
        messages.insert(0, instructions);
    }
    messages
}

/// Reads what the model, or the agent, answered.
pub(super) fn output(reader: &Reader<'_>, flattened: &Flattened<'_>, span_type: SpanType) -> Vec<Message> {
    if span_type == SpanType::Tool {
        return Vec::new();
    }
    let is_call = span_type == SpanType::Llm;
    let role = "assistant";
    let mut messages = first_of([
        &|| flattened.list("llm.output_messages").iter().map(flat_message).collect(),
        &|| at(reader, genai::OUTPUT_MESSAGES, role),
        &|| details(reader, genai::OUTPUT_MESSAGES, role),
        &|| events(reader.source.events, true),
        &|| indexed(flattened, openllmetry::COMPLETIONS),
        &|| vercel_answer(reader).into_iter().collect(),
        &|| pydantic_events(reader, role, true),
        &|| {
            flattened
                .list("llm.choices")
                .iter()
                .filter_map(|item| Some(Message::text(role, item.text("completion.text")?)))
                .collect()
        },
        &|| {
            anything(
                reader,
                is_call,
                &[langfuse::OUTPUT, mlflow::OUTPUTS, adk::RESPONSE, genkit::OUTPUT, livekit::RESPONSE_TEXT],
                role,
            )
        },
        &|| anything(reader, is_call || span_type.is_run(), &[genai::COMPLETION], role),
        &|| anything(reader, is_call, &[openinference::OUTPUT_VALUE, traceloop::ENTITY_OUTPUT], role),
    ]);
    drop_unfinished_calls(&mut messages);
    messages
}

/// Reads the system prompt that is kept apart from the messages, as a message.
pub(super) fn instructions(reader: &Reader<'_>) -> Option<Message> {
    let value = reader.value(genai::SYSTEM_INSTRUCTIONS).or_else(|| {
        details_events(reader).find_map(|event| event.attributes.get(genai::SYSTEM_INSTRUCTIONS))
    })?;
    // Parts by the convention, a bare text by OpenLLMetry.
    match structure(value) {
        Some(json) => {
            let parts: Vec<Json> =
                shapes::messages(&json, "system").into_iter().flat_map(|message| message.parts).collect();
            Message::of("system", parts)
        }
        None => value.as_str().filter(|text| !text.is_empty()).map(|text| Message::text("system", text)),
    }
}

/// Streams of Google's ADK repeat a call of a tool while its arguments are not there yet.
fn drop_unfinished_calls(messages: &mut Vec<Message>) {
    let key = |part: &Json| {
        let is_call = part.get("type").and_then(Json::as_str) == Some("tool_call");
        part.get("id").and_then(Json::as_str).filter(|_| is_call).map(str::to_owned)
    };
    let has_arguments = |part: &Json| part.get("arguments").is_some_and(|arguments| !arguments.is_null());
    let finished: HashSet<String> = messages
        .iter()
        .flat_map(|message| &message.parts)
        .filter(|part| has_arguments(part))
        .filter_map(key)
        .collect();
    if finished.is_empty() {
        return;
    }
    for message in messages.iter_mut() {
        message
            .parts
            .retain(|part| has_arguments(part) || key(part).is_none_or(|id| !finished.contains(&id)));
    }
    messages.retain(Message::says_something);
}

fn first_of<const N: usize>(places: [&dyn Fn() -> Vec<Message>; N]) -> Vec<Message> {
    places
        .iter()
        .map(|read| read())
        .find(|messages| messages.iter().any(Message::says_something))
        .unwrap_or_default()
}

fn at(reader: &Reader<'_>, key: &str, role: &str) -> Vec<Message> {
    reader.json(key).map(|json| pydantic_choices(&json, role)).unwrap_or_default()
}

fn pydantic_events(reader: &Reader<'_>, role: &str, wants_answers: bool) -> Vec<Message> {
    let mut messages = at(reader, pydantic_ai::EVENTS, role);
    messages.retain(|message| message.finish_reason.is_some() == wants_answers);
    messages
}

/// Pydantic AI's first version marks the answer among its events by their name.
fn pydantic_choices(json: &Json, role: &str) -> Vec<Message> {
    let Some(items) =
        json.as_array().filter(|items| items.iter().any(|item| item.get("event.name").is_some()))
    else {
        return shapes::messages(json, role);
    };
    let mut messages = Vec::new();
    for item in items {
        let is_choice = item.get("event.name").and_then(Json::as_str) == Some(genai::CHOICE_EVENT);
        for mut message in shapes::messages(item, role) {
            if is_choice {
                message.finish_reason = Some(message.finish_reason.unwrap_or_default());
            }
            messages.push(message);
        }
    }
    messages
}

/// Reads a payload that may or may not hold messages.
fn anything(reader: &Reader<'_>, is_wanted: bool, keys: &[&str], role: &str) -> Vec<Message> {
    if !is_wanted {
        return Vec::new();
    }
    let read = |key: &&str| match reader.json(key) {
        Some(json) => shapes::messages(&json, role),
        None => reader.text(key).map(|text| Message::text(role, text)).into_iter().collect(),
    };
    keys.iter().map(read).find(|messages| !messages.is_empty()).unwrap_or_default()
}

fn details_events<'a>(reader: &Reader<'a>) -> impl Iterator<Item = &'a Event> {
    reader.source.events.iter().filter(|event| event.name == genai::DETAILS_EVENT)
}

/// Several events of one span may each hold a fragment.
fn details(reader: &Reader<'_>, key: &str, role: &str) -> Vec<Message> {
    let values = details_events(reader).filter_map(|event| event.attributes.get(key));
    values.filter_map(structure).flat_map(|json| shapes::messages(&json, role)).collect()
}

/// Messages as events, one each: attributes of the event, or the body of a log record.
fn events(events: &[Event], wants_answers: bool) -> Vec<Message> {
    events.iter().filter_map(|event| event_message(event, wants_answers)).collect()
}

fn event_message(event: &Event, wants_answers: bool) -> Option<Message> {
    let role = match event.name.as_str() {
        "gen_ai.system.message" => "system",
        "gen_ai.user.message" => "user",
        "gen_ai.assistant.message" | genai::CHOICE_EVENT | "gen_ai.content.completion" => "assistant",
        "gen_ai.tool.message" => "tool",
        "gen_ai.content.prompt" => "user",
        _ => return None,
    };
    if wants_answers != matches!(event.name.as_str(), genai::CHOICE_EVENT | "gen_ai.content.completion") {
        return None;
    }
    let body = event_body(event);
    if let Some(payload) = body.get("gen_ai.prompt").or_else(|| body.get("gen_ai.completion")) {
        return merged(role, shapes::messages(payload, role));
    }
    let mut object = match body {
        Json::Object(object) => object,
        Json::String(text) => return Some(Message::text(role, &text)),
        _ => return None,
    };
    let finish_reason = object.get("finish_reason").and_then(Json::as_str).map(str::to_owned);
    let mut message = match object.remove("message") {
        Some(Json::Object(inner)) => merged(role, shapes::messages(&with_role(inner, role), role))?,
        Some(inner) => merged(role, shapes::messages(&inner, role))?,
        None => merged(role, shapes::messages(&with_role(object, role), role))?,
    };
    message.finish_reason = message.finish_reason.or(finish_reason);
    Some(message)
}

fn with_role(mut object: Map<String, Json>, role: &str) -> Json {
    object.entry("role").or_insert_with(|| role.into());
    Json::Object(object)
}

fn merged(role: &str, messages: Vec<Message>) -> Option<Message> {
    messages
        .into_iter()
        .reduce(|mut all, more| {
            all.parts.extend(more.parts);
            all
        })
        .or_else(|| Some(Message { role: role.to_owned(), ..Message::default() }))
}

/// Returns an event's body, else its attributes, with structures in place of JSON texts.
fn event_body(event: &Event) -> Json {
    match event.attributes.get(BODY) {
        Some(Value::Empty) | None => {
            let pairs = event
                .attributes
                .iter()
                .map(|(key, value)| (key.to_owned(), structure(value).unwrap_or_else(|| to_json(value))));
            Json::Object(pairs.collect())
        }
        Some(Value::String(text)) => json_or_text(text),
        Some(body) => to_json(body),
    }
}

/// Prompts and answers as OpenLLMetry flattened them.
fn indexed(flattened: &Flattened<'_>, prefix: &str) -> Vec<Message> {
    let role = if prefix == openllmetry::PROMPTS { "user" } else { "assistant" };
    flattened
        .list(prefix)
        .iter()
        .map(|item| {
            let role = item.text("role").unwrap_or(role);
            let content = item.value("content").map(|value| structure(value).unwrap_or_else(|| to_json(value)));
            let calls: Vec<Json> = item
                .list("tool_calls")
                .iter()
                .map(|call| json!({"id": call.text("id"), "name": call.text("name"), "arguments": call.text("arguments")}))
                .collect();
            let object = json!({"role": role, "content": content, "tool_calls": calls, "tool_call_id": item.text("tool_call_id")});
            let mut message = shapes::messages(&object, role).into_iter().next().unwrap_or_default();
            message.finish_reason = item.text("finish_reason").map(str::to_owned);
            message
        })
        .collect()
}

fn vercel_answer(reader: &Reader<'_>) -> Option<Message> {
    let text = |keys: [&str; 2]| keys.iter().find_map(|key| reader.text(key));
    let mut parts = Vec::new();
    parts.extend(
        reader.text(vercel::RESPONSE_REASONING).map(|text| json!({"type": "reasoning", "content": text})),
    );
    let said = text([vercel::RESPONSE_TEXT, vercel::RESULT_TEXT])
        .or_else(|| text([vercel::RESPONSE_OBJECT, vercel::RESULT_OBJECT]));
    parts.extend(said.map(|text| json!({"type": "text", "content": text})));
    if let Some(Json::Array(calls)) = reader.json(vercel::RESPONSE_TOOL_CALLS) {
        parts.extend(calls.iter().filter_map(shapes::tool_call));
    }
    let mut message = Message::of("assistant", parts)?;
    message.finish_reason = reader.text(vercel::FINISH_REASON).map(str::to_owned);
    Some(message)
}

/// A message as OpenInference flattened it.
fn flat_message(item: &Flattened<'_>) -> Message {
    let message = item.under("message");
    let role = shapes::standard_role(message.text("role").unwrap_or("user")).to_owned();
    let mut parts = Vec::new();
    if let Some(content) = message.text("content") {
        parts.push(if role == "tool" {
            json!({"type": "tool_call_response", "id": message.text("tool_call_id"), "response": json_or_text(content)})
        } else {
            json!({"type": "text", "content": content})
        });
    }
    parts
        .extend(message.list("contents").iter().filter_map(|item| flat_part(&item.under("message_content"))));
    parts.extend(message.list("tool_calls").iter().map(|item| {
        let call = item.under("tool_call");
        let arguments = call.text("function.arguments").map(json_or_text);
        json!({"type": "tool_call", "id": call.text("id"), "name": call.text("function.name"), "arguments": arguments})
    }));
    // The older form of a single call.
    if let Some(name) = message.text("function_call_name") {
        let arguments = message.text("function_call_arguments_json").map(json_or_text);
        parts.push(json!({"type": "tool_call", "id": null, "name": name, "arguments": arguments}));
    }
    // AutoGen's results of tools.
    if let Some(result) = item.value("function.0").and_then(structure).filter(|_| parts.is_empty()) {
        let field =
            |keys: [&str; 2]| keys.iter().find_map(|key| result.get(*key)).cloned().unwrap_or(Json::Null);
        parts.push(json!({
            "type": "tool_call_response",
            "id": field(["call_id", "id"]),
            "response": field(["content", "result"]),
        }));
    }
    // Some emitters send the same text as `content` and again as the first of `contents`.
    if parts.len() > 1 && parts[0] == parts[1] {
        parts.remove(0);
    }
    Message { role, name: message.text("name").map(str::to_owned), parts, finish_reason: None }
}

fn flat_part(content: &Flattened<'_>) -> Option<Json> {
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

/// Reads answers from the places that are structures by their convention, for facts: payloads of other spans may be long
/// and say nothing.
pub(super) fn structured_answers(reader: &Reader<'_>) -> Vec<Message> {
    let role = "assistant";
    first_of([
        &|| events(reader.source.events, true),
        &|| details(reader, genai::OUTPUT_MESSAGES, role),
        &|| at(reader, genai::OUTPUT_MESSAGES, role),
        &|| pydantic_events(reader, role, true),
        &|| {
            anything(
                reader,
                true,
                &[langfuse::OUTPUT, mlflow::OUTPUTS, genkit::OUTPUT, genai::COMPLETION],
                role,
            )
        },
    ])
}
