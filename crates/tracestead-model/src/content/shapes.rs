//! The shapes that messages have in the field, and their one shape here.
//!
//! Read are those of OpenTelemetry's GenAI conventions, OpenAI's chat and responses, Anthropic, Bedrock, Gemini, the Vercel
//! SDK and LangChain. What is not known is kept as it came: a part of an unknown type is still a part.

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};

use super::media::{blob, data_url, media, modality, sized};
use super::{Message, json_or_text};

/// Lists within lists deeper than this are not followed.
const DEPTH: usize = 6;

/// Returns the messages that `json` is or holds; `role` is that of messages that say none.
pub(super) fn messages(json: &Json, role: &str) -> Vec<Message> {
    let mut found = Vec::new();
    collect(json, role, DEPTH, &mut found);
    found
}

fn collect(json: &Json, role: &str, depth: usize, found: &mut Vec<Message>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match json {
        Json::String(text) if !text.is_empty() => found.push(Message::text(role, text)),
        Json::Array(items) => collect_list(items, role, depth, found),
        Json::Object(object) => collect_object(object, role, depth, found),
        _ => {}
    }
}

fn collect_list(items: &[Json], role: &str, depth: usize, found: &mut Vec<Message>) {
    // LangChain's pairs: ["user", "Weather in Paris?"].
    if let [Json::String(said), Json::String(text)] = items
        && matches!(said.as_str(), "user" | "human" | "ai" | "assistant" | "system" | "developer" | "tool")
    {
        found.push(Message::text(standard_role(said), text));
        return;
    }
    if !items.is_empty() && items.iter().all(is_part) {
        found.extend(Message::of(role, items.iter().filter_map(|item| part(item, role)).collect()));
        return;
    }
    for item in items {
        collect(item, role, depth, found);
    }
}

fn collect_object(object: &Map<String, Json>, role: &str, depth: usize, found: &mut Vec<Message>) {
    if let Some(message) = message(object, role) {
        found.push(message);
        return;
    }
    for (key, own_role) in [
        ("system", "system"),
        ("instructions", "system"),
        ("systemInstruction", "system"),
        ("system_instruction", "system"),
        ("messages", role),
        ("contents", role),
        ("input", role),
        ("prompt", role),
        ("choices", "assistant"),
        ("generations", "assistant"),
        ("candidates", "assistant"),
        ("output", "assistant"),
        ("inputs", role),
        ("outputs", role),
        ("message", role),
        ("content", role),
    ] {
        if let Some(inner) = object.get(key) {
            collect(inner, own_role, depth, found);
        }
    }
}

/// Returns the message that `object` is, if it is one.
fn message(object: &Map<String, Json>, role: &str) -> Option<Message> {
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    // Something around the message: a choice, a generation, a candidate, LangChain's serialised forms.
    let finish_reason =
        text("finish_reason").or_else(|| text("finishReason")).or_else(|| text("stop_reason"));
    let inner = ["message", "data", "kwargs"].iter().find_map(|key| object.get(*key)?.as_object());
    if let Some(inner) = inner {
        let role = text("role")
            .or_else(|| text("type"))
            .map_or_else(|| constructor_role(object, role), standard_role);
        let mut message = message(inner, role)?;
        let generation = object.get("generation_info").and_then(|info| info.get("finish_reason")?.as_str());
        message.finish_reason = message.finish_reason.or(finish_reason.or(generation).map(str::to_owned));
        return Some(message);
    }
    if let Some(Json::Object(content)) = object.get("content")
        && content.contains_key("parts")
    {
        let mut message = message(content, role)?;
        message.finish_reason = finish_reason.map(str::to_owned);
        return Some(message);
    }
    if let Some(message) = response_item(object) {
        return Some(message);
    }
    let said_role = text("role").or_else(|| text("type").filter(|said| is_langchain_role(said)));
    let has_content =
        ["content", "parts", "tool_calls", "function_call"].iter().any(|key| object.contains_key(*key));
    if said_role.is_none() && !has_content {
        return None;
    }
    let role = standard_role(said_role.unwrap_or(role));
    let call_id =
        ["tool_call_id", "toolCallId", "id"].iter().find_map(|key| text(key)).filter(|_| role == "tool");
    let mut parts = reasoning(object);
    match object.get("parts").or_else(|| object.get("content")) {
        Some(Json::String(content)) if role == "tool" => {
            parts.push(
                json!({"type": "tool_call_response", "id": call_id, "response": json_or_text(content)}),
            );
        }
        Some(Json::String(content)) if !content.is_empty() => {
            parts.push(json!({"type": "text", "content": content}));
        }
        Some(Json::Array(items)) => parts.extend(items.iter().filter_map(|item| part(item, role))),
        Some(Json::Object(item)) => parts.extend(part(&Json::Object(item.clone()), role)),
        _ => {}
    }
    if let Some(Json::Array(calls)) = object.get("tool_calls").or_else(|| object.get("toolCalls")) {
        let calls: Vec<Json> = calls.iter().filter_map(tool_call).collect();
        // LangChain repeats calls that are among the parts.
        let known: HashSet<&Json> = parts.iter().collect();
        let more: Vec<Json> = calls.into_iter().filter(|call| !known.contains(call)).collect();
        parts.extend(more);
    }
    parts.extend(object.get("function_call").filter(|call| call.is_object()).and_then(tool_call));
    if let Some(refusal) = text("refusal").filter(|refusal| !refusal.is_empty()) {
        parts.push(json!({"type": "text", "content": refusal}));
    }
    Some(Message {
        role: role.to_owned(),
        name: text("name").map(str::to_owned),
        parts,
        finish_reason: finish_reason.map(str::to_owned),
    })
}

