//! Tools that were offered, and the call of one.

use serde_json::Value as Json;

use crate::conventions::{
    adk, genai, genkit, langfuse, livekit, mlflow, openinference, openllmetry, pydantic_ai, semantic_kernel,
    strands, traceloop, vercel,
};
use crate::facts::reader::{Reader, parse, structure};
use crate::json::to_json;
use crate::{Event, Value};

use super::flattened::Flattened;
use super::{OfferedTool, ToolCall, json_or_text};

/// Reads the tools a model could ask for.
pub(super) fn offered(reader: &Reader<'_>, flattened: &Flattened<'_>) -> Vec<OfferedTool> {
    let list = |json: Option<Json>| -> Vec<OfferedTool> {
        json.as_ref()
            .and_then(Json::as_array)
            .map(|items| items.iter().filter_map(tool).collect())
            .unwrap_or_default()
    };
    let places: [&dyn Fn() -> Vec<OfferedTool>; 10] = [
        &|| {
            let schemas = flattened.list("llm.tools");
            schemas.iter().filter_map(|item| tool(&structure(item.value("tool.json_schema")?)?)).collect()
        },
        &|| list(reader.json(genai::TOOL_DEFINITIONS)),
        &|| list(reader.json(vercel::PROMPT_TOOLS)),
        &|| {
            let functions = flattened.list(openllmetry::FUNCTIONS);
            functions
                .iter()
                .filter_map(|item| {
                    Some(OfferedTool {
                        name: item.text("name")?.to_owned(),
                        description: item.text("description").map(str::to_owned),
                        parameters: item.text("parameters").map_or(Json::Null, json_or_text),
                    })
                })
                .collect()
        },
        &|| list(reader.json(mlflow::TOOLS)),
        &|| {
            list(
                reader
                    .json(pydantic_ai::REQUEST_PARAMETERS)
                    .and_then(|json| json.get("function_tools").cloned()),
            )
        },
        &|| list(reader.json(genkit::INPUT).and_then(|json| json.get("tools").cloned())),
        &|| list(reader.json(strands::AGENT_TOOLS)),
        &|| list(reader.value("agno.tools").map(to_json)),
        &|| {
            list(reader.value(semantic_kernel::FUNCTIONS).map(|value| match value {
                Value::String(names) => names.split(',').map(|name| Json::from(name.trim())).collect(),
                value => to_json(value),
            }))
        },
    ];
    places.iter().map(|read| read()).find(|tools| !tools.is_empty()).unwrap_or_default()
}

/// Returns the tool that `json` describes: an object of any framework, such an object as text, or a bare name.
fn tool(json: &Json) -> Option<OfferedTool> {
    let parsed;
    let tool = match json {
        Json::String(text) if text.trim_start().starts_with('{') => {
            parsed = parse(text)?;
            &parsed
        }
        Json::String(name) => {
            return Some(OfferedTool { name: name.clone(), description: None, parameters: Json::Null });
        }
        json => json,
    };
    let tool = tool.get("function").or_else(|| tool.get("toolSpec")).unwrap_or(tool);
    let schema = ["parameters", "input_schema", "inputSchema", "parameters_json_schema"]
        .iter()
        .find_map(|key| tool.get(*key));
    let schema = schema.map(|schema| schema.get("json").unwrap_or(schema));
    Some(OfferedTool {
        name: tool.get("name")?.as_str()?.to_owned(),
        description: tool.get("description").and_then(Json::as_str).map(str::to_owned),
        parameters: schema.cloned().unwrap_or(Json::Null),
    })
}

