//! Tools that a model may ask for.

use serde_json::{Map, json};

use super::Json;
use super::attributes::Attributes;

/// A tool that is offered to a model.
///
/// ```
/// use tracestead::spans::{Tool, json};
///
/// let tool = Tool::new("get_weather").description("Tells the weather of a city").parameters(json!({
///     "type": "object",
///     "properties": {"city": {"type": "string"}},
/// }));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Tool(Map<String, Json>);

impl Tool {
    /// The tool that is called `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Map::from_iter([("name".to_owned(), Json::String(name.into()))]))
    }

    /// What it does.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.insert("description".to_owned(), Json::String(description.into()));
        self
    }

    /// The JSON Schema of its arguments.
    pub fn parameters(mut self, schema: Json) -> Self {
        self.0.insert("parameters".to_owned(), schema);
        self
    }
}

impl From<&str> for Tool {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Says which tools there are.
pub(super) fn tell(tools: &[Tool], to: &mut Attributes) {
    if tools.is_empty() {
        return;
    }
    for (at, Tool(tool)) in tools.iter().enumerate() {
        let schema = json!({"type": "function", "function": tool});
        to.say_json(format!("llm.tools.{at}.tool.json_schema"), &schema);
    }
    let definition = |Tool(tool): &Tool| {
        let mut definition = Map::from_iter([("type".to_owned(), Json::from("function"))]);
        definition.extend(tool.clone());
        Json::Object(definition)
    };
    to.say_json("gen_ai.tool.definitions", &tools.iter().map(definition).collect());
}