/// Items of OpenAI's responses that are no messages of their own.
fn response_item(object: &Map<String, Json>) -> Option<Message> {
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    match text("type")? {
        "function_call" if object.contains_key("name") => {
            Message::of("assistant", vec![tool_call(&Json::Object(object.clone()))?])
        }
        "function_call_output" => {
            let response = object.get("output").map_or(Json::Null, parsed);
            let part = json!({"type": "tool_call_response", "id": text("call_id"), "response": response});
            Message::of("tool", vec![part])
        }
        "reasoning" if !object.contains_key("role") => {
            let summary = object.get("summary").or_else(|| object.get("content"))?.as_array()?;
            let texts: Vec<&str> = summary.iter().filter_map(|item| item.get("text")?.as_str()).collect();
            Message::of("assistant", vec![json!({"type": "reasoning", "content": texts.join("\n")})])
        }
        _ => None,
    }
}

fn reasoning(object: &Map<String, Json>) -> Vec<Json> {
    let said =
        ["reasoning_content", "reasoning", "thinking"].iter().find_map(|key| object.get(*key)?.as_str());
    said.filter(|text| !text.is_empty())
        .map(|text| json!({"type": "reasoning", "content": text}))
        .into_iter()
        .collect()
}

fn constructor_role<'a>(object: &Map<String, Json>, role: &'a str) -> &'a str {
    let class = object.get("id").and_then(|id| id.as_array()?.last()?.as_str()).unwrap_or_default();
    match class.trim_end_matches("Chunk") {
        "HumanMessage" => "user",
        "AIMessage" => "assistant",
        "SystemMessage" => "system",
        "ToolMessage" | "FunctionMessage" => "tool",
        _ => role,
    }
}

fn is_langchain_role(said: &str) -> bool {
    matches!(said, "human" | "ai" | "system" | "tool" | "AIMessageChunk" | "assistant" | "user")
}

pub(super) fn standard_role(said: &str) -> &str {
    match said {
        "human" | "HumanMessage" => "user",
        "tool-call" | "ai" | "model" | "AIMessageChunk" | "AIMessage" | "constructor" => "assistant",
        "function" | "tool-response" | "tool_response" => "tool",
        other => other,
    }
}

/// Says whether `json` can only be a part of a message, not a message.
fn is_part(json: &Json) -> bool {
    let Json::Object(object) = json else { return false };
    if ["role", "message", "kwargs", "generation_info"].iter().any(|key| object.contains_key(*key)) {
        return false;
    }
    match object.get("type").and_then(Json::as_str) {
        Some(part_type) => {
            !is_langchain_role(part_type)
                && !matches!(
                    part_type,
                    "message" | "function_call" | "function_call_output" | "reasoning" | "constructor"
                )
        }
        None => [
            "text",
            "toolUse",
            "toolResult",
            "functionCall",
            "functionResponse",
            "inlineData",
            "reasoningContent",
        ]
        .iter()
        .any(|key| object.contains_key(*key)),
    }
}

/// Returns a part in the one shape.
fn part(json: &Json, role: &str) -> Option<Json> {
    let object = match json {
        Json::String(text) => return (!text.is_empty()).then(|| json!({"type": "text", "content": text})),
        Json::Object(object) => object,
        _ => return None,
    };
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    let Some(part_type) = text("type").or_else(|| text("part_kind")) else {
        return untyped_part(object, role);
    };
    Some(match part_type {
        "text" | "input_text" | "output_text" => {
            let content = text("text").or_else(|| text("content")).or_else(|| text("value"))?;
            if content.is_empty() {
                return None;
            }
            if role == "tool" {
                return Some(
                    json!({"type": "tool_call_response", "id": null, "response": json_or_text(content)}),
                );
            }
            json!({"type": "text", "content": content})
        }
        "reasoning" | "thinking" => {
            let content = ["content", "thinking", "text", "reasoning"].iter().find_map(|key| text(key));
            json!({"type": "reasoning", "content": content.unwrap_or_default()})
        }
        "tool_call" | "tool_use" | "tool-call" | "function_call" | "server_tool_use" => tool_call(json)?,
        "tool_call_response" | "tool_result" | "tool-result" | "function_call_output" => {
            tool_response(object)
        }
        "image_url" | "input_image" => {
            let url = object
                .get("image_url")
                .and_then(|image| image.as_str().or_else(|| image.get("url")?.as_str()));
            media("image", url?, None)
        }
        "input_audio" => {
            let audio = object.get("input_audio").unwrap_or(json);
            let mime_type =
                audio.get("format").and_then(Json::as_str).map(|format| format!("audio/{format}"));
            blob("audio", mime_type.as_deref(), audio.get("data")?.as_str()?)
        }
        "blob" => sized(object.clone()),
        "image" | "audio" | "video" | "document" | "file" => {
            embedded_media(part_type, object).unwrap_or_else(|| json.clone())
        }
        _ => json.clone(),
    })
}

