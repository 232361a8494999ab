//! How a model was asked: temperature and its like, and what the user attached.

use serde_json::{Map, Value as Json};

use crate::conventions::{langfuse, langsmith, mastra, openinference, traceloop, vercel};
use crate::facts::reader::{Reader, parse, structure};
use crate::json::to_json;
use crate::{SpanType, Value};

/// The standard name of a parameter, and how frameworks and providers spell it.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("temperature", &["temperature", "ls_temperature"]),
    ("top_p", &["top_p", "topP"]),
    ("top_k", &["top_k", "topK"]),
    (
        "max_tokens",
        &[
            "max_tokens",
            "max_output_tokens",
            "maxOutputTokens",
            "maxTokens",
            "max_completion_tokens",
            "max_new_tokens",
            "ls_max_tokens",
        ],
    ),
    ("seed", &["seed"]),
    ("stop_sequences", &["stop_sequences", "stop", "stopSequences", "chat.stop_sequences", "ls_stop"]),
    ("frequency_penalty", &["frequency_penalty", "frequencyPenalty"]),
    ("presence_penalty", &["presence_penalty", "presencePenalty"]),
    ("reasoning_effort", &["reasoning_effort", "reasoningEffort"]),
    ("stream", &["stream", "is_streaming"]),
];

/// Keys whose last part may be a parameter, in the order in which they are asked.
const PREFIXES: &[&str] = &["gen_ai.request.", vercel::SETTINGS, langsmith::METADATA, "llm.", "gen_ai."];

/// Reads the parameters of a model call under their standard names.
pub(super) fn parameters(reader: &Reader<'_>, span_type: SpanType) -> Map<String, Json> {
    let mut found = Map::new();
    if !span_type.is_model_call() {
        return found;
    }
    let objects: Vec<Json> =
        [openinference::INVOCATION_PARAMETERS, langfuse::MODEL_PARAMETERS, "embedding.invocation_parameters"]
            .iter()
            .filter_map(|key| reader.json(key))
            .collect();
    for (name, spellings) in PARAMETERS {
        let flat = PREFIXES.iter().find_map(|prefix| {
            spellings
                .iter()
                .find_map(|spelling| reader.value(&format!("{prefix}{spelling}")))
                .and_then(meaningful)
        });
        let nested = || {
            objects.iter().find_map(|object| {
                spellings.iter().find_map(|spelling| meaningful_json(object.get(*spelling)?))
            })
        };
        if let Some(value) = flat.or_else(nested) {
            found.insert((*name).to_owned(), value);
        }
    }
    found
}

/// Infinities written as texts mean that there is no limit.
fn meaningful(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => {
            meaningful_json(&structure(value).unwrap_or_else(|| Json::from(text.as_str())))
        }
        value => meaningful_json(&to_json(value)),
    }
}

fn meaningful_json(json: &Json) -> Option<Json> {
    match json {
        Json::Null => None,
        Json::String(text)
            if matches!(text.as_str(), "" | "None" | "null" | "Infinity" | "NaN" | "NOT_GIVEN") =>
        {
            None
        }
        Json::String(text) => Some(
            text.parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map_or_else(|| json.clone(), Json::Number),
        ),
        json => Some(json.clone()),
    }
}

/// Keys below these prefixes are the user's own.
const METADATA: &[&str] = &[
    langsmith::METADATA,
    traceloop::ASSOCIATION,
    vercel::METADATA,
    mastra::METADATA,
    "ai.settings.context.",
];

/// Reads what the user attached to a span, whichever way the framework carries it.
pub(super) fn metadata(reader: &Reader<'_>) -> Map<String, Json> {
    let mut found = Map::new();
    for key in [openinference::METADATA].iter().chain(langfuse::METADATA) {
        if let Some(Json::Object(object)) = reader.json(key) {
            found.extend(object);
        }
    }
    // In the order of their keys, so that of two keys with one name the same one stands whatever their order.
    let mut attributes: Vec<(&str, &Value)> = reader.source.attributes.iter().collect();
    attributes.sort_by_key(|(key, _)| *key);
    for (key, value) in attributes {
        let own = METADATA.iter().find_map(|prefix| key.strip_prefix(prefix));
        let quoted = langfuse::METADATA.iter().find_map(|prefix| key.strip_prefix(prefix)?.strip_prefix('.'));
        let Some(name) = own.or(quoted).filter(|name| !name.is_empty()) else { continue };
        let value = match value {
            Value::Empty => continue,
            Value::String(text) => parse(text)
                .filter(|json: &Json| quoted.is_some() || json.is_object() || json.is_array())
                .unwrap_or_else(|| Json::from(text.as_str())),
            value => to_json(value),
        };
        found.insert(name.to_owned(), value);
    }
    // In the order of their names: attributes have no order.
    found.sort_keys();
    found
}
