//! Attributes on their way into a span.

use opentelemetry::{KeyValue, StringValue, Value};

use super::{Json, keys};

/// What is said of a span.
#[derive(Debug, Default)]
pub(super) struct Attributes(pub(super) Vec<KeyValue>);

impl Attributes {
    pub(super) fn say(&mut self, key: impl Into<opentelemetry::Key>, value: impl Into<Value>) {
        self.0.push(KeyValue::new(key, value));
    }

    /// Says the same under the names of all conventions.
    pub(super) fn say_all(
        &mut self,
        keys: impl IntoIterator<Item = &'static str>,
        value: impl Into<StringValue>,
    ) {
        let value = value.into();
        self.0.extend(keys.into_iter().map(|key| KeyValue::new(key, value.clone())));
    }

    /// Says JSON as its text; of a text, the text itself.
    pub(super) fn say_json(&mut self, key: impl Into<opentelemetry::Key>, json: &Json) {
        self.say(key, text(json));
    }

    /// Says what went in or came out, and which of both kinds it is.
    pub(super) fn say_payload(&mut self, [value, mime_type]: [&'static str; 2], json: &Json) {
        self.say_json(value, json);
        self.say(mime_type, if json.is_string() { "text/plain" } else { "application/json" });
    }

    pub(super) fn say_input(&mut self, input: Option<&Json>) {
        if let Some(input) = input {
            self.say_payload(keys::INPUT, input);
        }
    }
}

pub(super) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        json => json.to_string(),
    }
}