/// Media as Anthropic, the Vercel SDK and OpenAI put it into a part.
fn embedded_media(part_type: &str, object: &Map<String, Json>) -> Option<Json> {
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    let modality_of = |mime_type: Option<&str>| match part_type {
        "file" => mime_type.map_or("document", modality),
        known => known_modality(known),
    };
    if let Some(source) = object.get("source").and_then(Json::as_object) {
        let field = |key: &str| source.get(key).and_then(Json::as_str);
        let mime_type = field("media_type");
        return match (field("data"), field("url")) {
            (Some(data), _) => Some(blob(modality_of(mime_type), mime_type, data)),
            (None, Some(url)) => Some(media(modality_of(mime_type), url, mime_type)),
            _ => None,
        };
    }
    let mime_type = text("mediaType").or_else(|| text("mimeType")).or_else(|| text("mime_type"));
    let data = text("image").or_else(|| text("data")).or_else(|| text("file_data"))?;
    Some(if data.starts_with("http") || data_url(data).is_some() {
        media(modality_of(mime_type), data, mime_type)
    } else {
        blob(modality_of(mime_type), mime_type, data)
    })
}

fn known_modality(part_type: &str) -> &'static str {
    match part_type {
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        _ => "document",
    }
}

/// Parts that are told by their only key: Bedrock's and Gemini's.
fn untyped_part(object: &Map<String, Json>, role: &str) -> Option<Json> {
    let get = |keys: [&str; 2]| keys.iter().find_map(|key| object.get(*key));
    if let Some(text) = object.get("text").and_then(Json::as_str) {
        return part(&json!({"type": "text", "text": text}), role);
    }
    if let Some(call) = object
        .get("toolUse")
        .or_else(|| object.get("toolRequest"))
        .or_else(|| get(["functionCall", "function_call"]))
    {
        return tool_call(call);
    }
    if let Some(result) = object
        .get("toolResult")
        .or_else(|| object.get("toolResponse"))
        .or_else(|| get(["functionResponse", "function_response"]))
    {
        return Some(tool_response(result.as_object()?));
    }
    if let Some(reasoning) = object.get("reasoningContent") {
        let text = reasoning.pointer("/reasoningText/text").and_then(Json::as_str).unwrap_or_default();
        return Some(json!({"type": "reasoning", "content": text}));
    }
    if let Some(data) = get(["inlineData", "inline_data"]).and_then(Json::as_object) {
        let mime_type = ["mimeType", "mime_type"].iter().find_map(|key| data.get(*key)?.as_str());
        return Some(blob(mime_type.map_or("document", modality), mime_type, data.get("data")?.as_str()?));
    }
    if let Some(image) = object.get("image").and_then(Json::as_object) {
        let mime_type = image.get("format").and_then(Json::as_str).map(|format| format!("image/{format}"));
        let bytes = image.get("source").and_then(|source| source.get("bytes")?.as_str());
        return Some(blob("image", mime_type.as_deref(), bytes?));
    }
    (!object.is_empty()).then(|| Json::Object(object.clone()))
}

/// Returns the call of a tool that `json` describes in any provider's words.
pub(super) fn tool_call(json: &Json) -> Option<Json> {
    let field = |keys: &[&str]| keys.iter().find_map(|key| json.get(*key));
    let name = json
        .pointer("/function/name")
        .or_else(|| field(&["name", "toolName", "tool_name"]))
        .and_then(Json::as_str)?;
    let arguments = json
        .pointer("/function/arguments")
        .or_else(|| field(&["arguments", "args", "input"]))
        .map_or(Json::Null, parsed);
    let id =
        field(&["call_id", "id", "toolCallId", "toolUseId", "tool_call_id", "ref"]).and_then(Json::as_str);
    Some(json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments}))
}

fn tool_response(object: &Map<String, Json>) -> Json {
    let id = ["id", "tool_use_id", "toolCallId", "toolUseId", "call_id", "tool_call_id", "ref"]
        .iter()
        .find_map(|key| object.get(*key)?.as_str());
    let response = ["response", "result", "output", "content"].iter().find_map(|key| object.get(*key));
    json!({"type": "tool_call_response", "id": id, "response": response.map_or(Json::Null, parsed)})
}

/// Arguments and results may be JSON within a text.
fn parsed(json: &Json) -> Json {
    match json {
        Json::String(text) => json_or_text(text),
        other => other.clone(),
    }
}
