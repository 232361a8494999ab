//! Messages of a conversation with a model.

use serde_json::{Map, json};

use super::Json;
use super::attributes::{Attributes, text};

/// A message to a model, or its answer.
///
/// A pair of a role and a text is one, too: `("user", "Hello")`.
///
/// ```
/// use tracestead::spans::{Message, json};
///
/// let conversation = [
///     Message::system("You are brief."),
///     Message::user("What is on this picture?").image_url("https://example.org/cat.png"),
///     Message::assistant("I look.").tool_call("c-1", "look", json!({"zoom": 2})),
///     Message::tool("c-1", json!({"seen": "a cat"})),
/// ];
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Message {
    role: String,
    name: Option<String>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Reasoning(String),
    Image(String),
    ToolCall { id: String, name: String, arguments: Json },
    ToolResult { id: String, result: Json },
}

impl Message {
    /// A message of any role.
    pub fn new(role: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
        Self { role: role.into(), name: None, parts }
    }

    /// What the model is told to be.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new("system", text)
    }

    /// What a person says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new("user", text)
    }

    /// What a model says; nothing, if it only calls tools.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new("assistant", text)
    }

    /// What came of the call with this id: a text, or JSON.
    pub fn tool(call_id: impl Into<String>, result: impl Into<Json>) -> Self {
        let result = Part::ToolResult { id: call_id.into(), result: result.into() };
        Self { role: "tool".to_owned(), name: None, parts: vec![result] }
    }

    /// Who speaks, where several share a role.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a call of a tool that the model asks for.
    pub fn tool_call(
        mut self,
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<Json>,
    ) -> Self {
        self.parts.push(Part::ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() });
        self
    }

    /// Adds what the model thought; it comes before what it says.
    pub fn reasoning(mut self, text: impl Into<String>) -> Self {
        self.parts.insert(0, Part::Reasoning(text.into()));
        self
    }

    /// Adds a picture.
    pub fn image_url(mut self, url: impl Into<String>) -> Self {
        self.parts.push(Part::Image(url.into()));
        self
    }

    /// Returns it as OpenTelemetry's conventions have it.
    fn json(&self) -> Json {
        let part = |part: &Part| match part {
            Part::Text(text) => json!({"type": "text", "content": text}),
            Part::Reasoning(text) => json!({"type": "reasoning", "content": text}),
            Part::Image(url) => json!({"type": "uri", "modality": "image", "uri": url}),
            Part::ToolCall { id, name, arguments } => {
                json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments})
            }
            Part::ToolResult { id, result } => {
                json!({"type": "tool_call_response", "id": id, "response": result})
            }
        };
        let parts = self.parts.iter().map(part).collect();
        let mut message = Map::from_iter([
            ("role".to_owned(), Json::from(self.role.as_str())),
            ("parts".to_owned(), parts),
        ]);
        message.extend(self.name.iter().map(|name| ("name".to_owned(), Json::from(name.as_str()))));
        Json::Object(message)
    }

    /// Says it as OpenInference has it: an attribute for each of its parts.
    fn flatten(&self, prefix: &str, to: &mut Attributes) {
        to.say(format!("{prefix}role"), self.role.clone());
        if let Some(name) = &self.name {
            to.say(format!("{prefix}name"), name.clone());
        }
        let is_plain = self.parts.iter().filter(|part| !matches!(part, Part::ToolCall { .. })).count() <= 1;
        let (mut contents, mut calls) = (0, 0);
        for part in &self.parts {
            let content = format!("{prefix}contents.{contents}.message_content.");
            match part {
                Part::Text(text) if is_plain => to.say(format!("{prefix}content"), text.clone()),
                Part::Text(said) | Part::Reasoning(said) => {
                    let kind = if matches!(part, Part::Text(_)) { "text" } else { "reasoning" };
                    to.say(format!("{content}type"), kind);
                    to.say(format!("{content}text"), said.clone());
                    contents += 1;
                }
                Part::Image(url) => {
                    to.say(format!("{content}type"), "image");
                    to.say(format!("{content}image.image.url"), url.clone());
                    contents += 1;
                }
                Part::ToolCall { id, name, arguments } => {
                    let call = format!("{prefix}tool_calls.{calls}.tool_call.");
                    to.say(format!("{call}id"), id.clone());
                    to.say(format!("{call}function.name"), name.clone());
                    to.say(format!("{call}function.arguments"), text(arguments));
                    calls += 1;
                }
                Part::ToolResult { id, result } => {
                    to.say(format!("{prefix}tool_call_id"), id.clone());
                    to.say(format!("{prefix}content"), text(result));
                }
            }
        }
    }
}

impl<R: Into<String>, T: Into<String>> From<(R, T)> for Message {
    fn from((role, text): (R, T)) -> Self {
        Self::new(role, text)
    }
}

/// Says which messages went in, or came out.
pub(super) fn tell(messages: &[Message], direction: &str, to: &mut Attributes) {
    if messages.is_empty() {
        return;
    }
    to.say_json(format!("gen_ai.{direction}.messages"), &messages.iter().map(Message::json).collect());
    for (at, message) in messages.iter().enumerate() {
        message.flatten(&format!("llm.{direction}_messages.{at}.message."), to);
    }
}