/// Reads the call of a tool from the tool's own span.
pub(super) fn call(reader: &Reader<'_>, name: String) -> ToolCall {
    let text = |keys: &[&str]| keys.iter().find_map(|key| reader.text(key)).map(str::to_owned);
    let first = |keys: &[&str]| keys.iter().find_map(|key| reader.value(key)).map(json_of);
    let (schema, given) = match reader.json(openinference::TOOL_PARAMETERS) {
        Some(json) if looks_like_schema(&json) => (Some(json), None),
        json => (None, json),
    };
    let said = |name: &str, key: &str| {
        let event = reader.source.events.iter().find(|event: &&Event| event.name == name)?;
        event.attributes.get(key).map(|value| only_text(json_of(value)))
    };
    ToolCall {
        name,
        description: text(&[openinference::TOOL_DESCRIPTION, genai::TOOL_DESCRIPTION]),
        tool_type: text(&[genai::TOOL_TYPE]),
        call_id: text(&[
            genai::TOOL_CALL_ID,
            openinference::TOOL_CALL_ID,
            openinference::TOOL_ID,
            vercel::TOOL_CALL_ID,
        ]),
        parameters: reader.json(strands::TOOL_SCHEMA).or(schema).unwrap_or(Json::Null),
        arguments: first(&[
            genai::TOOL_ARGUMENTS,
            vercel::TOOL_ARGUMENTS,
            pydantic_ai::TOOL_ARGUMENTS,
            openinference::INPUT_VALUE,
            langfuse::INPUT,
            mlflow::INPUTS,
            traceloop::ENTITY_INPUT,
            adk::TOOL_ARGUMENTS,
            genkit::INPUT,
            genai::PROMPT,
        ])
        .or(given)
        .or_else(|| said("gen_ai.tool.message", "content"))
        .unwrap_or(Json::Null),
        result: first(&[
            genai::TOOL_RESULT,
            vercel::TOOL_RESULT,
            pydantic_ai::TOOL_RESPONSE,
            openinference::OUTPUT_VALUE,
            langfuse::OUTPUT,
            mlflow::OUTPUTS,
            traceloop::ENTITY_OUTPUT,
            adk::TOOL_RESPONSE,
            livekit::TOOL_OUTPUT,
            genkit::OUTPUT,
            genai::COMPLETION,
        ])
        .or_else(|| said(genai::CHOICE_EVENT, "message"))
        .unwrap_or(Json::Null),
    }
}

/// Returns the text of a list that holds nothing else, as Strands gives results.
fn only_text(json: Json) -> Json {
    match json.as_array().map(Vec::as_slice) {
        Some([Json::Object(part)]) if part.len() == 1 => part.get("text").cloned().unwrap_or(json),
        _ => json,
    }
}

/// Says whether `tool.parameters` holds a JSON Schema and not arguments.
fn looks_like_schema(json: &Json) -> bool {
    let Some(object) = json.as_object() else { return false };
    let is_object_schema =
        object.get("type").and_then(Json::as_str) == Some("object") && object.contains_key("properties");
    is_object_schema
        || (!object.is_empty() && object.values().all(|value| value.get("type").is_some_and(Json::is_string)))
}

/// Returns structures as such, texts as they are; JSON's quotes around a text are taken off.
fn json_of(value: &Value) -> Json {
    match value {
        Value::String(text) if text.starts_with('"') => Json::String(crate::facts::reader::unquoted(text)),
        Value::String(text) => unwrapped(json_or_text(text)),
        value => to_json(value),
    }
}

/// Takes off what frameworks wrap around arguments and results: Traceloop's `args` and `kwargs`, LangChain's input with
/// its configuration and its serialised message.
fn unwrapped(json: Json) -> Json {
    if let (Some(Json::Array(args)), Some(Json::Object(kwargs))) = (json.get("args"), json.get("kwargs")) {
        return match (args.as_slice(), kwargs.is_empty()) {
            ([], false) => Json::Object(kwargs.clone()),
            ([only], true) => only.clone(),
            _ => json,
        };
    }
    if let (Some(kwargs), Some(1)) = (json.get("kwargs"), json.as_object().map(serde_json::Map::len)) {
        return kwargs.clone();
    }
    if let Some(Json::String(input)) = json.get("input_str") {
        return json_or_text(input);
    }
    let message = json.get("output").unwrap_or(&json);
    let message = ["kwargs", "data"]
        .iter()
        .find_map(|key| message.get(*key).filter(|inner| inner.is_object()))
        .unwrap_or(message);
    let is_message =
        message.get("type").and_then(Json::as_str) == Some("tool") || message.get("tool_call_id").is_some();
    match message.get("content").filter(|_| is_message) {
        Some(Json::String(content)) => json_or_text(content),
        Some(content) => content.clone(),
        None => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_told_from_arguments() {
        let cases = [
            (r#"{"type": "object", "properties": {}}"#, true),
            (r#"{"city": {"type": "string"}}"#, true),
            (r#"{"city": "Paris"}"#, false),
            (r#"{"type": "object"}"#, false),
            ("{}", false),
            ("[1]", false),
        ];
        for (text, expected) in cases {
            assert_eq!(looks_like_schema(&serde_json::from_str(text).unwrap()), expected, "{text}");
        }
    }
}
